import type { FlowStats, MeterMod } from '../openflow/index.js';
import { type Actual, type Holdings, readActual } from '../reconcile/actual.js';
import type { CheckedPart } from '../reconcile/check.js';
import { combine, type Conflict } from '../reconcile/compile.js';
import { differingGroups, type Drift, driftOf } from '../reconcile/drift.js';
import { carryOut, differingFlows, differs, type FlowPlan, isEmpty, planFlows } from '../reconcile/flows.js';
import { joinGroups } from '../reconcile/group-parts.js';
import { afterMeterMod, planMeters } from '../reconcile/meters.js';
import { order } from '../reconcile/order.js';
import { WantedTables } from '../reconcile/wanted.js';
import type { Effects } from './effects.js';
import { type Commit, type ExchangeWith, SwitchChanges } from './switch-changes.js';
import { type Audit, auditRequests, dumpRequests, readAudit, readDump } from './switch-dump.js';
import { type Refusal, SwitchRefusals } from './switch-refusals.js';

export type SyncPhase = 'reading' | 'waiting' | 'programming' | 'in sync' | 'closed';

export interface SwitchSyncOptions {
  /** Fails only when the connection has ended. */
  readonly exchange: ExchangeWith;
  /** What the apps want now; undefined while that cannot be said: nothing is sent before. */
  readonly wanted: () => readonly CheckedPart[] | undefined;
  readonly effects: Pick<Effects, 'after' | 'random'>;
  /** Told once for each error of each flow or group, however often it is tried again. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onInSync: (sent: number) => void;
  /** Somebody else has changed what is ours; it is repaired at once. */
  readonly onDrift: (drift: Drift) => void;
}

/** What a switch holds whose tables have been emptied. */
const nothingThere = readActual([], []).actual;

/** In all bundles that are staged, unless two have more. */
const stagedMessages = 5_000;

/** While nothing is to be done, a switch is asked this often whether it still has what is ours. Milliseconds. */
export const auditPeriod = 10_000;

/**
 * Keeps one connected switch true to what is wanted: reads what it has of ours, then sends differences, each as one atomic
 * bundle. A flow that the switch refuses is told, left out, and holds back nothing else. What somebody else changes is
 * found by an audit and repaired.
 */
export class SwitchSync {
  readonly #options: SwitchSyncOptions;
  readonly #changes: SwitchChanges;
  readonly #refusals: SwitchRefusals;
  readonly #wanted = new WantedTables();
  /** The cookies of all static flows that may differ; undefined: any may. */
  #differing: ReadonlySet<bigint> | undefined;
  #actual: Holdings | undefined;
  /** What was sent may have replaced flows that were to stay: the switch has to say which. */
  #inDoubt = false;
  #phase: SyncPhase = 'reading';
  #again = false;
  #auditDue = false;
  #nextAudit: number | undefined;
  #busy = false;
  #sent = 0;
  /** To be told when all that is wanted is there, or will not be. */
  #waiting: ((isInSync: boolean) => void)[] = [];

  constructor(options: SwitchSyncOptions) {
    this.#options = options;
    this.#changes = new SwitchChanges(options.exchange);
    const { effects, onRefusal } = options;
    this.#refusals = new SwitchRefusals({ effects, onRefusal, onRetry: () => this.reconcile() });
  }

  get phase(): SyncPhase {
    return this.#phase;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals.all;
  }

  /** Flows and groups that two apps claim, as last put together. */
  get conflicts(): readonly Conflict[] {
    return this.#wanted.conflicts;
  }

  /** Flows and groups that were sent since the connection, deletions included. */
  get sent(): number {
    return this.#sent;
  }

  get actual(): Actual | undefined {
    return this.#actual;
  }

