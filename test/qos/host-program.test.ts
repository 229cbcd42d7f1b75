import t from 'tap';
import { parseConfig } from '../../src/config/parse.js';
import { type HostPort, type HypervisorView, membershipOf, numberMeters } from '../../src/intent/index.js';
import { OFPMF, type SwitchFeatures } from '../../src/openflow/index.js';
import { hostProgram } from '../../src/qos/host-program.js';

const stretch = (entry: number, after: number) => ({
  entry,
  classes: entry + 1,
  inClass: entry + 2,
  port: entry + 3,
  after,
});
const tables = { police: stretch(20, 25), mark: 25, afterMark: 40, egress: stretch(90, 95) };
const able: SwitchFeatures = {
  ovsVersion: '3.1.0',
  meters: { most: 65_536, bandTypes: 2, capabilities: OFPMF.KBPS | OFPMF.PKTPS | OFPMF.BURST | OFPMF.STATS },
};

function made(
  ports: readonly Omit<HostPort, 'ofport'>[],
  features: SwitchFeatures | undefined = able,
  datapath = 'netdev',
  policy = '{ rate: 1mbit }',
) {
  const result = parseConfig(
    `hypervisors: { kvm1: { ovsdb: tcp:192.0.2.1:6640, vtep: 10.97.0.1, datapath: ${datapath} } }
networks: { blue: { vni: 5000, ports: [{ port: "v*" }], qos: gold, mesh: [vx*] } }
qos: { policies: { gold: ${policy} } }`,
    'h.yaml',
  );
  if (!result.ok) throw new Error('the file is wrong');
  const { config } = result;
  const view: HypervisorView = {
    config: config.hypervisors[0]!,
    known: true,
    ports: new Map(ports.map((port, index) => [port.name, { ...port, ofport: index + 1 }])),
  };
  return hostProgram({
    view,
    features,
    membership: membershipOf(config.networks),
    networks: config.networks,
    tables,
    numberMeters: (names, most) => numberMeters(3, names, most),
  });
}

const ports = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `v${index}` }));
const messages = ({ problems }: ReturnType<typeof made>) => problems.map(({ message }) => message);

t.test('500 ports with limits in both directions have 1,000 meters, each its own', t => {
  const { program, problems } = made(ports(500));
  t.equal(new Set(program.meters?.map(({ id }) => id)).size, 1_000);
  t.strictSame(problems, []);
  t.end();
});

t.test('where more would break the switch, those left over are told, by policy', t => {
  const result = made(ports(500), able, 'system');
  t.equal(result.program.meters?.length, 500);
  t.equal(result.problems.length, 1);
  t.match(
    messages(result)[0],
    /policy gold: no meter is left for 500 of its limits, on 500 ports: v\d+, v\d+, v\d+, …: the app has 500 here, as Open vSwitch 3\.1\.0 loses all meters/,
  );
  t.end();
});

t.test('what the host cannot do is told once for each policy', t => {
  const result = made(ports(3), { ovsVersion: '3.1.0' });
  t.equal(result.program.meters?.length, 0);
  t.strictSame(messages(result), [
    'policy gold: rates are not held here: this switch has no meters (Open vSwitch has them in userspace from 2.7 on)',
  ]);
  t.end();
});

t.test("somebody else's limits on a port are told, and left alone", t => {
  const result = made([
    { name: 'v0', bandwidth: { ingressPolicing: 10_000, qos: 'linux-htb' } },
    { name: 'v1' },
  ]);
  t.equal(result.program.meters?.length, 4);
  t.strictSame(result.problems, [
    {
      hypervisor: 'kvm1',
      port: 'v0',
      message:
        'beside policy gold it has limits that Heddle did not set, as libvirt does for a <bandwidth>: ingress_policing_rate 10000 kbit/s and a QoS of type linux-htb; they are left alone, and the lower limit holds',
    },
  ]);
  t.end();
});

t.test('a tunnel of somebody else that shows no marks is told, where policies speak of them', t => {
  const tunnels = [
    { name: 'vx1', vxlan: {} },
    { name: 'vx2', vxlan: { copiesDscp: true } },
    { name: 'other', vxlan: {} },
    { name: 'vm' },
  ] as const;
  t.strictSame(messages(made(tunnels)), []);
  t.match(messages(made(tunnels, able, 'netdev', '{ dscp: trust }')), [
    /gold: this tunnel, which Heddle did not make, shows the underlay no marks: `ovs-vsctl set Interface vx1 options:tos=inherit`/,
  ]);
  t.end();
});
