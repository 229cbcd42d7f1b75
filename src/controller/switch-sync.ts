import { type Group, ourCookies } from '../intent/index.js';
import {
  errorName,
  type ExchangeError,
  type ExchangeOutcome,
  type FlowStats,
  formatFlow,
  formatGroup,
  type Message,
  OFPG,
  OFPP,
  OFPTT,
} from '../openflow/index.js';
import type { Wanted } from '../reconcile/compile.js';
import { type Actual, isEmpty, planFlows, readActual } from '../reconcile/flows.js';
import { bundleControl, bundleOf, type Operation, order } from '../reconcile/order.js';
import type { Effects } from './effects.js';

/** Something that a switch would not take. */
export interface Refusal {
  /** The switch's own error, by its name in the standard. */
  readonly error: string;
  /** The flow or group, in ovs-ofctl's notation. */
  readonly what: string;
}

export type SyncPhase = 'reading' | 'waiting' | 'programming' | 'in sync' | 'closed';

export interface SwitchSyncOptions {
  readonly exchange: (messages: readonly Message[], errorsSince?: number) => Promise<ExchangeOutcome>;
  /** What is wanted now; undefined while that cannot be said: nothing is sent before. */
  readonly wanted: () => Wanted | undefined;
  readonly effects: Pick<Effects, 'after'>;
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onInSync: (sent: number) => void;
}

/** A refused flow is tried again after this long, or when the whole switch is read again. Milliseconds. */
const retryRefused = 30_000;

/**
 * Keeps one connected switch true to what is wanted: reads what it has of ours, then sends differences, each as one atomic
 * bundle. A flow that the switch refuses is told, left out, and holds back nothing else.
 */
export class SwitchSync {
  readonly #options: SwitchSyncOptions;
  readonly #refused = new Map<bigint | number, Refusal>();
  #actual: Actual | undefined;
  #phase: SyncPhase = 'reading';
  #again = false;
  #busy = false;
  #nextBundle = 1;
  #bundles = true;
  #sent = 0;

  constructor(options: SwitchSyncOptions) {
    this.#options = options;
  }

  get phase(): SyncPhase {
    return this.#phase;
  }

