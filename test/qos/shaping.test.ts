import t from 'tap';
import { parseConfig } from '../../src/config/parse.js';
import { formatMistake } from '../../src/config/mistake.js';
import { type HostPort, type HypervisorView, membershipOf, numberMeters } from '../../src/intent/index.js';
import { formatFlow } from '../../src/openflow/index.js';
import { hostProgram } from '../../src/qos/host-program.js';

const stretch = (entry: number, after: number) => ({
  entry,
  classes: entry + 1,
  inClass: entry + 2,
  port: entry + 3,
  after,
});
const tables = { police: stretch(20, 25), mark: 25, afterMark: 40, egress: stretch(90, 95) };

const file = (egress: string, policy: string, uplink = 'uplink: eth0, ') =>
  `hypervisors: { kvm1: { ovsdb: tcp:192.0.2.1:6640, vtep: 10.97.0.1, ${uplink}egress: ${egress} } }
networks: { blue: { vni: 5000, ports: [{ port: "v*" }], qos: gold }, red: { vni: 6000, ports: [{ port: trunk, vlan: 6 }], qos: gold }, green: { vni: 7000, ports: [{ port: trunk, vlan: 7 }], qos: other } }
qos: { policies: { gold: ${policy}, other: { to-vm: { rate: 9mbit, shape: linux-htb } } } }`;

function made(egress: string, policy: string, ...ports: Omit<HostPort, 'ofport'>[]) {
  const result = parseConfig(file(egress, policy), 'h.yaml');
  if (!result.ok) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  const { config } = result;
  const view: HypervisorView = {
    config: config.hypervisors[0]!,
    known: true,
    ports: new Map(ports.map((port, index) => [port.name, { ...port, ofport: index + 1 }])),
  };
  return hostProgram({
    view,
    membership: membershipOf(config.networks),
    networks: config.networks,
    tables,
    numberMeters: (names, most) => numberMeters(3, names, most),
  });
}

t.test('the uplink: queues by their order, and 0 for all others, which comes last', t => {
  const { shaping, queues } = made(
    '{ max-rate: 1gbit, queues: { voice: { min: 100mbit, max: 200mbit, priority: 0, burst: 64kbyte }, bulk: { max: 500mbit } } }',
    '{ queue: voice }',
  );
  t.strictSame(shaping, [
    {
      port: 'eth0',
      type: 'linux-htb',
      otherConfig: { 'max-rate': '1000000000' },
      queues: [
        { number: 0, otherConfig: { 'max-rate': '1000000000', priority: '7' } },
        {
          number: 1,
          otherConfig: { 'max-rate': '200000000', 'min-rate': '100000000', priority: '0', burst: '512000' },
        },
        { number: 2, otherConfig: { 'max-rate': '500000000', priority: '7' } },
      ],
    },
  ]);
  t.strictSame(
    queues.map(({ number, name, maxKbit }) => [number, name, maxKbit]),
    [
      [0, '(others)', 1_000_000],
      [1, 'voice', 200_000],
      [2, 'bulk', 500_000],
    ],
  );
  const [hfsc] = made(
    '{ max-rate: 1gbit, type: linux-hfsc, queues: { a: { min: 1mbit } } }',
    '{ queue: a }',
  ).shaping;
  t.equal(hfsc?.type, 'linux-hfsc');
  t.strictSame(hfsc?.queues[1]?.otherConfig, { 'max-rate': '1000000000', 'min-rate': '1000000' });
  t.end();
});

t.test('policies and classes choose queues in flows', t => {
  const { program, problems } = made(
    '{ max-rate: 1gbit, queues: { voice: {}, bulk: {} } }',
    '{ queue: bulk, dscp: le, classes: [{ name: a, match: { dscp: ef }, queue: voice, dscp: trust }] }',
    { name: 'v1' },
  );
  const flows = program.flows.map(flow => formatFlow(flow));
  t.ok(
    flows.some(flow =>
      /table=20, .*in_port=1 actions=set_field:\w+->reg4,set_field:0x41->reg3,set_queue:2,goto_table:21/.test(
        flow,
      ),
    ),
    flows.join('\n'),
  );
  t.ok(flows.some(flow => /table=22, .* actions=set_field:0->reg3,set_queue:1,goto_table:23/.test(flow)));
  t.strictSame(problems, []);
  t.end();
});

t.test('what a VM gets may wait in a queue of its port', t => {
  const { program, shaping, limits, problems } = made(
    '{ max-rate: 1gbit }',
    '{ to-vm: { rate: 10mbit, shape: linux-htb, burst: 20kbit } }',
    { name: 'v1' },
    { name: 'v2', unshaped: 'internal' },
    { name: 'trunk' },
  );
  t.equal(program.meters?.length, 0, 'with no meter');
  t.strictSame(
    shaping.map(({ port, otherConfig, queues }) => [port, otherConfig, queues]),
    [
      [
        'eth0',
        { 'max-rate': '1000000000' },
        [{ number: 0, otherConfig: { 'max-rate': '1000000000', priority: '7' } }],
      ],
      ...['v1', 'trunk'].map(port => [
        port,
        { 'max-rate': '10000000' },
        [{ number: 0, otherConfig: { 'max-rate': '10000000', burst: '20000' } }],
      ]),
    ],
  );
  t.strictSame(
    limits.map(({ port, network, queue, meter }) => [port, network, queue, meter]),
    [
      ['v1', 'blue', 0, undefined],
      ['v2', 'blue', undefined, undefined],
      ['trunk', 'red', 0, undefined],
      ['trunk', 'green', undefined, undefined],
    ],
  );
  t.match(
    problems.map(({ message }) => message),
    [
      /gold: a port of type internal is not shaped/,
      /other: the port is shaped as a whole, and is so by policy gold of network red/,
    ],
  );
  t.end();
});

