/** A network that is a VLAN of the physical network, beside an overlay with the same addresses: both by one NIC, on one bridge. */
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { startHeddle, untilInSync } from '../../lab/heddle.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { sysctl } from '../../lab/namespaces.js';
import { broadcastAddress, controllerAddress, openflowPort, ovsdbPort } from '../../lab/plan.js';
import { checkReachability } from '../../lab/reachability.js';
import { missingForLab } from '../../lab/requirements.js';
import { wrongCells } from '../../lab/table.js';
import { macOf, reachEachOther } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');
const bridge = 'br-int';
const uplink = 'eth0';
const vlan = 100;

const fileOf = (
  hosts: readonly Hypervisor[],
): string => `openflow: { listen: tcp:${controllerAddress}:${openflowPort} }
hypervisors:
${hosts
  .map(
    ({ name, management, vtep }) =>
      `  ${name}: { ovsdb: tcp:${management}:${ovsdbPort}, bridge: ${bridge}, datapath: netdev, vtep: ${vtep}, uplink: ${uplink} }`,
  )
  .join('\n')}
networks:
  rack: { vlan: ${vlan}, ports: [{ iface-id: "rack-*" }, { port: "rack-*" }] }
  blue: { vni: 5000, ports: [{ iface-id: "blue-*" }] }
`;

t.test('a VLAN of the wire and an overlay on two hosts', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const hosts = [
    await lab.addHypervisor('kvm1', { bridge, uplink }),
    await lab.addHypervisor('kvm2', { bridge, uplink }),
  ];
  for (const { host } of hosts)
    await sysctl(host, {
      // The kernel sees what the NIC receives, too, and would answer for the host a second time.
      [`net.ipv4.conf.${uplink}.rp_filter`]: 1,
      [`net.ipv4.conf.${uplink}.arp_ignore`]: 8,
    });
  const vm = (index: number, name: string, address: number, known = true) => {
    const host = hosts[index];
    if (host === undefined) throw new Error(`no host ${index}`);
    const identity = known ? { ifaceId: name, attachedMac: macOf(address) } : {};
    return host.addVm({ name, mac: macOf(address), ip: `10.0.0.${address}`, bridge, ...identity });
  };
  const rack = [await vm(0, 'rack-1', 1), await vm(1, 'rack-2', 2), await vm(1, 'rack-3', 3, false)];
  const blue = [await vm(0, 'blue-1', 1), await vm(1, 'blue-2', 2)];
  // A switch of the physical network, which has the VLAN with a tag on its cable to the others, and a server on an access port.
  const rackSwitch = await lab.addHypervisor('sw', { bridge: 'rack' });
  const spec = { name: 'server', mac: macOf(9), ip: '10.0.0.9' };
  const server = await rackSwitch.addVm({ ...spec, bridge: 'rack', tag: vlan });
  const running = await startHeddle(lab, fileOf(hosts));
  t.teardown(async () => {
    if (!t.passing()) t.comment(await running.logTail(60));
  });
  await untilInSync(running);

  const [first, second, third] = rack;
  const [blue1, blue2] = blue;
  if (!first || !second || !third || !blue1 || !blue2) throw new Error('no VMs');
  const nics = await Promise.all(hosts.map(({ host }) => capture(host, uplink)));
  await Promise.all([
    ...rack.map(one => reachEachOther(one, server)),
    reachEachOther(first, second),
    reachEachOther(first, third),
    reachEachOther(blue1, blue2),
  ]);
  const cells = await checkReachability([
    ...[...rack, server].map(station => ({ network: 'rack', station })),
    ...blue.map(station => ({ network: 'blue', station })),
  ]);
  t.same(wrongCells(cells), []);
  const { by, duplicates } = await (await server.agent()).shout(broadcastAddress(server.ip), { count: 5 });
  t.same(by, { 'rack-1': 5, 'rack-2': 5, 'rack-3': 5 }, 'a broadcast of the wire: one copy for each VM');
  t.equal(duplicates, 0);

  const lines = (await Promise.all(nics.map(nic => nic.stop()))).flat();
  const ofGuests = lines.filter(line => /02:00:00:00:00:0[1239]/.test(line));
  // The inner frame of a tunnel is on a line of its own, which begins with no time.
  const bare = ofGuests.filter(line => /^\d\d:\d\d:\d\d\./.test(line));
  t.ok(bare.length > 50);
  t.same(
    bare.filter(line => !line.includes(`vlan ${vlan},`)).slice(0, 3),
    [],
    'what is bare on the wire has the tag',
  );
  t.ok(lines.some(line => line.includes('vni 5000')));
  t.notOk(
    lines.some(line => /vni (?!5000)/.test(line)),
    'and no tunnel has anything of the wire',
  );
  t.match(await running.status(), {
    ok: true,
    networks: [
      { name: 'rack', vlan },
      { name: 'blue', vni: 5000 },
    ],
  });
});
