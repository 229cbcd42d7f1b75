import type { Message } from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import type { SwitchFeatures } from '../openflow/session/features.js';
import type { Actual, LooseFlows } from '../reconcile/actual.js';
import type { CheckedPart } from '../reconcile/check.js';
import type { Conflict } from '../reconcile/compile.js';
import { type Drift, driftOf } from '../reconcile/drift.js';
import type { Effects } from './effects.js';
import type { FlowWatch } from './flow-watch.js';
import { type AuditAnswer, readAudit, SwitchAudit } from './switch-audit.js';
import { SwitchBelief } from './switch-belief.js';
import { type Commit, type ExchangeWith, SwitchChanges } from './switch-changes.js';
import { dumpRequests, readDump } from './switch-dump.js';
import { SwitchProgramming } from './switch-programming.js';
import { type Refusal, SwitchRefusals } from './switch-refusals.js';
import { SwitchRepairs } from './switch-repairs.js';

export type SyncPhase = 'reading' | 'waiting' | 'programming' | 'in sync' | 'closed';

export interface SwitchSyncOptions {
  /** Fails only when the connection has ended. */
  readonly exchange: ExchangeWith;
  /** The answers to `dumpRequests`, where they are on their way already: the first reading is made of them. */
  readonly firstDump?: Promise<ExchangeOutcome>;
  /** What the apps want now; undefined while that cannot be said: nothing is sent before. */
  readonly wanted: () => readonly CheckedPart[] | undefined;
  readonly effects: Pick<Effects, 'after' | 'random'>;
  /** How many flows an audit may look at. */
  readonly flowsPerAudit: () => number;
  /** What the switch tells by itself of flows that somebody else has touched. */
  readonly watch?: FlowWatch;
  /** Told once for each error of each flow or group, however often it is tried again. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onInSync: (sent: number) => void;
  /** Somebody else has changed what is ours; it is repaired at once. */
  readonly onDrift: (drift: Drift) => void;
  /** Something went wrong that should not be possible: it is closed, and costs this switch alone. */
  readonly onFault: (thrown: unknown) => void;
}

/** Is told the flows of ours that are not reconciled, or undefined where the connection has ended. */
type Reader = (loose: LooseFlows | undefined) => void;

/** While nothing is to be done, a switch is asked this often whether it still has what is ours. Milliseconds. */
export const auditPeriod = 10_000;

/**
 * Keeps one connected switch true to what is wanted: reads what it has of ours, then sends differences, each as one atomic
 * bundle. A flow that the switch refuses is told, left out, and holds back nothing else. What somebody else changes is
 * found by an audit and repaired.
 */
export class SwitchSync {
  readonly #options: SwitchSyncOptions;
  readonly #programming: SwitchProgramming;
  readonly #refusals: SwitchRefusals;
  readonly #belief = new SwitchBelief();
  readonly #audits = new SwitchAudit();
  /** What was sent may have replaced flows that were to stay: the switch has to say which. */
  #inDoubt = false;
  #phase: SyncPhase = 'reading';
  #again = false;
  readonly #repairs = new SwitchRepairs();
  #auditDue = false;
  #nextAudit: number | undefined;
  #busy = false;
  #sent = 0;
  #features: SwitchFeatures = {};
  #firstDump: Promise<ExchangeOutcome> | undefined;
  /** To be told what the next reading finds. */
  #readers: Reader[] = [];
  /** To be told when all that is wanted is there, or will not be. */
  #waiting: ((isInSync: boolean) => void)[] = [];

  constructor(options: SwitchSyncOptions) {
    this.#options = options;
    this.#firstDump = options.firstDump;
    const { effects, onRefusal } = options;
    this.#refusals = new SwitchRefusals({ effects, onRefusal, onRetry: () => this.#tryAgain() });
    const changes = new SwitchChanges(options.exchange);
    this.#programming = new SwitchProgramming({ changes, belief: this.#belief, refusals: this.#refusals });
  }