  /**
   * Reads the flows and groups of ours that the switch has. Where it will not tell them, all that is wanted is sent and
   * nothing is deleted.
   *
   * @returns the reactive flows that an earlier run left, or undefined when the connection ended
   */
  async read(): Promise<readonly FlowStats[] | undefined> {
    if (!this.#isClosed()) this.#phase = 'reading';
    const reactive = await this.#dump();
    if (reactive !== undefined) this.#phase = 'waiting';
    return reactive;
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

  /**
   * Sends all that is wanted, whether it is there or not, as so many bundles that are not committed yet: for the moment at which
   * the switch will lose all that it has.
   *
   * @returns what commits one each; none where that cannot be
   */
  async stage(bundles: number): Promise<readonly Commit[]> {
    const parts = this.#options.wanted();
    if (parts === undefined || this.#isClosed()) return [];
    const wanted = combine(parts);
    const meters = planMeters(wanted, nothingThere.meters, this.#refusals).toPut;
    const operations = order(planFlows(wanted, nothingThere, this.#refusals));
    // No switch is to keep more than some thousand messages for this.
    const affordable = Math.floor(stagedMessages / Math.max(1, operations.length));
    return this.#changes.stage(meters, operations, Math.min(bundles, Math.max(2, affordable)));
  }

  /** What is wanted may have changed. */
  reconcile(): void {
    this.#again = true;
    if (!this.#busy && this.#actual !== undefined) void this.#run();
  }

  /** @param now by the effects' clock; to be called about once a second */
  tick(now: number): void {
    if (this.#phase !== 'in sync' || this.#busy) return;
    // The first one at some moment of the period, so that switches that came together are not asked together.
    this.#nextAudit ??= now + this.#options.effects.random() * auditPeriod;
    if (now < this.#nextAudit) return;
    this.#nextAudit = now + auditPeriod;
    this.#auditDue = true;
    void this.#run();
  }

  /** The connection has ended. */
  close(): void {
    this.#phase = 'closed';
    this.#refusals.close();
    this.#tellWaiting(false);
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while ((this.#again || this.#auditDue) && !this.#isClosed()) {
        if (this.#again) {
          this.#again = false;
          await this.#once();
        } else {
          this.#auditDue = false;
          await this.#audit();
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Asked anew after each wait: the connection may have ended meanwhile. */
  #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** @returns as `read`. What the switch does not tell stays as it was believed. */
  async #dump(): Promise<readonly FlowStats[] | undefined> {
    const outcome = await this.#options.exchange(dumpRequests);
    if (outcome.type === 'failed') {
      this.close();
      return undefined;
    }
    const { flows, groups, meters, refusal, toldGroups } = readDump(outcome);
    const { actual, reactive } = readActual(flows, groups, meters);
    const believed = this.#actual ?? actual;
    if (refusal !== undefined) this.#refusals.cannotRead(refusal);
    this.#inDoubt = false;
    this.#differing = undefined;
    this.#actual = {
      ...(refusal === undefined ? actual : believed),
      // What may yet be learned is in no dump.
      learned: new Set([...believed.learned, ...actual.learned]),
      groups: toldGroups ? actual.groups : believed.groups,
      parts: toldGroups ? actual.parts : believed.parts,
      meters: actual.meters,
    };
    return reactive;
  }

  /** Asks whether the switch still has what is ours, and no more of it; where not, reads it again and repairs it. */
  async #audit(): Promise<void> {
    const outcome = await this.#options.exchange(auditRequests);
    if (outcome.type === 'failed') {
      this.close();
      return;
    }
    const believed = this.#actual;
    if (believed === undefined || this.#agrees(readAudit(outcome), believed)) return;
    if ((await this.#dump()) === undefined) return;
    const drift = driftOf(believed, this.#actual ?? believed);
    if (drift === undefined) return;
    this.#options.onDrift(drift);
    this.#again = true;
  }

  #agrees({ flowCount, groups }: Audit, believed: Actual): boolean {
    // A switch that does not count, but tells its flows, is read in full each time.
    if (!this.#refusals.isUnread && flowCount !== believed.flows.size) return false;
    if (groups === undefined) return true;
    return differingGroups(believed, joinGroups(groups)).length === 0;
  }

  async #once(): Promise<void> {
    if (this.#inDoubt && (await this.#dump()) === undefined) return;
    const parts = this.#options.wanted();
    const actual = this.#actual;
    if (parts === undefined || actual === undefined) {
      this.#phase = 'waiting';
      return;
    }
    const wanted = this.#wanted;
    const changed = wanted.update(parts);
    const differing =
      this.#differing === undefined
        ? differingFlows(wanted, actual)
        : new Set([...this.#differing, ...changed]);
    this.#differing = differing;
    this.#refusals.forgetNeedless(wanted, actual);
    const meters = planMeters(wanted, actual.meters, this.#refusals);
    if (meters.toPut.length > 0) {
      await this.#changeMeters(meters.toPut, actual);
      return;
    }
    const plan = planFlows(wanted, actual, this.#refusals, differing);
    if (isEmpty(plan) && meters.toDelete.length > 0) {
      await this.#changeMeters(meters.toDelete, actual);
      return;
    }
    if (isEmpty(plan)) {
      this.#carriedOut(plan, actual);
      this.#settle(0);
      return;
    }
    this.#phase = 'programming';
    const operations = order(plan);
    const applied = await this.#changes.apply(operations);
    if (applied.type === 'lost') {
      this.close();
      return;
    }
    if (applied.type === 'refused') this.#refusals.holdBack(operations, applied.errors);
    if (applied.type === 'refused' && applied.others === 'untouched') {
      this.#again = true;
      return;
    }
    const made = operations.filter(({ about }) => !this.#refusals.has(about));
    this.#sent += made.length;
    const done = applied.type === 'done' ? plan : planFlows(wanted, actual, this.#refusals, differing);
    this.#inDoubt = done.keepsStale && !this.#refusals.isUnread;
    this.#carriedOut(done, actual);
    this.#settle(made.length);
    if (meters.toDelete.length > 0) this.#again = true;
  }

  /** What is left may differ still: what was refused, and what stays though it is not wanted. */
  #carriedOut(plan: FlowPlan, actual: Holdings): void {
    carryOut(plan, actual);
    if (!plan.keepsStale && !this.#refusals.holdBackAny) {
      this.#differing = new Set();
      return;
    }
    const left = [...(this.#differing ?? [])].filter(cookie => differs(cookie, this.#wanted, actual));
    this.#differing = new Set(left);
  }

  /** Meters have turns of their own: what uses them comes after, and goes before. */
  async #changeMeters(mods: readonly MeterMod[], actual: Holdings): Promise<void> {
    this.#phase = 'programming';
    const applied = await this.#changes.applyMeters(mods);
    if (applied.type === 'lost') {
      this.close();
      return;
    }
    const operations = mods.map(message => ({ about: message.meterId, message }));
    if (applied.type === 'refused') this.#refusals.holdBack(operations, applied.errors);
    const made = mods.filter(({ meterId }) => !this.#refusals.has(meterId));
    this.#sent += made.length;
    this.#actual = { ...actual, meters: afterMeterMod(actual.meters, made) };
    this.#again = true;
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
