import {
  nameOfError,
  type FlowStats,
  formatFlow,
  formatGroup,
  formatMeter,
  type MeterMod,
} from '../openflow/index.js';
import type { ExchangeError } from '../openflow/session/exchange.js';
import type { Wanted } from '../reconcile/compile.js';
import { differingGroups, type Drift, driftOf } from '../reconcile/drift.js';
import { type Actual, isEmpty, planFlows, readActual } from '../reconcile/flows.js';
import { afterMeterMod, planMeters } from '../reconcile/meters.js';
import { type Operation, order } from '../reconcile/order.js';
import type { Effects, Timer } from './effects.js';
import { type ExchangeWith, SwitchChanges } from './switch-changes.js';
import { type Audit, auditRequests, dumpRequests, readAudit, readDump } from './switch-dump.js';

/** Something that a switch would not take. */
export interface Refusal {
  /** The switch's own error, by its name in the standard. */
  readonly error: string;
  /** The flow or group, in ovs-ofctl's notation. */
  readonly what: string;
}

export type SyncPhase = 'reading' | 'waiting' | 'programming' | 'in sync' | 'closed';

export interface SwitchSyncOptions {
  /** Fails only when the connection has ended. */
  readonly exchange: ExchangeWith;
  /** What is wanted now; undefined while that cannot be said: nothing is sent before. */
  readonly wanted: () => Wanted | undefined;
  readonly effects: Pick<Effects, 'after' | 'random'>;
  /** Told once for each error of each flow or group, however often it is tried again. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onInSync: (sent: number) => void;
  /** Somebody else has changed what is ours; it is repaired at once. */
  readonly onDrift: (drift: Drift) => void;
}

