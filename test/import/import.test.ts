/** What an import makes of hosts that were set up by hand: the file, and what is told beside it. */
import t, { type Test } from 'tap';
import type { Config } from '../../src/config/config.js';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';
import type { Finding, FindingCode } from '../../src/import/finding.js';
import { type HostToImport, type Imported, importHosts } from '../../src/import/import.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { type HandMadeBridge, type HandMadePort, nic, read, vm, vxlan } from '../support/hand-made.js';

/** The file as Heddle reads it, which is the measure of it. */
function configOf(t: Test, { yaml }: Imported): Config {
  const parsed = parseConfig(yaml, 'made.yaml');
  if (!parsed.ok) {
    t.fail(`the file has mistakes:\n${parsed.mistakes.map(formatMistake).join('\n')}\n${yaml}`);
    throw new Error('no config');
  }
  return parsed.config;
}

const codes = ({ findings }: Imported, level?: Finding['level']): FindingCode[] =>
  findings.filter(one => level === undefined || one.level === level).map(({ code }) => code);

const broken = (imported: Imported): FindingCode[] => codes(imported, 'broken');

const find = ({ findings }: Imported, code: FindingCode): Finding | undefined =>
  findings.find(one => one.code === code);

/** One bridge, its ports, at 10.97.0.INDEX. */
const host = (
  index: number,
  ports: readonly HandMadePort[],
  bridge: Partial<HandMadeBridge> = {},
): HostToImport =>
  read(`10.97.0.${index}`, { hostname: `kvm${index}`, bridges: [{ name: 'br0', ports, ...bridge }] });

const networks = (t: Test, imported: Imported) =>
  configOf(t, imported).networks.map(({ name, vni, mesh, ports, remotes }) => ({
    name,
    vni,
    mesh,
    remotes: remotes.map(formatVtep),
    ports: ports.map(port => (port.by === 'iface-id' ? port.glob : `${port.glob}@${port.on ?? ''}`)),
  }));

