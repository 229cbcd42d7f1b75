/** The steps of a take-over, without hosts. */
import t, { type Test } from 'tap';
import {
  initialReplacement,
  type MeshReplacementState,
  stepReplacement,
} from '../../src/controller/mesh-replacement.js';
import {
  mayProgram,
  noTakeover,
  stageOf,
  stepTakeover,
  type TakeoverInput,
  type TakeoverState,
  takeoverTiming,
  turnsAway,
} from '../../src/controller/takeover.js';
import type { Ground } from '../../src/reconcile/stage.js';

const service = {};
const controller = {};
const at = (reached: Ground['reached'], canServe = true, obeysOthers = false): Ground => ({
  ...{ reached, canServe, obeysOthers },
});

/** Steps a machine, with an input that stays as it was last said. */
class Machine {
  state: TakeoverState = noTakeover;
  readonly asked: string[] = [];
  readonly gaveUp: string[] = [];
  readonly waits: string[] = [];
  #input: TakeoverInput;

  constructor(input: Partial<TakeoverInput> = {}) {
    this.#input = { now: 0, gentle: true, ground: at('nothing'), complete: false, applied: true, ...input };
  }

  /** @returns the phase, the stage and whether the bridge is turned away */
  step(input: Partial<TakeoverInput> = {}): string {
    this.#input = { ...this.#input, ...input };
    const { state, restore, stage, commit, gaveUp, waits } = stepTakeover(this.state, this.#input);
    this.state = state;
    for (const [name, isAsked] of Object.entries({ restore, stage, commit }))
      if (isAsked === true) this.asked.push(name);
    if (gaveUp !== undefined) this.gaveUp.push(gaveUp);
    if (waits !== undefined) this.waits.push(waits);
    const door = turnsAway(state, this.#input.ground) ? ', shut' : '';
    return `${state.phase}: ${stageOf(state)}${door}`;
  }

  after(ms: number, input: Partial<TakeoverInput> = {}): string {
    return this.step({ now: this.#input.now + ms, ...input });
  }

  /** To where the controller is on standby, and our flows are there. */
  settle(): this {
    this.step();
    this.step({ ground: at('prepare'), complete: true });
    this.step({ ground: at('service'), session: { id: service, inSync: true } });
    return this;
  }
}

t.test('nothing to take over', t => {
  t.equal(new Machine({ ground: undefined }).step(), 'none: whole');
  const machine = new Machine();
  machine.step();
  t.equal(machine.step({ ground: undefined }), 'none: whole', 'somebody has set it to secure');
  t.end();
});

t.test(
  'the simple way waits until all that is wanted is known, and until what is to be committed is there',
  t => {
    const machine = new Machine({ gentle: false });
    t.equal(machine.step(), 'preparing: prepare');
    t.equal(machine.after(60_000, { ground: at('prepare') }), 'preparing: prepare', 'however long');
    t.equal(machine.step({ complete: true, ground: at('nothing') }), 'preparing: prepare', 'no ports yet');
    t.equal(machine.step({ ground: at('prepare') }), 'serving: service');
    t.equal(machine.step({ ground: at('service') }), 'serving: service');
    t.equal(machine.step({ session: { id: service, inSync: true } }), 'staging: service');
    t.same(machine.asked, ['stage']);
    t.equal(machine.after(5), 'staging: service');
    t.equal(machine.step({ stagedFrom: 60_000 }), 'obeying: obeying');
    t.same(machine.asked, ['stage', 'commit']);
    t.equal(machine.step({ ground: at('obeying') }), 'obeying: obeying');
    t.equal(machine.step({ session: { id: controller, inSync: false } }), 'obeying: obeying');
    t.equal(machine.step({ session: { id: controller, inSync: true } }), 'finishing: whole, shut');
    t.equal(machine.step({ ground: undefined }), 'none: whole');
    t.same(machine.gaveUp, []);
    t.end();
  },
);

t.test('the gentle way, step by step', t => {
  const machine = new Machine();
  t.equal(machine.step(), 'preparing: prepare');
  t.equal(machine.step({ ground: at('prepare'), complete: true }), 'serving: service');
  t.equal(machine.step({ ground: at('service') }), 'serving: service');
  t.equal(machine.step({ session: { id: service, inSync: false } }), 'serving: service');
  t.equal(machine.step({ session: { id: service, inSync: true } }), 'settling: standby, shut');
  t.equal(machine.after(5_000), 'settling: standby, shut', 'the database is slow');
  t.equal(machine.step({ ground: at('standby') }), 'settling: standby, shut');
  t.equal(machine.after(takeoverTiming.settle - 1), 'settling: standby, shut');
  t.same(machine.asked, []);
  t.equal(machine.after(1), 'restoring: standby, shut');
  t.same(machine.asked, ['restore']);
  t.equal(machine.after(100), 'restoring: standby, shut');
  t.equal(machine.after(1, { restoredFrom: 0 }), 'restoring: standby, shut', 'of an earlier time');
  t.equal(machine.after(1, { restoredFrom: 5_000 + takeoverTiming.settle }), 'admitting: standby');
  t.equal(machine.after(100), 'admitting: standby', 'the service connection is not the controller');
  t.equal(machine.after(1, { session: { id: controller, inSync: false } }), 'admitting: standby');
  t.equal(machine.after(1, { session: { id: controller, inSync: true } }), 'finishing: whole, shut');
  t.equal(machine.after(1, { ground: undefined }), 'none: whole');
  t.same(machine.asked, ['restore']);
  t.same(machine.gaveUp, []);
  t.end();
});

t.test("beside somebody else's controller no table is emptied, and the simple way loses nothing", t => {
  const beside = (reached: Ground['reached']): Ground => at(reached, true, true);
  const machine = new Machine({ ground: beside('nothing') });
  t.equal(machine.after(60_000), 'preparing: prepare', 'it waits for all hosts, as any other');
  t.equal(machine.step({ ground: beside('prepare'), complete: true }), 'serving: service');
  t.equal(
    machine.step({ ground: beside('service'), session: { id: service, inSync: true } }),
    'staging: service',
    'though the gentle way was asked for',
  );
  t.equal(machine.step({ stagedFrom: 60_000 }), 'obeying: obeying');
  t.equal(
    machine.step({ ground: beside('obeying'), session: { id: controller, inSync: true } }),
    'finishing: whole, shut',
  );
  t.same([machine.asked, machine.gaveUp], [['stage', 'commit'], []]);
  t.equal(
    new Machine({ ground: beside('standby'), complete: true }).step(),
    'serving: service, shut',
    'a controller on standby, of a run that was cut, is taken away',
  );
  t.end();
});

t.test('an Open vSwitch that knows no service connections', t => {
  const machine = new Machine({ complete: true, ground: at('prepare', false) });
  t.equal(machine.step(), 'finishing: whole');
  t.match(machine.gaveUp, [/older than 2\.12/]);
  t.end();
});

const late = takeoverTiming.patience + 1;

t.test('who never connects for the flows goes on forwarding, and is told of', t => {
  const machine = new Machine({ complete: true, ground: at('prepare') });
  t.equal(machine.step(), 'serving: service');
  machine.step({ ground: at('service') });
  for (let minutes = 0; minutes < 60; minutes++) t.equal(machine.after(60_000), 'serving: service');
  t.same(machine.waits, ['connection'], 'once');
  t.same(machine.gaveUp, []);
  t.equal(machine.after(1, { session: { id: service, inSync: true } }), 'settling: standby, shut');
  t.end();
});

t.test('nobody who has refused flows is told to obey', t => {
  const refusing = { id: service, inSync: false };
  const machine = new Machine({ complete: true, ground: at('service'), gentle: false, session: refusing });
  machine.step();
  t.equal(machine.after(late), 'serving: service');
  t.same(machine.waits, ['flows']);
  t.equal(machine.step({ session: { id: service, inSync: true } }), 'staging: service');
  t.end();
});

/** The gentle way has been left: the controller goes, and only when it is gone the simple way begins. */
function isSimplyTaken(t: Test, machine: Machine, label: string): void {
  t.equal(machine.gaveUp.length, 1, label);
  const other = { id: {}, inSync: true };
  t.equal(machine.step({ session: other, ground: at('standby') }), 'serving: service, shut', label);
  t.equal(machine.after(late), 'serving: service, shut', 'its database must show it');
  t.equal(machine.step({ ground: at('service'), applied: false }), 'serving: service', 'so must its switch');
  t.equal(machine.step({ applied: true }), 'staging: service');
  t.equal(machine.after(1, { stagedFrom: Infinity }), 'obeying: obeying');
  t.equal(machine.step({ ground: at('obeying') }), 'obeying: obeying');
  t.equal(machine.after(late), 'finishing: whole', 'it has all its flows');
}

t.test('each step of the gentle way has its time', t => {
  const settling = new Machine().settle();
  t.equal(settling.after(late), 'serving: service');
  isSimplyTaken(t, settling, 'settling');

  const restoring = new Machine().settle();
  restoring.step({ ground: at('standby') });
  t.equal(restoring.after(takeoverTiming.settle), 'restoring: standby, shut');
  t.equal(restoring.after(late), 'serving: service, shut');
  isSimplyTaken(t, restoring, 'restoring');

  const admitting = new Machine().settle();
  admitting.step({ ground: at('standby') });
  admitting.after(takeoverTiming.settle);
  t.equal(admitting.after(1, { restoredFrom: takeoverTiming.settle }), 'admitting: standby');
  t.equal(admitting.after(late), 'serving: service, shut');
  isSimplyTaken(t, admitting, 'admitting');
  t.end();
});

t.test('a service connection that breaks: from the start, but not for ever', t => {
  const machine = new Machine().settle();
  machine.step({ ground: at('standby') });
  for (const attempt of [2, 3]) {
    const broken = { session: { id: {}, inSync: false } };
    t.equal(machine.after(1, broken), 'serving: service, shut', `attempt ${attempt}`);
    t.equal(machine.after(1, { session: { id: service, inSync: true } }), 'serving: service, shut');
    t.equal(machine.step({ ground: at('service') }), 'settling: standby, shut');
    machine.step({ ground: at('standby') });
  }
  t.equal(machine.after(1, { session: { id: {}, inSync: true } }), 'serving: service, shut');
  t.match(machine.gaveUp, [/broke 3 times/]);
  isSimplyTaken(t, machine, 'the hidden NORMAL of a controller that came too early goes with it');
  t.end();
});

t.test('bundles over a connection that has ended are sent again over the next', t => {
  const machine = new Machine({ gentle: false }).settle();
  t.equal(machine.state.phase, 'staging');
  t.equal(machine.after(1, { session: { id: controller, inSync: false } }), 'serving: service');
  t.equal(machine.step({ session: { id: controller, inSync: true } }), 'staging: service');
  t.end();
});

t.test('a switch is sent nothing while all that is wanted is not known', t => {
  for (const [state, ground, complete, may] of [
    [noTakeover, undefined, false, true],
    [noTakeover, at('service'), true, false],
    [{ phase: 'preparing', since: 0 }, at('service'), true, false],
    [{ phase: 'serving', since: 0, attempt: 1 }, at('service'), false, false],
    [{ phase: 'serving', since: 0, attempt: 1 }, at('standby'), false, false],
    [{ phase: 'serving', since: 0, attempt: 1 }, at('service'), true, true],
    // It drops what no flow says, and so has nothing to lose.
    [{ phase: 'finishing', since: 0, admitted: false }, at('obeying'), false, true],
  ] as const)
    t.equal(mayProgram(state, ground, complete), may, `${state.phase}, ${ground?.reached}`);
  t.end();
});

t.test('a run that finds what an earlier one has left', t => {
  const looks = (reached: Ground['reached'], gentle: boolean): string[] => {
    const machine = new Machine({ gentle, ground: at(reached) });
    return [
      machine.step(),
      machine.step({ session: { id: {}, inSync: true } }),
      machine.step({ complete: true }),
    ];
  };
  t.same(looks('service', true), ['preparing: prepare', 'preparing: prepare', 'serving: service']);
  t.same(looks('service', false), ['preparing: prepare', 'preparing: prepare', 'serving: service']);
  // The controller goes, whatever is known; nobody is answered until it has gone.
  const standby = 'serving: service, shut';
  t.same(looks('standby', true), [standby, standby, standby]);
  t.same(looks('standby', false), [standby, standby, standby]);
  t.equal(looks('obeying', true)[0], 'finishing: whole');
  t.end();
});

t.test('a controller that goes at the last moment may come again', t => {
  const machine = new Machine().settle();
  machine.step({ ground: at('standby') });
  machine.after(takeoverTiming.settle);
  machine.after(1, { restoredFrom: takeoverTiming.settle });
  t.equal(machine.after(1, { session: { id: controller, inSync: true } }), 'finishing: whole, shut');
  const { state } = stepTakeover(machine.state, {
    now: 0,
    gentle: true,
    ground: at('standby'),
    complete: true,
    applied: true,
  });
  t.notOk(turnsAway(state, at('standby')));
  t.end();
});

t.test('the mesh is replaced when all has been settled for a while, and not before', t => {
  const looks = (...settled: readonly boolean[]): string => {
    let state: MeshReplacementState = initialReplacement;
    return settled.map(isSettled => (state = stepReplacement(state, isSettled)).phase[0]).join('');
  };
  t.equal(looks(true, true, true, true, true, true, true, false), 'aasssddd', 'and it stays so');
  t.equal(looks(true, true, false, true, true, true), 'aaaaas', 'a host that is away in between');
  t.equal(looks(true, true, true, false, true, true, false, true, true, true), 'aasssssssd');
  const deleting = stepReplacement({ phase: 'deleting', settled: 1 }, false);
  t.same(deleting, { phase: 'deleting', settled: 0 }, 'ports that are there still have to wait');
  t.end();
});
