/** From what apps want, and what a switch holds, to the messages between the two. */
import fc from '../support/fast-check.js';
import t from 'tap';
import {
  emptyProgram,
  type Flow,
  type Group,
  groupIds,
  makeCookie,
  type Program,
} from '../../src/intent/index.js';
import {
  applyActions,
  type Bucket,
  bucket,
  decode,
  encode,
  type FlowStats,
  formatFlow,
  gotoTable,
  group,
  match,
  OFPBF,
  OFPTT,
  output,
  setField,
} from '../../src/openflow/index.js';
import type { Ipv4 } from '../../src/lib/addresses.js';
import type { Vtep } from '../../src/lib/vtep.js';
import { type Actual, readActual } from '../../src/reconcile/actual.js';
import type { Part } from '../../src/reconcile/check.js';
import { compile, type Wanted } from '../../src/reconcile/compile.js';
import { describeDrift, driftOf } from '../../src/reconcile/drift.js';
import { carriedOut, type FlowPlan, isEmpty, planFlows } from '../../src/reconcile/flows.js';
import { sameGroup, withOldBuckets } from '../../src/reconcile/groups.js';
import { inBundle, order } from '../../src/reconcile/order.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { tunnelOf } from '../../src/reconcile/tunnel.js';
import { change, Tables } from '../support/switch-model/index.js';

const flow = (priority: number, mac: number, port?: number, table = 0): Flow => ({
  table,
  priority,
  match: match({ eth_dst: mac }),
  instructions: port === undefined ? [] : [applyActions([output(port)])],
});
const groupOf = (id: number, ...buckets: Bucket[]): Group => ({ id, groupType: 'all', buckets });
const to = (port: number): Bucket => bucket([output(port)]);
const part = (app: string, number: number, program: Partial<Program>): Part => ({
  app,
  number,
  program: { ...emptyProgram, ...program },
});
const wantedOf = (program: Partial<Program>): Wanted => compile([part('app', 8, program)]);
const none: ReadonlySet<never> = new Set();
const empty: Actual = {
  flows: new Set(),
  towards: new Map(),
  doubled: new Set(),
  learned: new Set(),
  groups: new Map(),
  parts: new Map(),
  meters: new Map(),
};
const far = (ip: number): Bucket => bucket([setField({ tun_dst: ip }), output(2)]);
const farFlow = (mac: number, ip: number): Flow => ({
  ...flow(1, mac),
  instructions: [applyActions([setField({ tun_dst: ip }), output(2)])],
});
const vtep = (ip: number): Ipv4 => ip;
const sorted = (cookies: Iterable<bigint>): bigint[] => [...cookies].sort((a, b) => (a < b ? -1 : 1));

