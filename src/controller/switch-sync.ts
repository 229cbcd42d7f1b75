import {
  type ErrorMessage,
  errorName,
  type ExchangeError,
  type FlowStats,
  formatFlow,
  formatGroup,
} from '../openflow/index.js';
import type { Wanted } from '../reconcile/compile.js';
import { type Actual, isEmpty, planFlows, readActual } from '../reconcile/flows.js';
import { type Operation, order } from '../reconcile/order.js';
import type { Effects, Timer } from './effects.js';
import { type ExchangeWith, SwitchChanges } from './switch-changes.js';
import { dumpRequests, readDump } from './switch-dump.js';

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
  readonly effects: Pick<Effects, 'after'>;
  /** Told once for each error of each flow or group, however often it is tried again. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onInSync: (sent: number) => void;
}

/** What the switch refused is tried again after this long. Milliseconds. */
export const retryRefused = 30_000;

/**
 * Keeps one connected switch true to what is wanted: reads what it has of ours, then sends differences, each as one atomic
 * bundle. A flow that the switch refuses is told, left out, and holds back nothing else.
 */
export class SwitchSync {
  readonly #options: SwitchSyncOptions;
  readonly #changes: SwitchChanges;
  /** What the switch would not take, by cookie or group id, until it takes it or it is not wanted any more. */
  readonly #refused = new Map<bigint | number, Refusal>();
  /** Of these, what is not to be tried now. */
  readonly #heldBack = new Set<bigint | number>();
  #unread: Refusal | undefined;
  #actual: Actual | undefined;
  #phase: SyncPhase = 'reading';
  #again = false;
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
    const outcome = await this.#options.exchange(dumpRequests);
    if (outcome.type === 'failed') {
      this.close();
      return undefined;
    }
    const { flows, groups, refusal } = readDump(outcome);
    if (refusal !== undefined) {
      this.#unread = { error: nameOf(refusal), what: 'to tell its flows' };
      this.#options.onRefusal(this.#unread);
    }
    const { actual, reactive } = readActual(flows, groups);
    this.#actual = actual;
    this.#phase = 'waiting';
    return reactive;
  }

  /** What is wanted may have changed. */
  reconcile(): void {
    this.#again = true;
    if (!this.#busy && this.#actual !== undefined) void this.#run();
  }

  /** The connection has ended. */
  close(): void {
    this.#phase = 'closed';
    this.#retry?.cancel();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#again && this.#phase !== 'closed') {
        this.#again = false;
        await this.#once();
      }
    } finally {
      this.#busy = false;
    }
  }

  async #once(): Promise<void> {
    const wanted = this.#options.wanted();
    const actual = this.#actual;
    if (wanted === undefined || actual === undefined) {
      this.#phase = 'waiting';
      return;
    }
    this.#forgetNeedless(wanted, actual);
    const plan = planFlows(wanted, actual, this.#heldBack);
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
    this.#settle(planFlows(wanted, actual, this.#heldBack).after, made.length);
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

  #holdBack(operations: readonly Operation[], errors: readonly ExchangeError[]): void {
    for (const { index, error } of errors) {
      const operation = operations[index];
      if (operation === undefined || this.#heldBack.has(operation.about)) continue;
      const refusal = { error: nameOf(error), what: textOf(operation) };
      const isNews = this.#refused.get(operation.about)?.error !== refusal.error;
      this.#heldBack.add(operation.about);
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
    for (const about of this.#heldBack) {
      const isNeedless =
        typeof about === 'bigint'
          ? (wanted.flows.has(about) || wanted.learned.has(about)) ===
            (actual.flows.has(about) || actual.learned.has(about))
          : !wanted.groups.has(about) && !actual.groups.has(about);
      if (isNeedless) this.#heldBack.delete(about);
    }
  }
}

const nameOf = ({ errorType, code }: ErrorMessage): string => errorName(errorType, code);

function textOf({ message }: Operation): string {
  if (message.type === 'flow_mod') {
    const { tableId: table, priority, match, instructions, cookie } = message;
    return message.command === 'delete'
      ? `to delete the flow with cookie=0x${cookie.toString(16)}`
      : formatFlow({ table, priority, match, instructions });
  }
  const { groupId: id, groupType, buckets } = message;
  return message.command === 'delete' ? `to delete group ${id}` : formatGroup({ id, groupType, buckets });
}
