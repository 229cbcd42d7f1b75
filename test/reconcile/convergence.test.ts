/**
 * From any state of a switch to the one that is wanted: over a connection, in a model of a switch that answers as Open
 * vSwitch does (test/support/switch-model), whole and cut after any of its messages.
 */
import fc from '../support/fast-check.js';
import t from 'tap';
import { Switches } from '../../src/controller/switches.js';
import {
  emptyProgram,
  type Flow,
  type Group,
  groupIds,
  isOurCookie,
  makeCookie,
  type Meter,
  meterIds,
  type Program,
} from '../../src/intent/index.js';
import {
  applyActions,
  bucket,
  type FlowMod,
  gotoTable,
  group as toGroup,
  match,
  type MatchFields,
  type Message,
  meter as toMeter,
  OFPMF,
  output,
} from '../../src/openflow/index.js';
import { type CheckedPart, checkPart } from '../../src/reconcile/check.js';
import { combine, type Wanted } from '../../src/reconcile/compile.js';
import { sameGroup } from '../../src/reconcile/groups.js';
import { flowMod, groupMod, meterMod } from '../../src/reconcile/mods.js';
import { FakeEffects, FakeLog } from '../support/fake-effects.js';
import { FakeSwitch } from '../support/fake-switch.js';
import { type Change, change, type FlowEntry, keyOf, Tables } from '../support/switch-model/index.js';

const ids = [groupIds.local(1), groupIds.local(2), groupIds.flood(1), groupIds.flood(2)];
const meters = [1, 2, 3].map(place => meterIds.of(place));
const foreignGroup = 7;
const takenPriority = 7;
const matches: readonly MatchFields[] = [
  {},
  { in_port: 1 },
  { in_port: 2 },
  { eth_dst: 5 },
  { metadata: 9n },
];

const anyFlow: fc.Arbitrary<Flow> = fc
  .record({
    table: fc.nat(2),
    priority: fc.nat(1),
    match: fc.constantFrom(...matches).map(fields => match(fields)),
    instructions: fc.oneof(
      fc.integer({ min: 1, max: 3 }).map(port => [applyActions([output(port)])]),
      fc.constantFrom(...ids).map(id => [applyActions([toGroup(id)])]),
      fc.constantFrom(...meters).map(id => [toMeter(id), applyActions([output(1)])]),
      fc.constantFrom([], [gotoTable(9)]),
    ),
  })
  .map(flow => flow);

const anyGroup: fc.Arbitrary<Group> = fc
  .tuple(fc.constantFrom(...ids), fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }))
  .map(([id, ports]) => ({ id, groupType: 'all', buckets: ports.map(port => bucket([output(port)])) }));

const anyMeter: fc.Arbitrary<Meter> = fc
  .tuple(fc.constantFrom(...meters), fc.constantFrom(1_000, 2_000))
  .map(([id, rate]) => ({ id, flags: OFPMF.KBPS, bands: [{ type: 'drop', rate, burstSize: 0 }] }));

const learnedCookies = [1, 2, 3].map(key => makeCookie(9, 'learned', key));

const anyProgram: fc.Arbitrary<Program> = fc
  .record({
    flows: fc.array(anyFlow, { maxLength: 10 }),
    groups: fc.uniqueArray(anyGroup, { selector: ({ id }) => id }),
    meters: fc.uniqueArray(anyMeter, { selector: ({ id }) => id }),
    learned: fc.subarray(learnedCookies).map(cookies => new Set(cookies)),
  })
  .map(program => {
    const known = new Set([...program.groups, ...program.meters].map(({ id }) => id));
    const keys = new Set<string>();
    const flows = program.flows.filter(flow => {
      const key = keyOf(flowMod(flow, 0n));
      const isNew = !keys.has(key);
      keys.add(key);
      return isNew && usedBy(flow).every(id => known.has(id));
    });
    return { ...emptyProgram, ...program, flows };
  });

/** The groups and meters of a flow: it goes with any of them. */
const usedBy = ({ instructions }: Flow): readonly number[] =>
  instructions.flatMap(one => {
    if (one.type === 'meter') return [one.meterId];
    return one.type === 'apply_actions'
      ? one.actions.flatMap(action => (action.type === 'group' ? [action.groupId] : []))
      : [];
  });

const partsOf = (program: Program): readonly CheckedPart[] => [
  checkPart({ app: 'test', number: 9, program }),
];

/** All messages that make a program: some of them are half of a bundle that a former run did not end. */
const messagesOf = (program: Program): readonly Change[] => {
  const wanted = combine(partsOf(program));
  return [
    ...[...wanted.groups.values()].map(one => groupMod('add_or_mod', one)),
    ...[...wanted.meters.values()].map(one => meterMod('add', one)),
    ...[...wanted.flows].map(([cookie, flow]) => flowMod(flow, cookie)),
  ];
};