t.test('two hosts of the classic kind', t => {
  const egress = { tunnel_egress_iface: 'vswitch002' };
  const classic = (index: number): HostToImport =>
    read(`10.97.0.${index}`, {
      hostname: `kvm${index}.example.org`,
      systemId: `id-${index}`,
      bridges: [
        {
          name: 'vswitch002',
          datapathType: 'netdev',
          datapathId: `00000000000000a${index}`,
          ports: [
            nic('eth0', { status: { driver_name: 'virtio_net' } }),
            { ...vxlan('vxlan10', `10.97.0.${3 - index}`, 10, 10), status: egress },
            vm(`vnet${index}`, 10, {
              ids: {
                'iface-id': `9ffae6f1-0ac1-4af1-9ed1-00000000000${index}`,
                'attached-mac': `52:54:00:00:00:0${index}`,
                'vm-id': `7d58f4c1-f6c4-4e85-a2bb-00000000000${index}`,
              },
            }),
          ],
        },
      ],
    });
  const imported = importHosts([classic(1), classic(2)]);
  t.equal(
    imported.yaml.replace(/^ *#.*\n/gm, '').trimStart(),
    `
hypervisors:
  kvm1:
    ovsdb: tcp:10.97.0.1:6640
    bridge: vswitch002
    datapath: netdev
    datapath-id: "00000000000000a1" # other_config:datapath-id
    vtep: 10.97.0.1                 # remote_ip of vxlan10 of kvm2
    uplink: eth0                    # the host's own way out, by the bridge's own port

  kvm2:
    ovsdb: tcp:10.97.0.2:6640
    bridge: vswitch002
    datapath: netdev
    datapath-id: "00000000000000a2" # other_config:datapath-id
    vtep: 10.97.0.2                 # remote_ip of vxlan10 of kvm1
    uplink: eth0                    # the host's own way out, by the bridge's own port

networks:
  vlan10:
    vni: 10         # the key of vxlan10
    mesh: [vxlan10] # made by hand, and used as they are
    ports:
      - iface-id: 9ffae6f1-0ac1-4af1-9ed1-000000000001 # vnet1 on kvm1: VM 7d58f4c1-f6c4-4e85-a2bb-000000000001, 52:54:00:00:00:01
      - iface-id: 9ffae6f1-0ac1-4af1-9ed1-000000000002 # vnet2 on kvm2: VM 7d58f4c1-f6c4-4e85-a2bb-000000000002, 52:54:00:00:00:02
`.replace('\n', ''),
  );
  t.match(configOf(t, imported), { hypervisors: [{ uplink: 'eth0' }, { uplink: 'eth0' }] });
  t.strictSame(codes(imported), ['possible-loop'], 'eth0 lets VLAN 10 through, as it does every VLAN');
  t.match(
    find(imported, 'possible-loop')?.what,
    /VLAN 10 .*vxlan10 between kvm1 and kvm2 and eth0 of kvm1 and kvm2/,
  );
  t.end();
});

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

t.test('whose address is whose', t => {
  const addresses = (imported: Imported): string[] =>
    configOf(t, imported).hypervisors.map(({ vtep }) => formatVtep(vtep));
  const at = (index: number, ports: readonly HandMadePort[]): HostToImport =>
    read(`10.98.0.${index}`, {
      hostname: `kvm${index}`,
      bridges: [{ name: 'br0', ports: [vm(`v${index}`, 1), ...ports] }],
    });
  const v = (remote: number, key = 1, more = {}) => vxlan(`vx${remote}`, `10.97.0.${remote}`, key, 1, more);
  t.strictSame(
    addresses(
      importHosts([at(1, [v(2, 1, { local_ip: '10.97.0.1' })]), at(2, [v(1, 1, { local_ip: '10.97.0.2' })])]),
    ),
    ['10.97.0.1', '10.97.0.2'],
    'local_ip says it',
  );
  const two = importHosts([at(1, [v(2)]), at(2, [v(1)])]);
  t.strictSame(addresses(two), ['10.97.0.1', '10.97.0.2'], 'the other one’s tunnel leads there');
  t.match(two.yaml, /vtep: 10\.97\.0\.2 +# remote_ip of vx2 of kvm1/);
  t.strictSame(
    addresses(
      importHosts(
        [1, 2, 3, 4].map(self =>
          at(
            self,
            [1, 2, 3, 4].filter(one => one !== self).map(one => v(one)),
          ),
        ),
      ),
    ),
    ['10.97.0.1', '10.97.0.2', '10.97.0.3', '10.97.0.4'],
    'in a full mesh, each is in all lists but its own',
  );
  t.strictSame(
    addresses(importHosts([at(1, [v(2, 12)]), at(2, [v(1, 12), v(3, 23)]), at(3, [v(2, 23)])])),
    ['10.97.0.1', '10.97.0.2', '10.97.0.3'],
    'in a chain, the keys tell',
  );
  t.strictSame(
    addresses(importHosts([at(1, []), at(2, [])])),
    ['10.98.0.1', '10.98.0.2'],
    'no tunnels at all',
  );
  const local: HostToImport = {
    endpoint: { transport: 'unix', path: '/run/openvswitch/db.sock' },
    reading: read('10.98.0.1', { hostname: 'kvm1', bridges: [] }).reading,
  };
  const unknown = importHosts([local]);
  t.strictSame([addresses(unknown), broken(unknown)], [['192.0.2.1'], ['vtep']], 'found nowhere');
  t.match(unknown.yaml, /vtep: 192\.0\.2\.1 +# NOT FOUND/);
  const same = { local_ip: '10.97.0.1' };
  const clash = importHosts([at(1, [v(3, 1, same)]), at(2, [v(3, 1, same)])]);
  t.strictSame(addresses(clash), ['10.97.0.1', '192.0.2.1']);
  t.match(find(clash, 'address-twice'), { host: 'kvm2', what: /10\.97\.0\.1 is the tunnel address of kvm1/ });
  const doubtful = importHosts([at(1, [v(2), v(9)]), at(2, [v(1)])]);
  t.match(find(doubtful, 'vtep'), { host: 'kvm2', what: /may be one of 10\.97\.0\.2 and 10\.97\.0\.9/ });
  t.end();
});

t.test('names of hosts', t => {
  const named = (...hosts: readonly [string | undefined, string?, string?][]): string[] =>
    importHosts(
      hosts.map(([hostname, systemId, given], index) =>
        read(
          `10.97.0.${index + 1}`,
          {
            ...(hostname !== undefined && { hostname }),
            ...(systemId !== undefined && { systemId }),
            bridges: [],
          },
          given,
        ),
      ),
    ).hosts.map(({ name }) => name);
  t.strictSame(named(['kvm1.example.org'], ['kvm2.example.org']), ['kvm1', 'kvm2']);
  t.strictSame(
    named(['kvm.a.org'], ['kvm.b.org']),
    ['kvm.a.org', 'kvm.b.org'],
    'the domain where it tells them apart',
  );
  t.strictSame(named([undefined, 'uuid-1'], ['localhost', 'uuid-2']), ['uuid-1', 'uuid-2']);
  t.strictSame(
    named([undefined], ['ümlaut']),
    ['10.97.0.1', '10.97.0.2'],
    'the address, where there is nothing else',
  );
  t.strictSame(named(['b', 'x'], ['a', 'y', 'b']), ['x', 'b'], 'what the person says comes first');
  t.strictSame(named(['same'], ['same']), ['same', '10.97.0.2']);
  t.end();
});

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

t.test('what there is besides', t => {
  const imported = importHosts([
    host(
      1,
      [
        vm('vnet0', 1, { maxRate: '10000000', policing: 2000 }),
        { name: 'gre0', type: 'gre', options: { remote_ip: '10.97.0.2' } },
        { name: 'q', vlanMode: 'dot1q-tunnel', tag: 3 },
        { name: 'heddle-vxlan', type: 'vxlan', ids: { heddle: 'managed' }, options: { remote_ip: 'flow' } },
      ],
      { controllers: ['tcp:10.0.0.1:6653', 'ptcp:6634'], mirrors: ['span'], stp: true, failMode: 'secure' },
    ),
  ]);
  configOf(t, imported);
  t.strictSame(codes(imported), [
    'controller',
    'spanning-tree',
    'mirror',
    'rates',
    'tunnel',
    'stacked-vlans',
    'heddle',
  ]);
  t.match(find(imported, 'rates')?.what, /vnet0: linux-htb max-rate 10 Mbit\/s, ingress policing 2 Mbit\/s/);
  t.match(find(imported, 'controller')?.what, /ptcp:6634 and tcp:10\.0\.0\.1:6653 are its controllers/);
  const secure = importHosts([host(1, [vm('v', 1)], { failMode: 'secure' })]);
  t.match(find(secure, 'controller')?.what, /fail_mode is secure, and it has no controller/);
  t.strictSame(codes(importHosts([host(1, [])])), ['no-vms']);
  t.end();
});

t.test('what is there twice', t => {
  const bridges = (ids: Readonly<Record<string, string>>): HandMadeBridge[] => [
    { name: 'br0', datapathId: '0xaa', ports: [vm('vnet0', 1, { ids })] },
  ];
  const imported = importHosts([
    read('10.97.0.1', {
      systemId: 'same',
      bridges: bridges({ 'iface-id': 'x', 'attached-mac': '52:54:00:00:00:01' }),
    }),
    read('10.97.0.2', {
      systemId: 'same',
      bridges: bridges({ 'iface-id': 'x', 'attached-mac': '52:54:00:00:00:01' }),
    }),
    read('10.97.0.3', { bridges: bridges({ 'iface-id': 'y', 'attached-mac': '52:54:00:00:00:01' }) }),
  ]);
  t.strictSame(broken(imported).sort(), [
    'datapath-id-twice',
    'datapath-id-twice',
    'iface-id-twice',
    'mac-twice',
    'system-id-twice',
  ]);
  const made = importHosts([
    host(1, [], { datapathId: '4864000000000001' }),
    host(2, [], { datapathId: 'none' }),
  ]);
  t.notMatch(made.yaml, /datapath-id/, 'neither one that Heddle has made, nor one that is none');
  t.end();
});

t.test('hosts that could not be read', t => {
  const imported = importHosts([
    host(1, [vm('v', 1)]),
    {
      endpoint: { transport: 'tcp', host: '10.97.0.2', port: 6640 },
      reading: { ok: false, why: 'connection refused\n: nothing listens there' },
      given: 'kvm2',
    },
  ]);
  t.strictSame(
    configOf(t, imported).hypervisors.map(({ name }) => name),
    ['kvm1'],
  );
  t.match(imported.hosts[1], { name: 'kvm2', ovsdb: 'tcp:10.97.0.2:6640', error: /refused/ });
  t.match(
    imported.yaml.replaceAll(/\n# {3}/g, ' '),
    /^# NOT READ, .*: kvm2 \(tcp:10\.97\.0\.2:6640\): connection refused/m,
  );
  configOf(t, importHosts([]));
  t.end();
});

t.test('where Heddle listens', t => {
  const seen = (address: string, index: number): HostToImport => {
    const made = host(index, [vm(`v${index}`, 1)]);
    return { ...made, reading: made.reading.ok ? { ...made.reading, seenFrom: address } : made.reading };
  };
  const listen = (...hosts: readonly HostToImport[]) => configOf(t, importHosts(hosts)).openflow.listen;
  t.match(listen(seen('10.97.0.254', 1)), { host: '10.97.0.254', port: 6653 });
  t.match(listen(seen('fd00::1', 1), seen('10.97.0.254', 2)), { host: 'fd00::1' });
  t.match(listen(seen('127.0.0.1', 1)), { host: '127.0.0.1' });
  t.match(listen(seen('fe80::1%eth0', 1)), { host: '127.0.0.1' }, 'of one link only');
  t.match(listen(host(1, [])), { host: '127.0.0.1' });
  t.end();
});
