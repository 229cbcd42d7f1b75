import t from 'tap';
import { retryRefused } from '../../src/controller/switch-refusals.js';
import { groupIds, makeCookie, type Meter, meterIds } from '../../src/intent/index.js';
import { type FlowStats, formatFlow, formatMeter, meter, OFPMF, valueOf } from '../../src/openflow/index.js';
import { flowMod, groupMod, meterMod } from '../../src/reconcile/mods.js';
import { keyOf } from '../support/fake-switch.js';
import { change } from '../support/switch-model/index.js';
import { flow, flood, floodFlow, wantedOf, edit, foreign, Bench, texts } from '../support/sync-bench.js';

t.test('an audit finds what somebody else has changed', async t => {
  const program = {
    flows: [flow(1, 2), flow(2, 1), flow(3, 1), floodFlow(4, 7)],
    groups: [flood(7, 1, 2), flood(8, 1)],
  };
  const all = texts(...program.flows);
  for (const refused of [undefined, 'aggregate', 'group_desc'] as const) {
    const bench = new Bench();
    bench.fake.refuseRequest = type => (type === refused ? [1, 2] : undefined);
    bench.wanted = wantedOf(program);
    await bench.connect();
    bench.fake.flows.set(keyOf(foreign), foreign);
    const withForeign = [...all, formatFlow({ ...flow(99, 98), table: 7 })].sort();
    bench.news();
    await bench.audit();
    const asked = bench.news();
    t.equal(asked.includes('aggregate'), true);
    const reads = refused === 'aggregate' ? 2 : 1;
    t.equal(asked.filter(one => one === 'flow').length, reads, 'a full dump only where it does not count');
    t.notOk(asked.includes('open_request'));
    t.strictSame(bench.drifts, []);

    const damage: Record<string, readonly [() => unknown, RegExp]> = {
      'all flows of ours': [
        () => {
          for (const [key, one] of bench.fake.flows) if (one !== foreign) bench.fake.flows.delete(key);
        },
        /: 4 flows gone;/,
      ],
      'one flow': [() => bench.fake.flows.delete(keyOf(flowMod(flow(2, 1), 0n))), /: 1 flow gone;/],
      'a flow under our cookies': [
        () => {
          const one = flowMod(flow(60, 61), makeCookie(9, 'static', 77));
          bench.fake.flows.set(keyOf(one), one);
        },
        /: 1 flow added;/,
      ],
      'a flow under the very cookie of another': [
        () => {
          const mine = bench.fake.flows.get(keyOf(flowMod(flow(2, 1), 0n)));
          const one = flowMod(flow(60, 61), mine?.cookie ?? 0n);
          bench.fake.flows.set(keyOf(one), one);
        },
        /: 1 flow added;/,
      ],
      'what a flow does': [() => change(bench.fake.tables, edit(2, 7)), /: 1 flow edited;/],
      'what all flows do': [
        () => [1, 2, 3, 4].map(port => change(bench.fake.tables, edit(port, 8))),
        /: 4 flows edited;/,
      ],
      'a timeout': [
        () => {
          const key = keyOf(flowMod(flow(2, 1), 0n));
          const one = bench.fake.flows.get(key);
          if (one !== undefined) bench.fake.flows.set(key, { ...one, hardTimeout: 60 });
        },
        /: 1 flow edited;/,
      ],
      'another flow in the stead of one': [
        () => {
          bench.fake.flows.delete(keyOf(flowMod(flow(2, 1), 0n)));
          const one = flowMod(flow(60, 61), makeCookie(9, 'static', 77));
          bench.fake.flows.set(keyOf(one), one);
        },
        /: 1 flow gone, 1 flow added;/,
      ],
      'another flow in the very place of one': [
        () => {
          const one = flowMod(flow(2, 9), makeCookie(9, 'static', 78));
          bench.fake.flows.set(keyOf(one), one);
        },
        /: 1 flow gone, 1 flow added;/,
      ],
      'another flow in the place of one, under its cookie': [
        () => {
          const key = keyOf(flowMod(flow(2, 1), 0n));
          const { cookie } = bench.fake.flows.get(key) ?? { cookie: 0n };
          bench.fake.flows.delete(key);
          const one = flowMod(flow(60, 61), cookie);
          bench.fake.flows.set(keyOf(one), one);
        },
        /: 1 flow edited;/,
      ],
    };
    if (refused !== 'group_desc') {
      damage['a group'] = [() => bench.fake.groups.delete(groupIds.flood(8)), /: 1 group changed;/];
      damage['a bucket'] = [
        () => bench.fake.groups.set(groupIds.flood(7), groupMod('add', flood(7, 3))),
        /: 1 group changed;/,
      ];
    }
    for (const [what, [harm, told]] of Object.entries(damage)) {
      harm();
      await bench.audit();
      t.strictSame(bench.flows, withForeign, what);
      t.strictSame(bench.fake.groups.get(groupIds.flood(7))?.buckets, flood(7, 1, 2).buckets);
      t.ok(bench.fake.groups.has(groupIds.flood(8)));
      t.match(bench.drifts, [told]);
      t.equal(bench.only.sync.phase, 'in sync');
      await bench.audit();
      t.equal(bench.drifts.length, 1, 'once');
      bench.log.lines.length = 0;
    }
  }
});

