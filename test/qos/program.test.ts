import t from 'tap';
import { type Flow, numberMeters } from '../../src/intent/index.js';
import { formatFlow, formatMeter } from '../../src/openflow/index.js';
import { qosProgram } from '../../src/qos/program.js';
import type { Subject } from '../../src/qos/subject.js';

const tables = {
  police: { entry: 20, classes: 21, inClass: 22, port: 23, after: 25 },
  mark: 25,
  afterMark: 40,
  egress: { entry: 90, classes: 91, inClass: 92, port: 93, after: 95 },
};
/** What passes all of it by. */
const passing = ['table=20, priority=0 actions=goto_table:40', 'table=90, priority=0 actions=goto_table:95'];
const texts = (flows: readonly Flow[]): readonly string[] =>
  flows.map(flow => formatFlow(flow)).filter(text => !passing.includes(text));

const program = (...subjects: Subject[]) =>
  qosProgram({
    subjects,
    tables,
    numberMeters: (names, most) => numberMeters(3, names, most),
    queues: new Map([
      ['voice', 1],
      ['bulk', 2],
    ]),
  });

const mbit = (amount: number) =>
  ({ rate: { unit: 'kbit', perSecond: amount * 1_000 }, burst: amount * 500 }) as const;

const subject = (ofport: number, policy: Omit<Subject['policy'], 'name'>): Subject => ({
  port: `v${ofport}`,
  ofport,
  network: 'blue',
  metadata: 5000n,
  policy: { name: 'gold', ...policy },
});

t.test('limits in both directions, and a mark', t => {
  const { program: made, unlimited } = program(subject(10, { fromVm: mbit(10), toVm: mbit(20), dscp: 46 }));
  const [from, to] = (made.meters ?? []).map(({ id }) => id);
  t.strictSame(texts(made.flows), [
    `table=20, priority=100,metadata=0x1388,in_port=10 actions=meter:${from},set_field:0x6e->reg3,goto_table:25`,
    'table=90, priority=100,reg1=0xa,metadata=0x1388 actions=clone(resubmit(,93),output(port=65000,max_len=14))',
    `table=93, priority=100,reg1=0xa,metadata=0x1388 actions=meter:${to},goto_table:95`,
    'table=25, priority=100,ip,reg3=0x40/0x40 actions=move:NXM_NX_REG3[0..5]->OXM_OF_IP_DSCP[],goto_table:40',
    'table=25, priority=100,ipv6,reg3=0x40/0x40 actions=move:NXM_NX_REG3[0..5]->OXM_OF_IP_DSCP[],goto_table:40',
  ]);
  t.strictSame(
    made.meters?.map(one => formatMeter(one)),
    [
      `meter=${from} kbps burst stats bands=\ntype=drop rate=10000 burst_size=5000`,
      `meter=${to} kbps burst stats bands=\ntype=drop rate=20000 burst_size=10000`,
    ],
  );
  t.strictSame(unlimited, []);
  t.end();
});

t.test('a mark alone takes no meter, and a limit alone writes no mark', t => {
  t.strictSame(texts(program(subject(10, { dscp: 0 })).program.flows).slice(0, 1), [
    'table=20, priority=100,metadata=0x1388,in_port=10 actions=set_field:0x40->reg3,goto_table:25',
  ]);
  const { flows, meters } = program(subject(10, { fromVm: mbit(1) })).program;
  t.strictSame(texts(flows), [
    `table=20, priority=100,metadata=0x1388,in_port=10 actions=meter:${meters?.[0]?.id},goto_table:40`,
  ]);
  t.end();
});

t.test('another rate has the same meter and the same flows', t => {
  const before = program(subject(10, { fromVm: mbit(1) }), subject(11, { toVm: mbit(1) })).program;
  const after = program(subject(10, { fromVm: mbit(2) }), subject(11, { toVm: mbit(1) })).program;
  t.strictSame(after.flows, before.flows);
  t.strictSame(
    after.meters?.map(({ id }) => id),
    before.meters?.map(({ id }) => id),
  );
  t.notSame(after.meters, before.meters);
  t.end();
});

