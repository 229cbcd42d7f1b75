/** Hosts as nobody would set them up: the file is read without a mistake, and each VM's port is in it once. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';
import { membersOf } from '../../src/import/choose-bridge.js';
import { findingCodes } from '../../src/import/finding.js';
import { type HostToImport, importHosts } from '../../src/import/import.js';
import { readBridges } from '../../src/import/read.js';
import { glob } from '../../src/lib/glob.js';
import { type HandMadeBridge, type HandMadeHost, type HandMadePort, read } from '../support/hand-made.js';

const few = <T>(of: fc.Arbitrary<T>, maxLength = 4) => fc.array(of, { maxLength });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
/** Names that meet each other, and some that no file could hold. */
const name = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('vnet0', 'vnet1', 'eth0', 'ens3', 'vx1', 'vx2', 'vxlan10', 'p1', 'p2', 'tap0'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'null',
      'on',
      '1e3',
      '*',
      'a?',
      '- x',
      '#',
      ': ',
      '"',
      "'",
      '\n',
      '\ufeff',
      '007',
    ),
  },
);
const address = fc.constantFrom(
  '10.97.0.1',
  '10.97.0.2',
  '10.97.0.3',
  '10.97.0.9',
  '224.1.1.1',
  '::1',
  'fd00::1',
  'fd00::2',
  'fe80::1',
  'flow',
  'x',
  '127.0.0.1',
);
const key = fc.constantFrom('10', '20', '0', 'flow', '0x14', '012', '16777215', '16777216', '-1', 'ten');
const vlan = fc.oneof(fc.constantFrom(0, 10, 20), fc.nat(4095));

const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K] | undefined> }): fc.Arbitrary<T> =>
  fc
    .record(shape as Record<string, fc.Arbitrary<unknown>>, { noNullPrototype: true })
    .map(value => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T);

const texts = (shape: Record<string, fc.Arbitrary<string>>) =>
  record<Record<string, string>>(Object.fromEntries(Object.entries(shape).map(([k, of]) => [k, maybe(of)])));

const port: fc.Arbitrary<HandMadePort> = record<HandMadePort>({
  name: name,
  tag: maybe(vlan),
  trunks: maybe(few(vlan)),
  vlanMode: maybe(fc.constantFrom('access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel')),
  type: maybe(fc.constantFrom('', 'vxlan', 'vxlan', 'vxlan', 'patch', 'internal', 'gre', 'system', 'dpdk')),
  options: texts({
    remote_ip: address,
    local_ip: address,
    key,
    in_key: key,
    dst_port: fc.constantFrom('4789', '8472', '0', 'x'),
    peer: name,
  }),
  ids: texts({
    'iface-id': name,
    'attached-mac': fc.constantFrom('52:54:00:00:00:01', '52:54:00:00:00:02', 'mac'),
    'vm-id': name,
    heddle: fc.constantFrom('managed', 'x'),
  }),
  status: texts({
    driver_name: fc.constantFrom('tun', 'veth', 'e1000', 'openvswitch'),
    tunnel_egress_iface: name,
  }),
  error: maybe(name),
  bondOf: maybe(fc.constantFrom(['eth0', 'eth1'], [])),
  maxRate: maybe(fc.constantFrom('1000', 'fast')),
  policing: maybe(fc.nat(5000)),
});

const bridge: fc.Arbitrary<HandMadeBridge> = record<HandMadeBridge>({
  name: fc.oneof(fc.constantFrom('br0', 'br1', 'vswitch002'), name),
  ports: few(port, 8),
  datapathType: maybe(fc.constantFrom('', 'system', 'netdev', 'dummy')),
  datapathId: maybe(fc.constantFrom('1', '0xaa', '0', '4864000000000001', 'none')),
  failMode: maybe(fc.constantFrom('secure', 'standalone')),
  stp: maybe(fc.boolean()),
  rstp: maybe(fc.boolean()),
  controllers: maybe(few(name, 2)),
  mirrors: maybe(few(name, 1)),
});

