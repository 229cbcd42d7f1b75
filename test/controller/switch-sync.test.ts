import assert from 'node:assert/strict';
import fc from '../support/fast-check.js';
import t from 'tap';
import { type Refusal, retryRefused } from '../../src/controller/switch-refusals.js';
import { fullAt } from '../../src/controller/switch-connection.js';
import { auditPeriod } from '../../src/controller/switch-sync.js';
import { type ConnectedSwitch, Switches } from '../../src/controller/switches.js';
import {
  type AppEvent,
  emptyProgram,
  type Flow,
  type Group,
  groupIds,
  makeCookie,
  type Meter,
  meterIds,
  type Program,
} from '../../src/intent/index.js';
import {
  applyActions,
  type Bucket,
  bucket,
  type FlowMod,
  type FlowStats,
  formatFlow,
  formatGroup,
  formatMatch,
  formatMeter,
  group as toGroup,
  match,
  type Message,
  meter,
  OFPMF,
  output,
  setField,
  valueOf,
} from '../../src/openflow/index.js';
import type { Ipv4 } from '../../src/lib/addresses.js';
import { type CheckedPart, checkPart } from '../../src/reconcile/check.js';
import { compile } from '../../src/reconcile/compile.js';
import { flowMod, groupMod, meterMod } from '../../src/reconcile/mods.js';
import { FakeEffects, FakeLog, settled } from '../support/fake-effects.js';
import { FakeSwitch, type FakeSwitchOptions, keyOf } from '../support/fake-switch.js';
import { type Change, change } from '../support/switch-model/index.js';

const flow = (inPort: number, ...outs: number[]): Flow => ({
  table: 0,
  priority: 100,
  match: match({ in_port: inPort }),
  instructions: [applyActions(outs.map(port => output(port)))],
});
const flood = (vni: number, ...outs: number[]): Group => ({
  id: groupIds.flood(vni),
  groupType: 'all',
  buckets: outs.map(port => bucket([output(port)])),
});
const floodFlow = (inPort: number, vni: number): Flow => ({
  ...flow(inPort),
  instructions: [applyActions([toGroup(groupIds.flood(vni))])],
});
const wantedOf = (program: Partial<Program>): readonly [CheckedPart] => [
  checkPart({ app: 'test', number: 9, program: { ...emptyProgram, ...program } }),
];

/** What a person does with `ovs-ofctl mod-flows`: cookies stay. */
const edit = (inPort: number, out: number): FlowMod => ({
  ...flowMod(flow(inPort, out), 0n),
  command: 'modify_strict',
});

/** A person's own flow. */
const foreign: FlowMod = { ...flowMod(flow(99, 98), 0xabcn), tableId: 7 };

/** Heddle's end with one switch, and what it has wanted of it. */
class Bench {
  readonly effects = new FakeEffects();
  readonly log = new FakeLog();
  readonly fake: FakeSwitch;
  readonly events: AppEvent[] = [];
  wanted: readonly CheckedPart[] | undefined;
  readonly switches = new Switches({
    effects: this.effects,
    log: this.log,
    leaveAlone: () => undefined,
    hypervisorOf: () => 'kvm1',
    wanted: () => this.wanted,
    isTakenOver: () => false,
    onEvent: event => {
      this.events.push(event);
      return [];
    },
  });

  constructor(options: FakeSwitchOptions = {}) {
    this.fake = new FakeSwitch(options);
  }

  async connect(): Promise<void> {
    this.fake.connect(stream => this.switches.accept(stream));
    await this.fake.settle();
  }

  /** Wants this from now on, and lets it be worked in. */
  async want(program: Partial<Program>): Promise<void> {
    this.wanted = wantedOf(program);
    await this.reconcile();
  }

  async reconcile(): Promise<void> {
    this.switches.reconcile(this.fake.dpid);
    await this.fake.settle();
  }

  async advance(ms: number): Promise<void> {
    this.effects.advance(ms);
    await this.fake.settle();
  }