/** What the switch refused is tried again after this long. Milliseconds. */
export const retryRefused = 30_000;

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
  /** What the switch would not take, by cookie or group id, until it takes it or it is not wanted any more. */
  readonly #refused = new Map<bigint | number, Refusal>();
  /** Of these, what is not to be tried now. */
  readonly #heldBack = new Map<bigint | number, 'put' | 'delete'>();
  #unread: Refusal | undefined;
  #actual: Actual | undefined;
  /** What was sent may have replaced flows that were to stay: the switch has to say which. */
  #inDoubt = false;
  #phase: SyncPhase = 'reading';
  #again = false;
  #auditDue = false;
  #nextAudit: number | undefined;
  #busy = false;
  #sent = 0;
  #retry: Timer | undefined;

  constructor(options: SwitchSyncOptions) {
    this.#options = options;
    this.#changes = new SwitchChanges(options.exchange);
  }

  get phase(): SyncPhase {
    return this.#phase;
  }

  get refusals(): readonly Refusal[] {
    return [...(this.#unread === undefined ? [] : [this.#unread]), ...this.#refused.values()];
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
    this.#retry?.cancel();
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
    if (refusal !== undefined && this.#unread === undefined) {
      this.#unread = { error: nameOfError(refusal), what: 'to tell its flows' };
      this.#options.onRefusal(this.#unread);
    }
    this.#inDoubt = false;
    this.#actual = {
      ...(refusal === undefined ? actual : believed),
      // What may yet be learned is in no dump.
      learned: new Set([...believed.learned, ...actual.learned]),
      groups: toldGroups ? actual.groups : believed.groups,
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
    if (this.#unread === undefined && flowCount !== believed.flows.size) return false;
    if (groups === undefined) return true;
    return differingGroups(believed.groups, readActual([], groups).actual.groups).length === 0;
  }

  async #once(): Promise<void> {
    if (this.#inDoubt && (await this.#dump()) === undefined) return;
    const wanted = this.#options.wanted();
    const actual = this.#actual;
    if (wanted === undefined || actual === undefined) {
      this.#phase = 'waiting';
      return;
    }
    this.#forgetNeedless(wanted, actual);
    const meters = planMeters(wanted, actual.meters, this.#heldBack);
    if (meters.toPut.length > 0) {
      await this.#changeMeters(meters.toPut, actual);
      return;
    }
    const plan = planFlows(wanted, actual, this.#heldBack);
    if (isEmpty(plan) && meters.toDelete.length > 0) {
      await this.#changeMeters(meters.toDelete, actual);
      return;
    }
    if (isEmpty(plan)) {
      this.#settle(plan.after, 0);
      return;
    }
    this.#phase = 'programming';
    const operations = order(plan);
    const applied = await this.#changes.apply(operations);
    if (applied.type === 'lost') {
      this.close();
      return;
    }
    if (applied.type === 'refused') this.#holdBack(operations, applied.errors);
    if (applied.type === 'refused' && applied.others === 'untouched') {
      this.#again = true;
      return;
    }
    const made = operations.filter(({ about }) => !this.#heldBack.has(about));
    this.#sent += made.length;
    const { after, keepsStale } = planFlows(wanted, actual, this.#heldBack);
    this.#inDoubt = keepsStale && this.#unread === undefined;
    this.#settle(after, made.length);
    if (meters.toDelete.length > 0) this.#again = true;
  }

  /** Meters have turns of their own: what uses them comes after, and goes before. */
  async #changeMeters(mods: readonly MeterMod[], actual: Actual): Promise<void> {
    this.#phase = 'programming';
    const applied = await this.#changes.applyMeters(mods);
    if (applied.type === 'lost') {
      this.close();
      return;
    }
    const operations = mods.map(message => ({ about: message.meterId, message }));
    if (applied.type === 'refused') this.#holdBack(operations, applied.errors);
    const made = mods.filter(({ meterId }) => !this.#heldBack.has(meterId));
    this.#sent += made.length;
    this.#actual = { ...actual, meters: afterMeterMod(actual.meters, made) };
    this.#again = true;
  }

  #settle(actual: Actual, sent: number): void {
    // The connection may have ended while the last answer was on its way to us.
    if (this.#phase === 'closed') return;
    // What is not held back has been taken, or is not needed any more.
    for (const about of this.#refused.keys()) if (!this.#heldBack.has(about)) this.#refused.delete(about);
    this.#actual = actual;
    this.#phase = 'in sync';
    this.#options.onInSync(sent);
  }

  #holdBack(operations: readonly Attempt[], errors: readonly ExchangeError[]): void {
    for (const { index, error } of errors) {
      const operation = operations[index];
      if (operation === undefined || this.#heldBack.has(operation.about)) continue;
      const refusal = { error: nameOfError(error), what: textOf(operation) };
      const isNews = this.#refused.get(operation.about)?.error !== refusal.error;
      this.#heldBack.set(operation.about, operation.message.command === 'delete' ? 'delete' : 'put');
      this.#refused.set(operation.about, refusal);
      if (isNews) this.#options.onRefusal(refusal);
    }
    this.#retry ??= this.#options.effects.after(retryRefused, () => {
      this.#retry = undefined;
      this.#heldBack.clear();
      this.reconcile();
    });
  }

  /** What was refused and is not to be done any more: an addition of what is unwanted, a deletion of what is wanted. */
  #forgetNeedless(wanted: Wanted, actual: Actual): void {
    for (const [about, doing] of this.#heldBack) {
      const isWanted =
        typeof about === 'bigint'
          ? wanted.flows.has(about) || wanted.learned.has(about)
          : wanted.groups.has(about) || wanted.meters.has(about);
      const isThere =
        typeof about === 'bigint'
          ? actual.flows.has(about) || actual.learned.has(about)
          : actual.groups.has(about) || actual.meters.has(about);
      // A group that is there may still have to be changed; a flow says all by its cookie.
      const isMade = typeof about === 'bigint' && isThere;
      const isNeedless = doing === 'delete' ? isWanted || !isThere : !isWanted || isMade;
      if (isNeedless) this.#heldBack.delete(about);
    }
  }
}

/** Something that was sent, and what it is about: a flow's cookie, or the id of a group or meter, which differ in range. */
type Attempt = Operation | { readonly about: number; readonly message: MeterMod };

function textOf({ message }: Attempt): string {
  if (message.type === 'flow_mod') {
    const { tableId: table, priority, match, instructions, cookie } = message;
    return message.command === 'delete'
      ? `to delete the flow with cookie=0x${cookie.toString(16)}`
      : formatFlow({ table, priority, match, instructions });
  }
  if (message.type === 'meter_mod') {
    const { meterId: id, flags, bands } = message;
    return message.command === 'delete' ? `to delete meter ${id}` : formatMeter({ id, flags, bands });
  }
  const { groupId: id, groupType, buckets } = message;
  return message.command === 'delete' ? `to delete group ${id}` : formatGroup({ id, groupType, buckets });
}