t.test('more limits than meters: those left over are told', t => {
  const subjects = Array.from({ length: 260 }, (_, n) => subject(n + 1, { fromVm: mbit(1), toVm: mbit(1) }));
  const { program: made, unlimited } = program(...subjects);
  t.equal(made.meters?.length, 500);
  t.equal(unlimited.length, 20);
  t.end();
});

t.test('classes: each with its own limit within that of the port', t => {
  const classes = [
    {
      name: 'voice',
      traffic: { dscp: [46], protocol: 17, networks: [5000] },
      fromVm: mbit(1),
      toVm: mbit(1),
    },
    { name: 'web', traffic: { protocol: 6, destinationPorts: [{ from: 80, to: 80 }] }, dscp: 'trust' },
    { name: 'rest', fromVm: mbit(5), dscp: 8 },
  ] as const;
  const { program: made } = program(subject(10, { fromVm: mbit(10), dscp: 10, classes }));
  const flows = texts(made.flows);
  const at = (table: number): readonly string[] =>
    flows
      .filter(text => text.startsWith(`table=${table},`))
      .map(text => text.replace(/^table=\d+, /, '').replaceAll(/meter:\d+/g, 'meter'));
  const reg = (/set_field:0x(\w+)00->reg4/.exec(flows.join()) ?? [])[1];
  t.strictSame(at(20), [
    `priority=100,metadata=0x1388,in_port=10 actions=set_field:0x${reg}00->reg4,set_field:0x4a->reg3,goto_table:21`,
  ]);
  t.strictSame(at(21), [
    `priority=1000,udp,reg4=0x${reg}00,metadata=0x1388,nw_tos=184 actions=set_field:0x${reg}01->reg4,goto_table:22`,
    `priority=1000,udp6,reg4=0x${reg}00,metadata=0x1388,nw_tos=184 actions=set_field:0x${reg}01->reg4,goto_table:22`,
    `priority=999,tcp,reg4=0x${reg}00,tp_dst=80 actions=set_field:0x${reg}02->reg4,goto_table:22`,
    `priority=999,tcp6,reg4=0x${reg}00,tp_dst=80 actions=set_field:0x${reg}02->reg4,goto_table:22`,
    `priority=998,reg4=0x${reg}00 actions=set_field:0x${reg}03->reg4,goto_table:22`,
  ]);
  t.strictSame(at(22), [
    `priority=100,reg4=0x${reg}01,metadata=0x1388,in_port=10 actions=meter,goto_table:23`,
    `priority=100,reg4=0x${reg}02,metadata=0x1388,in_port=10 actions=set_field:0->reg3,goto_table:23`,
    `priority=100,reg4=0x${reg}03,metadata=0x1388,in_port=10 actions=meter,set_field:0x48->reg3,goto_table:23`,
  ]);
  t.strictSame(at(23), ['priority=100,metadata=0x1388,in_port=10 actions=meter,goto_table:25']);
  t.strictSame(at(90), [
    `priority=100,reg1=0xa,metadata=0x1388 actions=clone(set_field:0x${reg}00->reg4,resubmit(,91),output(port=65000,max_len=14))`,
  ]);
  t.strictSame(at(92), [`priority=100,reg1=0xa,reg4=0x${reg}01,metadata=0x1388 actions=meter,goto_table:93`]);
  t.strictSame(at(93), [], 'the port has no limit of what it gets');
  t.equal(made.meters?.length, 4);
  t.end();
});

t.test('ports of one policy share the flows that tell its classes', t => {
  const classes = [{ name: 'web', traffic: { protocol: 6 }, fromVm: mbit(1) }];
  const flows = (...ports: number[]) =>
    program(...ports.map(port => subject(port, { classes }))).program.flows.filter(
      ({ table }) => table === 21,
    );
  t.strictSame(flows(10, 11, 12), flows(10));
  t.end();
});