t.test('compile', t => {
  t.test('a cookie says the whole flow, whoever comes before it', t => {
    const [cookie] = wantedOf({ flows: [flow(1, 0xa, 1)] }).flows.keys();
    t.equal(cookie, 0x4864_408a_009b_df18n, 'the same in every version');
    const differ = [
      flow(1, 0xa, 2),
      flow(1, 0xb, 1),
      flow(2, 0xa, 1),
      flow(1, 0xa, 1, 1),
      { ...flow(1, 0xa), instructions: [gotoTable(1)] },
    ];
    for (const other of differ)
      t.notOk(wantedOf({ flows: [other] }).flows.has(cookie ?? 0n), formatFlow(other));
    t.ok(wantedOf({ flows: [...differ.slice(2, 4), flow(1, 0xa, 1)] }).flows.has(cookie ?? 0n));
    const shuffled = { ...flow(1, 0xa, 1), match: match({ eth_dst: 0xa, in_port: undefined as never }) };
    t.ok(wantedOf({ flows: [shuffled] }).flows.has(cookie ?? 0n));
    t.end();
  });

  t.test('two apps on one table, priority and match', t => {
    const wanted = compile([
      part('first', 8, { flows: [flow(1, 0xa, 1)], groups: [groupOf(groupIds.local(1), to(1))] }),
      part('second', 9, {
        flows: [flow(1, 0xa, 2), flow(2, 0xa, 2), flow(2, 0xa, 3)],
        groups: [groupOf(groupIds.local(1), to(2))],
        keep: new Set([vtep(9)]),
      }),
    ]);
    t.strictSame(
      [...wanted.flows.values()].map(flow => formatFlow(flow)),
      [
        'priority=1,dl_dst=00:00:00:00:00:0a actions=output:1',
        'priority=2,dl_dst=00:00:00:00:00:0a actions=output:2',
      ],
      'the first keeps it',
    );
    t.strictSame(wanted.conflicts, [
      {
        first: 'first',
        second: 'second',
        what: 'priority=1,dl_dst=00:00:00:00:00:0a actions=output:2',
      },
      {
        first: 'second',
        second: 'second',
        what: 'priority=2,dl_dst=00:00:00:00:00:0a actions=output:3',
      },
      { first: 'first', second: 'second', what: `group ${groupIds.local(1)}` },
    ]);
    t.strictSame(wanted.groups.get(groupIds.local(1))?.buckets, [to(1)]);
    t.strictSame(wanted.groupOwners, new Map([[groupIds.local(1), 8]]));
    t.strictSame(wanted.keep, new Map([[9, new Set([9])]]), 'each app says it for itself');
    t.end();
  });

  t.test('flows that hash alike', t => {
    // Found by trying: the same 40 bits.
    const a = flow(1, 0x0232_9c4a_8a91);
    const b = flow(1, 0x02b2_3daa_6ade);
    const one = wantedOf({ flows: [a] });
    const other = wantedOf({ flows: [b] });
    t.strictSame([...one.flows.keys()], [...other.flows.keys()]);
    const both = wantedOf({ flows: [a, b] });
    t.equal(both.flows.size, 2);
    t.strictSame(
      new Map([...both.flows].map(([cookie, { match }]) => [cookie, match])),
      new Map([...wantedOf({ flows: [b, a] }).flows].map(([cookie, { match }]) => [cookie, match])),
      'whatever their order',
    );
    const switchHas: Actual = { ...empty, flows: new Set(both.flows.keys()) };
    for (const alone of [one, other]) {
      const plan = planFlows(alone, switchHas, none);
      t.strictSame(plan.flowsToAdd, [...alone.flows], 'the one that stays is put under its own cookie again');
      t.strictSame(sorted(plan.cookiesToDelete), sorted(both.flows.keys()));
    }
    t.end();
  });

  t.test('programs that cannot be sent', t => {
    const refused = (program: unknown, expected: { code: string; message?: RegExp }) =>
      t.throws(() => compile([{ app: 'x', number: 8, program: program as Program }]), expected);
    refused(undefined, { code: 'APP_INVALID' });
    refused({ ...emptyProgram, flows: undefined }, { code: 'APP_INVALID' });
    refused({ ...emptyProgram, groups: 'none' }, { code: 'APP_INVALID' });
    refused({ ...emptyProgram, learned: [] }, { code: 'APP_INVALID' });
    refused({ ...emptyProgram, keep: true }, { code: 'APP_INVALID' });
    refused({ ...emptyProgram, flows: [{ ...flow(1, 0xa), priority: 65_536 }] }, { code: 'WIRE_BAD_VALUE' });
    refused({ ...emptyProgram, flows: [{ ...flow(1, 0xa), table: -1 }] }, { code: 'WIRE_BAD_VALUE' });
    refused(
      { ...emptyProgram, groups: [groupOf(7)] },
      { code: 'APP_INVALID', message: /group 7 is not one of/ },
    );
    const buckets = (count: number) => Array.from({ length: count }, (_, port) => to(port));
    // A bucket has 32 bytes here; a GROUP_MOD has 16 more, and a bundle's envelope 24.
    const full = groupOf(groupIds.local(1), ...buckets(2_046));
    const [put] = order(planFlows(wantedOf({ groups: [full] }), empty, none));
    t.equal(encode(inBundle(put!, 1)).length, 65_512);
    refused(
      {
        ...emptyProgram,
        groups: [{ ...groupOf(groupIds.local(1), ...buckets(2_047)), groupType: 'select' }],
      },
      { code: 'APP_INVALID', message: /of type select with 2047 buckets, which no messages have room for/ },
    );
    refused(
      { ...emptyProgram, groups: [groupOf(groupIds.local(1), ...buckets(8 * 2_046 + 1))] },
      { code: 'APP_INVALID', message: /no messages have room for/ },
    );
    refused(
      { ...emptyProgram, groups: [groupOf(groupIds.part(groupIds.local(1), 0))] },
      { code: 'APP_INVALID', message: /is not one of groupIds/ },
    );
    t.end();
  });

  t.test('the way between tables', t => {
    const numbered = (['own', 'next', 'drop', 'next', 'next'] as const).map((miss, index) => ({
      app: 'x',
      name: `t${index}`,
      stage: 'filter' as const,
      miss,
      number: index * 10,
    }));
    t.strictSame(
      missFlows(numbered).map(flow => formatFlow(flow)),
      ['table=10, priority=0 actions=goto_table:20', 'table=30, priority=0 actions=goto_table:40'],
    );
    t.end();
  });
  t.end();
});

