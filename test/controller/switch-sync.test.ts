import fc from 'fast-check';
import t from 'tap';
import { retryRefused, type Refusal } from '../../src/controller/switch-sync.js';
import { type ConnectedSwitch, Switches } from '../../src/controller/switches.js';
import {
  type AppEvent,
  emptyProgram,
  type Flow,
  type Group,
  groupIds,
  makeCookie,
  type Program,
} from '../../src/intent/index.js';
import {
  applyActions,
  bucket,
  type FlowMod,
  formatFlow,
  group as toGroup,
  match,
  type Message,
  output,
} from '../../src/openflow/index.js';
import { compile, flowMod, type Wanted } from '../../src/reconcile/compile.js';
import { FakeEffects, FakeLog, settled } from '../support/fake-effects.js';
import { FakeSwitch, type FakeSwitchOptions, keyOf } from '../support/fake-switch.js';

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
const wantedOf = (program: Partial<Program>): Wanted =>
  compile([{ app: 'test', number: 9, program: { ...emptyProgram, ...program } }]);

/** A person's own flow. */
const foreign: FlowMod = { ...flowMod(flow(99, 98), 0xabcn), tableId: 7 };

/** Heddle's end with one switch, and what it has wanted of it. */
class Bench {
  readonly effects = new FakeEffects();
  readonly log = new FakeLog();
  readonly fake: FakeSwitch;
  readonly events: AppEvent[] = [];
  wanted: Wanted | undefined;
  readonly switches = new Switches({
    effects: this.effects,
    log: this.log,
    hypervisorOf: () => 'kvm1',
    wanted: () => this.wanted,
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

  /** What came since the last time that was asked, by type. */
  news(): readonly string[] {
    return this.fake.log.splice(0).map(typeOf);
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

const texts = (...flows: readonly Flow[]): readonly string[] => flows.map(formatFlow).sort();

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

t.test('while not all is known, nothing is taken away', async t => {
  const bench = new Bench();
  const learned = makeCookie(9, 'learned', 4);
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)], groups: [flood(7, 1, 2)] });
  const taught = flowMod(flow(50, 51), learned);
  bench.fake.flows.set(keyOf(taught), taught);
  bench.wanted = { ...bench.wanted, learned: new Set([learned]) };
  await bench.connect();
  bench.fake.cut();

  bench.wanted = wantedOf({ flows: [flow(3, 1)], groups: [flood(7, 3)], complete: false });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(3, 1), flow(50, 51)));
  t.strictSame(
    bench.fake.groups.get(groupIds.flood(7))?.buckets,
    flood(7, 3, 1, 2).buckets,
    'a member that is not known yet still gets its copy',
  );
  t.equal(bench.only.sync.phase, 'in sync');

  await bench.want({ flows: [flow(3, 1)], groups: [flood(7, 3)] });
  t.strictSame(bench.flows, texts(flow(3, 1)));
  t.strictSame(bench.fake.groups.get(groupIds.flood(7))?.buckets, flood(7, 3).buckets);
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
    for (const bundles of ['yes', 'errors', 'silence'] as const) {
      const bench = new Bench({ bundles });
      const isBad = (change: Message) => change.type === 'flow_mod' && keyOf(change).includes('in_port=2');
      const refuse = (change: Message) => (isBad(change) ? ([2, 4] as const) : undefined);
      if (when === 'add') bench.fake.refuseAdd = refuse;
      else bench.fake.refuseCommit = refuse;
      bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1), flow(3, 1)] });
      await bench.connect();

      const name = `at the ${when}, bundles: ${bundles}`;
      const told = () => bench.log.told.filter(line => line.includes('refused'));
      t.strictSame(bench.flows, texts(flow(1, 2), flow(3, 1)), name);
      t.equal(bench.only.sync.phase, 'in sync');
      t.strictSame(bench.refusals, [{ error: 'OFPBAC_BAD_OUT_PORT', what: formatFlow(flow(2, 1)) }]);
      t.strictSame(told(), [`kvm1 refused ${formatFlow(flow(2, 1))}: OFPBAC_BAD_OUT_PORT`]);
      t.equal(
        bench.fake.log.some(one => typeOf(one) === 'discard_request'),
        when === 'add' && bundles === 'yes',
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

t.test('a switch that knows no bundles is asked for one once', async t => {
  for (const bundles of ['errors', 'silence'] as const) {
    const bench = new Bench({ bundles });
    bench.wanted = wantedOf({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(floodFlow(1, 7)));
    t.strictSame(bench.refusals, []);
    bench.news();
    await bench.want({ flows: [flow(1, 2)] });
    t.strictSame(bench.news(), ['flow_mod', 'flow_mod', 'group_mod', 'barrier_request']);
    t.strictSame(bench.flows, texts(flow(1, 2)));
    t.equal(bench.fake.groups.size, 0);
  }
});

t.test('a group too large for any message is told as refused', async t => {
  const bench = new Bench();
  const wanted = wantedOf({ flows: [flow(1, 2)] });
  const huge = flood(7, ...Array.from({ length: 3_000 }, (_, index) => index + 1));
  bench.wanted = { ...wanted, groups: new Map([[huge.id, huge]]) };
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
              change.type === 'flow_mod' && keyOf(change).endsWith(`in_port=${refused}`) ? [2, 4] : undefined;
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