t.test('a switch that writes flows in a way of its own', async t => {
  const bench = new Bench();
  const twice = ([one]: FlowStats['instructions']): FlowStats['instructions'] =>
    one === undefined ? [] : [one, one];
  bench.fake.spell = stats =>
    valueOf(stats.match, 'in_port') === 2 ? { ...stats, instructions: twice(stats.instructions) } : stats;
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  bench.news();
  await bench.audit();
  t.equal(bench.changes(), 1, 'it is sent once more');
  t.strictSame(bench.drifts, [], 'nobody has edited it');
  await bench.audit();
  t.equal(bench.changes(), 0);
  change(bench.fake.tables, edit(2, 9));
  await bench.audit();
  t.match(bench.drifts, [/: 1 flow edited;/]);
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
  bench.news();
  await bench.audit();
  t.equal(bench.changes(), 0);
});

t.test('an edited flow whose repair is not sent is not taken for a spelling', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  const edited = texts(flow(1, 2), flow(2, 9));

  t.comment('it is refused');
  change(bench.fake.tables, edit(2, 9));
  bench.fake.refuseAdd = () => [5, 0];
  await bench.audit();
  t.strictSame(bench.flows, edited);
  t.strictSame(bench.drifts, []);
  bench.fake.refuseAdd = () => undefined;
  await bench.advance(retryRefused);
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)), 'it is repaired when it is tried again');
  change(bench.fake.tables, edit(2, 9));
  await bench.audit();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)), 'and the same edit is seen again');
  t.match(bench.drifts, [/: 1 flow edited;/]);

  t.comment('nobody can say what is wanted');
  change(bench.fake.tables, edit(2, 9));
  const { wanted } = bench;
  bench.wanted = undefined;
  await bench.audit();
  t.strictSame(bench.flows, edited);
  bench.wanted = wanted;
  await bench.reconcile();
  change(bench.fake.tables, edit(2, 9));
  await bench.audit();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
});

t.test('a switch that loses all while a change is under way is restored', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1), flow(3, 1)] });
  bench.switches.reconcile(bench.fake.dpid);
  bench.fake.flows.clear();
  const restored = bench.switches.restore(bench.fake.dpid);
  await bench.fake.settle();
  t.equal(await restored, true);
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(3, 1)));

  t.comment('the connection ends before it has been read');
  bench.switches.reconcile(bench.fake.dpid);
  const cut = bench.switches.restore(bench.fake.dpid);
  bench.fake.cut();
  t.equal(await cut, false);
});

t.test('a meter that is changed or deleted by another hand', async t => {
  const bench = new Bench();
  const one: Meter = {
    id: meterIds.of(1),
    flags: OFPMF.KBPS,
    bands: [{ type: 'drop', rate: 1_000, burstSize: 100 }],
  };
  const metered = { ...flow(1, 2), instructions: [meter(one.id), ...flow(1, 2).instructions] };
  bench.wanted = wantedOf({ flows: [metered], meters: [one] });
  await bench.connect();
  const isAsWanted = (): boolean => {
    const there = bench.fake.meters.get(one.id);
    return there !== undefined && formatMeter({ ...there, id: one.id }) === formatMeter(one);
  };
  t.ok(isAsWanted());
  change(bench.fake.tables, meterMod('modify', { ...one, bands: [{ type: 'drop', rate: 5, burstSize: 1 }] }));
  t.notOk(isAsWanted());
  await bench.audit();
  t.ok(isAsWanted());
  t.match(bench.drifts, [/: 1 meter changed;/]);
  change(bench.fake.tables, meterMod('add', { ...one, id: 7 }));
  change(bench.fake.tables, meterMod('delete', one));
  t.strictSame(bench.flows, []);
  await bench.audit();
  t.ok(isAsWanted());
  t.match(bench.drifts[1], /: 1 flow gone, 1 meter changed;/);
  t.strictSame(bench.flows, texts(metered));
  t.ok(bench.fake.meters.has(7), 'what is not ours stays');
});
