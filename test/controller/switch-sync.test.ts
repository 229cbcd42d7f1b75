import assert from 'node:assert/strict';
import fc from '../support/fast-check.js';
import t from 'tap';
import { retryRefused } from '../../src/controller/switch-refusals.js';
import { SwitchSync } from '../../src/controller/switch-sync.js';
import { groupIds, makeCookie, meterIds } from '../../src/intent/index.js';
import {
  applyActions,
  type Bucket,
  bucket,
  formatFlow,
  formatGroup,
  formatMatch,
  meter,
  OFPMF,
  output,
  setField,
} from '../../src/openflow/index.js';
import { flowMod } from '../../src/reconcile/mods.js';
import { FakeEffects, settled } from '../support/fake-effects.js';
import { keyOf } from '../support/fake-switch.js';

import {
  flow,
  flood,
  floodFlow,
  wantedOf,
  foreign,
  Bench,
  texts,
  farFlow,
  unread,
} from '../support/sync-bench.js';

t.test('a switch with nothing of ours gets all at once', async t => {
  const bench = new Bench();
  const id = meterIds.of(1);
  const metered = { ...flow(1), instructions: [meter(id), applyActions([output(1)])] };
  bench.wanted = wantedOf({
    flows: [metered, floodFlow(2, 7)],
    groups: [flood(7, 1)],
    meters: [{ id, flags: OFPMF.KBPS, bands: [{ type: 'drop', rate: 5, burstSize: 0 }] }],
  });
  bench.fake.connect(stream => bench.switches.accept(stream));
  const turns: (readonly string[])[] = [];
  while (await bench.fake.turn()) turns.push(bench.news());
  t.strictSame(turns[1], [
    'meter_mod',
    'open_request',
    'bundle_add group_mod',
    'bundle_add flow_mod',
    'bundle_add flow_mod',
    'barrier_request',
    'commit_request',
    'barrier_request',
  ]);
  t.strictSame(bench.flows, texts(metered, floodFlow(2, 7)));
  t.strictSame([...bench.fake.meters.keys()], [id]);
  t.equal(bench.only.sync.phase, 'in sync');
  t.equal(bench.only.sync.sent, 4);
});

t.test('a switch becomes what is wanted, and what is not ours stays', async t => {
  const bench = new Bench();
  bench.fake.flows.set(keyOf(foreign), foreign);
  bench.fake.groups.set(5, {
    type: 'group_mod',
    xid: 0,
    command: 'add',
    groupId: 5,
    groupType: 'all',
    buckets: [],
  });
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1), floodFlow(3, 7)], groups: [flood(7, 1, 2)] });
  await bench.connect();

  t.strictSame(bench.news(), [
    'hello',
    'features_request',
    'set_config',
    'desc',
    'port_desc',
    'barrier_request',
    'flow',
    'group_desc',
    'meter_config',
    'meter_features',
    'barrier_request',
    'open_request',
    'bundle_add group_mod',
    'bundle_add flow_mod',
    'bundle_add flow_mod',
    'bundle_add flow_mod',
    'barrier_request',
    'commit_request',
    'barrier_request',
  ]);
  t.strictSame(bench.flows, [
    ...texts(flow(1, 2), flow(2, 1), floodFlow(3, 7)),
    formatFlow({ ...flow(99, 98), table: 7 }),
  ]);
  t.strictSame([...bench.fake.groups.keys()], [5, groupIds.flood(7)]);
  t.equal(bench.only.sync.phase, 'in sync');
  t.equal(bench.only.sync.sent, 4);
  t.equal(bench.only.sync.actual?.flows.size, 3);

  await bench.reconcile();
  t.strictSame(bench.news(), [], 'and is not told twice');

  t.comment('one flow is changed, one goes, a group goes with its flow');
  await bench.want({ flows: [flow(1, 3)] });
  t.strictSame(bench.news(), [
    'open_request',
    'bundle_add flow_mod',
    'bundle_add flow_mod',
    'bundle_add flow_mod',
    'bundle_add group_mod',
    'barrier_request',
    'commit_request',
    'barrier_request',
  ]);
  t.strictSame(bench.flows, [formatFlow(flow(1, 3)), formatFlow({ ...flow(99, 98), table: 7 })]);
  t.strictSame([...bench.fake.groups.keys()], [5]);

  t.comment('a Heddle that comes back finds all in place');
  bench.fake.cut();
  await bench.connect();
  t.notOk(bench.news().includes('open_request'));
  t.equal(bench.only.sync.phase, 'in sync');
  t.equal(bench.only.sync.sent, 0);
});

