import t from 'tap';
import { fullAt } from '../../src/controller/switch-connection.js';
import { groupIds, makeCookie } from '../../src/intent/index.js';
import { bucket, output } from '../../src/openflow/index.js';
import { flowMod } from '../../src/reconcile/mods.js';
import { keyOf } from '../support/fake-switch.js';
import { change } from '../support/switch-model/index.js';
import { flow, wantedOf, edit, Bench, typeOf, texts, toldOf } from '../support/sync-bench.js';

t.test('of many flows, each audit looks at some', async t => {
  const bench = new Bench();
  bench.fake.partSize = 500;
  const ports = Array.from({ length: 20_000 }, (_, index) => index + 1);
  bench.wanted = wantedOf({ flows: ports.map(port => flow(port, 20_001)) });
  await bench.connect();
  bench.news();
  await bench.audit();
  t.equal(bench.changes(), 0);
  for (const port of [17, 1_234, 8_999]) change(bench.fake.tables, edit(port, 5));
  for (let turn = 0; turn < 2; turn += 1) await bench.audit();
  t.notOk(bench.flows.some(text => text.endsWith('actions=output:5')));
  t.equal(bench.flows.length, 20_000);
  t.equal(bench.flows.filter(text => text.endsWith('actions=output:20001')).length, 20_000);
});

t.test('of many flows, those that others have taken the place of are found in their turns', async t => {
  const bench = new Bench();
  bench.fake.partSize = 500;
  const ports = Array.from({ length: 20_000 }, (_, index) => index + 1);
  bench.wanted = wantedOf({ flows: ports.map(port => flow(port, 20_001)) });
  await bench.connect();
  for (const port of [17, 1_234, 8_999]) {
    const { cookie } = bench.fake.flows.get(keyOf(flowMod(flow(port, 1), 0n))) ?? { cookie: 0n };
    // With another last bit than what it takes the place of has: in the other slice.
    const one = flowMod(flow(port, 5), cookie ^ 1n);
    bench.fake.flows.set(keyOf(one), one);
  }
  for (let turn = 0; turn < 2; turn += 1) await bench.audit();
  t.equal(bench.flows.filter(text => text.endsWith('actions=output:20001')).length, 20_000);
  t.equal(bench.flows.length, 20_000);
  t.match(bench.drifts, [/: 3 flows gone, 3 flows added;/], 'one reading finds them all');
});

t.test('what the switch tells of other hands is looked at before the next audit', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  await bench.tick(0);
  const asked = bench.fake.log.filter(one => typeOf(one) === 'flow_monitor');
  t.match(
    asked,
    [{ body: { entries: [{ id: 1, tableId: 255, match: [] }] } }],
    'a monitor is asked for once',
  );
  await bench.want({ flows: [flow(1, 2), flow(2, 1), flow(3, 1)] });
  t.equal(bench.fake.log.filter(one => typeOf(one) === 'flow_monitor').length, 1);
  await bench.tick(0);
  bench.news();
  const cookie = bench.fake.flows.get(keyOf(flowMod(flow(2, 1), 0n)))?.cookie ?? 0n;

  change(bench.fake.tables, edit(2, 7));
  bench.fake.send(toldOf(0xabcn, makeCookie(9, 'learned', 1)));
  await bench.tick(1_000);
  t.strictSame(bench.news(), [], 'flows that are not kept true are nothing to look at');
  bench.fake.send(toldOf(cookie), toldOf(cookie));
  t.strictSame(bench.news(), [], 'it is not looked at with each event');
  await bench.tick(1_000);
  t.ok(bench.news().includes('flow'));
  t.match(bench.drifts, [/: 1 flow edited;/]);
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(3, 1)));
  t.equal(bench.log.told.filter(line => line.includes('tells that somebody else touches')).length, 1);
  await bench.tick(1_000);
  t.strictSame(bench.news(), [], 'and that was all');
});

t.test('a switch that is slow to read is asked all the same to tell of other hands', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  bench.fake.stream!.pending = fullAt + 1;
  await bench.tick(0);
  t.equal(bench.fake.log.filter(one => typeOf(one) === 'flow_monitor').length, 1);
});

t.test('of many flows, the part is looked at that the switch told of', async t => {
  const bench = new Bench();
  const flows = Array.from({ length: 40_000 }, (_, index) => flow(index + 1, 1));
  bench.fake.partSize = 500;
  bench.wanted = wantedOf({ flows });
  await bench.connect();
  await bench.tick(0);
  for (const port of [7, 77, 777]) {
    const cookie = bench.fake.flows.get(keyOf(flowMod(flow(port, 1), 0n)))?.cookie ?? 0n;
    change(bench.fake.tables, edit(port, 9));
    bench.fake.send(toldOf(cookie));
    await bench.tick(1_000);
  }
  t.match(bench.drifts, [/: 1 flow edited;/, /: 1 flow edited;/, /: 1 flow edited;/]);
});

t.test('groups with many buckets are looked at in some audits only', async t => {
  const bench = new Bench();
  const many = Array.from({ length: 6_000 }, (_, port) => bucket([output(port + 1)]));
  const groups = [1, 2, 3].map(vni => ({
    id: groupIds.flood(vni),
    groupType: 'all' as const,
    buckets: many,
  }));
  bench.fake.partSize = 1;
  bench.wanted = wantedOf({ flows: [flow(1, 2)], groups });
  await bench.connect();
  await bench.tick(0);
  bench.news();
  const asked: boolean[] = [];
  for (let audit = 0; audit < 4; audit += 1) {
    await bench.audit();
    asked.push(bench.news().includes('group_desc'));
  }
  t.strictSame(asked.filter(Boolean).length, 2, asked.join());
  bench.fake.groups.delete(groups[2]!.id);
  await bench.audit();
  await bench.audit();
  t.ok(bench.fake.groups.has(groups[2]!.id), 'and what is wrong is found all the same');
});
