// alone: it counts packets or bits, and a lab beside it would take some
/** A file that changes while Heddle runs and packets are under way. */
import t, { type Test } from 'tap';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import type { Status } from '../../src/controller/status.js';
import { noneLost } from './support/dropped.js';
import { costOf, describeCost, lossOf } from './support/outage.js';
import { reaches, reachEachOther, Site } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const green = '  green: { vni: 7000, ports: [{ iface-id: "green*" }] }\n';

t.test('a file that changes, with 1,000 packets in a second', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2', 'kvm3'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
      { name: 'red', vni: 6000, ports: [{ ifaceId: 'red*' }] },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const [blue1, blue2] = [await guest('kvm1', 'blue-1', 1), await guest('kvm2', 'blue-2', 2)];
  const [red1, red2] = [await guest('kvm1', 'red-1', 1), await guest('kvm2', 'red-2', 2)];
  const blue3 = await guest('kvm3', 'blue-3', 3);
  const [green1, green2] = [await guest('kvm1', 'green-1', 1), await guest('kvm2', 'green-2', 2)];
  await site.untilStatus('all ports to be there', ({ networks }) =>
    networks.every(({ name, ports }) => ports === (name === 'blue' ? 3 : 2)),
  );
  await site.untilInSync();
  await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red1, red2), reaches(blue3, blue1)]);
  const withGreen = site.yaml + green;

  /** What Heddle has sent so far, to each host: changes of flows and groups, and transactions. */
  const sentTo = ({ switches, hypervisors }: Status): readonly (readonly [number, number])[] =>
    hypervisors.map(({ name, transactions }) => [
      switches.find(({ hypervisor }) => hypervisor === name)?.sent ?? -1,
      transactions,
    ]);

  const between = [...site.lab.hypervisors.values()].map(({ host }) => host);
  let before = sentTo(await site.status());

  /** @returns how much was sent to each host; of blue, which is the same in all files, nothing may be lost */
  async function reload(
    t: Test,
    yaml: string,
    tell: () => unknown = () => undefined,
  ): Promise<readonly (readonly [number, number])[]> {
    const readings = async (): Promise<number> => (await site.logged(/was read again|was refused/)).length;
    const cost = await costOf(
      blue1,
      blue2,
      async () => {
        const already = await readings();
        const began = performance.now();
        await site.replaceFile(yaml);
        tell();
        const isRead = async (): Promise<boolean> => (await readings()) > already;
        await waitFor('the file to be read', isRead, { timeoutMs: 10_000, intervalMs: 20 });
        t.comment(`read after ${Math.round(performance.now() - began)} ms`);
      },
      { aroundMs: 1_500, intervalMs: 1, between },
    );
    t.comment(describeCost(cost));
    t.ok(cost.there.sent > 2_000, `${cost.there.sent} packets were under way`);
    await noneLost(t, lossOf(cost));
    const after = sentTo(await site.status());
    const sent = after.map(([changes, transactions], host) => {
      const [changesBefore = 0, transactionsBefore = 0] = before[host] ?? [];
      return [changes - changesBefore, transactions - transactionsBefore] as const;
    });
    before = after;
    return sent;
  }

  await t.test('a network more', async t => {
    const [one, two, three] = await reload(t, withGreen);
    t.ok((one?.[0] ?? 0) > 5 && (two?.[0] ?? 0) > 5, 'its hosts are told');
    t.same(three, [0, 0], 'and no other');
    t.same([one?.[1], two?.[1]], [0, 0], 'no host’s OVSDB has anything to change');
    t.match((await site.status()).reload, { ok: true, changes: ['network green added'] });
    await reachEachOther(green1, green2);
  });

  await t.test('another name, another VNI', async t => {
    t.same(
      await reload(t, withGreen.replace('  green:', '  lime:')),
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      'a name is for people',
    );
    t.equal((await site.status()).networks[2]?.name, 'lime');
    t.same((await reload(t, withGreen.replace('7000', '7001')))[2], [0, 0]);
    await reachEachOther(green1, green2);
  });

  await t.test('a file with mistakes', async t => {
    const before = (await site.status()).networks;
    const wrong = withGreen.replace('vni: 6000', 'vni: 0').replace('  red:', '  pink:');
    const sent = await reload(t, wrong);
    t.same(sent, [
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const { ok, reload: told, networks, problems } = await site.status();
    t.same([ok, told?.ok, told?.mistakes.length], [false, false, 1]);
    t.match(told?.mistakes[0], /heddle\.yaml:\d+:\d+: networks\.pink\.vni: found 0, expected a whole number/);
    t.match(problems, [{ where: 'the file was refused' }]);
    t.same(networks, before, 'what was there stays');
    await reachEachOther(red1, red2);
  });

  await t.test('a network less', async t => {
    const [, , three] = await reload(t, site.yaml);
    t.same(three, [0, 0]);
    const flows = await site.hypervisor('kvm1').ofctl('dump-flows', 'br-int');
    t.notMatch(flows, /metadata=0x1b5[89]/, 'nothing of it stays');
    await site.untilInSync();
  });

  await t.test('SIGHUP', async t => {
    const sent = await reload(t, site.yaml, () => site.signalHeddle('SIGHUP'));
    t.same(sent, [
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    t.match((await site.status()).reload, { ok: true, changes: [] });
  });

  await t.test('a hypervisor less, and back', async t => {
    const kvm3 = site.hypervisor('kvm3');
    const flowsOf = async (): Promise<readonly string[]> =>
      (await kvm3.ofctl('--no-stats', 'dump-flows', 'br-int')).split('\n').sort();
    const before = await flowsOf();
    await reload(t, site.yaml.replace(/ {2}kvm3:\n(?: {4}.*\n)+/, ''));
    await site.untilStatus('its bridge to be left alone', ({ switches }) =>
      switches.some(({ state }) => state === 'left alone'),
    );
    t.same(await flowsOf(), before, 'its flows are untouched');
    await reload(t, site.yaml);
    await site.untilInSync();
    await reachEachOther(blue1, blue3);
    t.same(await flowsOf(), before);
  });
});
