import type { BundleControl, Message, MeterMod } from '../openflow/index.js';
import type { ExchangeError, ExchangeOutcome } from '../openflow/session/exchange.js';
import { xidSteps } from '../openflow/session/xid.js';
import { bundleControl, inBundle, type Operation, rankOf } from '../reconcile/order.js';

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

/** What became of some meters and some operations that were sent together. */
export type Filled =
  | { readonly type: 'lost' }
  | { readonly type: 'answered'; readonly meters: Answered; readonly operations: Answered };

type Answered = Applied & { readonly type: 'done' | 'refused' };

export type ExchangeWith = (messages: readonly Message[], errorsSince?: number) => Promise<ExchangeOutcome>;

/** A commit tells one refusal alone. After so many in a row, the messages are sent one by one and all are told at once. */
const patience = 8;

const chunkWeight = 500;

/** So many chunks may be under way at one time. */
const window = 4;

const lost = { type: 'lost' } as const;
const done = { type: 'done' } as const;

/** Commits a staged bundle. */
export type Commit = () => void;

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
    return answerOf(outcome.errors);
  }

  async apply(operations: readonly Operation[]): Promise<Applied> {
    const [first] = operations;
    // One flow is carried out as a whole or not at all, and needs no bundle, nor the round trip to its commit.
    if (operations.length === 1 && first?.message.type === 'flow_mod') {
      const outcome = await this.#exchange([first.message]);
      return outcome.type === 'failed' ? lost : answerOf(outcome.errors);
    }
    if (!this.#bundles || this.#failedCommits >= patience) return this.#oneByOne(operations);
    const bundleId = this.#nextBundle++;
    const adds = await this.#addAll(operations, bundleId);
    if (adds === 'lost') return lost;
    if (adds === 'no bundles') {
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
    const commit = await this.#exchange([bundleControl(bundleId, 'commit_request')], adds.chunks[0]?.first);
    if (commit.type === 'failed') return lost;
    if (commit.errors.length === 0 && has(commit.replies, 'commit_reply')) {
      this.#failedCommits = 0;
      return done;
    }
    this.#failedCommits += 1;
    return this.#refused(operations, placed(commit.errors, adds.chunks));
  }

  /**
   * For a switch that has nothing of ours: the commit goes out with the rest, and no answer is waited for. A failed add does not
   * poison a bundle, so that the others are applied then, as they are in the end wherever something is refused. While something
   * is there that works, that is another thing: it is to become the new as a whole, or to stay.
   *
   * @param meters go first, since a flow whose meter is not there is refused
   */
  async fill(meters: readonly MeterMod[], operations: readonly Operation[]): Promise<Filled> {
    if (!this.#bundles || this.#failedCommits > 0 || chunksOf(operations).length > window)
      return this.#fillInTurns(meters, operations);
    const bundleId = this.#nextBundle++;
    const outcome = await this.#exchange([
      ...meters,
      bundleControl(bundleId, 'open_request'),
      ...operations.map(operation => inBundle(operation, bundleId)),
      // Without it a switch may commit before it has all [OF1.3.5 6.2 Message Handling].
      { type: 'barrier_request', xid: 0 },
      bundleControl(bundleId, 'commit_request'),
    ]);
    if (outcome.type === 'failed') return lost;
    const { first, errors, replies } = outcome;
    const ofMeters = placed(errors, [{ first, at: 0, size: meters.length }]);
    const ofOperations = placed(errors, [
      { first, at: -1 - meters.length, size: meters.length + 1 + operations.length },
    ]).filter(({ index }) => index >= 0);
    const answered = (applied: Applied): Filled =>
      applied.type === 'lost' ? lost : { type: 'answered', meters: answerOf(ofMeters), operations: applied };
    if (!has(replies, 'open_reply')) {
      this.#bundles = false;
      return answered(await this.#oneByOne(operations));
    }
    if (has(replies, 'commit_reply')) return answered(answerOf(ofOperations));
    this.#failedCommits += 1;
    return answered(await this.#refused(operations, ofOperations));
  }

  async #fillInTurns(meters: readonly MeterMod[], operations: readonly Operation[]): Promise<Filled> {
    const ofMeters = meters.length === 0 ? done : await this.applyMeters(meters);
    if (ofMeters.type === 'lost') return lost;
    const applied = await this.apply(operations);
    return applied.type === 'lost' ? lost : { type: 'answered', meters: ofMeters, operations: applied };
  }

  /**
   * Sends operations as so many bundles, all with the same, and commits none: a commit is one short message, which needs no
   * answer before the next.
   *
   * @param meters go out before each commit, since a flow whose meter is not there is refused; those that are there stay
   * @returns what commits one each; none where the switch would not take them
   */
  async stage(
    meters: readonly MeterMod[],
    operations: readonly Operation[],
    bundles: number,
  ): Promise<readonly Commit[]> {
    const commits: Commit[] = [];
    while (this.#bundles && commits.length < bundles) {
      const bundleId = this.#nextBundle++;
      const adds = await this.#addAll(operations, bundleId);
      if (adds === 'lost' || adds === 'no bundles' || adds.errors.length > 0) return [];
      const commit = bundleControl(bundleId, 'commit_request');
      commits.push(() => void this.#exchange([...meters, commit], adds.chunks[0]?.first));
    }
    return commits;
  }

  /**
   * Fills a bundle, some messages at a time: the next go out when the switch has taken the ones before, so that little waits
   * for it on our side, and other switches get their turn.
   */
  async #addAll(operations: readonly Operation[], bundleId: number): Promise<Added | 'lost' | 'no bundles'> {
    const chunks: Chunk[] = [];
    const errors: ExchangeError[] = [];
    const underWay: Promise<ExchangeOutcome>[] = [];
    const turns = chunksOf(operations);
    for (let next = 0; next < turns.length || underWay.length > 0;) {
      const turn = turns[next];
      // Whether there are bundles is told by the first answer.
      if (turn !== undefined && underWay.length < (chunks.length === 0 ? 1 : window)) {
        const adds = turn.map(operation => inBundle(operation, bundleId));
        underWay.push(this.#exchange(next === 0 ? [bundleControl(bundleId, 'open_request'), ...adds] : adds));
        next += 1;
        continue;
      }
      const outcome = await underWay.shift();
      if (outcome?.type !== 'done') return 'lost';
      const isFirst = chunks.length === 0;
      if (isFirst && !has(outcome.replies, 'open_reply')) return 'no bundles';
      const last = chunks.at(-1);
      const chunk = {
        first: outcome.first,
        // The OPEN has the first place, and the operations come behind it.
        at: last === undefined ? -1 : last.at + last.size,
        size: (turns[chunks.length]?.length ?? 0) + (isFirst ? 1 : 0),
      };
      chunks.push(chunk);
      errors.push(...placed(outcome.errors, [chunk]));
    }
    return { chunks, errors };
  }

  /** A bundle was not made; where nobody says by whose fault, that is found out message by message. */
  #refused(operations: readonly Operation[], errors: readonly ExchangeError[]): Applied | Promise<Applied> {
    const own = errors.filter(({ index }) => operations[index] !== undefined);
    return own.length === 0
      ? this.#oneByOne(operations)
      : { type: 'refused', errors: own, others: 'untouched' };
  }

  async #oneByOne(operations: readonly Operation[]): Promise<Applied> {
    this.#failedCommits = 0;
    const errors: ExchangeError[] = [];
    let at = 0;
    for (const turn of turnsOf(operations)) {
      for (const some of chunksOf(turn)) {
        const outcome = await this.#exchange(some.map(standardMessage));
        if (outcome.type === 'failed') return lost;
        for (const { index, error } of outcome.errors) errors.push({ index: at + index, error });
        at += some.length;
      }
    }
    return answerOf(errors);
  }
}

