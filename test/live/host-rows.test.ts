/** Ports and QoS that an app wants in real databases: among those of others, in races with them, and with nobody to serve them. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { addForeign, foreignLines, foreignOn } from './support/foreign.js';
import { reachEachOther, Site } from './support/overlay-site.js';
import { SlowOvsdb } from './support/slow-ovsdb.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const shaper = join(projectRoot(), 'test/live/support/apps/shaper.js');

interface Wanted {
  readonly rates?: Readonly<Record<string, number>>;
  readonly ports?: readonly string[];
}

t.test('rows that an app wants', { skip }, async t => {
  const networks = [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }];
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const slow = await SlowOvsdb.open(`${site.lab.directory}/slow.sock`, `${kvm1.directory}/db.sock`);
  t.teardown(() => slow.close());
  const guest = (name: string, address: number) => site.addGuest('kvm1', { name, address, known: true });
  const [one, two] = [await guest('blue-1', 1), await guest('blue-2', 2)];
  await addForeign(kvm1);
  const theirs = await foreignOn(kvm1);
  t.equal(theirs.length, foreignLines);

  const yamlOf = (wanted: Wanted): string =>
    `${site.yaml.replace(/ovsdb: tcp:10\.98\.0\.1:\d+/, `ovsdb: unix:${slow.path}`)}apps:\n  - overlay\n  - ${shaper}: ${JSON.stringify(wanted)}\n`;
  /** Gives Heddle another file; returns when it has read it. */
  const want = async (wanted: Wanted): Promise<void> => {
    const before = (await site.logged(/was read again/)).length;
    await site.replaceFile(yamlOf(wanted));
    site.signalHeddle('SIGHUP');
    await waitFor('the file to be read', async () => (await site.logged(/was read again/)).length > before);
  };
  const problems = async (): Promise<string[]> =>
    (await site.status()).problems.map(({ message }) => message);
  const untilTold = (what: RegExp): Promise<true> =>
    waitFor(`status to tell ${what}`, async () => (await problems()).some(text => what.test(text)));
  const untilCalm = (): Promise<true> => site.untilStatus('nothing to be wrong', ({ ok }) => ok);
  const ports = async (): Promise<string[]> => (await kvm1.vsctl('list-ports', 'br-int')).trim().split('\n');
  /** Rows of ours, by what they say whose they are. */
  const ours = async (table: 'QoS' | 'Queue'): Promise<string[]> => {
    const found = await kvm1.vsctl(
      '-f',
      'csv',
      '-d',
      'bare',
      '--no-headings',
      '--columns=external_ids',
      'find',
      table,
      'external_ids:heddle=managed',
    );
    return found
      .split('\n')
      .filter(line => line !== '')
      .map(line => line.replace(/.*heddle-port=([^ "]+)(?: heddle-queue=(\d+))?.*/, '$1 $2').trim())
      .sort();
  };
  const foreignStays = async (t: Test): Promise<void> => {
    t.same(await foreignOn(kvm1), theirs, 'what is of others is as it was');
  };

  await site.stopHeddle();
  await site.startHeddle(yamlOf({ rates: { [one.port]: 20_000_000, later: 1_000_000 } }));
  await site.untilInSync();

  await t.test('QoS comes, changes and goes with its queues', async t => {
    t.same([await ours('QoS'), await ours('Queue')], [[one.port], [`${one.port} 0`, `${one.port} 1`]]);
    const device = (): Promise<string> =>
      kvm1.host.run(['tc', 'class', 'show', 'dev', one.port]).then(({ stdout }) => stdout);
    await waitFor('ovs-vswitchd to make the queues', async () =>
      /htb 1:2 .*ceil 10Mbit/.test(await device()),
    );
    const id = await kvm1.vsctl('get', 'Port', one.port, 'qos');
    await want({ rates: { [one.port]: 30_000_000 } });
    await waitFor('the new rate', async () => /htb 1:2 .*ceil 15Mbit/.test(await device()));
    t.equal(await kvm1.vsctl('get', 'Port', one.port, 'qos'), id, 'the row stays');
    await want({ rates: {} });
    await waitFor('the rows to go', async () => (await ours('Queue')).length === 0);
    t.same(await ours('QoS'), []);
    t.equal((await kvm1.vsctl('get', 'Port', one.port, 'qos')).trim(), '[]');
    await foreignStays(t);
  });

  await t.test('a port with a QoS of somebody else’s', async t => {
    await want({ rates: { theirs: 5_000_000, [two.port]: 5_000_000 } });
    await untilTold(/^port theirs has a QoS of somebody else's \(linux-noop\), which is left as it is/);
    await waitFor('the other port to have its own', async () => (await ours('QoS')).includes(two.port));
    t.same(await ours('Queue'), [`${two.port} 0`, `${two.port} 1`], 'and no rows that nobody uses');
    await foreignStays(t);
    await want({});
    await untilCalm();
  });

  await t.test('a port that cannot be made', async t => {
    await want({ ports: ['bad0'] });
    await untilTold(/^port bad0 could not be made: .*bad0/);
    t.match(await site.status(), { switches: [{ state: 'in sync' }, { state: 'in sync' }] });
    await want({});
    await untilCalm();
    t.notOk((await ports()).includes('bad0'));
  });

  /** Somebody writes while Heddle, which cannot know of it, writes too. */
  async function race(person: readonly string[], wanted: Wanted, planned: RegExp): Promise<void> {
    const before = (await site.logged(planned)).length;
    await slow.hold();
    try {
      await kvm1.vsctl('--no-wait', ...person);
      await want(wanted);
      await waitFor(
        'Heddle to send what it has planned',
        async () => (await site.logged(planned)).length > before,
      );
    } finally {
      slow.release();
    }
  }
  const refusals = async (): Promise<number> =>
    (await site.logged(/kvm1: OVSDB refused a transaction/)).length;

  await t.test('a QoS that somebody sets at the same moment', async t => {
    const set = [
      'set',
      'Port',
      one.port,
      'qos=@q',
      '--',
      '--id=@q',
      'create',
      'QoS',
      'type=linux-noop',
      'external_ids:racing=yes',
    ];
    await race(set, { rates: { [one.port]: 20_000_000 } }, /kvm1: add queue 0/);
    await untilTold(new RegExp(`^port ${one.port} has a QoS of somebody else's`));
    t.equal(await refusals(), 1, 'the transaction was refused, as a whole');
    t.same([await ours('QoS'), await ours('Queue')], [[], []], 'nothing of it was left behind');
    t.match(await kvm1.vsctl('find', 'QoS', 'external_ids:racing=yes'), 'linux-noop');
    t.comment('it goes, and Heddle sets its own at once');
    await kvm1.vsctl('clear', 'Port', one.port, 'qos');
    await waitFor('it', async () => (await ours('QoS')).includes(one.port));
    await untilCalm();
    await kvm1.vsctl(
      'destroy',
      'QoS',
      (await kvm1.vsctl('--bare', '--columns=_uuid', 'find', 'QoS', 'external_ids:racing=yes')).trim(),
    );
    await foreignStays(t);
  });

  await t.test('a port of a name that somebody takes at the same moment', async t => {
    const before = await refusals();
    await race(
      ['add-port', 'br-int', 'own0', '--', 'set', 'Interface', 'own0', 'type=internal'],
      { ports: ['own0'] },
      /kvm1: add port own0/,
    );
    await untilTold(/^port own0 is there and is not Heddle's/);
    t.equal(await refusals(), before + 1);
    await kvm1.vsctl('del-port', 'own0');
    await untilCalm();
    t.ok((await ports()).includes('own0'), 'Heddle makes its own as soon as it can');
  });

  await t.test('ports that others make at the same moment stay', async t => {
    const add = (name: string): string[] => [
      'add-port',
      'br-int',
      name,
      '--',
      'set',
      'Interface',
      name,
      'type=internal',
    ];
    await race(add('p1'), { ports: ['own0', 'own1'] }, /kvm1: add port own1/);
    await waitFor('the port of the app', async () => (await ports()).includes('own1'));
    t.ok((await ports()).includes('p1'), 'when Heddle adds one');
    await race(add('p2'), {}, /kvm1: remove port own0, own1|kvm1: remove port own1, own0/);
    await waitFor(
      'those of the app to go',
      async () => !(await ports()).some(name => name.startsWith('own')),
    );
    t.same(
      (await ports()).filter(name => /^p\d$/.test(name)).sort(),
      ['p1', 'p2'],
      'and when it takes some away',
    );
    for (const name of ['p1', 'p2']) await kvm1.vsctl('del-port', name);
    await foreignStays(t);
  });

  await t.test('ovs-vswitchd is away on one host', async t => {
    await want({ rates: { [one.port]: 20_000_000 } });
    await untilCalm();
    await site.stopHeddle();
    await kvm2.stopVswitchd();
    await site.startHeddle(yamlOf({ rates: { [one.port]: 20_000_000 } }));
    await untilTold(/^bridge br-int has not connected to Heddle yet: is ovs-vswitchd running there/);
    await site.untilStatus(
      'kvm1 to be served all the same',
      ({ hypervisors: [first] }) => first?.openflow === 'in sync',
    );
    t.match((await site.status()).hypervisors, [
      { transactions: 0, openflow: 'in sync' },
      { state: 'connected', transactions: 0, lock: 'held', openflow: 'not connected' },
    ]);
    await want({ rates: { [one.port]: 20_000_000 }, ports: ['own2'] });
    await untilTold(/^ovs-vswitchd has not carried out configuration \d+ yet: is it running\?/);
    await waitFor('kvm1 to get the port', async () => (await ports()).includes('own2'));
    await reachEachOther(one, two);
    await kvm2.startVswitchd();
    await untilCalm();
  });

  await t.test('the app goes, and Heddle starts anew', async t => {
    await site.replaceFile(site.yaml.replace(/ovsdb: tcp:10\.98\.0\.1:\d+/, `ovsdb: unix:${slow.path}`));
    await waitFor('its rows to go', async () => (await ours('QoS')).length === 0);
    await untilCalm();
    t.same([await ours('Queue'), (await ports()).filter(name => name.startsWith('own'))], [[], []]);
    await foreignStays(t);
    await site.stopHeddle();
    await site.startHeddle();
    await site.untilInSync();
    const { hypervisors, switches } = await site.status();
    t.match(hypervisors, [{ transactions: 0 }, { transactions: 0 }]);
    t.same(
      switches.map(({ mods }) => mods),
      [0, 1].map(() => ({ flowMods: 0, groupMods: 0, meterMods: 0 })),
    );
  });
});