  get phase(): SyncPhase {
    return this.#phase;
  }

  /** Whether all that is wanted is there, and no change of it waits to be looked at. */
  get isSettled(): boolean {
    return this.#phase === 'in sync' && !this.#again;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals.all;
  }

  /** Flows and groups that two apps claim, as last put together. */
  get conflicts(): readonly Conflict[] {
    return this.#belief.wanted.conflicts;
  }

  /** Flows and groups that were sent since the connection, deletions included. */
  get sent(): number {
    return this.#sent;
  }

  /** What the switch has told of itself in its last reading. */
  get features(): SwitchFeatures {
    return this.#features;
  }

  get actual(): Actual | undefined {
    return this.#belief.actual;
  }

  /**
   * Reads the flows and groups of ours that the switch has. Where it will not tell them, all that is wanted is sent and
   * nothing is deleted. It waits for what is being sent: a reading that overtakes it would not know of it.
   *
   * @returns what it holds of ours and is not reconciled, or undefined when the connection ended
   */
  read(): Promise<LooseFlows | undefined> {
    if (this.#isClosed()) return Promise.resolve(undefined);
    return new Promise(resolve => {
      this.#readers.push(resolve);
      if (!this.#busy) void this.#run();
    });
  }

  /**
   * Reads the switch anew, and sends what it lacks: it may have lost all of it.
   *
   * @returns whether it then holds what is wanted; false where the connection ended before
   */
  async restore(): Promise<boolean> {
    if ((await this.read()) === undefined) return false;
    const told = new Promise<boolean>(resolve => this.#waiting.push(resolve));
    this.reconcile();
    return told;
  }

  /** As `SwitchProgramming.stage`; none, too, while it cannot be said what is wanted. */
  async stage(bundles: number): Promise<readonly Commit[]> {
    const parts = this.#options.wanted();
    return parts === undefined || this.#isClosed() ? [] : this.#programming.stage(parts, bundles);
  }

  /** What is wanted may have changed. */
  reconcile(): void {
    this.#again = true;
    if (!this.#busy && this.actual !== undefined) void this.#run();
  }

  /** @param now by the effects' clock; to be called about once a second */
  tick(now: number): void {
    if (this.#phase !== 'in sync' || this.#busy) return;
    // The first one at some moment of the period, so that switches that came together are not asked together.
    this.#nextAudit ??= now + this.#options.effects.random() * auditPeriod;
    if (now >= this.#nextAudit) this.#nextAudit = now + auditPeriod;
    else if (this.#options.watch?.suspect === undefined) return;
    this.#auditDue = true;
    void this.#run();
  }

  /** The connection has ended. */
  close(): void {
    this.#phase = 'closed';
    this.#firstDump = undefined;
    this.#refusals.close();
    for (const tell of this.#readers.splice(0)) tell(undefined);
    this.#tellWaiting(false);
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (!this.#isClosed()) {
        if (this.#readers.length > 0) {
          await this.#readFor(this.#readers.splice(0));
        } else if (this.#again) {
          this.#again = false;
          await this.#once();
        } else if (this.#repairs.areUnderWay) {
          await this.#prove();
        } else if (this.#auditDue) {
          this.#auditDue = false;
          await this.#audit();
        } else break;
      }
    } catch (thrown) {
      this.close();
      this.#options.onFault(thrown);
    } finally {
      this.#busy = false;
    }
  }

  /** Asked anew after each wait: the connection may have ended meanwhile. */
  #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  async #readFor(readers: readonly Reader[]): Promise<void> {
    this.#phase = 'reading';
    let loose: LooseFlows | undefined;
    try {
      loose = await this.#dump();
      if (!this.#isClosed()) this.#phase = 'waiting';
    } finally {
      for (const tell of readers) tell(this.#isClosed() ? undefined : loose);
    }
  }

  /** @returns as `read`. What the switch does not tell stays as it was believed. */
  async #dump(): Promise<LooseFlows | undefined> {
    const asked = this.#firstDump ?? this.#options.exchange(dumpRequests);
    this.#firstDump = undefined;
    const outcome = await asked;
    if (outcome.type === 'failed') {
      this.close();
      return undefined;
    }
    const dump = readDump(outcome);
    this.#features = dump.features;
    if (dump.refusal === undefined) this.#refusals.hasRead();
    else this.#refusals.cannotRead(dump.refusal);
    this.#inDoubt = false;
    return this.#belief.read(dump);
  }

  #tryAgain(): void {
    // What was not told may be told now.
    if (this.#refusals.isUnread) this.#inDoubt = true;
    this.reconcile();
  }

  /** Asks whether the switch still has what is ours; where not, reads it again and repairs it. */
  async #audit(): Promise<void> {
    // What a doubt comes to is nobody else's doing.
    if (this.#inDoubt) {
      if ((await this.#dump()) === undefined) return;
      this.#again = true;
    }
    const believed = this.actual;
    if (believed === undefined) return;
    const { watch, flowsPerAudit } = this.#options;
    const { isUnread } = this.#refusals;
    const requests = this.#audits.next({
      count: believed.flows.size,
      groups: believed.groups.values(),
      sliceSize: flowsPerAudit(),
      isUnread,
      suspect: watch?.suspect,
    });
    watch?.looked(cookie => this.#audits.isIn(cookie));
    const answer = await this.#look(requests);
    if (answer === undefined) return;
    if (!this.#belief.agrees(answer, believed, this.#refusals.isUnread)) {
      if ((await this.#dump()) === undefined) return;
      const drift = driftOf(believed, this.actual ?? believed);
      if (drift !== undefined) {
        this.#options.onDrift(drift);
        this.#again = true;
        return;
      }
    }
    const edits = this.#audits.edits(answer, this.#belief.wanted.flows);
    if (edits.length === 0) return;
    this.#repairs.begin(edits);
    this.#belief.suspect(edits);
    this.#again = true;
  }

  async #look(requests: readonly Message[]): Promise<AuditAnswer | undefined> {
    const outcome = await this.#options.exchange(requests);
    if (outcome.type === 'failed') this.close();
    return outcome.type === 'failed' ? undefined : readAudit(outcome);
  }

  /** Tells by the repaired flows whether they had been edited, or are only written in a way of the switch's own. */
  async #prove(): Promise<void> {
    const edits = this.#repairs.end();
    if (edits.length === 0) return;
    const answer = await this.#look(this.#audits.again);
    if (answer === undefined) return;
    const flowsEdited = this.#audits.prove(edits, answer);
    if (flowsEdited > 0)
      this.#options.onDrift({ flowsGone: 0, flowsCome: 0, flowsEdited, groups: [], meters: [] });
  }

  async #once(): Promise<void> {
    if (this.#inDoubt && (await this.#dump()) === undefined) return;
    const parts = this.#options.wanted();
    const { actual } = this;
    if (parts === undefined || actual === undefined) {
      this.#phase = 'waiting';
      return;
    }
    const stride = await this.#programming.step(parts, actual, () => (this.#phase = 'programming'));
    if (stride.type === 'lost') {
      this.close();
      return;
    }
    const { made, isDone, hasMore } = stride;
    this.#sent += made.length;
    this.#repairs.carriedOut(made);
    if (isDone) this.#inDoubt = stride.isInDoubt;
    if (isDone) this.#settle(made.length);
    if (hasMore) this.#again = true;
  }

  #settle(sent: number): void {
    // The connection may have ended while the last answer was on its way to us.
    if (this.#isClosed()) return;
    this.#refusals.settle();
    this.#phase = 'in sync';
    this.#options.onInSync(sent);
    // What was changed meanwhile is still to be worked in.
    if (!this.#again) this.#tellWaiting(true);
  }

  #tellWaiting(isInSync: boolean): void {
    for (const tell of this.#waiting.splice(0)) tell(isInSync);
  }
}
