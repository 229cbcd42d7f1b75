import type { HypervisorConfig } from '../config/config.js';
import type { HostIntent } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import type { Replica } from '../ovsdb/index.js';
import type { TakeoverStage } from '../reconcile/host-plan.js';
import { type Ground, groundIn } from '../reconcile/stage.js';
import type { Effects, Log, Timer } from './effects.js';
import type { Commit } from './switch-changes.js';
import {
  mayProgram,
  noTakeover,
  stageOf,
  stepTakeover,
  type TakeoverPhase,
  type TakeoverSession,
  type TakeoverState,
  type TakeoverStep,
  takeoverTiming,
  turnsAway,
} from './takeover.js';

export interface HostTakeoversOptions {
  readonly effects: Pick<Effects, 'now' | 'after'>;
  readonly log: Log;
  readonly gentle: boolean;
  /** Whether all that is wanted in this switch can be said. */
  readonly isComplete: (dpid: Dpid) => boolean;
  readonly session: (dpid: Dpid) => (TakeoverSession & { readonly peer: string }) | undefined;
  /** Reads a switch anew, and sends what it lacks. @returns whether it then holds all that is wanted */
  readonly restore: (dpid: Dpid) => Promise<boolean>;
  /** Sends all that is wanted in a switch as bundles. @returns what commits one each; none where it did not take them */
  readonly stage: (dpid: Dpid, bundles: number) => Promise<readonly Commit[]>;
  /** Compares a host with what is wanted there again. */
  readonly reconcile: (dpid: Dpid) => void;
  /** Whether a switch may be sent anything (`mayProgram`) is another matter now. */
  readonly onMayProgram: (dpid: Dpid) => void;
}

/** What the link to a host knows of our hold on it. */
export interface HostHold {
  /** This Heddle may change the host. */
  readonly isHeld: boolean;
  /** ovs-vswitchd has carried out all that we have written. */
  readonly isApplied: boolean;
}

interface Ongoing {
  readonly config: HypervisorConfig;
  readonly ground: Ground | undefined;
  readonly isApplied: boolean;
  /** When the host was last looked at. */
  readonly seenAt: number;
  state: TakeoverState;
  /** As `mayProgram` last said. */
  mayProgram: boolean;
  /** The address that its switch was last connected from: another than its OVSDB's where a host has several, or is translated. */
  from?: string;
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
/** The same where nothing is under way that a person could notice. Milliseconds. */
const lookSlowly = 1_000;
/** A host that was not looked at for longer than this was away: its take-over starts again from what is found. Milliseconds. */
const longestGap = 5_000;
/** No bridge is turned away for longer than this after the last news of its host. Milliseconds. */
const longestClosed = 2 * takeoverTiming.patience;

/** The bridges that are being taken over, each at its own step. */
export class HostTakeovers {
  readonly #options: HostTakeoversOptions;
  readonly #ongoing = new Map<Dpid, Ongoing>();
  #timer: Timer | undefined;
  #wait = lookAgain;

  constructor(options: HostTakeoversOptions) {
    this.#options = options;
  }