  get only(): ConnectedSwitch {
    const [connected, ...more] = this.switches.all;
    if (connected === undefined || more.length > 0) throw new Error('there is not one switch');
    return connected;
  }

  async tick(ms: number): Promise<void> {
    this.effects.advance(ms);
    this.switches.tick();
    await this.fake.settle();
  }

  /** Lets the time come for an audit. */
  async audit(): Promise<void> {
    await this.tick(0);
    await this.tick(auditPeriod);
  }

  /** What the log says of other hands. */
  get drifts(): readonly string[] {
    return this.log.told.filter(line => line.includes('by another hand'));
  }

  get refusals(): readonly Refusal[] {
    return this.only.sync.refusals;
  }

  /** The flows in the switch, in ovs-ofctl's notation. */
  get flows(): readonly string[] {
    return [...this.fake.flows.values()]
      .map(({ tableId, priority, match: fields, instructions }) =>
        formatFlow({ table: tableId, priority, match: fields, instructions }),
      )
      .sort();
  }

  /** How many messages came in bundles since that, or `news`, was asked. */
  bundled(): number {
    return this.news().filter(one => one.startsWith('bundle_add')).length;
  }

  /** What came since the last time that was asked, by type. */
  news(): readonly string[] {
    // The monitor is asked for, with a barrier, when a connection is in sync at first, whatever a test is about.
    const isMonitor = (one?: Message): boolean => one !== undefined && typeOf(one) === 'flow_monitor';
    return this.fake.log
      .splice(0)
      .filter((one, at, all) => one.type !== 'echo_request' && !isMonitor(one) && !isMonitor(all[at - 1]))
      .map(typeOf);
  }
}

const typeOf = (message: Message): string => {
  switch (message.type) {
    case 'bundle_control':
      return message.controlType;
    case 'bundle_add':
      return `${message.type} ${message.message.type}`;
    case 'multipart_request':
      return message.body.type;
    default:
      return message.type;
  }
};

const texts = (...flows: readonly Flow[]): readonly string[] => flows.map(flow => formatFlow(flow)).sort();

/** As an earlier Heddle left it. */
function putThere(fake: FakeSwitch, one: Flow): void {
  for (const [cookie, its] of compile(wantedOf({ flows: [one] })).flows) {
    const mod = flowMod(its, cookie);
    fake.flows.set(keyOf(mod), mod);
  }
}

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
  t.equal(bench.news().filter(type => type === 'bundle_add flow_mod').length, 1);
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

/** Sends what comes in at a port to another host. */
const farFlow = (inPort: number, vtep: number): Flow => ({
  ...flow(inPort),
  instructions: [applyActions([setField({ tun_dst: vtep }), output(2)])],
});
const unread = (...vteps: readonly number[]): ReadonlySet<Ipv4> => new Set(vteps as Ipv4[]);

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
  t.equal(bench.bundled(), 1, 'it is sent once more');
  t.strictSame(bench.drifts, [], 'nobody has edited it');
  await bench.audit();
  t.equal(bench.bundled(), 0);
  change(bench.fake.tables, edit(2, 9));
  await bench.audit();
  t.match(bench.drifts, [/: 1 flow edited;/]);
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
  bench.news();
  await bench.audit();
  t.equal(bench.bundled(), 0);
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

