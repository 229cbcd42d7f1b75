// alone: it counts packets or bits, and a lab beside it would take some
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { capture, type Capture } from '../../lab/capture.js';
import type { FileNetwork } from '../../lab/heddle-file.js';
import { iperf } from '../../lab/iperf.js';
import { broadcastAddress } from '../../lab/plan.js';
import { checkReachability, type Member } from '../../lab/reachability.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Station } from '../../lab/station.js';
import { wrongCells } from '../../lab/table.js';
import { waitFor } from '../../lab/wait.js';
import { costOf, describeCost, longestGapMs } from './support/outage.js';
import { macOf, reaches, reachEachOther, Site } from './support/overlay-site.js';
import { broadcast, framesFrom, outputsOf, tunnelName } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const boxVtep = '10.97.0.9';
const networks: readonly FileNetwork[] = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }], remotes: [boxVtep] },
  {
    name: 'red',
    vni: 6000,
    ports: [
      { port: 'red*', on: 'kvm1' },
      { port: 'red*', on: 'kvm2' },
    ],
  },
  { name: 'green', vni: 7000, ports: [{ ifaceId: 'green*' }] },
  { name: 'rival', vni: 8000, ports: [{ ifaceId: '*-disputed' }] },
];

/** VXLAN frames of this network: behind the outer headers, the VNI [RFC 7348 section 5]. */
const ofNetwork = (vni: number): string => `udp dst port 4789 and ether[46:4] = ${vni << 8}`;

/** Those that hold an IP broadcast; the inner frame begins 50 bytes behind the outer one. */
const broadcastsOf = (vni: number): string =>
  `${ofNetwork(vni)} and ether[50:4] = 0xffffffff and ether[62:2] = 0x0800`;

const uplink = 'phy0';

