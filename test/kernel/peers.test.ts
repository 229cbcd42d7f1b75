/** Who is no Open vSwitch, beside Heddle's hosts on the kernel datapath: a Linux bridge with VLANs, and a Linux vxlan device. */
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { LinuxBridge } from '../../lab/linux-bridge.js';
import { checkReachability } from '../../lab/reachability.js';
import { wrongCells } from '../../lab/table.js';
import { macOf, reachEachOther, Site } from '../live/support/overlay-site.js';

const trunk = { port: 'trunk0', on: 'kvm1' };

t.test('a trunk and a VTEP of the kernel’s own', async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      {
        ...{ name: 'blue', vni: 5000, remotes: ['10.97.0.9'] },
        ports: [{ ifaceId: 'blue-*' }, { ...trunk, vlan: 10 }],
      },
      { name: 'red', vni: 6000, ports: [{ ifaceId: 'red-*' }, { ...trunk, vlan: 20 }] },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const { lab } = site;
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm2', { name: 'blue-2', address: 2, known: true });
  const red2 = await site.addGuest('kvm2', { name: 'red-2', address: 2, known: true });

  const bridge = await LinuxBridge.connect(lab, 'sw', {
    ...{ hypervisor: kvm1, port: trunk.port },
    // 30 is no network's, and is sent all the same.
    vlans: [10, 20, 30],
  });
  await kvm1.vsctl('add-port', 'br-int', trunk.port);
  const behind = (name: string, last: number, vlan: number) =>
    bridge.addStation({ name, mac: macOf(last), ip: `10.0.0.${last}` }, vlan);
  const [in10, in20] = [await behind('in10', 3, 10), await behind('in20', 3, 20)];
  const [in30, untagged] = [await behind('in30', 4, 30), await behind('untagged', 5, 1)];
  const { station: box } = await lab.addLinuxVtep({
    ...{ vni: 5000, peers: [kvm1.vtep, kvm2.vtep] },
    station: { name: 'box', mac: macOf(9), ip: '10.0.0.9' },
  });
  await site.untilStatus(
    'all ports to be there',
    ({ networks: [blue, red] }) => blue?.ports === 3 && red?.ports === 2,
  );
  await site.untilInSync();
  await Promise.all([
    reachEachOther(blue1, in10),
    reachEachOther(blue2, in10),
    reachEachOther(red2, in20),
    reachEachOther(blue1, box),
    reachEachOther(blue2, box),
  ]);

  const byTrunk = await capture(kvm1.host, trunk.port, { direction: 'in' });
  const arriving = await box.capture({ direction: 'in' });
  const cells = await checkReachability([
    ...[blue1, blue2, in10].map(station => ({ network: 'blue', station })),
    ...[red2, in20].map(station => ({ network: 'red', station })),
    { network: 'VLAN 30', station: in30 },
    { network: 'untagged', station: untagged },
  ]);
  t.same(wrongCells(cells), [], 'each VLAN is its own network, and what is in no network reaches nobody');
  t.equal(cells.filter(({ reached }) => reached).length, 3 * 2 + 2);
  const [frames, sent] = [await arriving.stop(), await byTrunk.stop()];
  for (const [last, how] of [
    [4, ': vlan 30,'],
    [5, 'ethertype ARP (0x0806), length'],
  ] as const)
    t.ok(
      sent.some(line => line.includes(`${macOf(last)} > `) && line.includes(how)),
      `what ${last} sent has come to the host: ${how}`,
    );
  t.ok(frames.some(line => line.includes(macOf(3))));
  t.notOk(
    frames.some(line => line.includes(macOf(4)) || line.includes(macOf(5))),
    'nor does it reach the VTEP',
  );
});