  /** How far a host is to be taken, by what its database says now. One that another Heddle holds is only looked at. */
  stage(
    config: HypervisorConfig,
    intent: HostIntent,
    rows: Replica,
    { isHeld, isApplied }: HostHold,
  ): TakeoverStage {
    const { dpid } = config;
    const ground = groundIn(intent, rows);
    const before = this.#ongoing.get(dpid);
    if (ground === undefined && before === undefined) return 'whole';
    const now = this.#options.effects.now();
    const one: Ongoing = {
      ...(before ?? { state: noTakeover, mayProgram: true }),
      ...{ config, ground, isApplied, seenAt: now },
    };
    if (!isHeld || (before !== undefined && now - before.seenAt > longestGap)) one.state = noTakeover;
    this.#ongoing.set(dpid, one);
    if (isHeld) this.#step(one, now);
    const was = one.mayProgram;
    one.mayProgram = mayProgram(one.state, ground, this.#options.isComplete(dpid));
    if (ground === undefined) this.#ongoing.delete(dpid);
    else this.#lookLater();
    if (one.mayProgram !== was) this.#options.onMayProgram(dpid);
    return stageOf(one.state);
  }

  /** Whether the switch of this bridge may be sent anything, as far as its take-over goes. */
  mayProgram(dpid: Dpid): boolean {
    const one = this.#ongoing.get(dpid);
    return one === undefined || mayProgram(one.state, one.ground, this.#options.isComplete(dpid));
  }

  /** Whether a connection from this address is to be turned away, for a bridge there that must not be answered now. */
  turnsAway(address: string, addressOf: (config: HypervisorConfig) => string | undefined): boolean {
    const now = this.#options.effects.now();
    return [...this.#ongoing.values()].some(
      ({ config, state, ground, seenAt, from }) =>
        now - seenAt < longestClosed &&
        turnsAway(state, ground) &&
        (addressOf(config) === address || from === address),
    );
  }

  /** The file has changed: hosts that are not in it any more are forgotten. */
  keep(isThere: (config: HypervisorConfig) => boolean): void {
    for (const [dpid, { config }] of this.#ongoing) if (!isThere(config)) this.#ongoing.delete(dpid);
  }

  /** Where a take-over stands, if there is one. */
  phase(dpid: Dpid): TakeoverPhase | undefined {
    const phase = this.#ongoing.get(dpid)?.state.phase;
    return phase === 'none' ? undefined : phase;
  }

  /** Whether there is anything to be taken over still, by this Heddle or another. */
  isTaking(dpid: Dpid): boolean {
    return this.#ongoing.has(dpid);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #step(one: Ongoing, now: number): void {
    const { gentle, isComplete, session } = this.#options;
    const { dpid } = one.config;
    const open = session(dpid);
    if (open !== undefined) one.from = hostOfPeer(open.peer);
    const step = stepTakeover(one.state, {
      now,
      gentle,
      ground: one.ground,
      complete: isComplete(dpid),
      applied: one.isApplied,
      ...(open !== undefined && { session: open }),
      ...(one.restoredFrom !== undefined && { restoredFrom: one.restoredFrom }),
      ...(one.stagedFrom !== undefined && { stagedFrom: one.stagedFrom }),
    });
    this.#tell(one, step);
    one.state = step.state;
    if (step.restore === true) void this.#restore(dpid, now);
    if (step.stage === true) void this.#stage(dpid, now);
    if (step.commit === true) this.#commit(one);
  }

  #tell(one: Ongoing, { state, gaveUp, waits }: TakeoverStep): void {
    const { log } = this.#options;
    const { name, bridge } = one.config;
    const fields = { hypervisor: name, bridge, phase: state.phase };
    if (waits !== undefined) log.warn(fields, `${name}: ${bridge} ${tellWait(waits)}`);
    if (gaveUp !== undefined)
      log.warn(
        fields,
        `${name}: ${gaveUp}: ${bridge} is taken over the simple way, which may lose some packets`,
      );
    else if (state.phase !== one.state.phase) log.info(fields, `${name}: ${news(state, bridge, one.ground)}`);
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
    const now = this.#options.effects.now();
    const wait = [...this.#ongoing.values()].every(one => isSlow(one, now)) ? lookSlowly : lookAgain;
    if (this.#timer !== undefined && this.#wait <= wait) return;
    this.#timer?.cancel();
    this.#wait = wait;
    this.#timer = this.#options.effects.after(wait, () => {
      this.#timer = undefined;
      for (const dpid of [...this.#ongoing.keys()]) this.#options.reconcile(dpid);
      if (this.#ongoing.size > 0) this.#lookLater();
    });
  }
}

/** It waits for something that may never come, or its host is away. */
const isSlow = ({ state, seenAt }: Ongoing, now: number): boolean =>
  state.phase === 'none' ||
  state.phase === 'preparing' ||
  (state.phase === 'serving' && state.isTold === true) ||
  now - seenAt > longestGap;

const tellWait = (waits: 'connection' | 'flows'): string =>
  waits === 'connection'
    ? 'has not connected to Heddle for its flows, and goes on forwarding by itself: can that host reach openflow.advertise, and does every firewall on the way let it?'
    : 'has not taken all its flows, and goes on forwarding by itself: see what it refused in `heddle status`';

function news({ phase }: TakeoverState, bridge: string, ground: Ground | undefined): string {
  if (phase === 'none') return `${bridge} is taken over`;
  const how = phase === 'serving' && ground?.obeysOthers === true ? `; ${besideOthers}` : '';
  return `${bridge}: ${tellPhase(phase)}${how}`;
}

const besideOthers =
  "it has somebody else's controller already, so none of its tables is emptied, and the gentle way is not needed";

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
