// alone: it counts packets or bits, and a lab beside it would take some
/** Heddle ends, in every way, and comes back, while packets are under way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import { eavesdrop, shareOf } from '../../lab/dialogue.js';
import { openflowPort } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { noneLost } from './support/dropped.js';
import { openLoadedSite } from './support/loaded-site.js';
import { Site } from './support/overlay-site.js';
import { logMessages, readArrival, triesOf } from './support/vswitchd-log.js';
import { changesSwitch, watchWire } from './support/wire.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** The overlay's tables get other numbers, and its flows other cookies. */
const shifted = `apps:\n  - ${join(projectRoot(), 'test/live/support/apps/shift.js')}\n  - overlay\n`;

t.test('restarts of Heddle under load', { skip }, async t => {
  const { site, hosts, costOfBoth, tables, foreignIsThere, untilReached } = await openLoadedSite(t);
  const [, kvm2] = hosts;
  const begin = await tables();
  const configurations = (): Promise<readonly string[]> =>
    Promise.all(hosts.map(host => host.vsctl('get', 'Open_vSwitch', '.', 'next_cfg')));

  const reloads = async (): Promise<number> => (await site.logged(/was read again/)).length;

  /** Nothing has changed meanwhile: nothing at all is sent, to neither side. */
  async function restart(t: Test, event: () => Promise<void>): Promise<void> {
    const wires = await Promise.all(hosts.map(host => watchWire(host)));
    const configured = await configurations();
    await noneLost(t, await costOfBoth(t, event));
    const { switches, hypervisors } = await site.status();
    t.same(
      switches.map(({ sent, mods, refused }) => ({ sent, ...mods, refused })),
      hosts.map(() => ({ sent: 0, flowMods: 0, groupMods: 0, meterMods: 0, refused: [] })),
    );
    t.same(
      hypervisors.map(({ transactions }) => transactions),
      [0, 0],
    );
    t.same(await configurations(), configured, 'no transaction asks ovs-vswitchd for anything');
    for (const wire of wires) {
      const said = await wire.stop();
      t.ok(said.includes('OFPT_FEATURES_REQUEST'), `${said.length} messages were seen, from the first on`);
      t.same(said.filter(changesSwitch), [], 'and none of them changes the switch');
    }
    t.same(await tables(), begin, 'the tables are as they were');
    await foreignIsThere(t);
  }

  await t.test('SIGTERM', t =>
    restart(t, async () => {
      await site.stopHeddle();
      await site.startHeddle();
      await site.untilInSync();
    }),
  );

  await t.test('SIGKILL, and away for 10 seconds', t =>
    restart(t, async () => {
      await site.stopHeddle('SIGKILL');
      await sleep(10_000);
      const since = Date.now();
      await site.startHeddle();
      await site.untilInSync();
      const last = async (pattern: RegExp): Promise<number> => {
        const line = (await site.logged(pattern)).at(-1) ?? '{}';
        return Date.parse((JSON.parse(line) as { time: string }).time) - since;
      };
      const listens = await last(/Heddle listens/);
      t.comment(`Heddle listens ${listens} ms after its start`);
      for (const host of hosts) {
        const { name } = host;
        t.comment(`${name} is back ${(await last(new RegExp(`${name} connected`))) - listens} ms after that`);
        const tries = await triesOf(host);
        t.ok(tries.length > 0, `${name} looked for Heddle while it was away`);
        t.same(
          tries.filter(at => at - since > listens),
          [],
          'and found it when it looked for the first time after that',
        );
      }
    }),
  );

  await t.test('another pipeline: a new version, then the old one again', async t => {
    const wire = await watchWire(hosts[0]);
    const there = await costOfBoth(t, async () => {
      await site.stopHeddle();
      await site.startHeddle(site.yaml + shifted);
      await site.untilInSync();
    });
    t.match((await wire.stop()).filter(changesSwitch), [/BUNDLE/], 'it is changed by bundles');
    await noneLost(t, there);
    const other = await tables();
    const [flows = []] = other;
    t.match(flows.join('\n'), /table=96,/, 'the tables have other numbers');
    t.notMatch(flows.join('\n'), /table=60,.*dl_dst/, 'and nothing is left in the old ones');
    await foreignIsThere(t);
    const back = await costOfBoth(t, async () => {
      await site.stopHeddle('SIGKILL');
      await site.startHeddle();
      await site.untilInSync();
    });
    await noneLost(t, back, ' on the way back');
    await foreignIsThere(t);
    await untilReached();
    t.same(await tables(), begin);
  });

  await t.test('another pipeline, by a new file', async t => {
    const there = await costOfBoth(t, async () => {
      for (const [yaml, told] of [
        [site.yaml + shifted, 1],
        [site.yaml, 2],
      ] as const) {
        await site.replaceFile(yaml);
        if (told === 2) site.signalHeddle('SIGHUP');
        await waitFor(
          'the file to be read',
          async () => (await site.status()).reload?.ok === true && (await reloads()) >= told,
        );
        await site.untilInSync();
      }
    });
    await noneLost(t, there);
    const isBack = async (): Promise<boolean> => isDeepStrictEqual(await tables(), begin);
    await waitFor('the tables to be as they were', isBack);
    await foreignIsThere(t);
  });

  await t.test('ovs-vswitchd starts anew', async t => {
    const ear = await eavesdrop(
      site.lab.controller,
      'mgmt0',
      { port: openflowPort, by: 'controller' },
      `${site.lab.directory}/restart.pcap`,
    );
    const { longestGapMs } = await costOfBoth(
      t,
      async () => {
        await kvm2.stopVswitchd();
        await kvm2.startVswitchd(logMessages);
      },
      1_500,
    );
    await site.untilInSync();
    const { attempts, bundles, loose, beforeMs, controllerMs } = await readArrival(kvm2);
    t.comment(`${beforeMs} ms until it connected, ${controllerMs} ms until its flows were there`);
    const shares = (await ear.stop()).map(shareOf).filter(share => share !== undefined);
    t.equal(shares.length, 1, 'one connection brings them');
    for (const { all, controller, theSwitch, answers } of shares) {
      t.comment(
        `of ${all.toFixed(1)} ms on the wire: Heddle ${controller.toFixed(1)}, ovs-vswitchd ${theSwitch.toFixed(1)}`,
      );
      t.ok(answers <= 3, `${answers} answers are waited for`);
    }
    t.comment(`no packet came through for ${longestGapMs} ms, from the end of the old one on`);
    t.equal(attempts, 1, 'it connects at its first attempt');
    t.same([bundles, loose], [1, 0], 'and gets all in one bundle');
    // bench/reconnect.ts measures the controller's share of it, which a test on a busy machine cannot.
    await untilReached();
    const [, flows] = await tables();
    const own = (lines: readonly string[] = []) => lines.filter(line => line.includes('cookie=0x4864'));
    t.same(own(flows), own(begin[1]));
  });
});

t.test('a bridge that Heddle has made, and nobody has touched since', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1'],
    networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const kvm1 = site.hypervisor('kvm1');
  // Open vSwitch 3.1.0 gives the first connection its settings by the next transaction alone.
  await waitFor('the bridge to be made, and its connection to be set right', async () => {
    const log = await kvm1.run(['ovsdb-tool', 'show-log', `${kvm1.directory}/conf.db`]);
    return log.stdout.includes('heddle: apply the settings of the new connection');
  });
  t.match((await site.status()).hypervisors, [{ transactions: 1 }], 'which changes no setting');
  await site.stopHeddle();
  const tries = await waitFor('it to look for Heddle four times', async () => {
    const found = await triesOf(kvm1);
    return found.length >= 4 && found;
  });
  const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? NaN));
  t.comment(`it looks again after ${waits.join(', ')} ms`);
  // After 1, 2 and 4 seconds otherwise.
  t.ok(
    waits.every(wait => wait < 1_700),
    'each second: it is back within one of Heddle’s return',
  );
  await site.startHeddle();
  await site.untilInSync();
});