/** A flow that uses a group or meter of ours goes with it, whoever made it. */
const free = anyFlow.filter(flow => usedBy(flow).length === 0);

/** What a switch may hold before: of former runs, of other hands, and of its own learning. */
const anyBefore: fc.Arbitrary<readonly Change[]> = fc
  .record({
    former: fc.array(
      anyProgram.chain(program => fc.subarray([...messagesOf(program)])),
      { maxLength: 3 },
    ),
    // Under cookies of ours that no program has, and under those that the first former program has.
    stale: fc.array(fc.tuple(anyFlow, fc.nat(3)), { maxLength: 3 }),
    taken: fc.array(fc.tuple(anyFlow, fc.nat(20)), { maxLength: 3 }),
    foreign: fc.array(fc.tuple(free, fc.constantFrom(0n, 0x1234n)), { maxLength: 3 }),
    learned: fc.array(fc.tuple(free, fc.constantFrom(...learnedCookies)), { maxLength: 3 }),
    groups: fc.array(anyGroup, { maxLength: 2 }),
  })
  .map(({ former, stale, taken, foreign, learned, groups }) => {
    const cookies = former.flat().flatMap(one => (one.type === 'flow_mod' ? [one.cookie] : []));
    return [
      groupMod('add_or_mod', { id: foreignGroup, groupType: 'all', buckets: [bucket([output(9)])] }),
      ...former.flat(),
      ...groups.map(one => groupMod('add_or_mod', one)),
      ...stale.map(([flow, hash]) => flowMod(flow, makeCookie(9, 'static', hash))),
      ...taken.map(([flow, place]) =>
        flowMod(
          { ...flow, priority: takenPriority },
          cookies[place % cookies.length] ?? makeCookie(9, 'static', 99),
        ),
      ),
      // In a table that no program uses, since an ADD of ours takes the place of whatever has its match and priority.
      ...foreign.map(([flow, cookie]) => flowMod({ ...flow, table: 200 }, cookie)),
      flowMod(
        { table: 201, priority: 1, match: [], instructions: [applyActions([toGroup(foreignGroup)])] },
        5n,
      ),
      ...learned.map(([flow, cookie]) => flowMod({ ...flow, table: 100 }, cookie)),
    ];
  });

/** Heddle's end and a switch that holds something already. */
class Case {
  readonly effects = new FakeEffects();
  readonly fake: FakeSwitch;
  readonly before: Tables;
  readonly switches: Switches;
  parts: readonly CheckedPart[];

  constructor(
    before: readonly Change[],
    parts: readonly CheckedPart[],
    options: ConstructorParameters<typeof FakeSwitch>[0] = {},
  ) {
    this.fake = new FakeSwitch(options);
    this.parts = parts;
    // What a former run could not make since its group was gone is not there.
    for (const message of before) change(this.fake.tables, message);
    const { flows } = this.fake;
    // A flow that bears the cookie of another that is not there passes for it: a cookie says the whole flow (ADR 2).
    for (const [key, { priority, cookie }] of flows)
      if (priority === takenPriority && [...flows.values()].filter(one => one.cookie === cookie).length < 2)
        flows.delete(key);
    this.before = new Tables(this.fake.tables);
    this.switches = new Switches({
      effects: this.effects,
      log: new FakeLog(),
      leaveAlone: () => undefined,
      hypervisorOf: () => undefined,
      wanted: () => this.parts,
      isTakenOver: () => false,
      onEvent: () => [],
    });
  }

  async connect(): Promise<void> {
    this.fake.connect(stream => this.switches.accept(stream));
    await this.fake.settle();
  }

  /** Connects anew. @returns what changes anything */
  async again(): Promise<readonly Message[]> {
    this.fake.cut();
    this.fake.log = [];
    await this.connect();
    return this.changes;
  }

  get wanted(): Wanted {
    return combine(this.parts);
  }

  get changes(): readonly Message[] {
    return this.fake.log.filter(({ type }) =>
      ['flow_mod', 'group_mod', 'meter_mod', 'bundle_add'].includes(type),
    );
  }

