import type { HypervisorConfig } from '../config/config.js';
import type { HostIntent } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import type { Replica } from '../ovsdb/index.js';
import type { TakeoverStage } from '../reconcile/host-plan.js';
import { type Ground, groundIn } from '../reconcile/stage.js';
import type { Effects, Log, Timer } from './effects.js';
import type { Commit } from './switch-changes.js';
import {
  noTakeover,
  stageOf,
  stepTakeover,
  type TakeoverInput,
  type TakeoverPhase,
  type TakeoverState,
  takeoverTiming,
  turnsAway,
} from './takeover.js';

export interface HostTakeoversOptions {
  readonly effects: Pick<Effects, 'now' | 'after'>;
  readonly log: Log;
  readonly gentle: boolean;
  /** Whether all that is wanted in this switch can be said. */
  readonly isComplete: (dpid: Dpid) => boolean;
  readonly session: (dpid: Dpid) => TakeoverInput['session'];
  /** Reads a switch anew, and sends what it lacks. @returns whether it then holds all that is wanted */
  readonly restore: (dpid: Dpid) => Promise<boolean>;
  /** Sends all that is wanted in a switch as bundles. @returns what commits one each; none where it did not take them */
  readonly stage: (dpid: Dpid, bundles: number) => Promise<readonly Commit[]>;
  /** Compares a host with what is wanted there again. */
  readonly reconcile: (dpid: Dpid) => void;
}

interface Ongoing {
  readonly config: HypervisorConfig;
  state: TakeoverState;
  ground: Ground | undefined;
  restoredFrom?: number;
  stagedFrom?: number;
  commits?: readonly Commit[];
}

/**
 * When bundles are committed, from the moment that the controller is written: close together while it is most likely that the
 * tables have just been emptied, and then ever wider, for a host that takes its time. Milliseconds.
 */
const commitTimes = [2, 4, 6, 8, 11, 14, 17, 20, 24, 29, 35, 43, 54, 70, 90, 120, 160, 220, 300, 450];

/** How often a take-over that is under way is looked at, beside what its host and its switch tell. Milliseconds. */
const lookAgain = 50;
/** No bridge is turned away for longer than this after the last news of its host. Milliseconds. */
const longestClosed = 2 * takeoverTiming.patience;

/** The bridges that are being taken over, each at its own step. */
export class HostTakeovers {
  readonly #options: HostTakeoversOptions;
  readonly #ongoing = new Map<Dpid, Ongoing & { seenAt: number }>();
  #timer: Timer | undefined;

  constructor(options: HostTakeoversOptions) {
    this.#options = options;
  }

  /** How far a host is to be taken, by what its database says now. */
  stage(config: HypervisorConfig, intent: HostIntent, rows: Replica): TakeoverStage {
    const { dpid } = config;
    const ground = groundIn(intent, rows);
    const before = this.#ongoing.get(dpid);
    if (ground === undefined && before === undefined) return 'whole';
    const now = this.#options.effects.now();
    const one = { ...(before ?? { state: noTakeover }), config, ground, seenAt: now };
    this.#ongoing.set(dpid, one);
    this.#step(one, now);
    if (ground === undefined) this.#ongoing.delete(dpid);
    else this.#lookLater();
    return stageOf(one.state);
  }

  /** Whether a connection from this address is to be turned away, for a bridge there that must not be answered now. */
  turnsAway(isFrom: (config: HypervisorConfig) => boolean): boolean {
    const now = this.#options.effects.now();
    return [...this.#ongoing.values()].some(
      ({ config, state, ground, seenAt }) =>
        now - seenAt < longestClosed && turnsAway(state, ground) && isFrom(config),
    );
  }

  /** Where a take-over stands, if there is one. */
  phase(dpid: Dpid): TakeoverPhase | undefined {
    const phase = this.#ongoing.get(dpid)?.state.phase;
    return phase === 'none' ? undefined : phase;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #step(one: Ongoing, now: number): void {
    const { gentle, isComplete, session, log } = this.#options;
    const { name, dpid, bridge } = one.config;
    const open = session(dpid);
    const { state, restore, stage, commit, gaveUp } = stepTakeover(one.state, {
      now,
      gentle,
      ground: one.ground,
      complete: isComplete(dpid),
      ...(open !== undefined && { session: open }),
      ...(one.restoredFrom !== undefined && { restoredFrom: one.restoredFrom }),
      ...(one.stagedFrom !== undefined && { stagedFrom: one.stagedFrom }),
    });
    const fields = { hypervisor: name, bridge, phase: state.phase };
    if (gaveUp !== undefined)
      log.warn(
        fields,
        `${name}: ${gaveUp}: ${bridge} is taken over the simple way, which may lose some packets`,
      );
    else if (state.phase !== one.state.phase) log.info(fields, `${name}: ${news(state, bridge)}`);
    one.state = state;
    if (restore === true) void this.#restore(dpid, now);
    if (stage === true) void this.#stage(dpid, now);
    if (commit === true) this.#commit(one);
  }

  async #stage(dpid: Dpid, askedAt: number): Promise<void> {
    const commits = await this.#options.stage(dpid, commitTimes.length);
    const one = this.#ongoing.get(dpid);
    if (one === undefined || commits.length === 0) return;
    this.#ongoing.set(dpid, { ...one, stagedFrom: askedAt, commits });
    this.#options.reconcile(dpid);
  }

  /** Fewer bundles than were asked for are spread over the same time. */
  #commit({ commits = [] }: Ongoing): void {
    const every = commitTimes.length / commits.length;
    for (const [index, commit] of commits.entries())
      this.#options.effects.after(commitTimes[Math.floor(index * every)] ?? 0, commit);
  }

  async #restore(dpid: Dpid, askedAt: number): Promise<void> {
    const isWell = await this.#options.restore(dpid);
    const one = this.#ongoing.get(dpid);
    if (one === undefined || !isWell) return;
    this.#ongoing.set(dpid, { ...one, restoredFrom: askedAt });
    this.#options.reconcile(dpid);
  }

  #lookLater(): void {
    this.#timer ??= this.#options.effects.after(lookAgain, () => {
      this.#timer = undefined;
      for (const dpid of [...this.#ongoing.keys()]) this.#options.reconcile(dpid);
      if (this.#ongoing.size > 0) this.#lookLater();
    });
  }
}

function news({ phase }: TakeoverState, bridge: string): string {
  return phase === 'none' ? `${bridge} is taken over` : `${bridge}: ${tellPhase(phase)}`;
}

/** What is going on, in words. */
export function tellPhase(phase: TakeoverPhase): string {
  switch (phase) {
    case 'preparing':
      return 'forwards by itself; it is taken over when all hosts of the file have been read';
    case 'serving':
      return 'is being taken over: it is sent its flows, over a connection beside its own forwarding';
    case 'staging':
      return 'is being taken over: it has its flows, and gets its controller next';
    case 'obeying':
      return 'is being taken over: it connects to its controller';
    case 'settling':
      return 'is being taken over gently, step 1 of 3: it gets a controller that does not answer yet';
    case 'restoring':
      return 'is being taken over gently, step 2 of 3: it is sent its flows again';
    case 'admitting':
      return 'is being taken over gently, step 3 of 3: it connects to its controller';
    case 'finishing':
      return 'gets its controller, and fail_mode=secure';
  }
}

/** The address of `10.98.0.1:41234` or `[fd00::1]:41234`. */
export const hostOfPeer = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
