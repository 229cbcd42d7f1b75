/** Tunnels over IPv6: between two hypervisors, and with a plain Linux host that Heddle does not manage. */
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { iperf } from '../../lab/iperf.js';
import { underlayAddress6 } from '../../lab/plan.js';
import { checkReachability } from '../../lab/reachability.js';
import { missingForLab } from '../../lab/requirements.js';
import { wrongCells } from '../../lab/table.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { broadcast, outputsOf, tunnelName } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const box = underlayAddress6(9);
const [vtep1, vtep2] = [underlayAddress6(1), underlayAddress6(2)];

t.test('overlays over IPv6', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue-*' }], remotes: [box] },
      { name: 'red', vni: 6000, ports: [{ ifaceId: 'red-*' }] },
    ],
    underlay: 'ipv6',
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const blue1 = await guest('kvm1', 'blue-1', 1);
  const blue2 = await guest('kvm2', 'blue-2', 2);
  const red1 = await guest('kvm1', 'red-1', 1);
  const red2 = await guest('kvm2', 'red-2', 2);
  const { station } = await site.lab.addLinuxVtep({
    vni: 5000,
    peers: [vtep1, vtep2],
    station: { name: 'box', mac: macOf(9), ip: '10.0.0.9' },
  });
  await site.untilStatus('all ports to be there', ({ networks }) =>
    networks.every(({ ports }) => ports === 2),
  );
  await site.untilInSync();
  t.equal((await site.status()).hypervisors[0]?.vtep, vtep1);

  t.same(await outputsOf(kvm1, { inPort: blue1.port, to: macOf(2) }), [`${vtep2} vni 5000`]);
  t.same(await outputsOf(kvm1, { inPort: blue1.port, to: broadcast }), [
    `${vtep2} vni 5000`,
    `${box} vni 5000`,
  ]);
  const from = (source: string, vni = 5000) =>
    outputsOf(kvm1, { inPort: tunnelName, to: broadcast, tunnel: { vni, source } });
  t.same(await from(vtep2), [blue1.port]);
  t.same(await from(box), [blue1.port]);
  t.same(await from(box, 6000), [], 'listed in another network');
  t.same(await from(underlayAddress6(77)), [], 'a stranger');

  const watch = await capture(kvm2.host, 'phy0', { filter: 'udp dst port 4789', direction: 'in' });
  await Promise.all([
    reachEachOther(blue1, blue2),
    reachEachOther(red1, red2),
    reachEachOther(blue1, station),
    reachEachOther(blue2, station),
  ]);
  const cells = await checkReachability([
    ...[blue1, blue2, station].map(one => ({ network: 'blue', station: one })),
    ...[red1, red2].map(one => ({ network: 'red', station: one })),
  ]);
  t.same(wrongCells(cells), []);
  const lines = (await watch.stop()).filter(line => line.includes('VXLAN'));
  t.ok(
    lines.some(line => line.includes(`${vtep1}.`) && line.includes('vni 5000')),
    'VXLAN over IPv6',
  );
  t.notOk(
    lines.some(line => line.includes('10.97.0.')),
    'no tunnel over IPv4',
  );
  t.same(
    await outputsOf(kvm2, { inPort: blue2.port, from: macOf(2), to: macOf(9) }),
    [`${box} vni 5000`],
    'what is behind a foreign VTEP is learned',
  );
  const { bitsPerSecond } = await iperf(blue1, blue2, { seconds: 1 });
  t.ok(bitsPerSecond > 1e7, `${bitsPerSecond} bit/s`);
});