  /** What is wrong: nothing, where the switch holds what is wanted and what is not ours. */
  get faults(): readonly string[] {
    const { flows, groups } = this.fake;
    const isStatic = ({ cookie }: FlowMod): boolean => isOurCookie(cookie) && !isLearned(cookie);
    const ours = [...flows.values()].filter(isStatic);
    const meterText = ({ flags, bands }: Pick<Meter, 'flags' | 'bands'>): string =>
      JSON.stringify([flags, bands]);
    const text = ({ tableId, priority, match: fields, instructions, cookie }: FlowEntry): string =>
      JSON.stringify([tableId, priority, fields, instructions, cookie], (_, one: unknown) =>
        typeof one === 'bigint' ? String(one) : one,
      );
    const desired = [...this.wanted.flows].map(([cookie, flow]) => text(flowMod(flow, cookie)));
    const kept = [...this.before.flows].filter(
      ([, flow]) => !isOurCookie(flow.cookie) || this.wanted.learned.has(flow.cookie),
    );
    const learned = [...flows.values()].filter(({ cookie }) => isLearned(cookie));
    const wantedGroups = [...this.wanted.groups.values()];
    return [
      ...differences('a flow', ours.map(text), desired),
      ...kept
        .filter(([key, flow]) => flows.get(key)?.cookie !== flow.cookie)
        .map(([key]) => `${key} is gone`),
      ...learned
        .filter(({ cookie }) => !this.wanted.learned.has(cookie))
        .map(({ cookie }) => `what was learned under ${cookie} is there still`),
      ...differences('a group', [...groups.keys()].map(String), [
        ...wantedGroups.map(({ id }) => String(id)),
        String(foreignGroup),
      ]),
      ...differences(
        'a meter',
        [...this.fake.meters].map(([id, one]) => `${id} ${meterText(one)}`),
        [...this.wanted.meters.values()].map(one => `${one.id} ${meterText(one)}`),
      ),
      ...wantedGroups
        .filter(one => {
          const there = groups.get(one.id);
          return there !== undefined && !sameGroup({ ...there, id: one.id }, one);
        })
        .map(({ id }) => `group ${id} is another`),
    ];
  }
}

const isLearned = (cookie: bigint): boolean => ((cookie >> 40n) & 7n) === 1n;

function differences(what: string, there: readonly string[], wanted: readonly string[]): readonly string[] {
  const extra = there.filter(one => !wanted.includes(one)).map(one => `${what} too many: ${one}`);
  const missing = wanted.filter(one => !there.includes(one)).map(one => `${what} is missing: ${one}`);
  const twice = there.length > wanted.length && extra.length === 0 ? [`${what} is there twice`] : [];
  return [...extra, ...missing, ...twice];
}

function check(faults: readonly string[], when: string): void {
  if (faults.length > 0) throw new Error(`${when}: ${faults.join('; ')}`);
}

t.test('whatever a switch holds: exactly what is wanted, and nothing left to do', async t => {
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(
      anyBefore,
      anyProgram,
      fc.constantFrom('yes', 'errors', 'silence'),
      async (before, program, bundles) => {
        const one = new Case(before, partsOf(program), { bundles });
        await one.connect();
        check(one.faults, 'at once');
        sent += one.changes.length;
        if ((await one.again()).length > 0) throw new Error('connected anew, more is sent');
      },
    ),
    { numRuns: 200 },
  );
  t.ok(sent > 500, `${sent} changes`);
});

t.test('cut after any message, and connected anew', async t => {
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(
      anyBefore,
      anyProgram,
      fc.constantFrom('yes', 'errors'),
      async (before, program, bundles) => {
        const whole = new Case(before, partsOf(program), { bundles });
        await whole.connect();
        for (let at = 1; at <= whole.fake.log.length; at += 1) {
          const one = new Case(before, partsOf(program), { bundles });
          one.fake.cutAfter = at;
          await one.connect();
          one.fake.cutAfter = undefined;
          await one.again();
          check(one.faults, `cut after ${at} messages`);
          if ((await one.again()).length > 0) throw new Error(`cut after ${at}: more is sent the third time`);
          cuts += 1;
        }
      },
    ),
    { numRuns: 12 },
  );
  t.ok(cuts > 100, `${cuts} cuts`);
});

t.test('from program to program over one connection', async t => {
  await fc.assert(
    fc.asyncProperty(
      anyBefore,
      fc.array(anyProgram, { minLength: 1, maxLength: 5 }),
      async (before, programs) => {
        const one = new Case(before, partsOf(emptyProgram));
        await one.connect();
        for (const program of programs) {
          one.parts = partsOf({ ...program, learned: new Set(learnedCookies) });
          one.switches.reconcile(one.fake.dpid);
          await one.fake.settle();
          check(
            [...one.faults].filter(fault => !fault.includes('is gone')),
            'after a change',
          );
        }
        if ((await one.again()).length > 0) throw new Error('connected anew, more is sent');
      },
    ),
    { numRuns: 100 },
  );
  t.end();
});