t.test('of many flows, each audit looks at some', async t => {
  const bench = new Bench();
  bench.fake.partSize = 500;
  const ports = Array.from({ length: 20_000 }, (_, index) => index + 1);
  bench.wanted = wantedOf({ flows: ports.map(port => flow(port, 20_001)) });
  await bench.connect();
  bench.news();
  await bench.audit();
  t.equal(bench.bundled(), 0);
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

t.test('an audit does not take for harm what is as it is for a reason', async t => {
  const bench = new Bench();
  const learned = flowMod(flow(50, 51), makeCookie(9, 'learned', 4));
  const reactive = flowMod(flow(52, 53), makeCookie(9, 'reactive', 0));
  for (const one of [learned, reactive]) bench.fake.flows.set(keyOf(one), one);
  const away = [farFlow(1, 9), farFlow(2, 9)];
  const more = { learned: new Set([learned.cookie]) };
  bench.wanted = wantedOf({ flows: away, ...more });
  await bench.connect();
  bench.fake.refuseAdd = message =>
    message.type === 'flow_mod' && formatMatch(message.match) === 'in_port=7' ? [5, 0] : undefined;
  // Two are kept, one of them loses its place, and one is refused.
  await bench.want({ flows: [flow(1, 5), flow(7, 5)], keep: unread(9), ...more });
  t.equal(bench.refusals.length, 1);
  const there = bench.flows;
  t.strictSame(there, texts(flow(1, 5), farFlow(2, 9), flow(50, 51), flow(52, 53)));
  for (let turn = 0; turn < 2; turn += 1) {
    bench.news();
    await bench.audit();
    const news = bench.news();
    t.ok(news.includes('aggregate'));
    t.notOk(
      news.some(one => /mod|open_request/.test(one)),
      'nothing is sent',
    );
    t.equal(
      news.filter(one => one === 'flow').length,
      turn === 0 ? 2 : 1,
      'and it is read in full once, in doubt',
    );
  }
  t.strictSame(bench.flows, there);
  t.strictSame(bench.drifts, []);
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

/** What a switch tells of a flow that somebody has touched. */
const toldOf = (...cookies: readonly bigint[]): Message => ({
  type: 'multipart_reply',
  xid: 0,
  flags: 0,
  body: {
    type: 'flow_monitor',
    entries: cookies.map(cookie => ({
      type: 'modified',
      reason: 0,
      priority: 100,
      idleTimeout: 0,
      hardTimeout: 0,
      tableId: 0,
      cookie,
      match: [],
      instructions: [],
    })),
  },
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

t.test('an audit does not disturb', async t => {
  const bench = new Bench();
  await bench.connect();
  bench.news();
  await bench.audit();
  t.strictSame(bench.news(), [], 'not before it is in sync');
  await bench.want({ flows: [flow(1, 2)] });
  bench.news();
  await bench.tick(1_000);
  await bench.tick(1_000);
  t.strictSame(bench.news(), [], 'not at each tick');

  bench.effects.advance(auditPeriod);
  bench.wanted = wantedOf({ flows: [flow(1, 3)] });
  bench.switches.reconcile(bench.fake.dpid);
  bench.switches.tick();
  await bench.fake.settle();
  const asked = bench.news();
  t.ok(asked.includes('commit_request'));
  t.notOk(asked.includes('aggregate'), 'not while it is programmed');
  bench.switches.tick();
  bench.switches.tick();
  bench.wanted = wantedOf({ flows: [flow(1, 4)] });
  bench.switches.reconcile(bench.fake.dpid);
  await bench.fake.settle();
  t.strictSame(
    bench
      .news()
      .filter(type => type !== 'barrier_request')
      .slice(0, 5),
    ['aggregate', 'group_desc', 'meter_config', 'flow', 'open_request'],
    'what comes meanwhile is done after it',
  );
  t.strictSame(bench.flows, texts(flow(1, 4)));

  t.comment('a switch that does not tell its flows is asked for its groups alone');
  const blind = new Bench();
  blind.fake.refuseRequest = type => (type === 'flow' ? [1, 2] : undefined);
  blind.wanted = wantedOf({ flows: [flow(1, 2)] });
  await blind.connect();
  blind.news();
  await blind.audit();
  t.notOk(blind.news().includes('flow'));
  t.strictSame(blind.drifts, []);

  t.comment('a connection that ends meanwhile');
  bench.effects.advance(auditPeriod);
  bench.fake.cutAfter = 1;
  bench.switches.tick();
  await bench.fake.settle();
  t.equal(bench.switches.all.length, 0);
});

t.test('flows that the switch has learned stay while their cookie is wanted', async t => {
  const bench = new Bench();
  const [kept, dropped, reactive] = [
    makeCookie(9, 'learned', 1),
    makeCookie(9, 'learned', 2),
    makeCookie(9, 'reactive', 0),
  ];
  for (const [inPort, cookie] of [
    [1, kept],
    [2, kept],
    [3, dropped],
    [4, reactive],
  ] as const) {
    const one = flowMod(flow(inPort, 9), cookie);
    bench.fake.flows.set(keyOf(one), one);
  }
  bench.wanted = wantedOf({ learned: new Set([kept]) });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 9), flow(2, 9), flow(4, 9)));
  t.match(bench.events, [{ type: 'switch-up', reactive: [{ cookie: reactive }] }]);

  t.comment('one that is learned later is deleted when its cookie goes, though no dump has shown it');
  bench.wanted = wantedOf({ learned: new Set([kept, dropped]) });
  await bench.reconcile();
  const late = flowMod(flow(5, 9), dropped);
  bench.fake.flows.set(keyOf(late), late);
  await bench.want({});
  t.strictSame(bench.flows, texts(flow(4, 9)));
});

t.test('a refused flow holds back nothing else, is told once, and is tried again', async t => {
  for (const when of ['add', 'commit'] as const) {
    for (const [bundles, isBare] of [
      ['yes', true],
      ['yes', false],
      ['errors', true],
      ['silence', true],
    ] as const) {
      const bench = new Bench({ bundles });
      if (!isBare) putThere(bench.fake, flow(3, 1));
      const isBad = (change: Message) => change.type === 'flow_mod' && keyOf(change).includes('in_port=2');
      const refuse = (change: Message) => (isBad(change) ? ([2, 4] as const) : undefined);
      if (when === 'add') bench.fake.refuseAdd = refuse;
      else bench.fake.refuseCommit = refuse;
      bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1), flow(3, 1)] });
      await bench.connect();

      const name = `at the ${when}, bundles: ${bundles}, ${isBare ? 'nothing is there' : 'one is there'}`;
      const told = () => bench.log.told.filter(line => line.includes('refused'));
      t.strictSame(bench.flows, texts(flow(1, 2), flow(3, 1)), name);
      t.equal(bench.only.sync.phase, 'in sync');
      t.strictSame(bench.refusals, [{ error: 'OFPBAC_BAD_OUT_PORT', what: formatFlow(flow(2, 1)) }]);
      t.strictSame(told(), [`kvm1 refused ${formatFlow(flow(2, 1))}: OFPBAC_BAD_OUT_PORT`]);
      t.equal(
        bench.fake.log.some(one => typeOf(one) === 'discard_request'),
        when === 'add' && bundles === 'yes' && !isBare,
        'where something is there already, a bundle is committed whole or not at all',
      );

      const isBundled = bundles === 'yes';
      t.equal(
        bench.fake.log.some(({ type }) => type === 'flow_mod'),
        !isBundled,
        'found in the bundle itself',
      );

      bench.news();
      await bench.reconcile();
      t.strictSame(bench.news(), [], 'not at every turn');
      await bench.advance(retryRefused);
      t.ok(bench.news().length > 0, 'but after a while');
      t.equal(told().length, 1, 'without saying the same again');
      t.equal(bench.refusals.length, 1);
      t.equal(bench.effects.timers, 1);

      bench.fake.refuseAdd = bench.fake.refuseCommit = () => undefined;
      await bench.advance(retryRefused);
      t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(3, 1)));
      t.strictSame(bench.refusals, []);
      t.equal(bench.effects.timers, 0);
    }
  }
});

