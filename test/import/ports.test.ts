import t from 'tap';
import { type Imported, importHosts } from '../../src/import/import.js';
import { type HandMadeBridge, type HandMadePort, nic, read, vm, vxlan } from '../support/hand-made.js';
import { configOf, broken, find, host, networks } from '../support/imported.js';

t.test('ports', t => {
  const trunk = { ids: { 'iface-id': 'firewall' } };
  const imported = importHosts([
    host(1, [
      vm('vnet1', 10),
      { name: 'plain', tag: 10 },
      { name: 'mgmt', tag: 10, type: 'internal' },
      vm('bad*', 10, { ids: {} }),
      vm('star', 10, { ids: { 'iface-id': 'a*' } }),
      vm('one', 20, { ids: { 'iface-id': 'twice' } }),
      vm('other', 10, { ids: { 'iface-id': 'twice' } }),
    ]),
    host(2, [vxlan('vx', '10.97.0.1', 1, 10), vm('vnet1', 10)]),
  ]);
  t.match(networks(t, imported), [
    { ports: ['mgmt@kvm1', 'other@kvm1', 'plain@kvm1', 'star@kvm1', 'id-vnet1'] },
    { ports: ['one@kvm1'] },
  ]);
  t.ok(broken(imported).includes('selector'));
  t.ok(broken(imported).includes('iface-id-twice'));
  t.match(
    imported.yaml,
    /iface-id: id-vnet1 +# vnet1 on kvm1; vnet1 on kvm2/,
    'an interface on two hosts is one',
  );

  const quoted = importHosts([
    host(1, [
      vm('a', 1, { ids: { 'iface-id': 'null' } }),
      vm('b', 1, { ids: { 'iface-id': '12: #\n"\u2028é' } }),
    ]),
  ]);
  t.strictSame(networks(t, quoted)[0]?.ports, ['null', '12: #\n"\u2028é']);
  t.strictSame(find(importHosts([host(1, [vm('f', undefined, trunk), vm('a', 5)])]), 'trunk')?.level, 'note');
  t.end();
});