const stats = (cookie: bigint, instructions: FlowStats['instructions'] = []): FlowStats => ({
  tableId: 0,
  durationSec: 1,
  durationNsec: 0,
  priority: 1,
  idleTimeout: 0,
  hardTimeout: 0,
  flags: 0,
  cookie,
  packetCount: 0n,
  byteCount: 0n,
  match: [],
  instructions,
});

t.test('reading a dump', t => {
  const [still, learned, reactive] = (['static', 'learned', 'reactive'] as const).map(kind =>
    makeCookie(1, kind, 7),
  ) as [bigint, bigint, bigint];
  const later = makeCookie(1, 'static', 0) | (5n << 40n);
  const ours = groupOf(groupIds.local(5000), to(1));
  const read = readActual(
    [still, learned, learned, reactive, later, 0n, 0x1234n].map(cookie => stats(cookie)),
    [ours, groupOf(1, to(2)), groupOf(0x5d000000)],
  );
  t.strictSame(read.actual, {
    ...empty,
    flows: new Set([still]),
    learned: new Set([learned]),
    groups: new Map([[ours.id, ours]]),
  });
  t.strictSame(
    [read.loose.reactive, read.loose.learned].map(flows => flows.map(({ cookie }) => cookie)),
    [[reactive], [learned, learned]],
  );

  const sends = makeCookie(1, 'static', 8);
  const actions = farFlow(1, 9).instructions;
  t.strictSame(readActual([stats(still), stats(sends, actions)], []).actual.towards, new Map([[sends, 9]]));
  const twice = readActual([stats(sends, actions), stats(sends, actions)], []).actual;
  t.strictSame([twice.flows, twice.towards, twice.doubled], [new Set([sends]), new Map(), new Set([sends])]);
  t.end();
});

t.test('groups', t => {
  const id = groupIds.flood(5000);
  t.ok(sameGroup(groupOf(id, to(1), far(1)), groupOf(id, to(1), far(1))));
  t.notOk(sameGroup(groupOf(id, to(1)), groupOf(id, to(1), to(2))));
  t.notOk(sameGroup(groupOf(id, to(1)), { ...groupOf(id, to(1)), groupType: 'select' }));
  t.notOk(sameGroup(groupOf(id, far(1)), groupOf(id, far(2))));
  const echoed = { ...to(1), weight: 0, watchPort: 0, watchGroup: 0 };
  t.ok(sameGroup(groupOf(id, to(1)), groupOf(id, echoed)), 'what a switch makes of fields with no meaning');

  const wanted = groupOf(id, to(1), far(2));
  const all = (): boolean => true;
  t.equal(withOldBuckets(wanted, groupOf(id, to(1)), all), wanted, 'nothing old');
  t.strictSame(withOldBuckets(wanted, groupOf(id, far(9), to(1)), all).buckets, [to(1), far(2), far(9)]);
  const superset = groupOf(id, far(9), far(2), to(1));
  t.equal(withOldBuckets(wanted, superset, all), superset, 'all there already: as the switch has it');
  t.equal(
    withOldBuckets(wanted, superset, () => false),
    wanted,
    'what does not stay is left out',
  );
  const select = { ...superset, groupType: 'select' as const };
  t.equal(withOldBuckets(wanted, select, all).groupType, 'all');
  t.end();
});