  get refusals(): readonly Refusal[] {
    return [...this.#refused.values()];
  }

  /** Flows and groups that were sent since the connection, deletions included. */
  get sent(): number {
    return this.#sent;
  }

  get actual(): Actual | undefined {
    return this.#actual;
  }

  /**
   * Reads the flows and groups of ours that the switch has.
   *
   * @returns the reactive flows that an earlier run left, or undefined when the connection ended
   */
  async read(): Promise<readonly FlowStats[] | undefined> {
    const outcome = await this.#options.exchange(questions);
    if (outcome.type === 'failed') {
      this.#phase = 'closed';
      return undefined;
    }
    const flows: FlowStats[] = [];
    const groups: Group[] = [];
    for (const reply of outcome.replies) {
      if (reply.type !== 'multipart_reply') continue;
      if (reply.body.type === 'flow') for (const entry of reply.body.entries) flows.push(entry);
      if (reply.body.type === 'group_desc') {
        for (const { groupId, groupType, buckets } of reply.body.entries)
          groups.push({ id: groupId, groupType, buckets });
      }
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
    this.#forgetRefusals(wanted);
    const plan = planFlows(wanted, actual, new Set(this.#refused.keys()));
    if (!isEmpty(plan)) {
      this.#phase = 'programming';
      const operations = order(plan);
      const errors = await this.#apply(operations);
      if (errors === undefined) {
        this.#phase = 'closed';
        return;
      }
      if (errors.length > 0) {
        this.#refuse(operations, errors);
        this.#again = true;
        return;
      }
      this.#sent += operations.length;
    }
    this.#actual = plan.after;
    this.#phase = 'in sync';
    this.#options.onInSync(isEmpty(plan) ? 0 : plan.flowsToAdd.length);
  }

  /** @returns the errors by the place of the operation; undefined when the connection ended */
  async #apply(operations: readonly Operation[]): Promise<readonly ExchangeError[] | undefined> {
    if (!this.#bundles) return this.#applyOneByOne(operations);
    const bundleId = this.#nextBundle++;
    const adds = await this.#options.exchange(bundleOf(operations, bundleId));
    if (adds.type === 'failed') return undefined;
    if (adds.errors.some(({ index }) => index === 0)) {
      // The switch knows no bundles: the order of the messages is all that can be kept.
      this.#bundles = false;
      return this.#applyOneByOne(operations);
    }
    if (adds.errors.length > 0) {
      // A failed add does not poison a bundle: a commit would apply the rest of it.
      const discarded = await this.#options.exchange([bundleControl(bundleId, 'discard_request')]);
      return discarded.type === 'failed' ? undefined : behindOpen(adds.errors);
    }
    // What fails at the commit is told under the transaction id of its add, before the commit's own error.
    const commit = await this.#options.exchange([bundleControl(bundleId, 'commit_request')], adds.first);
    return commit.type === 'failed' ? undefined : behindOpen(commit.errors);
  }

  async #applyOneByOne(operations: readonly Operation[]): Promise<readonly ExchangeError[] | undefined> {
    const outcome = await this.#options.exchange(operations.map(operation => operation.message));
    return outcome.type === 'failed' ? undefined : outcome.errors;
  }

  #refuse(operations: readonly Operation[], errors: readonly ExchangeError[]): void {
    const before = this.#refused.size;
    for (const { index, error } of errors) {
      const operation = operations[index];
      if (operation === undefined || this.#refused.has(operation.about)) continue;
      const refusal = { error: errorName(error.errorType, error.code), what: textOf(operation) };
      this.#refused.set(operation.about, refusal);
      this.#options.onRefusal(refusal);
    }
    if (this.#refused.size === before) {
      // The bundle failed as a whole and nobody says why: set it aside, or it would be tried without end.
      const error = errors[0]?.error;
      const refusal = {
        error: error === undefined ? 'no error' : errorName(error.errorType, error.code),
        what: `a bundle of ${operations.length} changes`,
      };
      for (const { about } of operations) this.#refused.set(about, refusal);
      this.#options.onRefusal(refusal);
    }
    this.#options.effects.after(retryRefused, () => {
      if (this.#phase === 'closed') return;
      this.#refused.clear();
      this.reconcile();
    });
  }

  /** An addition that is no longer wanted is no longer refused. */
  #forgetRefusals(wanted: Wanted): void {
    for (const about of this.#refused.keys()) {
      const isWanted = typeof about === 'bigint' ? wanted.flows.has(about) : wanted.groups.has(about);
      const isThere =
        typeof about === 'bigint' ? this.#actual?.flows.has(about) : this.#actual?.groups.has(about);
      if (!isWanted && isThere !== true) this.#refused.delete(about);
    }
  }
}

const questions: readonly Message[] = [
  {
    type: 'multipart_request',
    xid: 0,
    flags: 0,
    body: {
      type: 'flow',
      tableId: OFPTT.ALL,
      outPort: OFPP.ANY,
      outGroup: OFPG.ANY,
      cookie: ourCookies.cookie,
      cookieMask: ourCookies.mask,
      match: [],
    },
  },
  { type: 'multipart_request', xid: 0, flags: 0, body: { type: 'group_desc' } },
];

/** In a bundle, the first message is its OPEN; the operations come behind it. What is not about one of them has no place. */
const behindOpen = (errors: readonly ExchangeError[]): readonly ExchangeError[] =>
  errors.map(({ index, error }) => ({ index: index - 1, error }));

function textOf({ message }: Operation): string {
  if (message.type === 'flow_mod') {
    const { tableId: table, priority, match, instructions } = message;
    return formatFlow({ table, priority, match, instructions });
  }
  return formatGroup({ id: message.groupId, groupType: message.groupType, buckets: message.buckets });
}
