import t from 'tap';
import { type HostToImport, type Imported, importHosts } from '../../src/import/import.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { type HandMadeBridge, type HandMadePort, nic, read, vm, vxlan } from '../support/hand-made.js';
import { configOf, codes, broken, find, host } from '../support/imported.js';

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