/** Of messages that each stand for themselves. */
const answerOf = (errors: readonly ExchangeError[]): Answered =>
  errors.length === 0 ? done : { type: 'refused', errors, others: 'done' };

/** Messages that were sent together: their transaction ids follow each other. */
interface Chunk {
  /** The transaction id of its first message. */
  readonly first: number;
  /** The place of that among the operations. */
  readonly at: number;
  readonly size: number;
}

interface Added {
  readonly chunks: readonly Chunk[];
  readonly errors: readonly ExchangeError[];
}

/** The errors of these messages, with their places among the operations. */
const placed = (errors: readonly ExchangeError[], chunks: readonly Chunk[]): readonly ExchangeError[] =>
  errors.flatMap(({ error }) =>
    chunks.flatMap(({ first, at, size }) => {
      const steps = xidSteps(first, error.xid);
      return steps < size ? [{ index: at + steps, error }] : [];
    }),
  );

/** Where there are no bundles there is none of Open vSwitch's own commands either. */
const standardMessage = ({ message, replaces }: Operation): Message =>
  message.type === 'group_mod' && message.command === 'add_or_mod'
    ? { ...message, command: replaces === true ? 'modify' : 'add' }
    : message;

/** Some milliseconds of work each: a flow weighs 1, and a bucket of a group about half as much. */
function chunksOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const chunks: Operation[][] = [[]];
  let weight = 0;
  for (const operation of operations) {
    if (weight >= chunkWeight) {
      chunks.push([]);
      weight = 0;
    }
    chunks.at(-1)?.push(operation);
    weight += 1 + bucketsOf(operation) / 2;
  }
  return chunks;
}

/** Flows are known by their cookies: what their messages say is not asked for before they are sent. */
function bucketsOf(operation: Operation): number {
  if (typeof operation.about === 'bigint') return 0;
  const { message } = operation;
  return message.type === 'group_mod' ? message.buckets.length : 0;
}

/**
 * What may be done in any order, one part after the other: without a barrier between them a switch may do its messages in
 * whatever order it likes [OF1.3.5 6.2 Message Handling].
 */
function turnsOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const turns: Operation[][] = [];
  let last = '';
  for (const operation of operations) {
    const { message } = operation;
    const rank = message.type === 'group_mod' ? rankOf(message.groupId) : 0;
    const kind = `${message.type} ${message.command} ${rank}`;
    if (kind === last) turns.at(-1)?.push(operation);
    else turns.push([operation]);
    last = kind;
  }
  return turns;
}

const has = (replies: readonly Message[], controlType: BundleControl['controlType']): boolean =>
  replies.some(reply => reply.type === 'bundle_control' && reply.controlType === controlType);
