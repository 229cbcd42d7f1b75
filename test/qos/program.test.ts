import t from 'tap';
import { numberMeters } from '../../src/intent/index.js';
import { formatFlow, formatMeter } from '../../src/openflow/index.js';
import { qosProgram, type Subject } from '../../src/qos/program.js';

const tables = { police: 20, mark: 25, afterMark: 40, egress: 90, egressMeter: 91, afterEgress: 95 };
const program = (...subjects: Subject[]) => qosProgram(subjects, tables, names => numberMeters(3, names));

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
  t.strictSame(
    made.flows.map(flow => formatFlow(flow)),
    [
      `table=20, priority=100,metadata=0x1388,in_port=10 actions=meter:${from},set_field:0x2e->reg3,goto_table:25`,
      'table=90, priority=100,reg1=0xa,metadata=0x1388 actions=clone(resubmit(,91),output(port=65000,max_len=14))',
      `table=91, priority=100,reg1=0xa,metadata=0x1388 actions=meter:${to},goto_table:95`,
      'table=25, priority=100,ip actions=move:NXM_NX_REG3[0..5]->OXM_OF_IP_DSCP[],goto_table:40',
      'table=25, priority=100,ipv6 actions=move:NXM_NX_REG3[0..5]->OXM_OF_IP_DSCP[],goto_table:40',
    ],
  );
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
  t.strictSame(
    program(subject(10, { dscp: 0 }))
      .program.flows.map(flow => formatFlow(flow))
      .slice(0, 1),
    ['table=20, priority=100,metadata=0x1388,in_port=10 actions=set_field:0->reg3,goto_table:25'],
  );
  const { flows, meters } = program(subject(10, { fromVm: mbit(1) })).program;
  t.strictSame(
    flows.map(flow => formatFlow(flow)),
    [`table=20, priority=100,metadata=0x1388,in_port=10 actions=meter:${meters?.[0]?.id},goto_table:40`],
  );
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
