/** The steps of a take-over, without hosts. */
import t from 'tap';
import {
  initialReplacement,
  type MeshReplacementState,
  stepReplacement,
} from '../../src/controller/mesh-replacement.js';
import {
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
const at = (reached: Ground['reached'], canServe = true): Ground => ({ reached, canServe });

/** Steps a machine, with an input that stays as it was last said. */
class Machine {
  state: TakeoverState = noTakeover;
  readonly asked: string[] = [];
  readonly gaveUp: string[] = [];
  #input: TakeoverInput;

  constructor(input: Partial<TakeoverInput> = {}) {
    this.#input = { now: 0, gentle: true, ground: at('nothing'), complete: false, ...input };
  }

  /** @returns the phase, the stage and whether the bridge is turned away */
  step(input: Partial<TakeoverInput> = {}): string {
    this.#input = { ...this.#input, ...input };
    const { state, restore, stage, commit, gaveUp } = stepTakeover(this.state, this.#input);
    this.state = state;
    for (const [name, isAsked] of Object.entries({ restore, stage, commit }))
      if (isAsked === true) this.asked.push(name);
    if (gaveUp !== undefined) this.gaveUp.push(gaveUp);
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

t.test('an Open vSwitch that knows no service connections', t => {
  const machine = new Machine({ complete: true, ground: at('prepare', false) });
  machine.step();
  t.equal(machine.step(), 'finishing: whole');
  t.match(machine.gaveUp, [/older than 2\.12/]);
  t.end();
});

t.test('each step has its time, and then the simple way is taken', t => {
  const late = takeoverTiming.patience + 1;
  const serving = new Machine({ complete: true, ground: at('prepare') });
  serving.step();
  serving.step();
  t.equal(serving.after(late), 'finishing: whole');
  t.match(serving.gaveUp, [/service connection/]);

  const settling = new Machine().settle();
  t.equal(settling.after(late), 'finishing: whole');

  const restoring = new Machine().settle();
  restoring.step({ ground: at('standby') });
  t.equal(restoring.after(takeoverTiming.settle), 'restoring: standby, shut');
  t.equal(restoring.after(late), 'finishing: whole', 'and the controller is answered');

  const admitting = new Machine().settle();
  admitting.step({ ground: at('standby') });
  admitting.after(takeoverTiming.settle);
  t.equal(admitting.after(1, { restoredFrom: takeoverTiming.settle }), 'admitting: standby');
  t.equal(admitting.after(late), 'finishing: whole');
  t.equal(admitting.gaveUp.length, 1);
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
  t.equal(machine.after(1, { session: { id: {}, inSync: true } }), 'finishing: whole');
  t.match(machine.gaveUp, [/broke 3 times/]);
  t.end();
});

t.test('a run that finds what an earlier one has left', t => {
  for (const [found, gentle, then] of [
    ['service', true, 'serving: service'],
    ['service', false, 'serving: service'],
    // It is turned away until the controller on standby is gone.
    ['standby', true, 'serving: service, shut'],
    ['standby', false, 'serving: service, shut'],
    ['obeying', true, 'finishing: whole'],
  ] as const) {
    const machine = new Machine({ gentle, ground: at(found) });
    t.equal(machine.step(), `preparing: prepare${found === 'standby' ? ', shut' : ''}`);
    t.equal(machine.step({ complete: true }), then, `${found}, ${gentle ? 'gently' : 'simply'}`);
  }
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
  t.end();
});