t.test('a dump in many parts is compared whole', async t => {
  const bench = new Bench();
  const flows = Array.from({ length: 100 }, (_, index) => flow(index + 1, 200));
  bench.wanted = wantedOf({ flows });
  await bench.connect();
  bench.fake.cut();
  bench.news();
  bench.wanted = wantedOf({ flows: flows.slice(1) });
  await bench.connect();
  t.strictSame(bench.flows, texts(...flows.slice(1)));
  t.equal(bench.news().filter(type => type === 'flow_mod').length, 1);
});

t.test('while nothing can be said of what is wanted, nothing is sent', async t => {
  const bench = new Bench();
  await bench.connect();
  t.equal(bench.only.sync.phase, 'waiting');
  await bench.reconcile();
  t.notOk(bench.news().includes('open_request'));
  await bench.want({ flows: [flow(1, 2)] });
  t.strictSame(bench.flows, texts(flow(1, 2)));
});

t.test('while an app can say nothing of a switch, nothing of its own is taken away', async t => {
  const bench = new Bench();
  const learned = makeCookie(9, 'learned', 4);
  const taught = flowMod(flow(50, 51), learned);
  bench.fake.flows.set(keyOf(taught), taught);
  bench.wanted = wantedOf({
    flows: [flow(1, 2), flow(2, 1)],
    groups: [flood(7, 1, 2)],
    learned: new Set([learned]),
  });
  await bench.connect();
  bench.fake.cut();

  bench.wanted = wantedOf({ keep: 'all' });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(50, 51)));
  t.strictSame(bench.fake.groups.get(groupIds.flood(7))?.buckets, flood(7, 1, 2).buckets);
  t.equal(bench.only.sync.phase, 'in sync');

  await bench.want({ flows: [flow(3, 1)], groups: [flood(7, 3)] });
  t.strictSame(bench.flows, texts(flow(3, 1)));
  t.strictSame(bench.fake.groups.get(groupIds.flood(7))?.buckets, flood(7, 3).buckets);
});

t.test('a host that has not been read: what is sent to it stays, and takes its place again', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [farFlow(1, 9), farFlow(2, 9), farFlow(3, 8), flow(4, 5)] });
  await bench.connect();
  await bench.want({ keep: unread(9) });
  t.strictSame(bench.flows, texts(farFlow(1, 9), farFlow(2, 9)), 'nothing else does');

  t.comment('a flow comes in its place, and it is wanted again');
  await bench.want({ flows: [flow(1, 5)], keep: unread(9) });
  t.strictSame(bench.flows, texts(flow(1, 5), farFlow(2, 9)));
  bench.news();
  await bench.want({ flows: [farFlow(1, 9)], keep: unread(9) });
  t.ok(bench.news().includes('flow'), 'the switch is asked first');
  t.strictSame(bench.flows, texts(farFlow(1, 9), farFlow(2, 9)));
  await bench.want({ flows: [farFlow(1, 9)] });
  t.strictSame(bench.flows, texts(farFlow(1, 9)));
});

t.test('a deletion was refused, and the flow replaced: wanted again, it is sent again', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  bench.fake.refuseCommit = change => (change.command === 'delete' ? [1, 5] : undefined);
  await bench.want({ flows: [flow(1, 3)] });
  await bench.want({ flows: [flow(1, 2)] });
  t.strictSame(bench.flows, texts(flow(1, 2)));
});