t.test('a refused flow that is no longer wanted is forgotten', async t => {
  const bench = new Bench();
  bench.fake.refuseAdd = change => (change.type === 'flow_mod' ? [2, 4] : undefined);
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  t.equal(bench.refusals.length, 1);
  await bench.want({});
  t.strictSame(bench.refusals, []);
  bench.fake.refuseAdd = () => undefined;
  await bench.want({ flows: [flow(1, 2)] });
  t.strictSame(bench.flows, texts(flow(1, 2)), 'wanted again, it is tried at once');
});

t.test('a refused deletion is told, and forgotten when the flow is wanted after all', async t => {
  const bench = new Bench();
  await bench.connect();
  await bench.want({ flows: [flow(1, 2)], groups: [flood(7, 1)] });
  bench.fake.refuseCommit = change => (change.command === 'delete' ? [1, 5] : undefined);
  await bench.want({});
  const cookie = [...bench.fake.flows.values()][0]?.cookie ?? 0n;
  t.strictSame(bench.refusals, [
    { error: 'OFPBRC_EPERM', what: `to delete the flow with cookie=0x${cookie.toString(16)}` },
    { error: 'OFPBRC_EPERM', what: `to delete group ${groupIds.flood(7)}` },
  ]);
  await bench.want({ flows: [flow(1, 2)], groups: [flood(7, 1)] });
  await bench.advance(retryRefused);
  t.strictSame(bench.refusals, []);
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a group that is refused takes its flows with it, and they are all told in few bundles', async t => {
  const bench = new Bench();
  const count = 50;
  bench.fake.refuseCommit = change => (change.type === 'group_mod' ? [6, 3] : undefined);
  bench.wanted = wantedOf({
    flows: [flow(100, 1), ...Array.from({ length: count }, (_, index) => floodFlow(index + 1, 7))],
    groups: [flood(7, 1, 2)],
  });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(100, 1)));
  t.equal(bench.refusals.length, count + 1);
  t.equal(bench.refusals[0]?.error, 'OFPGMFC_OUT_OF_GROUPS');
  t.ok(bench.news().filter(type => type === 'commit_request').length < 10);
  t.equal(bench.only.sync.phase, 'in sync');
  bench.fake.refuseCommit = () => undefined;
  await bench.advance(retryRefused);
  t.equal(bench.flows.length, count + 1);
  t.ok(bench.news().includes('commit_request'), 'in a bundle again');
});

