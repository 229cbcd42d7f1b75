import type { TakeoverStage } from '../reconcile/host-plan.js';
import type { Ground } from '../reconcile/stage.js';

/**
 * How a bridge that forwards by itself (`fail_mode=standalone`, its NORMAL action) comes under Heddle, as a pure state
 * machine. When all that is wanted can be said, flows are sent over a connection of type `service`, for which Open vSwitch
 * empties no table. But it does so when the bridge gets its first controller, whatever the way.
 *
 * The simple way: the bundle is sent several times before, and committed again and again from the moment that the controller
 * and `fail_mode=secure` are written. What is lost is lost between the emptied tables and the next commit. Nothing waits
 * for an answer, which may not come through in between: the bridge may itself be the way to its controller.
 *
 * The gentle way loses nothing. The controller does not answer at first: the tables are emptied, but a bridge whose
 * controller is missing fails open, and forwards as NORMAL says by a flow that OpenFlow does not show, above all others. Our
 * flows are sent again beneath it, and when the controller answers at last, Open vSwitch takes the hidden flow away.
 * `fail_mode=secure` follows. A controller that connects too early leaves that flow there for good, and so does all that changes
 * only its probe and the `fail_mode`: the gentle way is left by taking the controller away again, never by going on.
 *
 * A bridge that has somebody else's controller loses nothing the simple way, and is always taken over by it: Open vSwitch empties no
 * table when it gets one more. While that controller is away the bridge fails open, and our flows wait beneath the same hidden
 * NORMAL, which goes with `fail_mode=secure`.
 *
 * Until the switch has taken its flows over the service connection, it goes on forwarding by itself, however long that takes: a
 * host that cannot reach Heddle must not be told to obey it.
 *
 * Where it stands is in the host's database at each step, so that another run can go on, or start again.
 */
export type TakeoverState =
  | { readonly phase: 'none' }
  | ({ readonly phase: 'preparing' } & Since)
  /**
   * Our flows are sent over a service connection. `simple`: the gentle way was given up. `isTold`: that it takes long.
   */
  | ({ readonly phase: 'serving'; readonly simple?: true; readonly isTold?: true } & Since & Attempt)
  /** The simple way: the bundles are sent that are to be committed later. */
  | ({ readonly phase: 'staging' } & Since & OverSession)
  /** The controller is set, and answers; the bundles are committed until it is there. */
  | ({ readonly phase: 'obeying' } & Since & OverSession)
  /** The gentle way: the controller is set and does not answer; the bridge fails open, and empties its tables once more when it does. */
  | ({ readonly phase: 'settling'; readonly toldAt?: number } & Since & Attempt & OverSession)
  /** Our flows are sent again, beneath the hidden NORMAL. */
  | ({ readonly phase: 'restoring' } & Since & Attempt & OverSession)
  /** The controller answers from now on. */
  | ({ readonly phase: 'admitting' } & Since & OverSession)
  /** Under Heddle alone. `admitted`: its controller is connected, and no other connection may take that one's place. */
  | ({ readonly phase: 'finishing'; readonly admitted: boolean } & Since);

interface Since {
  readonly since: number;
}
interface Attempt {
  readonly attempt: number;
}
interface OverSession {
  /** The service connection. */
  readonly session: object;
}

export type TakeoverPhase = Exclude<TakeoverState['phase'], 'none'>;

export interface TakeoverInput {
  /** Milliseconds of a steady clock. */
  readonly now: number;
  /** Whether the gentle way was asked for. */
  readonly gentle: boolean;
  /** undefined: there is nothing to take over. */
  readonly ground: Ground | undefined;
  /** Everything that is wanted in the switch can be said: all hosts of the file have been read. */
  readonly complete: boolean;
  /** ovs-vswitchd has carried out all that we have written. */
  readonly applied: boolean;
  /** The OpenFlow connection with this bridge. */
  readonly session?: TakeoverSession;
  /** When the last `restore` that has ended well was asked for. */
  readonly restoredFrom?: number;
  /** When the last `stage` that has ended well was asked for. */
  readonly stagedFrom?: number;
}

export interface TakeoverSession {
  /** Another object for each connection. */
  readonly id: object;
  /** The switch holds all that is wanted: it has refused nothing. */
  readonly inSync: boolean;
}

export interface TakeoverStep {
  readonly state: TakeoverState;
  /** The switch is to be read anew, and to be sent what it lacks. */
  readonly restore?: true;
  /** All that is wanted is to be sent, to be committed later. */
  readonly stage?: true;
  /** What was staged is to be committed, again and again from now on. */
  readonly commit?: true;
  /** Why the gentle way is not taken, or not to its end. */
  readonly gaveUp?: string;
  /** What it waits for, told once where that takes long. */
  readonly waits?: 'connection' | 'flows';
}

/** Milliseconds. */
export const takeoverTiming = {
  /**
   * From the controller's appearance in the database to our flows: Open vSwitch counts its absence in whole seconds, and
   * empties the tables again when it is one. Connected before, the hidden NORMAL would stay for good.
   */
  settle: 2_500,
  /** What a bridge may take for each other step, its backoff of up to 8 s included. */
  patience: 20_000,
} as const;

/** A service connection that breaks on the way is tried again this often. */
const maxAttempts = 3;

export const noTakeover: TakeoverState = { phase: 'none' };