t.test(
  'hosts that are read and not read, in any order: no flow that is wanted is missing or stale',
  async () => {
    const vteps = [8, 9] as const;
    const ports = [1, 2, 3, 4];
    const anyFlow = fc
      .record({
        port: fc.constantFrom(...ports),
        out: fc.integer({ min: 5, max: 6 }),
        vtep: fc.option(fc.constantFrom(...vteps)),
      })
      .map(({ port, out, vtep }) => (vtep === null ? flow(port, out) : farFlow(port, vtep)));
    const far = (vtep: number) => bucket([setField({ tun_dst: vtep }), output(2)]);
    const anyStep = fc.record({
      flows: fc.uniqueArray(anyFlow, { maxLength: 4, selector: one => formatMatch(one.match) }),
      members: fc.option(fc.record({ local: fc.subarray([1, 2, 3]), remote: fc.subarray([...vteps]) })),
      unread: fc.subarray([...vteps]),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 8 }), async steps => {
        const bench = new Bench();
        bench.wanted = wantedOf({});
        await bench.connect();
        for (const step of [...steps, { ...steps.at(-1)!, unread: [], restart: false }]) {
          const { flows, members } = step;
          const buckets = members && [
            ...members.local.map(port => bucket([output(port)])),
            ...members.remote.map(far),
          ];
          const groups = buckets === null ? [] : [{ ...flood(7), buckets }];
          bench.wanted = wantedOf({ flows, groups, keep: unread(...step.unread) });
          if (step.restart) {
            bench.fake.cut();
            await bench.connect();
          } else await bench.reconcile();
          const has = bench.flows;
          const isTowardsUnread = (text: string) =>
            step.unread.some(vtep => text.includes(`set_field:0.0.0.${vtep}->tun_dst`));
          for (const text of texts(...flows)) assert.ok(has.includes(text), `${text} is missing`);
          for (const text of has)
            assert.ok(texts(...flows).includes(text) || isTowardsUnread(text), `${text} is stale`);
          const there = bench.fake.groups.get(groupIds.flood(7))?.buckets;
          if (buckets === null) assert.equal(there, undefined);
          else {
            const said = (all: readonly Bucket[]) =>
              all.map(one => formatGroup({ ...flood(7), buckets: [one] }));
            const wanted = said(buckets);
            for (const one of wanted) assert.ok(said(there ?? []).includes(one), `${one} is missing`);
            for (const one of said(there ?? []))
              assert.ok(wanted.includes(one) || isTowardsUnread(one), `${one} is stale`);
          }
          assert.equal(bench.only.sync.phase, 'in sync');
        }
        // All are read now: what it holds is what is wanted, and an audit finds nothing.
        await bench.audit();
        assert.deepEqual(bench.drifts, []);
      }),
      { numRuns: 150 },
    );
  },
);

t.test('changes that come while others are on their way are worked in after them', async t => {
  const bench = new Bench();
  await bench.connect();
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  bench.switches.reconcile(bench.fake.dpid);
  bench.wanted = wantedOf({ flows: [flow(2, 1)] });
  bench.switches.reconcile(bench.fake.dpid);
  bench.switches.reconcile(bench.fake.dpid);
  await bench.fake.settle();
  t.strictSame(bench.flows, texts(flow(2, 1)));
  t.equal(bench.news().filter(type => type === 'commit_request').length, 2);
});

t.test('when the connection ends, nothing of it goes on', async t => {
  const bench = new Bench();
  bench.fake.refuseAdd = () => [2, 4];
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  const { sync } = bench.only;
  t.equal(bench.effects.timers, 1);
  bench.fake.cut();
  await settled();
  t.equal(sync.phase, 'closed');
  t.equal(bench.effects.timers, 0, 'no timer keeps the program from its end');
  sync.reconcile();
  await settled();
  t.equal(sync.phase, 'closed');
});