t.test('a commit that fails and does not say why: message by message', async t => {
  const bench = new Bench();
  bench.fake.failCommits = true;
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
  t.strictSame(bench.refusals, []);
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a large bundle goes out in parts, and each refusal is told of its own flow', async t => {
  const bench = new Bench();
  const ports = Array.from({ length: 3_000 }, (_, index) => index + 1);
  const refusedOf = (change: Change, bad: readonly number[]): readonly [number, number] | undefined =>
    change.type === 'flow_mod' &&
    change.command === 'add' &&
    bad.includes(valueOf(change.match, 'in_port') ?? 0)
      ? [2, 4]
      : undefined;
  bench.fake.refuseAdd = change => refusedOf(change, [1, 500, 501, 1_700]);
  bench.fake.refuseCommit = change => refusedOf(change, [2_400]);
  bench.wanted = wantedOf({ flows: ports.map(port => flow(port, 9)) });
  await bench.connect();
  t.strictSame(
    bench.refusals.map(({ what }) => what),
    [1, 500, 501, 1_700, 2_400].map(port => formatFlow(flow(port, 9))),
  );
  t.equal(bench.flows.length, 2_995);
  t.equal(bench.only.sync.phase, 'in sync');
  const opened = bench.fake.log.filter(
    one => one.type === 'bundle_control' && one.controlType === 'open_request',
  );
  t.equal(opened.length, 3, 'two bundles were refused, and nothing of them was done');
});

