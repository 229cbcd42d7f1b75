import t from 'tap';
import { groupIds } from '../../src/intent/index.js';
import { groupMod } from '../../src/reconcile/mods.js';
import { change } from '../support/switch-model/index.js';
import { flow, flood, floodFlow, wantedOf, Bench, texts, largeFlood } from '../support/sync-bench.js';

for (const bundles of ['yes', 'errors'] as const)
  t.test(`a group too large for one message is made of parts, bundles: ${bundles}`, async t => {
    const bench = new Bench({ bundles });
    bench.fake.partSize = 1;
    const id = groupIds.flood(7);
    const part = (index: number) => groupIds.part(id, index);
    const told = (): readonly string[] =>
      [...bench.fake.groups.values()].map(({ groupId, buckets }) => `${groupId}: ${buckets.length}`).sort();
    bench.wanted = wantedOf({ flows: [floodFlow(1, 7)], groups: [largeFlood(7, 4_500), flood(8, 1)] });
    await bench.connect();
    t.strictSame(bench.refusals, []);
    const whole = [
      `${id}: 3`,
      `${groupIds.flood(8)}: 1`,
      `${part(0)}: 2046`,
      `${part(1)}: 2046`,
      `${part(2)}: 408`,
    ];
    t.strictSame(told(), whole);
    t.strictSame(bench.flows, texts(floodFlow(1, 7)));

    bench.fake.cut();
    bench.news();
    await bench.connect();
    t.equal(bench.changes(), 0, 'a restart knows them again');
    t.equal(bench.only.sync.sent, 0);

    t.comment('by another hand');
    const harms: readonly (() => unknown)[] = [
      () => bench.fake.groups.delete(part(1)),
      () => change(bench.fake.tables, { ...groupMod('modify', { ...flood(0, 5), id: part(2) }) }),
      () => change(bench.fake.tables, groupMod('add', { ...flood(0, 5), id: part(6) })),
      () => change(bench.fake.tables, groupMod('modify', flood(7, 5))),
    ];
    for (const [index, harm] of harms.entries()) {
      harm();
      t.notSame(told(), whole);
      await bench.audit();
      t.strictSame(told(), whole, `harm ${index}`);
      t.equal(bench.drifts.length, index + 1);
    }

    await bench.want({ flows: [floodFlow(1, 7)], groups: [largeFlood(7, 2_100), flood(8, 1)] });
    t.strictSame(told(), [`${id}: 2`, whole[1], whole[2], `${part(1)}: 54`], 'fewer parts');
    await bench.want({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2), flood(8, 1)] });
    t.strictSame(told(), [`${id}: 2`, whole[1]], 'none');
    await bench.want({ flows: [floodFlow(1, 7)], groups: [largeFlood(7, 2_100)] });
    bench.fake.refuseAdd = message =>
      message.type === 'group_mod' && message.groupId === part(2) ? [6, 3] : undefined;
    await bench.want({ flows: [floodFlow(1, 7)], groups: [largeFlood(7, 4_500)] });
    t.equal(bench.refusals.length, 1, 'a refused part is the whole group that is refused');
    t.equal(bench.only.sync.phase, 'in sync');
    bench.fake.refuseAdd = () => undefined;
    await bench.want({});
    t.strictSame(told(), []);
    t.strictSame(bench.flows, []);
    t.strictSame(bench.refusals, []);
  });

t.test('without bundles, a barrier keeps what must come first before what uses it', async t => {
  for (const bundles of ['errors', 'silence'] as const) {
    const bench = new Bench({ bundles });
    await bench.connect();
    await bench.want({ flows: [floodFlow(1, 7), flow(2, 1)], groups: [flood(7, 1)] });
    bench.news();
    await bench.want({ flows: [floodFlow(1, 8), flow(3, 1)], groups: [flood(8, 1)] });
    t.strictSame(
      bench.news(),
      [
        ...['group_mod', 'barrier_request'],
        ...['flow_mod', 'flow_mod', 'barrier_request'],
        // Of the two that go, the place of one is taken.
        ...['flow_mod', 'barrier_request'],
        ...['group_mod', 'barrier_request'],
      ],
      bundles,
    );
    t.strictSame(bench.flows, texts(floodFlow(1, 8), flow(3, 1)));
    t.strictSame([...bench.fake.groups.keys()], [groupIds.flood(8)]);
  }
});