t.test('what a VM sends may be policed by its port, where the kernel does it', t => {
  const policy = '{ from-vm: { rate: 10mbit, burst: 100ms, police: ingress } }';
  const { program, policing, limits, problems } = made('{ max-rate: 1gbit }', policy, { name: 'v1' });
  t.equal(program.meters?.length, 0);
  t.strictSame(policing, [{ port: 'v1', rateKbit: 10_000, burstKbit: 1_000 }]);
  t.strictSame(
    limits.map(({ meter, policed }) => [meter, policed]),
    [[undefined, true]],
  );
  t.strictSame(problems, []);
  const netdev = made('{ max-rate: 1gbit }, datapath: netdev', policy, { name: 'v1' });
  t.strictSame(netdev.policing, []);
  t.equal(netdev.program.meters?.length, 1, 'in userspace a meter does it');
  t.strictSame(
    netdev.limits.map(({ meter }) => meter),
    netdev.program.meters?.map(({ id }) => id),
  );
  t.match(
    netdev.problems.map(({ message }) => message),
    [/gold: police: ingress has no effect in userspace: a meter holds this rate here/],
  );
  t.end();
});

t.test('mistakes', t => {
  const told = (egress: string, policy = '{ dscp: ef }', uplink?: string): readonly string[] => {
    const result = parseConfig(file(egress, policy, uplink), 'h.yaml');
    return result.ok ? [] : result.mistakes.map(formatMistake);
  };
  const at = 'hypervisors.kvm1.egress';
  for (const [egress, mistake] of [
    ['{ queues: {} }', `${at}.max-rate: missing`],
    ['{ max-rate: 100pps }', `${at}.max-rate: found "100pps", expected a rate in bits`],
    ['{ max-rate: 1gbit, type: htb }', `${at}.type: found "htb", expected linux-htb or linux-hfsc`],
    [
      '{ max-rate: 100mbit, queues: { a: { max: 1gbit } } }',
      `${at}.queues.a.max: found "1gbit", expected a rate of at most 100mbit, which is max-rate`,
    ],
    [
      '{ max-rate: 1gbit, queues: { a: { min: 2mbit, max: 1mbit } } }',
      `${at}.queues.a.min: found "2mbit", expected a rate of at most 1mbit, which is the queue's max`,
    ],
    [
      '{ max-rate: 10mbit, queues: { a: { min: 6mbit }, b: { min: 6mbit } } }',
      `${at}.queues: expected guarantees (min) of at most 10mbit together, which is max-rate: these are 12mbit`,
    ],
    [
      '{ max-rate: 1gbit, queues: { a: { priority: 8 } } }',
      `${at}.queues.a.priority: found 8, expected a whole number from 0 (first) to 7`,
    ],
    [
      '{ max-rate: 1gbit, type: linux-hfsc, queues: { a: { priority: 1 } } }',
      `${at}.queues.a.priority: found 1, expected none with linux-hfsc`,
    ],
  ] as const)
    t.ok(
      told(egress).some(text => text.includes(mistake)),
      `${mistake}\n${told(egress).join('\n')}`,
    );
  t.match(told('{ max-rate: 1gbit }', '{ dscp: ef }', ''), [/kvm1\.egress: needs `uplink` beside it/]);
  t.match(told('{ max-rate: 1gbit, queues: { voice: {} } }', '{ queue: vioce }'), [
    /gold\.queue: found "vioce", expected the name of a queue of a hypervisor's \(egress\.queues\); did you mean "voice"/,
  ]);
  t.match(told('{ max-rate: 1gbit }', '{ queue: voice }'), [/and no hypervisor has one/]);
  t.match(told('{ max-rate: 1gbit }', '{ to-vm: { rate: 10pps, shape: linux-htb } }'), [
    /expected a rate in bits beside it/,
  ]);
  t.match(
    told('{ max-rate: 1gbit }', '{ classes: [{ name: a, to-vm: { rate: 1mbit, shape: linux-htb } }] }'),
    [/expected none in a class: a port is shaped as a whole/],
  );
  t.match(told('{ max-rate: 1gbit }', '{ from-vm: { rate: 1mbit, shape: linux-htb } }'), [
    /shape: unknown key/,
  ]);
  t.match(told('{ max-rate: 1gbit }', '{ from-vm: { rate: 10pps, police: ingress } }'), [
    /from-vm\.police: found "ingress", expected a rate in bits beside it/,
  ]);
  t.match(
    told('{ max-rate: 1gbit }', '{ classes: [{ name: a, from-vm: { rate: 1mbit, police: ingress } }] }'),
    [/expected none in a class: a port is policed as a whole/],
  );
  t.end();
});

t.test('an uplink that Open vSwitch does not shape is told, and gets no queues', t => {
  const { shaping, queues, problems } = made('{ max-rate: 1gbit }', '{ rate: 1mbit }', {
    name: 'eth0',
    unshaped: 'dpdk',
  });
  t.strictSame([shaping, queues], [[], []]);
  t.match(problems, [{ hypervisor: 'kvm1', port: 'eth0', message: /a port of type dpdk is not shaped/ }]);
  t.end();
});