t.test('a switch that knows no bundles is asked for one once', async t => {
  for (const bundles of ['errors', 'silence'] as const) {
    const bench = new Bench({ bundles });
    bench.wanted = wantedOf({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(floodFlow(1, 7)));
    t.strictSame(bench.refusals, []);
    await bench.want({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2, 3)] });
    t.strictSame(
      bench.fake.groups.get(groupIds.flood(7))?.buckets.length,
      3,
      'a group that is there is changed',
    );
    await bench.want({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2)] });
    bench.news();
    await bench.want({ flows: [flow(1, 2)] });
    const each = ['flow_mod', 'flow_mod', 'group_mod'].flatMap(type => [type, 'barrier_request']);
    t.strictSame(bench.news(), each);
    t.strictSame(bench.flows, texts(flow(1, 2)));
    t.equal(bench.fake.groups.size, 0);
  }
});

const largeFlood = (vni: number, buckets: number): Group =>
  flood(vni, ...Array.from({ length: buckets }, (_, index) => index + 1));

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
    t.equal(bench.bundled(), 0, 'a restart knows them again');
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

t.test('a group too large for any message is told as refused', async t => {
  const bench = new Bench();
  const [part] = wantedOf({ flows: [flow(1, 2)] });
  const huge = { ...largeFlood(7, 3_000), groupType: 'select' } as const;
  bench.wanted = [{ ...part, program: { ...part.program, groups: [huge] } }];
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2)));
  t.equal(bench.refusals.length, 1);
  t.match(bench.refusals[0], { error: 'OFPBRC_BAD_LEN', what: /^group_id=/ });
  t.ok(bench.fake.isConnected);
});

