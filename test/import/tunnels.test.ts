import t from 'tap';
import { type Imported, importHosts } from '../../src/import/import.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { type HandMadeBridge, type HandMadePort, nic, read, vm, vxlan } from '../support/hand-made.js';
import { broken, codes, configOf, find, host, networks } from '../support/imported.js';

t.test('loops', t => {
  const pair = (make: (remote: string) => readonly HandMadePort[], bridge: Partial<HandMadeBridge> = {}) =>
    importHosts([host(1, make('10.97.0.2'), bridge), host(2, make('10.97.0.1'), bridge)]);
  const mistake = pair(remote => [nic('eth0'), vxlan('vxlan0', remote), vm('vnet0')]);
  t.ok(broken(mistake).includes('loop'), 'a card and a tunnel, both without a tag');
  t.match(
    find(mistake, 'loop')?.what,
    /a loop: frames without a tag .*vxlan0 between kvm1 and kvm2 and eth0/,
  );
  t.match(mistake.yaml, /^# BROKEN: a loop: /m);

  t.notOk(
    codes(
      pair(remote => [nic('eth0', { trunks: [0] }), vxlan('vxlan10', remote, 10, 10), vm('vnet0', 10)]),
    ).some(code => code.includes('loop')),
    'a card that keeps to frames without a tag',
  );
  t.ok(
    broken(
      pair(remote => [nic('eth0', { trunks: [0, 10] }), vxlan('vxlan10', remote, 10, 10), vm('vnet0', 10)]),
    ).includes('loop'),
    'a card that was told to carry the tunnel’s VLAN',
  );
  const parallel = pair(remote => [vxlan('a', remote, 1, 5), vxlan('b', remote, 2, 5), vm('vnet0', 5)]);
  t.match(find(parallel, 'loop'), {
    level: 'broken',
    what: /VLAN 5 .* a between kvm1 and kvm2 and b between/,
  });
  const flows = pair(remote => [vxlan('a', remote, 1, 5), vxlan('b', remote, 2, 5), vm('vnet0', 5)], {
    controllers: ['tcp:10.0.0.1:6653'],
  });
  t.match(find(flows, 'loop'), { level: 'note' }, 'where a controller may say otherwise');

  const three = (bridge: Partial<HandMadeBridge> = {}, all = true): Imported =>
    importHosts(
      [1, 2, 3].map(self =>
        host(
          self,
          [
            vm(`vnet${self}`, 7),
            ...[1, 2, 3]
              .filter(other => other !== self && (all || self + other !== 5))
              .map(other => vxlan(`vx${other}`, `10.97.0.${other}`, 7, 7)),
          ],
          bridge,
        ),
      ),
    );
  t.strictSame(broken(three()), ['loop'], 'a mesh of three has no split horizon');
  t.strictSame(codes(three({}, false)), [], 'a star is none');
  t.match(find(three({ rstp: true }), 'loop'), { level: 'note', what: /RSTP keeps that loop open/ });
  t.strictSame(
    networks(t, three()).map(({ vni, mesh }) => [vni, mesh]),
    [[7, ['vx1', 'vx2', 'vx3']]],
  );

  const patch = (name: string, peer: string): HandMadePort => ({ name, type: 'patch', options: { peer } });
  const patched = importHosts([
    read('10.97.0.1', {
      bridges: [
        { name: 'br0', ports: [patch('p1', 'q1'), patch('p2', 'q2'), vm('vnet0')] },
        { name: 'br1', ports: [patch('q1', 'p1'), patch('q2', 'p2')] },
      ],
    }),
  ]);
  t.match(find(patched, 'loop'), { level: 'broken', host: '10.97.0.1', what: /p1 and q1 on 10\.97\.0\.1/ });
  t.end();
});

t.test('tunnels that only one end has, or that do not agree', t => {
  const two = (a: readonly HandMadePort[], b: readonly HandMadePort[]): Imported =>
    importHosts([host(1, [vm('vnet1', 10), ...a]), host(2, [vm('vnet2', 10), ...b])]);
  const lonely = two([vxlan('vx', '10.97.0.2', 10, 10)], []);
  t.match(find(lonely, 'peer-missing'), {
    level: 'broken',
    host: 'kvm1',
    bridge: 'br0',
    port: 'vx',
    what: /leads to kvm2/,
  });
  t.strictSame(
    networks(t, lonely).map(({ vni, ports }) => [vni, ports.length]),
    [[10, 2]],
    'they were meant to be one',
  );

  const keys = two([vxlan('vx', '10.97.0.2', 10, 10)], [vxlan('vx', '10.97.0.1', 11, 10)]);
  t.match(find(keys, 'peer-key')?.what, /it has key 10, and its other end \(vx of kvm2\) key 11/);
  t.equal(networks(t, keys).length, 1);
  const ports = two(
    [vxlan('vx', '10.97.0.2', 10, 10, { dst_port: '8472' })],
    [vxlan('vx', '10.97.0.1', 10, 10)],
  );
  t.match(find(ports, 'peer-port')?.what, /UDP port 8472.*UDP port 4789/);

  t.strictSame(
    codes(two([vxlan('a', '10.97.0.2', 10, 10)], [vxlan('b', '10.97.0.1', 10, 10)])),
    [],
    'names may differ',
  );
  const crossed = two(
    [vxlan('a', '10.97.0.2', undefined, 10, { in_key: '0x15', out_key: '026' })],
    [vxlan('b', '10.97.0.1', undefined, 10, { in_key: '22', out_key: '21' })],
  );
  t.notOk(codes(crossed).includes('peer-key'), 'one for each direction, in hexadecimal and in octal');

  const nowhere = two(
    [vxlan('vx', '', 10, 10)],
    [vxlan('vy', '10.97.0.2', 10, 10), vxlan('vz', '224.0.0.1', 10, 10)],
  );
  t.match(
    nowhere.findings.filter(({ code }) => code === 'tunnel').map(({ port, level }) => [port, level]),
    [
      ['vy', 'broken'],
      ['vx', 'broken'],
      ['vz', 'note'],
    ],
  );
  const failed = two(
    [{ ...vxlan('vx', '10.97.0.2', 10, 10), error: 'File exists' }],
    [vxlan('vx', '10.97.0.1', 10, 10)],
  );
  t.match(find(failed, 'interface-error'), { port: 'vx', what: /could not make it: File exists/ });
  t.end();
});

t.test('many tunnels of one network', t => {
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  const mesh = (...more: readonly HandMadePort[]) =>
    networks(
      t,
      importHosts(
        ids.map(self =>
          host(self, [
            vm(`vnet${self}`, 7),
            ...ids.filter(one => one !== self).map(one => vxlan(`vx-kvm${one}-7`, `10.97.0.${one}`, 7, 7)),
            ...more,
          ]),
        ),
      ),
    )[0]?.mesh;
  t.strictSame(mesh(), ['vx-kvm*-7'], 'a glob');
  t.equal(mesh({ name: 'vx-kvm-old-7', tag: 9 })?.length, 8, 'which takes no other port');
  t.end();
});

t.test('tunnels over IPv6', t => {
  const at = (self: number, ports: readonly HandMadePort[]) =>
    read(`10.98.0.${self}`, {
      hostname: `kvm${self}`,
      bridges: [{ name: 'br0', ports: [vm(`vnet${self}`, 10), ...ports] }],
    });
  const vteps = (imported: Imported) => configOf(t, imported).hypervisors.map(({ vtep }) => formatVtep(vtep));
  const mesh = (self: number, options = {}) => vxlan('vxlan10', `fd00::${3 - self}`, 10, 10, options);
  const two = importHosts([1, 2].map(self => at(self, [mesh(self)])));
  t.strictSame(vteps(two), ['fd00::1', 'fd00::2'], 'and the OVSDBs over IPv4');
  t.strictSame(networks(t, two), [
    { name: 'vlan10', vni: 10, mesh: ['vxlan10'], ports: ['id-vnet1', 'id-vnet2'], remotes: [] },
  ]);
  t.strictSame(codes(two), []);
  t.match(two.yaml, /vtep: fd00::2 +# remote_ip of vxlan10 of kvm1/);
  const local = importHosts([
    at(1, [mesh(1, { local_ip: '2001:db8:0::1' }), vxlan('vx9', 'fd00::', 10, 10)]),
  ]);
  t.strictSame(vteps(local), ['2001:db8::1']);
  t.strictSame(
    networks(t, local)[0]?.remotes,
    ['fd00::', 'fd00::2'],
    'colons that a reader could take for a key',
  );
  const unknown = importHosts([at(1, [mesh(1)])]);
  t.strictSame(
    [vteps(unknown), broken(unknown)],
    [['2001:db8::1'], ['vtep']],
    'an address that leads nowhere',
  );
  const scoped = importHosts([at(1, [vxlan('vx', 'fe80::2%eth0', 10, 10)])]);
  t.match(find(scoped, 'tunnel')?.what, /fe80::2%eth0, which is no address of one host/);
  t.end();
});

t.test('tunnels over both families: the file has one', t => {
  const at = (self: number, ports: readonly HandMadePort[]) =>
    read(`host${self}`, {
      hostname: `kvm${self}`,
      bridges: [{ name: 'br0', ports: [vm(`vnet${self}`, 10), ...ports] }],
    });
  const vteps = (imported: Imported) => configOf(t, imported).hypervisors.map(({ vtep }) => formatVtep(vtep));
  const four = (peer: number, self: number) =>
    vxlan(`four${peer}`, `10.97.0.${peer}`, 10, 10, { local_ip: `10.97.0.${self}` });
  const six = (peer: number, self: number) =>
    vxlan(`six${peer}`, `fd00::${peer}`, 20, 10, { local_ip: `fd00::${self}` });
  const both = importHosts([
    at(1, [four(2, 1), six(3, 1)]),
    at(2, [four(1, 2), four(7, 2), four(9, 2)]),
    at(3, [six(1, 3), four(9, 3)]),
  ]);
  t.strictSame(vteps(both), ['10.97.0.1', '10.97.0.2', '10.97.0.3']);
  t.strictSame(
    networks(t, both).map(({ mesh, ports, vni }) => [mesh, ports.length, vni]),
    [[['four1', 'four2', 'four7', 'four9'], 3, 10]],
    'who reached whom still does, by a tunnel of the other family',
  );
  t.strictSame(broken(both), []);
  t.match(find(both, 'vni')?.what, /it is over IPv6, and the tunnels of the file are over IPv4/);

  const lacking = importHosts([
    at(1, [four(2, 1), six(3, 1)]),
    at(2, [four(1, 2), four(7, 2), four(9, 2)]),
    at(3, [six(1, 3), six(8, 3)]),
  ]);
  t.strictSame(vteps(lacking), ['10.97.0.1', '10.97.0.2', '192.0.2.1']);
  t.strictSame(broken(lacking), ['vtep', 'vtep']);
  t.match(
    lacking.findings.filter(({ level }) => level === 'broken'),
    [
      { host: 'kvm3', what: /other hosts reach it by fd00::3, and the file's tunnels are over IPv4/ },
      { what: /^fd00::8, to which tunnels of vlan10 lead, cannot be in its `remotes`/ },
    ],
  );
  t.end();
});