const unique =
  <T>(keyOf: (one: T) => string) =>
  (list: readonly T[]): T[] => [...new Map(list.map(one => [keyOf(one), one])).values()];

/** A port's and a bridge's name is one host's once [ovs-vswitchd.conf.db(5)]. */
const hostSpec: fc.Arbitrary<HandMadeHost> = record<HandMadeHost>({
  hostname: maybe(fc.constantFrom('kvm1', 'kvm1.a.org', 'kvm1.b.org', 'localhost', 'ümlaut', '')),
  systemId: maybe(fc.constantFrom('id-1', 'id-2')),
  bridges: few(bridge, 3).map(bridges => {
    const taken = new Set(bridges.map(one => one.name));
    return unique<HandMadeBridge>(one => one.name)(bridges).map(one => ({
      ...one,
      ports: one.ports.filter(({ name: portName }) => !taken.has(portName) && taken.add(portName)),
    }));
  }),
});

const host = fc
  .tuple(
    fc.constantFrom('10.97.0.1', '10.97.0.2', '10.97.0.3', '10.98.0.1', '127.0.0.1', 'kvm9'),
    hostSpec,
    maybe(fc.constantFrom('a', 'b', 'null')),
  )
  .map(([at, spec, given]) => ({ at, made: read(at, spec, given) }));

const hosts = fc
  .array(host, { maxLength: 4 })
  .map(unique(({ at }) => at))
  .map(list => list.map(({ made }) => made))
  .map(list => {
    const names = new Set<string>();
    return list.map(({ given, ...one }): HostToImport =>
      given === undefined || names.has(given) ? one : (names.add(given), { ...one, given }),
    );
  });

t.test('whatever the hosts are, the file is good', t => {
  const good = fc.property(hosts, maybe(fc.constantFrom('br0', 'br1')), (list, wanted) => {
    const imported = importHosts(list, wanted);
    const parsed = parseConfig(imported.yaml, 'made.yaml');
    if (!parsed.ok) throw new Error(`${parsed.mistakes.map(formatMistake).join('\n')}\n${imported.yaml}`);
    const { config } = parsed;
    const again = importHosts(list, wanted);
    if (again.yaml !== imported.yaml) throw new Error('twice is not the same');
    if (!imported.findings.every(({ code }) => findingCodes.includes(code)))
      throw new Error('an unknown code');
    if (config.hypervisors.length !== list.length) throw new Error('a host is missing');

    // Each VM's port of a managed bridge: in one network without a tag, or told as one that cannot be.
    const selectors = config.networks.flatMap(({ ports }) => ports);
    for (const [index, { reading }] of list.entries()) {
      const { name: on, bridge: managed } = config.hypervisors[index]!;
      const facts = reading.ok ? readBridges(reading.rows).find(one => one.name === managed) : undefined;
      for (const one of facts?.ports ?? []) {
        const matching = selectors.filter(selector =>
          selector.by === 'iface-id'
            ? glob(selector.glob).matches(one.ifaceId ?? '')
            : glob(selector.glob).matches(one.name) && selector.on === on,
        );
        const isTold = imported.findings.some(({ code, port: of }) => code === 'selector' && of === one.name);
        if (one.role === 'member' && one.vlan.kind === 'access' && matching.length !== 1 && !isTold)
          throw new Error(`${one.name} of ${on} is in ${matching.length} networks`);
        if (one.role !== 'member' && one.role !== 'nic' && matching.length > 0 && one.ifaceId === undefined)
          throw new Error(`${one.name} of ${on} is no VM's`);
      }
      if (facts !== undefined && membersOf(facts) > facts.ports.length)
        throw new Error('more VMs than ports');
    }
  });
  t.doesNotThrow(() => fc.assert(good, { numRuns: 200 }));
  t.end();
});