t.test('what is wanted cannot be said: the switch stays as it is, and the log says why', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  bench.news();
  const { wanted } = bench;
  Object.defineProperty(bench, 'wanted', {
    get: () => {
      throw new RangeError('a port of -1');
    },
    configurable: true,
  });
  await bench.reconcile();
  t.strictSame(bench.news(), []);
  t.equal(bench.only.sync.phase, 'waiting');
  t.match(bench.log.told.at(-1), /cannot tell what is wanted in kvm1: a port of -1/);
  Object.defineProperty(bench, 'wanted', { value: wanted });
  await bench.reconcile();
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a switch that will not tell', t => {
  t.test('its groups: it has none', async t => {
    const bench = new Bench();
    bench.fake.refuseRequest = type => (type === 'group_desc' ? [1, 2] : undefined);
    bench.wanted = wantedOf({ flows: [flow(1, 2)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(flow(1, 2)));
    t.strictSame(bench.refusals, []);
  });
  t.test('its flows: all is sent, nothing deleted, and it is told', async t => {
    const bench = new Bench();
    bench.wanted = wantedOf({ flows: [flow(1, 2)] });
    await bench.connect();
    bench.fake.cut();
    bench.fake.refuseRequest = type => (type === 'flow' ? [1, 5] : undefined);
    bench.wanted = wantedOf({ flows: [flow(2, 1)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
    t.strictSame(bench.refusals, [{ error: 'OFPBRC_EPERM', what: 'to tell its flows' }]);
  });
  t.end();
});

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

t.test('meters', t => {
  const [first, second] = [meterIds.of(1), meterIds.of(2)];
  const meterOf = (id: number, rate: number): Meter => ({
    id,
    flags: OFPMF.KBPS,
    bands: [{ type: 'drop', rate, burstSize: 0 }],
  });
  const metered = (inPort: number, id: number): Flow => ({
    ...flow(inPort),
    instructions: [meter(id), applyActions([output(1)])],
  });
  const said = (bench: Bench): readonly string[] => bench.news().filter(type => /mod|commit/.test(type));

  t.test('made and changed before the flows that use them, and deleted after', async t => {
    const bench = new Bench();
    await bench.connect();
    // Another program's, with an id of its own.
    bench.fake.meters.set(1, meterMod('add', meterOf(1, 1)));
    bench.news();
    await bench.want({ meters: [meterOf(first, 1_000)], flows: [metered(1, first), flow(2, 1)] });
    t.strictSame(said(bench), ['meter_mod', 'bundle_add flow_mod', 'bundle_add flow_mod', 'commit_request']);
    t.strictSame(bench.refusals, []);
    t.equal(bench.only.sync.phase, 'in sync');

    await bench.want({ meters: [meterOf(first, 2_000)], flows: [metered(1, first), flow(2, 1)] });
    t.strictSame(said(bench), ['meter_mod'], 'the flows stay');
    t.match(bench.fake.meters.get(first), { command: 'modify', bands: [{ rate: 2_000 }] });

    await bench.want({ meters: [meterOf(second, 5)], flows: [metered(1, second), flow(2, 1)] });
    t.strictSame(said(bench), [
      'meter_mod',
      'bundle_add flow_mod',
      'bundle_add flow_mod',
      'commit_request',
      'meter_mod',
    ]);
    t.strictSame([...bench.fake.meters.keys()], [1, second], "another program's stays");
    t.strictSame(bench.flows, texts(metered(1, second), flow(2, 1)));

    bench.fake.cut();
    await bench.connect();
    t.strictSame(said(bench), [], 'read anew, nothing is left to do');
    await bench.want({ flows: [flow(2, 1)] });
    t.strictSame([...bench.fake.meters.keys()], [1]);
    t.strictSame(bench.flows, texts(flow(2, 1)));
    t.end();
  });

  t.test('a meter stays while flows stay that are not wanted', async t => {
    const bench = new Bench();
    await bench.connect();
    await bench.want({ meters: [meterOf(first, 1_000)], flows: [metered(1, first)] });
    await bench.want({ keep: 'all' });
    t.strictSame([...bench.fake.meters.keys()], [first]);
    t.strictSame(bench.flows, texts(metered(1, first)));
    t.end();
  });

  t.test('a switch that has none: its flows with a meter are refused, and all else is done', async t => {
    const bench = new Bench();
    bench.fake.refuseRequest = type => (type === 'meter_config' ? [1, 2] : undefined);
    bench.fake.refuseAdd = change => (change.type === 'meter_mod' ? [1, 1] : undefined);
    await bench.connect();
    await bench.want({
      meters: [meterOf(first, 1_000)],
      flows: [metered(1, first), flow(2, 1), floodFlow(3, 7)],
      groups: [flood(7, 1)],
    });
    t.strictSame(bench.flows, texts(flow(2, 1), floodFlow(3, 7)));
    t.strictSame(bench.refusals, [
      { error: 'OFPBRC_BAD_TYPE', what: `meter=${first} kbps bands= type=drop rate=1000` },
      { error: 'OFPMMFC_INVALID_METER', what: formatFlow(metered(1, first)) },
    ]);
    t.equal(bench.only.sync.phase, 'in sync');
    bench.fake.refuseAdd = () => undefined;
    await bench.advance(retryRefused);
    t.strictSame(bench.refusals, [], 'where it has some after all, they are made');
    t.strictSame(bench.flows, texts(metered(1, first), flow(2, 1), floodFlow(3, 7)));
    t.end();
  });

  t.test('two apps that claim one', t => {
    const part = (app: string, number: number) => ({
      app,
      number,
      program: { ...emptyProgram, meters: [meterOf(first, number)] },
    });
    const { meters, conflicts } = compile([part('a', 8), part('b', 9)]);
    t.strictSame([...meters.values()], [meterOf(first, 8)]);
    t.strictSame(conflicts, [{ first: 'a', second: 'b', what: `meter ${first}` }]);
    t.throws(() => wantedOf({ meters: [meterOf(1, 1)] }), { code: 'APP_INVALID', message: /meter 1 is not/ });
    t.end();
  });
  t.end();
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
        ...['flow_mod', 'flow_mod', 'barrier_request'],
        ...['group_mod', 'barrier_request'],
      ],
      bundles,
    );
    t.strictSame(bench.flows, texts(floodFlow(1, 8), flow(3, 1)));
    t.strictSame([...bench.fake.groups.keys()], [groupIds.flood(8)]);
  }
});