export function stepTakeover(state: TakeoverState, input: TakeoverInput): TakeoverStep {
  const { now, ground, session } = input;
  if (ground === undefined) return { state: noTakeover };
  switch (state.phase) {
    case 'none':
      return prepared({ phase: 'preparing', since: now }, input, ground);
    case 'preparing':
      return prepared(state, input, ground);
    case 'serving':
      return served(state, input, ground);
    case 'staging':
      if (session?.id !== state.session) return { state: simply(now) };
      if (input.stagedFrom !== undefined && input.stagedFrom >= state.since)
        return { state: { phase: 'obeying', since: now, session: state.session }, commit: true };
      return isLate(state, now) ? giveUp(now, 'its switch has not taken the bundles in time') : { state };
    case 'settling': {
      if (session?.id !== state.session) return again(state, now);
      if (ground.reached !== 'standby')
        return isLate(state, now) ? withdraw(now, 'its database was not changed in time') : { state };
      const toldAt = state.toldAt ?? now;
      if (now - toldAt < takeoverTiming.settle) return { state: { ...state, toldAt } };
      const { attempt } = state;
      return { state: { phase: 'restoring', since: now, attempt, session: state.session }, restore: true };
    }
    case 'restoring':
      if (session?.id !== state.session) return again(state, now);
      if (input.restoredFrom !== undefined && input.restoredFrom >= state.since)
        return { state: { phase: 'admitting', since: now, session: state.session } };
      return isLate(state, now)
        ? withdraw(now, 'its switch has not taken the flows again in time')
        : { state };
    case 'obeying':
    case 'admitting':
      if (session !== undefined && session.id !== state.session && session.inSync)
        return { state: { phase: 'finishing', since: now, admitted: true } };
      if (!isLate(state, now)) return { state };
      return (state.phase === 'obeying' ? giveUp : withdraw)(
        now,
        'its switch has not connected to its controller in time, or has refused flows',
      );
    case 'finishing':
      return { state: session === undefined && state.admitted ? { ...state, admitted: false } : state };
  }
}

function prepared(
  state: TakeoverState & { phase: 'preparing' },
  { now, complete }: TakeoverInput,
  { reached, canServe }: Ground,
): TakeoverStep {
  if (reached === 'obeying') return { state: { phase: 'finishing', since: now, admitted: false } };
  const serving: TakeoverState = { phase: 'serving', since: now, attempt: 1 };
  // A controller of a run that was cut is taken away at once: once connected, it would leave the bridge with empty tables.
  if (reached === 'standby') return { state: serving };
  if (!complete || reached === 'nothing') return { state };
  if (!canServe) return giveUp(now, 'its Open vSwitch is older than 2.12 and knows no service connections');
  return { state: serving };
}

function served(
  state: TakeoverState & { phase: 'serving' },
  { now, gentle, complete, applied, session }: TakeoverInput,
  { reached, obeysOthers }: Ground,
): TakeoverStep {
  // A controller on standby goes first, in the database and in the switch: its connection could not be told from this one, and
  // one that came back before the switch has seen it go would keep its hidden NORMAL.
  if (session?.inSync === true && complete && applied && reached === 'service') {
    const { attempt } = state;
    return gentle && !obeysOthers && state.simple !== true
      ? { state: { phase: 'settling', since: now, attempt, session: session.id } }
      : { state: { phase: 'staging', since: now, session: session.id }, stage: true };
  }
  if (state.isTold === true || !complete || !isLate(state, now)) return { state };
  return { state: { ...state, isTold: true }, waits: session === undefined ? 'connection' : 'flows' };
}

function again({ attempt }: Attempt, now: number): TakeoverStep {
  return attempt < maxAttempts
    ? { state: { phase: 'serving', since: now, attempt: attempt + 1 } }
    : withdraw(now, `the service connection to its switch broke ${maxAttempts} times`);
}

/** Back to the service connection, and on the simple way: with the controller goes the hidden NORMAL. */
const withdraw = (now: number, gaveUp: string): TakeoverStep => ({ state: simply(now), gaveUp });

const simply = (now: number): TakeoverState => ({ phase: 'serving', since: now, attempt: 1, simple: true });

/** Only where the switch has had all its flows, or can never have them before it obeys. */
const giveUp = (now: number, gaveUp: string): TakeoverStep => ({
  state: { phase: 'finishing', since: now, admitted: false },
  gaveUp,
});

const isLate = ({ since }: Since, now: number): boolean => now - since > takeoverTiming.patience;

/** What its host's database is to hold in this state. */
export function stageOf({ phase }: TakeoverState): TakeoverStage {
  switch (phase) {
    case 'preparing':
      return 'prepare';
    case 'serving':
    case 'staging':
      return 'service';
    case 'obeying':
      return 'obeying';
    case 'settling':
    case 'restoring':
    case 'admitting':
      return 'standby';
    case 'none':
    case 'finishing':
      return 'whole';
  }
}

/**
 * Whether the switch of this bridge may be sent anything: what is not known yet could not be told from what is not wanted,
 * and would not be forwarded any more.
 */
export function mayProgram(
  { phase }: TakeoverState,
  ground: Ground | undefined,
  complete: TakeoverInput['complete'],
): boolean {
  if (ground === undefined) return true;
  if (phase === 'none' || phase === 'preparing') return false;
  return complete || ground.reached === 'obeying';
}

/**
 * Whether new connections from this bridge are turned away before a HELLO: there is a controller on standby, which looks
 * like the service connection to us and must not be answered yet, or the other way round.
 */
export function turnsAway(state: TakeoverState, ground: Ground | undefined): boolean {
  switch (state.phase) {
    case 'none':
    case 'preparing':
    case 'serving':
    case 'staging':
      return ground?.reached === 'standby';
    case 'settling':
    case 'restoring':
      return true;
    case 'obeying':
    case 'admitting':
      return false;
    case 'finishing':
      return state.admitted && ground !== undefined;
  }
}