t.test('who reached whom still does, and nobody else', t => {
  /** Tenants with a tag and a key of their own, on hosts that may share both: each between two hosts or more. */
  const tenant = fc.record({
    tag: fc.constantFrom(10, 20, 30),
    key: fc.constantFrom(undefined, 5, 6, 7, 'flow' as const),
    on: fc.uniqueArray(fc.constantFrom<number[]>(1, 2, 3, 4), { minLength: 1, maxLength: 4 }),
    named: fc.constantFrom('vx', 'tun'),
  });
  const kept = fc.property(fc.array(tenant, { maxLength: 4 }), fc.boolean(), (wishes, byLocal) => {
    const used = new Set<string>();
    const free = (marks: readonly string[]): boolean => {
      if (marks.some(mark => used.has(mark))) return false;
      for (const mark of marks) used.add(mark);
      return true;
    };
    // One tag of a host is one tenant's, and so is a key between two hosts: more could not be told apart by anybody.
    const tenants = wishes.filter(({ tag, key, on }) => {
      const pairs = on.flatMap(a => on.filter(b => a < b).map(b => `${a}-${b} ${key ?? 0}`));
      const flows = key === 'flow' ? pairs.map(pair => pair.replace('flow', '0')) : [];
      return free([...on.map(one => `${one} tag ${tag}`), ...pairs, ...flows]);
    });
    const made = [1, 2, 3, 4].map(self =>
      read(`10.98.0.${self}`, {
        hostname: `kvm${self}`,
        bridges: [
          {
            name: 'br0',
            rstp: true,
            ports: tenants.flatMap(({ tag, key, on, named }, index): HandMadePort[] =>
              on.includes(self)
                ? [
                    { name: `v${index}`, tag, ids: { 'iface-id': `${index}@${self}` } },
                    ...on
                      .filter(peer => peer !== self)
                      .map(peer => ({
                        name: `${named}${tag}-${peer}`,
                        tag,
                        type: 'vxlan',
                        options: {
                          remote_ip: `10.97.0.${peer}`,
                          ...(key !== undefined && { key: String(key) }),
                          ...(byLocal && { local_ip: `10.97.0.${self}` }),
                        },
                      })),
                  ]
                : [],
            ),
          },
        ],
      }),
    );
    // With the VNI in the flows, a tunnel serves every network of its hosts.
    const flowTunnels = tenants
      .filter(({ key }) => key === 'flow')
      .map(({ named, tag }) => `${named}${tag}-`);
    const tunnels = tenants
      .filter(({ on }) => on.length > 1)
      .flatMap(({ named, tag, on }) => on.map(peer => `${named}${tag}-${peer}`));
    const { yaml } = importHosts(made);
    const parsed = parseConfig(yaml, 'made.yaml');
    if (!parsed.ok) throw new Error(yaml);
    const networks = parsed.config.networks.map(network => ({
      ...network,
      members: network.ports.map(one => one.glob),
    }));
    const networkOf = new Map(networks.flatMap(one => one.members.map(member => [member, one] as const)));
    for (const [index, { on, key, tag, named }] of tenants.entries()) {
      const own = new Set(on.map(self => networkOf.get(`${index}@${self}`)));
      const [network] = own;
      if (byLocal && own.size !== 1) throw new Error(`tenant ${index} came apart\n${yaml}`);
      if (network === undefined) throw new Error(`tenant ${index} is nowhere\n${yaml}`);
      if (network.members.some(member => !member.startsWith(`${index}@`)))
        throw new Error(`tenant ${index} is with another\n${yaml}`);
      // A frame of Heddle's own tunnel that has another's key would come in by that one's port.
      for (const other of tenants)
        if (other.on.length > 1 && other.key === network.vni && other !== tenants[index])
          throw new Error(`a VNI that is a key\n${yaml}`);
      const usable = [`${named}${tag}-`, ...flowTunnels];
      const meant = tunnels.filter(name => network.mesh.some(pattern => glob(pattern).matches(name)));
      if (key !== 'flow' && !meant.every(name => usable.some(begin => name.startsWith(begin))))
        throw new Error(`a foreign mesh\n${yaml}`);
    }
  });
  t.doesNotThrow(() => fc.assert(kept, { numRuns: 200 }));
  t.end();
});
