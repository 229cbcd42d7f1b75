import t from 'tap';
import { importHosts } from '../../src/import/import.js';
import { type HandMadePort, vm, vxlan } from '../support/hand-made.js';
import { find, host, networks } from '../support/imported.js';

t.test('networks and their VNIs', t => {
  const two = (...ports: readonly ((remote: string) => HandMadePort)[]) =>
    importHosts([
      host(1, [vm('vnet1', 10), vm('vnet3', 20), ...ports.map(make => make('10.97.0.2'))]),
      host(2, [vm('vnet2', 10), vm('vnet4', 20), ...ports.map(make => make('10.97.0.1'))]),
    ]);
  t.strictSame(
    networks(
      t,
      two(
        r => vxlan('vx10', r, 10, 10),
        r => vxlan('vx20', r, 2000, 20),
      ),
    ),
    [
      { name: 'vlan10', vni: 10, mesh: ['vx10'], remotes: [], ports: ['id-vnet1', 'id-vnet2'] },
      { name: 'vlan20', vni: 2000, mesh: ['vx20'], remotes: [], ports: ['id-vnet3', 'id-vnet4'] },
    ],
  );
  t.strictSame(
    networks(
      t,
      two(
        r => vxlan('vx10', r, undefined, 10),
        r => vxlan('vx20', r, 10, 20),
      ),
    ).map(({ vni }) => vni),
    [1000, 10],
    'no key: a free number, and not the tag where that is another’s key',
  );
  t.strictSame(
    networks(
      t,
      two(r => vxlan('trunk', r, 10)),
    ).map(({ vni, mesh }) => [vni, mesh]),
    [
      [1000, []],
      [20, []],
    ],
    'a tunnel with the tags inside is neither network’s, and its key is to be avoided',
  );
  t.strictSame(
    networks(t, two()).map(({ name }) => name),
    ['vlan10-vni10', 'vlan20-vni20', 'vlan10-vni1000', 'vlan20-vni1001'],
  );
  t.strictSame(
    networks(
      t,
      two(r => vxlan('any', r, 'flow', 10)),
    ).map(({ mesh }) => mesh),
    [['any'], ['any'], ['any']],
    'a tunnel with the VNI in its flows serves all',
  );

  const tags = importHosts([
    host(1, [vm('vnet1', 10), vxlan('vx', '10.97.0.2', 5, 10)]),
    host(2, [vm('vnet2', 30), vxlan('vx', '10.97.0.1', 5, 30)]),
  ]);
  t.strictSame(
    networks(t, tags).map(({ vni, ports }) => [vni, ports]),
    [[5, ['id-vnet1', 'id-vnet2']]],
    'a tag is a bridge’s own affair',
  );
  t.match(tags.yaml, /# VLAN 10 on kvm1; VLAN 30 on kvm2/);

  const names = importHosts([
    host(1, [
      vm('vnet1', 10),
      vxlan('vx1', '10.97.0.2', 10, 10),
      vm('vnet5', 20),
      vxlan('vx2', '10.97.0.2', 20, 20),
    ]),
    host(2, [
      vm('vnet2', 10),
      vxlan('vx2', '10.97.0.1', 10, 10),
      vm('vnet6', 20),
      vxlan('vx1', '10.97.0.1', 20, 20),
    ]),
  ]);
  t.strictSame(
    networks(t, names).map(({ vni, mesh }) => [vni, mesh]),
    [
      [1000, []],
      [1001, []],
    ],
    'one name in two networks can be in no mesh, and its key is no VNI',
  );
  t.match(
    find(names, 'vni')?.what,
    /`mesh` of vlan10 cannot name this port: a port of this name is in another network/,
  );

  const foreign = importHosts([host(1, [vm('vnet1', 10), vxlan('vx', '10.97.0.9', 10, 10)])]);
  t.match(networks(t, foreign), [{ vni: 10, mesh: ['vx'], remotes: ['10.97.0.9'] }]);
  t.match(foreign.yaml, /- 10\.97\.0\.9 # remote_ip of vx of kvm1: import that host too/);

  const shadow = importHosts([
    host(1, [vm('vnet1', 10), vxlan('vx', '10.97.0.2', 'flow', 10, { out_key: '7' })]),
    host(2, [vm('vnet2', 10)]),
  ]);
  t.match(find(shadow, 'tunnel'), { level: 'broken', port: 'vx', what: /takes all that kvm2/ });
  t.end();
});