t.test('cut after any message, it converges when the switch comes back', async t => {
  const before = { flows: [flow(1, 2), flow(2, 1), floodFlow(3, 7)], groups: [flood(7, 1, 2)] };
  const after = { flows: [flow(1, 3), floodFlow(4, 8), flow(5, 1)], groups: [flood(8, 1, 2), flood(7, 5)] };
  for (const bundles of ['yes', 'errors'] as const) {
    let cuts = 0;
    for (let at = 1; ; at++) {
      const bench = new Bench({ bundles });
      bench.wanted = wantedOf(before);
      await bench.connect();
      bench.fake.cut();
      bench.wanted = wantedOf(after);
      bench.fake.cutAfter = at;
      await bench.connect();
      if (bench.fake.isConnected) break;
      cuts += 1;
      t.equal(bench.switches.all.length, 0);
      if (bundles === 'yes') {
        const isOld = bench.flows.join() === texts(...before.flows).join();
        t.ok(isOld || bench.flows.join() === texts(...after.flows).join(), `all or nothing, cut after ${at}`);
      }
      await bench.connect();
      t.strictSame(bench.flows, texts(...after.flows), `cut after ${at}`);
      t.strictSame([...bench.fake.groups.keys()].sort(), [groupIds.flood(7), groupIds.flood(8)]);
      t.equal(bench.only.sync.phase, 'in sync');
      t.strictSame(bench.refusals, []);
    }
    t.ok(cuts > 15, `${cuts} cuts`);
  }
});

t.test(
  'any programs, one after the other, with refusals and cuts: the switch ends up as wanted',
  async () => {
    const port = fc.integer({ min: 1, max: 5 });
    const program = fc.record({
      flows: fc.uniqueArray(
        fc.oneof(
          fc.tuple(port, port).map(([from, to]) => flow(from, to)),
          fc.tuple(port, fc.constantFrom(7, 8)).map(([from, vni]) => floodFlow(from, vni)),
        ),
        { selector: one => formatFlow({ ...one, instructions: [] }), maxLength: 5 },
      ),
      groups: fc
        .tuple(fc.uniqueArray(port, { maxLength: 3 }), fc.uniqueArray(port, { maxLength: 3 }))
        .map(([some, others]) => [flood(7, ...some), flood(8, ...others)]),
    });
    const turn = fc.record({
      program,
      cutAfter: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      refused: fc.option(port, { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { minLength: 1, maxLength: 4 }),
        program,
        fc.constantFrom('yes' as const, 'errors' as const),
        async (turns, last, bundles) => {
          const bench = new Bench({ bundles });
          bench.fake.flows.set(keyOf(foreign), foreign);
          await bench.connect();
          for (const { program: wanted, cutAfter, refused } of turns) {
            bench.fake.cutAfter = cutAfter;
            bench.fake.refuseCommit = change =>
              change.type === 'flow_mod' && formatMatch(change.match) === `in_port=${refused}`
                ? [2, 4]
                : undefined;
            await bench.want(wanted);
            if (!bench.fake.isConnected) await bench.connect();
          }
          bench.fake.cutAfter = undefined;
          bench.fake.refuseCommit = () => undefined;
          bench.wanted = wantedOf(last);
          if (!bench.fake.isConnected) await bench.connect();
          await bench.reconcile();
          await bench.advance(retryRefused);
          const right = texts(...last.flows, { ...flow(99, 98), table: 7 });
          return (
            bench.flows.join() === right.join() &&
            bench.only.sync.phase === 'in sync' &&
            bench.refusals.length === 0 &&
            last.groups.every(
              one => JSON.stringify(bench.fake.groups.get(one.id)?.buckets) === JSON.stringify(one.buckets),
            )
          );
        },
      ),
      { numRuns: 150 },
    );
  },
);

t.test('a fault costs this switch alone', async t => {
  const fault = new Error('nobody thought of this');
  const told: unknown[] = [];
  const nothing = (): void => undefined;
  const sync = new SwitchSync({
    exchange: () => Promise.reject(fault),
    wanted: () => undefined,
    effects: new FakeEffects(),
    flowsPerAudit: () => 1,
    ...{ onRefusal: nothing, onInSync: nothing, onDrift: nothing },
    onFault: thrown => told.push(thrown),
  });
  t.equal(await sync.read(), undefined, 'who waits is told');
  await settled();
  t.strictSame(told, [fault]);
  t.equal(sync.phase, 'closed');
});
