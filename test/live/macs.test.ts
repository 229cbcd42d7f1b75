// alone: it counts packets, and a lab beside it would take some
/** MACs that nobody has told: learned by one switch, known on all hosts, and seen by `heddle macs`. */
import t from 'tap';
import { sendFrames } from '../../lab/frames.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import type { MacStatus } from '../../src/controller/mac-status.js';
import { parseMac } from '../../src/lib/addresses.js';
import { noneLost } from './support/dropped.js';
import { costOf, describeCost, lossOf } from './support/outage.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { heddle } from './support/heddle-in.js';
import { outputsOf } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** Of a guest within a guest: its MAC is in no database. */
const nested = '02:00:00:00:aa:01';
const later = '02:00:00:00:aa:02';
const everybody = parseMac('ff:ff:ff:ff:ff:ff')!;

const whereIs = (macs: readonly MacStatus[], mac: string, network = 'red'): string | undefined => {
  const found = macs.find(one => one.mac === mac && one.network === network);
  return found && `${found.hypervisor ?? ''} ${found.port ?? ''} ${found.how}`;
};

t.test('MACs', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2', 'kvm3'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
      {
        name: 'red',
        vni: 6000,
        learnIps: true,
        ports: ['kvm1', 'kvm2', 'kvm3'].map(on => ({ port: 'red*', on })),
      },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2, kvm3] = [site.hypervisor('kvm1'), site.hypervisor('kvm2'), site.hypervisor('kvm3')];
  const red1 = await site.addGuest('kvm1', { name: 'red-1', address: 1, known: false });
  const red2 = await site.addGuest('kvm2', { name: 'red-2', address: 2, known: false });
  await site.addGuest('kvm3', { name: 'red-3', address: 3, known: false });
  await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  await site.untilStatus('all ports to be there', ({ networks }) =>
    networks.every(({ ports }, index) => ports === [1, 3][index]),
  );
  await site.untilInSync();
  const red3To = (mac: string) => outputsOf(kvm3, { inPort: 'red-3-p', to: mac });
  const untilThere = (mac: string, place: string | undefined) =>
    waitFor(`${mac} to be at ${place ?? 'no place'}`, async () => whereIs(await site.macs(), mac) === place);
  const say = (from: typeof red1, mac: string) => sendFrames(from, { from: [parseMac(mac)!], to: everybody });

  await t.test('one that a switch has learned is known on the other hosts', async t => {
    t.same(await red3To(macOf(1)), ['10.97.0.1 vni 6000', '10.97.0.2 vni 6000'], 'not yet: it is flooded');
    await reachEachOther(red1, red2);
    await Promise.all([
      untilThere(macOf(1), 'kvm1 red-1-p learned'),
      untilThere(macOf(2), 'kvm2 red-2-p learned'),
    ]);
    await site.untilInSync();
    t.same(await red3To(macOf(1)), ['10.97.0.1 vni 6000'], 'to its host alone');
    t.same(await red3To(macOf(2)), ['10.97.0.2 vni 6000']);
    await say(red1, nested);
    await untilThere(nested, 'kvm1 red-1-p learned');
    await site.untilInSync();
    t.same(await red3To(nested), ['10.97.0.1 vni 6000'], 'a guest within a guest, too');
    t.same(await outputsOf(kvm1, { inPort: 'blue-1-p', to: nested }), [], 'not in another network');
  });

  await t.test('one that moves is followed, and its old switch forgets it', async t => {
    for (const [from, mac, host, vtep] of [
      [red2, nested, 'kvm2 red-2-p', '10.97.0.2'],
      [red1, nested, 'kvm1 red-1-p', '10.97.0.1'],
    ] as const) {
      await say(from, mac);
      await untilThere(mac, `${host} learned`);
      await site.untilInSync();
      t.same(await red3To(mac), [`${vtep} vni 6000`], host);
    }
    t.same(await outputsOf(kvm2, { inPort: 'red-2-p', to: nested }), ['10.97.0.1 vni 6000']);
    t.match(
      (await site.macs()).find(({ mac }) => mac === nested),
      { moves: 2 },
    );
  });

  await t.test('addresses that MACs have used', async t => {
    const ipsOf = async (mac: string) =>
      (await site.macs()).find(one => one.network === 'red' && one.mac === mac)?.ips.map(ip => ip.address);
    await waitFor(
      'both addresses to be seen',
      async () => [await ipsOf(macOf(1)), await ipsOf(macOf(2))].join() === '10.0.0.1,10.0.0.2',
    );
    t.same(await ipsOf(nested), [], 'who has said nothing by ARP has none');
    t.match(
      await kvm1.ofctl('dump-flows', 'br-int', 'table=71'),
      /dl_src=02:00:00:00:00:01,arp_spa=10\.0\.0\.1/,
    );
    t.notMatch(
      await kvm1.ofctl('dump-flows', 'br-int'),
      /resubmit\(,71\)|goto_table:71/,
      'no packet comes there',
    );
  });

  await t.test('heddle macs', async t => {
    const { stdout, code } = await heddle(site.lab.controller, 'macs', '--network', 'red');
    t.equal(code, 0);
    t.match(stdout, /NETWORK +MAC +IPS +HOST +PORT +HOW +AGE +MOVES\n/);
    t.match(stdout, new RegExp(`red +${nested} +- +kvm1 +red-1-p +learned +\\d+ \\w+ +2$`, 'm'));
    const json = JSON.parse((await heddle(site.lab.controller, 'macs', '--json')).stdout) as {
      macs: MacStatus[];
    };
    t.equal(whereIs(json.macs, macOf(1), 'blue'), 'kvm1 blue-1-p attached', 'of both networks');
    t.equal((await heddle(site.lab.controller, 'macs', '--network', 'green')).code, 1);
  });

  await t.test('while Heddle is away, and when it is back', async t => {
    const between = [kvm1, kvm2].map(({ host }) => host);
    const cost = await costOf(
      red1,
      red2,
      async () => {
        await site.stopHeddle('SIGKILL');
        await say(red2, later);
        await waitFor('kvm2 to learn it by itself', async () =>
          (await kvm2.ofctl('dump-flows', 'br-int', 'table=70')).includes(`dl_dst=${later}`),
        );
        await site.startHeddle();
        await site.untilInSync();
        await untilThere(later, 'kvm2 red-2-p learned');
        await site.untilInSync();
      },
      { intervalMs: 5, aroundMs: 500, between },
    );
    t.comment(describeCost(cost));
    await noneLost(t, lossOf(cost));
    t.equal(
      whereIs(await site.macs(), nested),
      'kvm1 red-1-p learned',
      'what was learned before is known again',
    );
    t.same(await red3To(later), ['10.97.0.2 vni 6000'], 'and what was learned meanwhile');
    const { switches } = await site.status();
    t.same(
      switches.map(({ hypervisor, mods: { flowMods } }) => [hypervisor, flowMods]).sort(),
      [
        ['kvm1', 1],
        ['kvm2', 0],
        ['kvm3', 1],
      ],
      'which is all that was sent',
    );
  });
});
