/** Bridges that the file does not have any more, has under another name, or that are not where it says. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Status } from '../../src/controller/status.js';
import { reachEachOther, Site } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const networks = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
  { name: 'red', vni: 6000, ports: [{ ifaceId: 'red*' }] },
];

/** Flows with their ages left out, and groups. */
async function tablesOf(hypervisor: Hypervisor): Promise<readonly string[]> {
  const flows = await hypervisor.ofctl('--no-stats', 'dump-flows', 'br-int');
  const groups = await hypervisor.ofctl('dump-groups', 'br-int');
  return `${flows}\n${groups}`
    .split('\n')
    .filter(line => /cookie=|group_id=/.test(line))
    .sort();
}

const problemsOf = ({ problems }: Status): string =>
  problems.map(({ where, message }) => `${where}: ${message}`).join('\n');

const isLeftAlone = ({ ok, switches }: Status): boolean =>
  !ok && switches.some(({ state }) => state === 'left alone');

t.test('which bridge is whose', { skip }, async t => {
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm2', { name: 'blue-2', address: 2, known: true });
  const red3 = await site.addGuest('kvm1', { name: 'red-3', address: 3, known: true });
  const red4 = await site.addGuest('kvm2', { name: 'red-4', address: 4, known: true });
  await site.untilStatus('all ports to be there', status =>
    status.networks.every(({ ports }) => ports === 2),
  );
  await site.untilInSync();
  await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red3, red4)]);
  const tables = async () => [await tablesOf(kvm1), await tablesOf(kvm2)] as const;
  const before = await tables();

  /** Of all frames of one network, ARP's broadcasts among them, none comes to the other. */
  async function apart(t: Pick<typeof import('tap').default, 'same'>): Promise<void> {
    const [agent1, agent3] = await Promise.all([blue1.agent(), red3.agent()]);
    const probes = [
      ...[red3.ip, red4.ip].map(ip => agent1.probe(ip, { timeoutMs: 500 })),
      ...[blue1.ip, blue2.ip].map(ip => agent3.probe(ip, { timeoutMs: 500 })),
    ];
    const answered = (await Promise.all(probes)).flatMap(({ by }) => Object.keys(by));
    t.same(answered, [], 'the networks do not meet');
  }

  async function restart(yaml = site.yaml): Promise<void> {
    await site.stopHeddle();
    await site.startHeddle(yaml);
  }

  async function wholeAgain(t: Pick<typeof import('tap').default, 'same'>): Promise<void> {
    await site.untilInSync();
    await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red3, red4)]);
    await apart(t);
    t.same(await tables(), before, 'the tables are as they were');
  }

  await t.test('a hypervisor is taken out of the file', async t => {
    await restart(site.yaml.replace(/ {2}kvm1:\n(?: {4}.*\n)+/, ''));
    await site.untilStatus('its bridge to be left alone', isLeftAlone);
    await sleep(1_500);
    t.match(problemsOf(await site.status()), /left alone: .*[Pp]ut the hypervisor back into the file/);
    t.same(await tablesOf(kvm1), before[0], 'its flows are untouched');
    await apart(t);
    await restart();
    await wholeAgain(t);
  });

  await t.test('a hypervisor has another name', async t => {
    for (const yaml of [site.yaml.replace('  kvm1:', '  kvm7:'), site.yaml]) {
      await restart(yaml);
      await wholeAgain(t);
      const { hypervisors, switches } = await site.status();
      t.same(
        hypervisors.map(({ transactions }) => transactions),
        [1, 0],
        'one transaction, and one reconnect by it',
      );
      t.same(
        switches.map(({ sent }) => sent),
        [0, 0],
      );
    }
  });

  await t.test('a datapath id is set by hand', async t => {
    const byHand = '00000000000000ff';
    await kvm1.vsctl('set', 'Bridge', 'br-int', `other_config:datapath-id=${byHand}`);
    await site.untilStatus('the bridge to be left alone', isLeftAlone);
    for (const again of [false, true]) {
      if (again) await restart();
      await site.untilStatus('the bridge to be left alone', isLeftAlone);
      await sleep(1_500);
      const problems = problemsOf(await site.status());
      t.match(problems, `kvm1: bridge br-int has other_config:datapath-id=${byHand}: add`);
      t.match(problems, `${byHand}: left alone`);
      t.same(await tables(), before, 'all flows are untouched');
      await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red3, red4)]);
      await apart(t);
    }
    await kvm1.vsctl('remove', 'Bridge', 'br-int', 'other_config', 'datapath-id');
    await wholeAgain(t);
  });

  await t.test("a datapath id of another hypervisor's is set by hand", async t => {
    const { hypervisors } = await site.status();
    const theirs = hypervisors[1]?.dpid ?? '';
    await kvm1.vsctl('set', 'Bridge', 'br-int', `other_config:datapath-id=${theirs}`);
    await site.untilStatus('it to be told', status =>
      /kvm1's ovsdb leads to kvm2's bridge/.test(problemsOf(status)),
    );
    await site.untilStatus('two switches to be told', status =>
      /two switches have this datapath id/.test(problemsOf(status)),
    );
    await apart(t);
    t.same(await tables(), before, 'neither gets what the other should have');
    await kvm1.vsctl('remove', 'Bridge', 'br-int', 'other_config', 'datapath-id');
    await site.untilStatus('the bridges to be told apart', ({ hypervisors }) =>
      hypervisors.every(({ openflow }) => openflow === 'in sync'),
    );
    t.same(await tables(), before);
  });

  await t.test('the ovsdb lines are swapped', async t => {
    const other: Readonly<Record<string, string>> = {
      [kvm1.management]: kvm2.management,
      [kvm2.management]: kvm1.management,
    };
    await restart(site.yaml.replace(/(?<=ovsdb: tcp:)[\d.]+/g, address => other[address] ?? address));
    await site.untilStatus('both to be told', status => {
      const problems = problemsOf(status);
      return (
        /kvm1: kvm1's ovsdb leads to kvm2's bridge/.test(problems) &&
        /kvm2: kvm2's ovsdb leads to kvm1's bridge/.test(problems) &&
        status.switches.length === 2
      );
    });
    await sleep(1_500);
    t.same(await tables(), before, 'all flows are untouched');
    await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red3, red4)]);
    await apart(t);
    await restart();
    await wholeAgain(t);
  });
});
