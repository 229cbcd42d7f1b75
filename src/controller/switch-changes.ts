import type { BundleControl, Message, MeterMod } from '../openflow/index.js';
import type { ExchangeError, ExchangeOutcome } from '../openflow/session/exchange.js';
import { bundleControl, bundleOf, type Operation } from '../reconcile/order.js';

/** What became of some operations. The places of the errors are those of the operations. */
export type Applied =
  | { readonly type: 'done' }
  /** Some were refused: with the others nothing was done, or all, as `others` says. */
  | {
      readonly type: 'refused';
      readonly errors: readonly ExchangeError[];
      readonly others: 'untouched' | 'done';
    }
  /** The connection ended: what was done is not known. */
  | { readonly type: 'lost' };

export type ExchangeWith = (messages: readonly Message[], errorsSince?: number) => Promise<ExchangeOutcome>;

/** A commit tells one refusal alone. After so many in a row, the messages are sent one by one and all are told at once. */
const patience = 8;

const lost: Applied = { type: 'lost' };
const done: Applied = { type: 'done' };

/** Sends operations to one switch: as one atomic bundle wherever that can be [ONF extension 230]. */
export class SwitchChanges {
  readonly #exchange: ExchangeWith;
  #nextBundle = 1;
  #bundles = true;
  #failedCommits = 0;

  constructor(exchange: ExchangeWith) {
    this.#exchange = exchange;
  }

  /** Meters are in no bundle of Open vSwitch's: it refuses them there. One by one, each for itself. */
  async applyMeters(mods: readonly MeterMod[]): Promise<Applied> {
    const outcome = await this.#exchange(mods);
    if (outcome.type === 'failed') return lost;
    return outcome.errors.length === 0 ? done : { type: 'refused', errors: outcome.errors, others: 'done' };
  }

  async apply(operations: readonly Operation[]): Promise<Applied> {
    if (!this.#bundles || this.#failedCommits >= patience) return this.#oneByOne(operations);
    const bundleId = this.#nextBundle++;
    const adds = await this.#exchange(bundleOf(operations, bundleId));
    if (adds.type === 'failed') return lost;
    if (!has(adds.replies, 'open_reply')) {
      // The switch knows no bundles, whether it says so or not: the order of the messages is all that can be kept.
      this.#bundles = false;
      return this.#oneByOne(operations);
    }
    if (adds.errors.length > 0) {
      // A failed add does not poison a bundle: a commit would apply the rest of it.
      const discarded = await this.#exchange([bundleControl(bundleId, 'discard_request')]);
      if (discarded.type === 'failed') return lost;
      return this.#refused(operations, adds.errors);
    }
    // What fails at the commit is told under the transaction id of its add, before the commit's own error.
    const commit = await this.#exchange([bundleControl(bundleId, 'commit_request')], adds.first);
    if (commit.type === 'failed') return lost;
    if (commit.errors.length === 0 && has(commit.replies, 'commit_reply')) {
      this.#failedCommits = 0;
      return done;
    }
    this.#failedCommits += 1;
    return this.#refused(operations, commit.errors);
  }

  /** A bundle was not made; where nobody says by whose fault, that is found out message by message. */
  #refused(operations: readonly Operation[], errors: readonly ExchangeError[]): Applied | Promise<Applied> {
    // The OPEN has the first place, and the operations come behind it.
    const own = errors
      .map(({ index, error }) => ({ index: index - 1, error }))
      .filter(({ index }) => operations[index] !== undefined);
    return own.length === 0
      ? this.#oneByOne(operations)
      : { type: 'refused', errors: own, others: 'untouched' };
  }

  async #oneByOne(operations: readonly Operation[]): Promise<Applied> {
    this.#failedCommits = 0;
    const errors: ExchangeError[] = [];
    let at = 0;
    for (const turn of turnsOf(operations)) {
      const outcome = await this.#exchange(turn.map(operation => operation.message));
      if (outcome.type === 'failed') return lost;
      for (const { index, error } of outcome.errors) errors.push({ index: at + index, error });
      at += turn.length;
    }
    return errors.length === 0 ? done : { type: 'refused', errors, others: 'done' };
  }
}

/**
 * What may be done in any order, one part after the other: without a barrier between them a switch may do its messages in
 * whatever order it likes [OF1.3.5 6.2 Message Handling].
 */
function turnsOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const turns: Operation[][] = [];
  let last = '';
  for (const operation of operations) {
    const { type, command } = operation.message;
    const kind = `${type} ${command}`;
    if (kind === last) turns.at(-1)?.push(operation);
    else turns.push([operation]);
    last = kind;
  }
  return turns;
}

const has = (replies: readonly Message[], controlType: BundleControl['controlType']): boolean =>
  replies.some(reply => reply.type === 'bundle_control' && reply.controlType === controlType);