t.test('uplinks, and cards that are none', t => {
  const uplinkOf = (imported: Imported): string | undefined => configOf(t, imported).hypervisors[0]?.uplink;
  const away = { tunnel_egress_iface: 'eth9' };
  const tunnel = (status: Readonly<Record<string, string>>): HandMadePort => ({
    ...vxlan('vx', '10.97.0.2', 10, 10),
    status,
  });
  t.equal(uplinkOf(importHosts([host(1, [nic('eth0'), vm('v', 10)])])), 'eth0');
  t.equal(
    uplinkOf(importHosts([host(1, [nic('eth0'), vm('v', 10), tunnel({ tunnel_egress_iface: 'br0' })])])),
    'eth0',
  );
  const other = importHosts([host(1, [nic('eth0', { tag: 10 }), vm('v', 10), tunnel(away)])]);
  t.equal(uplinkOf(other), undefined);
  t.strictSame(
    networks(t, other)[0]?.ports,
    ['eth0@kvm1', 'id-v'].reverse(),
    'a card of the VMs’ own is a port',
  );
  for (const name of ['vnet0', 'tap1', 'veth2', 'qvo3'])
    t.equal(uplinkOf(importHosts([host(1, [{ name, tag: 1 }])])), undefined, name);
  for (const name of ['eth0', 'enp3s0f1', 'eno1', 'ens18', 'em1', 'p2p1', 'bond0'])
    t.equal(uplinkOf(importHosts([host(1, [{ name }])])), name, name);

  const lan = importHosts([host(1, [nic('eth0'), vm('vnet0')])]);
  t.match(find(lan, 'fabric-left'), {
    level: 'broken',
    port: 'eth0',
    what: /VLAN 0 \(no tag\).*would lose that/,
  });
  const trunk = importHosts([host(1, [nic('eth0', { trunks: [0, 100] }), vm('vnet0', 100)])]);
  t.equal(find(trunk, 'fabric-left'), undefined, 'a VLAN that the uplink is said to carry goes on by it');
  t.match(configOf(t, trunk), {
    networks: [{ name: 'vlan100', wire: 100, ports: [{ glob: 'id-vnet0' }] }],
  });
  const both = importHosts([
    host(1, [nic('eth0', { trunks: [0, 100] }), vm('vnet0', 100)]),
    host(2, [nic('eth0', { trunks: [0, 100, 200] }), vm('vnet1', 100), vm('vnet2', 200)]),
  ]);
  t.match(
    configOf(t, both).networks.map(({ name, wire, ports }) => [name, wire, ports.length]),
    [
      ['vlan100', 100, 2],
      ['vlan200', 200, 1],
    ],
  );
  const tunnelled = importHosts([
    host(1, [nic('eth0', { trunks: [0, 100] }), vm('vnet0', 100), vxlan('vx', '10.97.0.2', 7, 100)]),
    host(2, [nic('eth0', { trunks: [0, 100] }), vm('vnet1', 100), vxlan('vx', '10.97.0.1', 7, 100)]),
  ]);
  t.match(find(tunnelled, 'fabric-left'), {
    level: 'broken',
    what: /VLAN 100 .*would lose that with this file/,
    todo: /write `vlan: N` in place of `vni`/,
  });
  const vlan = importHosts([host(1, [nic('eth0'), vm('vnet0', 5)])]);
  t.match(find(vlan, 'fabric-left'), { level: 'note', what: /every VLAN, VLAN 5 among them/ });
  const inside = importHosts([
    host(1, [
      nic('eth0'),
      { name: 'tep0', type: 'internal', tag: 4 },
      tunnel({ tunnel_egress_iface: 'tep0' }),
    ]),
  ]);
  t.match(find(inside, 'uplink'), { level: 'broken', port: 'tep0', what: /which Heddle would cut off/ });
  const bond = importHosts([host(1, [{ name: 'bond0', bondOf: ['eth0', 'eth1'] }, vm('v', 1)])]);
  t.match([uplinkOf(bond), find(bond, 'bond')?.level], [undefined, 'note']);
  t.end();
});

t.test('which bridge', t => {
  const patch = (name: string, peer: string): HandMadePort => ({ name, type: 'patch', options: { peer } });
  const bridgeOf = (bridges: readonly HandMadeBridge[], wanted?: string): string | undefined =>
    configOf(t, importHosts([read('10.97.0.1', { bridges })], wanted)).hypervisors[0]?.bridge;
  const lan = { name: 'br-lan', ports: [vm('a'), vm('b')] };
  const tunnels = { name: 'br-tun', ports: [vxlan('vx', '10.97.0.9', 1)] };
  t.equal(bridgeOf([lan, tunnels]), 'br-tun', 'the one with the tunnels');
  t.equal(bridgeOf([lan, tunnels], 'br-lan'), 'br-lan', 'unless another is asked for');
  t.equal(
    bridgeOf([
      { ...lan, ports: [...lan.ports, patch('p', 'q')] },
      { ...tunnels, ports: [...tunnels.ports, patch('q', 'p')] },
    ]),
    'br-lan',
    'the VMs’ one, where tunnels are behind a patch port',
  );
  t.equal(bridgeOf([{ name: 'empty', ports: [] }, lan]), 'br-lan');
  t.equal(bridgeOf([]), 'br-int');
  const missing = importHosts([read('10.97.0.1', { bridges: [lan] })], 'br9');
  t.match(find(missing, 'bridge-missing'), { level: 'broken', what: /no bridge br9 here, but br-lan/ });
  const unnamed = importHosts([read('10.97.0.1', { bridges: [{ name: 'a bridge', ports: [] }] })]);
  t.ok(broken(unnamed).includes('bridge-name'));
  t.end();
});