t.test('plans', t => {
  const wanted = wantedOf({
    flows: [flow(1, 0xa, 1), flow(1, 0xb, 2)],
    groups: [groupOf(groupIds.local(1), to(1))],
    learned: new Set([makeCookie(8, 'learned', 1)]),
  });
  const [a, b] = [...wanted.flows.keys()] as [bigint, bigint];
  const stale = makeCookie(8, 'static', 99);
  const staleLearned = makeCookie(8, 'learned', 99);
  const old = groupOf(groupIds.flood(7), to(1));
  const actual: Actual = {
    ...empty,
    flows: new Set([a, stale]),
    learned: new Set([...wanted.learned, staleLearned]),
    groups: new Map([[old.id, old]]),
  };

  t.test('the difference', t => {
    const plan = planFlows(wanted, actual, none);
    t.strictSame(
      plan.flowsToAdd.map(([cookie]) => cookie),
      [b],
    );
    t.strictSame(plan.cookiesToDelete, [stale, staleLearned]);
    t.strictSame(
      plan.groupsToPut.map(({ id }) => id),
      [groupIds.local(1)],
    );
    t.strictSame(plan.groupsToDelete, [old.id]);
    const after = carriedOut(plan, actual);
    t.strictSame(after.flows, new Set([a, b]));
    t.strictSame(after.learned, wanted.learned);
    t.strictSame([...after.groups.keys()], [groupIds.local(1)]);
    t.ok(isEmpty(planFlows(wanted, after, none)));
    t.end();
  });

  t.test('an app that can say nothing: all of its own stays, and none of others', t => {
    const there = groupOf(groupIds.local(1), to(9));
    const others = makeCookie(9, 'static', 1);
    const before: Actual = {
      ...actual,
      flows: new Set([...actual.flows, others]),
      groups: new Map([[there.id, there], ...actual.groups]),
    };
    const uncertain: Wanted = { ...wanted, keep: new Map([[8, 'all']]) };
    const plan = planFlows(uncertain, before, none);
    t.strictSame(plan.cookiesToDelete, [others]);
    t.strictSame(plan.groupsToDelete, []);
    t.ok(plan.keepsStale);
    t.strictSame(
      plan.groupsToPut.map(({ buckets }) => buckets),
      [[to(1), to(9)]],
      'old members stay',
    );
    const after = carriedOut(plan, before);
    t.ok(isEmpty(planFlows(uncertain, after, none)));
    t.strictSame(
      planFlows(wanted, after, none).groupsToPut.map(({ buckets }) => buckets),
      [[to(1)]],
      'and go when all is known',
    );
    t.end();
  });

  t.test('hosts that have not been read: what sends to them stays, and nothing else', t => {
    const [toUnread, toRead, local] = [farFlow(1, 9), farFlow(2, 7), flow(1, 3, 1)];
    const had = wantedOf({
      flows: [toUnread, toRead, local],
      groups: [groupOf(groupIds.flood(1), to(1), far(9), far(7)), groupOf(groupIds.local(2), far(9))],
    });
    const before = carriedOut(planFlows(had, empty, none), empty);
    const now = wantedOf({ groups: [groupOf(groupIds.flood(1), to(2))], keep: new Set([vtep(9)]) });
    const plan = planFlows(now, before, none);
    const after = carriedOut(plan, before);
    const [kept, ...gone] = [...had.flows.keys()];
    t.strictSame(plan.cookiesToDelete, gone);
    t.strictSame(
      plan.groupsToPut.map(({ buckets }) => buckets),
      [[to(2), far(9)]],
    );
    t.strictSame(plan.groupsToDelete, [groupIds.local(2)], 'which networks are here is certain');
    t.strictSame([...after.towards], [[kept, 9]]);
    t.ok(plan.keepsStale);
    t.ok(isEmpty(planFlows(now, after, none)));
    t.notOk(planFlows(had, after, none).keepsStale);
    t.end();
  });

  t.test('a cookie of ours under which somebody else has sent another flow', t => {
    const before = { ...actual, doubled: new Set([a, stale]) };
    const plan = planFlows(wanted, before, none);
    t.strictSame(plan.cookiesToClear, [a]);
    t.strictSame(
      plan.flowsToAdd.map(([cookie]) => cookie),
      [a, b],
    );
    t.strictSame(plan.cookiesToDelete, [stale, staleLearned]);
    t.equal(carriedOut(plan, before).doubled.size, 0);
    t.end();
  });

  t.test('drift', t => {
    t.equal(driftOf(actual, actual), undefined);
    const changed = groupOf(old.id, to(2));
    const there: Actual = {
      ...actual,
      flows: new Set([a, b]),
      doubled: new Set([a]),
      groups: new Map([[old.id, changed]]),
    };
    const drift = driftOf(actual, there);
    t.strictSame(drift, { flowsGone: 1, flowsCome: 2, flowsEdited: 0, groups: [old.id], meters: [] });
    t.equal(drift && describeDrift(drift), '1 flow gone, 2 flows added, 1 group changed');
    t.strictSame(driftOf(actual, empty), {
      flowsGone: 2,
      flowsCome: 0,
      flowsEdited: 0,
      groups: [old.id],
      meters: [],
    });
    t.end();
  });

  t.test('what was refused is left out', t => {
    const plan = planFlows(wanted, actual, new Set([b, stale, groupIds.local(1), old.id]));
    t.strictSame(
      [plan.flowsToAdd, plan.cookiesToDelete, plan.groupsToPut, plan.groupsToDelete],
      [[], [staleLearned], [], []],
    );
    const { flows } = carriedOut(plan, actual);
    t.ok(flows.has(stale));
    t.notOk(flows.has(b));
    t.end();
  });

  t.test('order: what is cleared, groups, flows, deletions of flows, deletions of groups', t => {
    const groups = [groupIds.flood(1), groupIds.local(2), groupIds.local(1)].map(id => groupOf(id, to(1)));
    const gone = [groupIds.local(9), groupIds.flood(9)];
    const plan: FlowPlan = {
      cookiesToClear: [b],
      groupsToPut: groups,
      flowsToAdd: [...wanted.flows],
      cookiesToDelete: [stale],
      groupsToDelete: gone,
      partsToDelete: [],
      cookiesReplaced: [],
      leftOut: [],
      groupsAsWanted: [],
      groupsReplaced: new Set(),
      learned: new Set(),
      keepsStale: false,
    };
    const operations = order(plan);
    t.strictSame(
      operations.map(({ about, message }) => [message.command, about]),
      [
        ['delete', b],
        ['add_or_mod', groupIds.local(1)],
        ['add_or_mod', groupIds.local(2)],
        ['add_or_mod', groupIds.flood(1)],
        ['add', a],
        ['add', b],
        ['delete', stale],
        ['delete', groupIds.flood(9)],
        ['delete', groupIds.local(9)],
      ],
    );
    t.match(operations[6]?.message, {
      tableId: OFPTT.ALL,
      cookie: stale,
      cookieMask: 0xffff_ffff_ffff_ffffn,
      match: [],
    });

    const bundle = operations.map(operation => inBundle(operation, 3));
    const flags = OFPBF.ATOMIC | OFPBF.ORDERED;
    t.ok(bundle.every(one => one.bundleId === 3 && one.flags === flags));
    t.match(bundle[4], { message: { type: 'flow_mod', cookie: a } });
    for (const message of bundle) t.strictSame(decode(encode(message)), message, 'can be sent');
    t.end();
  });
  t.end();
});