t.test('overlays on three hypervisors and a Linux VTEP', { skip }, async t => {
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2', 'kvm3'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2, kvm3] = [site.hypervisor('kvm1'), site.hypervisor('kvm2'), site.hypervisor('kvm3')];
  const known = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const unknown = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: false });
  // The three networks have the same addresses, which are their guests' only difference within each.
  const blue1 = await known('kvm1', 'blue-1', 1);
  const blue2 = await known('kvm1', 'blue-2', 2);
  const blue3 = await known('kvm2', 'blue-3', 3);
  const red1 = await unknown('kvm1', 'red-1', 1);
  const red2 = await unknown('kvm1', 'red-2', 2);
  const red3 = await unknown('kvm2', 'red-3', 3);
  const green1 = await known('kvm1', 'green-1', 1);
  const green2 = await known('kvm3', 'green-2', 2);
  await site.untilStatus('all ports to be there', status =>
    status.networks.every(({ ports }, i) => ports === [3, 3, 2, 0][i]),
  );
  await site.untilInSync();

  await t.test('what is known is in the tables before the first packet', async t => {
    for (const [hypervisor, port] of [
      [kvm1, blue1.port],
      [kvm2, blue3.port],
      [kvm1, red1.port],
    ] as const)
      t.equal(await framesFrom(hypervisor, port), 0, `${port} has not said anything`);
    const at = (to: string) => outputsOf(kvm1, { inPort: 'blue-1-p', from: macOf(1), to });
    t.same(await at(macOf(2)), ['blue-2-p'], 'on this host');
    t.same(await at(macOf(3)), ['10.97.0.2 vni 5000'], 'on another');
    t.same(await at(broadcast), ['10.97.0.2 vni 5000', '10.97.0.9 vni 5000', 'blue-2-p'], 'not to kvm3');
    t.same(await at('02:00:00:00:00:77'), await at(broadcast), 'a MAC that nobody knows is flooded');
    t.same(
      await outputsOf(kvm1, { inPort: 'red-1-p', from: macOf(1), to: macOf(3) }),
      ['10.97.0.2 vni 6000', 'red-2-p'],
      'and so is one that is not known yet',
    );
    t.same(await outputsOf(kvm1, { inPort: 'green-1-p', to: macOf(2) }), ['10.97.0.3 vni 7000']);
  });

  await t.test('from a tunnel: known peers only, to local ports only', async t => {
    const from = (vni: number, source: string, to: string) =>
      outputsOf(kvm1, { inPort: tunnelName, to, tunnel: { vni, source } });
    t.same(await from(5000, '10.97.0.2', broadcast), ['blue-1-p', 'blue-2-p']);
    t.same(await from(5000, boxVtep, broadcast), ['blue-1-p', 'blue-2-p'], 'a remote of this network');
    t.same(await from(5000, '10.97.0.2', macOf(2)), ['blue-2-p']);
    const back = await from(5000, '10.97.0.2', macOf(3));
    t.notOk(
      back.some(place => place.includes('vni')),
      'never back into a tunnel',
    );
    t.same(await from(6000, boxVtep, broadcast), [], 'a remote of another network');
    t.same(await from(5000, '10.97.0.77', broadcast), [], 'a stranger');
    t.same(await from(8000, '10.97.0.2', broadcast), [], 'a network that is not here');
  });

  const { station: box } = await site.lab.addLinuxVtep({
    vni: 5000,
    peers: [kvm1.vtep, kvm2.vtep],
    station: { name: 'box', mac: macOf(9), ip: '10.0.0.9' },
  });
  const members: readonly Member[] = [
    ...[blue1, blue2, blue3, box].map(station => ({ network: 'blue', station })),
    ...[red1, red2, red3].map(station => ({ network: 'red', station })),
    ...[green1, green2].map(station => ({ network: 'green', station })),
  ];

  await t.test('everyone reaches whom they should, and nobody else', async t => {
    await Promise.all([
      reachEachOther(blue1, box),
      reachEachOther(blue3, box),
      reaches(blue1, blue3),
      reaches(red1, red3),
      reaches(green1, green2),
    ]);
    const cells = await checkReachability(members);
    t.equal(cells.length, 9 * 8);
    t.same(wrongCells(cells), []);
    for (const [from, to] of [
      [blue1, box],
      [blue3, box],
      [box, blue2],
    ] as const)
      t.same(
        await from.ping(to.ip, { count: 3, intervalMs: 20 }),
        { sent: 3, received: 3 },
        `${from.name} pings ${to.name}`,
      );
  });

  await t.test('the switch has learned what was not known', async t => {
    t.same(await outputsOf(kvm1, { inPort: 'red-2-p', from: macOf(2), to: macOf(1) }), ['red-1-p']);
    t.same(
      await outputsOf(kvm2, { inPort: tunnelName, to: macOf(3), tunnel: { vni: 6000, source: kvm1.vtep } }),
      ['red-3-p'],
    );
    t.same(
      await outputsOf(kvm2, { inPort: 'blue-3-p', from: macOf(3), to: macOf(9) }),
      ['10.97.0.9 vni 5000'],
      'behind a foreign VTEP, too',
    );
    const table = await kvm1.ofctl('dump-flows', 'br-int', 'table=70');
    t.match(table, new RegExp(`metadata=0x1770,dl_dst=${macOf(1)}`));
    t.notMatch(table, new RegExp(`metadata=0x1388,dl_dst=${macOf(1)}`), 'and nothing that OVSDB tells');
  });

  await t.test('tcpdump on the underlay shows VXLAN, each network with its VNI', async t => {
    const watch = await capture(kvm2.host, uplink, { filter: 'udp port 4789' });
    await reaches(blue1, blue3);
    await reaches(red1, red3);
    const seen = (vni: number) => () => watch.lines.some(line => line.includes(`vni ${vni}`));
    await waitFor('both networks', () => seen(5000)() && seen(6000)());
    const lines = await watch.stop();
    t.match(
      lines.find(line => line.includes('vni 5000')),
      /10\.97\.0\.[12]\.\d+ > 10\.97\.0\.[12]\.4789: VXLAN/,
    );
    t.same(
      lines.filter(line => /vni (?!5000|6000)/.test(line)),
      [],
    );
  });

  await t.test('iperf3 between two hosts', async t => {
    const { bitsPerSecond } = await iperf(blue1, blue3, { seconds: 2 });
    t.comment(`TCP between kvm1 and kvm2: ${Math.round(bitsPerSecond / 1e6)} Mbit/s`);
    t.ok(bitsPerSecond > 1e7, `${bitsPerSecond} bit/s`);
  });

  /** Sends `count` broadcasts, and tells how many of them each station and each host's underlay saw. */
  async function broadcasts(from: Station, count: number): Promise<Record<string, number>> {
    const watches: [string, RegExp, Capture][] = [];
    for (const { station } of members) {
      const filter = 'udp dst port 17007 and ether broadcast';
      watches.push([station.name, /UDP/, await station.capture({ direction: 'in', filter })]);
    }
    for (const { name, host } of [kvm1, kvm2]) {
      for (const direction of ['in', 'out'] as const) {
        const watch = await capture(host, uplink, { direction, filter: broadcastsOf(5000) });
        watches.push([`${name} ${direction}`, /VXLAN/, watch]);
      }
    }
    watches.push(['kvm3', /VXLAN/, await capture(kvm3.host, uplink, { filter: ofNetwork(5000) })]);
    await (await from.agent()).shout(broadcastAddress(from.ip), { count });
    await sleep(300);
    const counts: Record<string, number> = {};
    for (const [name, frame, watch] of watches) {
      const frames = (await watch.stop()).filter(line => frame.test(line));
      if (frames.length > 0) counts[name] = frames.length;
    }
    return counts;
  }

  await t.test('a broadcast: one copy for each member, and none for hosts without the network', async t => {
    const byVm = { 'blue-2': 20, 'blue-3': 20, box: 20, 'kvm1 out': 40, 'kvm2 in': 20 };
    t.same(await broadcasts(blue1, 20), byVm, 'of a VM');
    const byBox = { 'blue-1': 20, 'blue-2': 20, 'blue-3': 20, 'kvm1 in': 20, 'kvm2 in': 20 };
    t.same(await broadcasts(box, 20), byBox, 'of a foreign VTEP: nobody sends it back into a tunnel');
    const watch = await capture(kvm3.host, uplink, { filter: ofNetwork(7000) });
    await reaches(green1, green2);
    await waitFor('the network that kvm3 does have', () => watch.lines.length > 0);
    await watch.stop();
  });

  await t.test('a port that is taken away leaves flows and groups', async t => {
    await kvm1.unplug(blue2);
    await site.untilStatus('blue to have two ports', ({ networks }) => networks[0]?.ports === 2);
    await site.untilInSync();
    t.same(await outputsOf(kvm1, { inPort: 'blue-1-p', to: broadcast }), [
      '10.97.0.2 vni 5000',
      '10.97.0.9 vni 5000',
    ]);
    for (const hypervisor of [kvm1, kvm2]) {
      const flows = await hypervisor.ofctl('dump-flows', 'br-int');
      t.notMatch(flows, new RegExp(`metadata=0x1388.*dl_dst=${macOf(2)}`), hypervisor.name);
    }
    // Of all ports of a network on a host: its group goes with the last one.
    await kvm3.unplug(green2);
    await site.untilStatus('green to have one port', ({ networks }) => networks[2]?.ports === 1);
    await site.untilInSync();
    t.notMatch(await kvm3.ofctl('dump-groups', 'br-int'), /group_id=/);
    t.same(await outputsOf(kvm1, { inPort: 'green-1-p', to: broadcast }), [], 'and nothing is sent there');
  });

  await t.test('a port that comes later is found by its glob', async t => {
    await kvm3.plug(green2, { ifaceId: 'green-2', attachedMac: macOf(2) });
    const began = performance.now();
    const blue4 = await known('kvm3', 'blue-4', 4);
    await reachEachOther(blue4, blue1);
    t.comment(`reachable ${Math.round(performance.now() - began)} ms after the VM was made`);
    await Promise.all([reaches(blue4, box), reaches(blue3, blue4), reaches(green1, green2)]);
    t.same(await outputsOf(kvm3, { inPort: 'blue-4-p', to: broadcast }), [
      '10.97.0.1 vni 5000',
      '10.97.0.2 vni 5000',
      '10.97.0.9 vni 5000',
    ]);
  });

  await t.test('a port that moves is reachable where it is now', async t => {
    const cost = await costOf(
      blue1,
      blue3,
      () => kvm3.takeOver(blue3, kvm2, { ifaceId: 'blue-3', attachedMac: macOf(3) }),
      { aroundMs: 1_000 },
    );
    t.comment(`a known VM moves from kvm2 to kvm3: ${describeCost(cost)}`);
    t.ok(longestGapMs(cost) < 2_000);
    await Promise.all([reachEachOther(blue1, blue3), reaches(box, blue3)]);
    t.same(await outputsOf(kvm1, { inPort: 'blue-1-p', to: macOf(3) }), ['10.97.0.3 vni 5000']);
    t.notMatch(
      await kvm2.ofctl('dump-flows', 'br-int'),
      /metadata=0x1388/,
      'kvm2 has nothing of blue any more',
    );

    // Learned, not known: what the old host has learned must go, or it would keep the frames to itself.
    const red4 = await unknown('kvm2', 'red-4', 4);
    await Promise.all([reachEachOther(red4, red3), reachEachOther(red4, red1)]);
    const learned = await costOf(red4, red3, () => kvm1.takeOver(red3, kvm2), { aroundMs: 1_000 });
    t.comment(`a learned VM moves from kvm2 to kvm1: ${describeCost(learned)}`);
    t.ok(longestGapMs(learned) < 2_000);
    await Promise.all([reachEachOther(red4, red3), reachEachOther(red1, red3)]);
    t.same(await outputsOf(kvm2, { inPort: 'red-4-p', to: macOf(3) }), ['10.97.0.1 vni 6000']);
    await site.untilInSync();
  });

  await t.test('a port that two networks claim is in neither, and costs the others nothing', async t => {
    const dispute = async (): Promise<void> => {
      const vm = await known('kvm1', 'blue-disputed', 8);
      await site.untilStatus('the dispute to be told', ({ problems }) =>
        problems.some(
          ({ where, message }) =>
            where === `kvm1 port ${vm.port}` && message.includes('claimed by networks blue and rival'),
        ),
      );
      t.same(await outputsOf(kvm1, { inPort: vm.port, to: broadcast }), [], 'it says nothing to anyone');
      const heard = await outputsOf(kvm1, { inPort: 'blue-1-p', to: broadcast });
      t.notOk(heard.includes(vm.port), 'and hears nothing');
      await kvm1.unplug(vm);
      await site.untilInSync();
    };
    const cost = await costOf(blue1, blue3, dispute, { aroundMs: 500 });
    // A new link makes ovs-vswitchd read its routes anew, for which a tunnelled packet is lost now and then.
    t.ok(longestGapMs(cost) <= 50, describeCost(cost));
  });
});
