import { type ErrorMessage, formatFlow, formatGroup, type MeterMod, nameOfError } from '../openflow/index.js';
import type { ExchangeError } from '../openflow/session/exchange.js';
import type { Actual } from '../reconcile/actual.js';
import type { Wanted } from '../reconcile/compile.js';
import { oneLineMeter } from '../reconcile/meters.js';
import type { Operation } from '../reconcile/order.js';
import type { Effects, Timer } from './effects.js';

/** Something that a switch would not take. */
export interface Refusal {
  /** The switch's own error, by its name in the standard. */
  readonly error: string;
  /** The flow or group, in ovs-ofctl's notation. */
  readonly what: string;
}

/** What the switch refused is tried again after this long. Milliseconds. */
export const retryRefused = 30_000;

export interface SwitchRefusalsOptions {
  readonly effects: Pick<Effects, 'after'>;
  /** Told once for each error of each flow or group, however often it is tried again. */
  readonly onRefusal: (refusal: Refusal) => void;
  /** It is time to try again what was refused. */
  readonly onRetry: () => void;
}

/** What a switch would not take: it is told, left out until it is time to try it again, and holds back nothing else. */
export class SwitchRefusals {
  readonly #options: SwitchRefusalsOptions;
  /** By cookie, or by the id of a group or meter, until the switch takes it or it is not wanted any more. */
  readonly #refused = new Map<bigint | number, Refusal>();
  /** Of these, what is not to be tried now. */
  readonly #heldBack = new Map<bigint | number, 'put' | 'delete'>();
  #unread: Refusal | undefined;
  #retry: Timer | undefined;

  constructor(options: SwitchRefusalsOptions) {
    this.#options = options;
  }

  get all(): readonly Refusal[] {
    return [...(this.#unread === undefined ? [] : [this.#unread]), ...this.#refused.values()];
  }

  /** It would not tell its flows. */
  get isUnread(): boolean {
    return this.#unread !== undefined;
  }

  /** Whether this is not to be tried now. */
  has(about: bigint | number): boolean {
    return this.#heldBack.has(about);
  }

  cannotRead(error: ErrorMessage): void {
    const refusal = { error: nameOfError(error), what: 'to tell its flows' };
    const isNews = this.#unread?.error !== refusal.error;
    this.#unread = refusal;
    if (isNews) this.#options.onRefusal(refusal);
    this.#retryLater();
  }

  /** It has told its flows. */
  hasRead(): void {
    this.#unread = undefined;
  }

  holdBack(operations: readonly Attempt[], errors: readonly ExchangeError[]): void {
    for (const { index, error } of errors) {
      const operation = operations[index];
      if (operation === undefined || this.#heldBack.has(operation.about)) continue;
      const refusal = { error: nameOfError(error), what: textOf(operation) };
      const isNews = this.#refused.get(operation.about)?.error !== refusal.error;
      this.#heldBack.set(operation.about, operation.message.command === 'delete' ? 'delete' : 'put');
      this.#refused.set(operation.about, refusal);
      if (isNews) this.#options.onRefusal(refusal);
    }
    this.#retryLater();
  }

  #retryLater(): void {
    this.#retry ??= this.#options.effects.after(retryRefused, () => {
      this.#retry = undefined;
      this.#heldBack.clear();
      this.#options.onRetry();
    });
  }

  /** What was refused and is not to be done any more: an addition of what is unwanted, a deletion of what is wanted. */
  forgetNeedless(wanted: Wanted, actual: Actual): void {
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

  /** All that could be done is done: what is not held back has been taken, or is not needed any more. */
  settle(): void {
    for (const about of this.#refused.keys()) if (!this.#heldBack.has(about)) this.#refused.delete(about);
  }

  close(): void {
    this.#retry?.cancel();
  }
}

/** Something that was sent, and what it is about: a flow's cookie, or the id of a group or meter, which differ in range. */
export type Attempt = Operation | { readonly about: number; readonly message: MeterMod };

function textOf({ message }: Attempt): string {
  if (message.type === 'flow_mod') {
    const { tableId: table, priority, match, instructions, cookie } = message;
    return message.command === 'delete'
      ? `to delete the flow with cookie=0x${cookie.toString(16)}`
      : formatFlow({ table, priority, match, instructions });
  }
  if (message.type === 'meter_mod') {
    const { meterId: id, flags, bands } = message;
    return message.command === 'delete' ? `to delete meter ${id}` : oneLineMeter({ id, flags, bands });
  }
  const { groupId: id, groupType, buckets } = message;
  return message.command === 'delete' ? `to delete group ${id}` : formatGroup({ id, groupType, buckets });
}