t.test('any two programs: the plan leads from one to the other', t => {
  /** Does what a plan says, and may not be refused anything. */
  class ModelSwitch {
    readonly tables = new Tables();

    apply(plan: FlowPlan): void {
      for (const { message } of order(plan)) {
        const refused = change(this.tables, message);
        if (refused !== undefined) throw new Error(`refused: ${refused.join('/')}`);
      }
    }

    get dump() {
      return readActual(
        [...this.tables.flows.values()].map(({ cookie, instructions }) => stats(cookie, instructions)),
        [...this.tables.groups.values()].map(({ groupId: id, groupType, buckets }) => ({
          id,
          groupType,
          buckets,
        })),
      );
    }
  }

  const ids = [groupIds.local(1), groupIds.local(2), groupIds.flood(1), groupIds.flood(2)];
  const vteps = [vtep(7), vtep(9)];
  const anyGroup = fc
    .record({
      id: fc.constantFrom(...ids),
      ports: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      vteps: fc.uniqueArray(fc.constantFrom(...vteps), { maxLength: 2 }),
    })
    .map(({ id, ports, vteps: ips }) => groupOf(id, ...ports.map(to), ...ips.map(far)));
  const anyFlow = fc
    .record({
      table: fc.nat(2),
      priority: fc.nat(2),
      mac: fc.nat(3),
      does: fc.oneof(
        fc.integer({ min: 1, max: 3 }).map(port => output(port)),
        fc.constantFrom(...ids).map(group),
        fc.constantFrom(...vteps).map(ip => setField({ tun_dst: ip })),
      ),
    })
    .map(({ table, priority, mac, does }) => ({
      table,
      priority,
      match: match({ eth_dst: mac }),
      instructions: [applyActions([does])],
    }));
  const uses = (one: Flow): number | undefined => {
    const [first] = one.instructions;
    const [action] = first?.type === 'apply_actions' ? first.actions : [];
    return action?.type === 'group' ? action.groupId : undefined;
  };
  const program = fc
    .record({
      flows: fc.array(anyFlow, { maxLength: 12 }),
      groups: fc.uniqueArray(anyGroup, { selector: ({ id }) => id }),
      unread: fc.subarray(vteps),
    })
    .map(({ flows, groups, unread }) => {
      const known = new Set<number | undefined>([undefined, ...groups.map(({ id }) => id)]);
      return wantedOf({
        flows: flows.filter(one => known.has(uses(one))),
        groups,
        keep: new Set(unread),
      });
    });

  const same = (a: Bucket, b: Bucket) => sameGroup(groupOf(1, a), groupOf(1, b));

  fc.assert(
    fc.property(fc.array(program, { minLength: 1, maxLength: 4 }), programs => {
      const model = new ModelSwitch();
      for (const wanted of programs) {
        const before = model.dump.actual;
        const plan = planFlows(wanted, before, none);
        const after = carriedOut(plan, before);
        model.apply(plan);
        const { actual } = model.dump;
        const keep = wanted.keep.get(8);
        const stays = (ip: Vtep | undefined) => ip !== undefined && keep !== 'all' && keep?.has(ip) === true;
        for (const cookie of wanted.flows.keys()) if (!actual.flows.has(cookie)) return false;
        for (const cookie of actual.flows)
          if (!wanted.flows.has(cookie) && !stays(actual.towards.get(cookie))) return false;
        if (actual.groups.size !== wanted.groups.size) return false;
        for (const one of wanted.groups.values()) {
          const there = actual.groups.get(one.id);
          const own = there?.buckets.filter(
            bucket => one.buckets.some(mine => same(mine, bucket)) || !stays(tunnelOf(bucket.actions)),
          );
          if (own?.length !== one.buckets.length || own.some(b => !one.buckets.some(mine => same(mine, b))))
            return false;
        }
        // Read anew, as after a restart: nothing is left to do. What is remembered says the same.
        if (!isEmpty(planFlows(wanted, actual, none)) || !isEmpty(planFlows(wanted, after, none)))
          return false;
        if (!plan.keepsStale && driftOf(after, actual) !== undefined) return false;
      }
      return true;
    }),
    { numRuns: 400 },
  );
  t.end();
});
