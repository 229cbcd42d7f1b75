/**
 * One connection to an OVSDB server as a state machine: bytes and time go in, texts to send and events come out, and it
 * touches neither socket nor clock. Phases: connecting -> schema -> monitoring -> ready -> closed. A session is never used
 * twice; after a reconnect, a new one takes over from the old one's replica. A server whose databases come, go or change
 * hangs up on clients that did not ask to be told [ovsdb-server(7) 4.1.18]: to look anew is just what a client should do then.
 */
import { HeddleError } from '../lib/errors.js';
import { JsonStream } from './json-stream.js';
import { Liveness } from './liveness.js';
import { readLockNotification, readLockReply } from './lock.js';
import { MonitorFeed, type Batch } from './monitor-feed.js';
import { encodeOperations, type Operation } from './operations.js';
import type { Replica } from './replica.js';
import { PendingRequests } from './requests.js';
import { checkReply } from './results.js';
import {
  formatError,
  formatNotification,
  formatRequest,
  formatResult,
  parseMessage,
  refusal,
  type RpcMessage,
  type RpcReply,
} from './rpc.js';
import { parseSchema, type DatabaseSchema } from './schema.js';
import {
  defaultSessionLimits,
  type SessionLimits,
  type SessionOptions,
  type SessionOutput,
  type SessionPhase,
  type TransactionToken,
} from './session-types.js';

type State =
  | { readonly phase: 'connecting' | 'schema' | 'closed' }
  | { readonly phase: 'monitoring'; readonly feed: MonitorFeed }
  | {
      readonly phase: 'ready';
      readonly feed: MonitorFeed;
      readonly schema: DatabaseSchema;
      readonly replica: Replica;
    };

interface MonitorTag {
  readonly for: 'monitor';
  readonly schema: DatabaseSchema;
  readonly feed: MonitorFeed;
}

interface TransactionTag {
  readonly for: 'transaction';
  readonly token: TransactionToken;
  readonly schema: DatabaseSchema;
  readonly operations: readonly Operation[];
}

/** What a request was for, kept until its answer. */
type Tag = { readonly for: 'echo' | 'schema' | 'lock' } | MonitorTag | TransactionTag;

export class OvsdbSession {
  readonly #options: SessionOptions;
  readonly #limits: SessionLimits;
  readonly #stream: JsonStream;
  readonly #liveness: Liveness;
  readonly #requests: PendingRequests<Tag>;
  #state: State = { phase: 'connecting' };

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#limits = { ...defaultSessionLimits, ...options.limits };
    this.#stream = new JsonStream({ maxBytes: this.#limits.maxMessageBytes });
    this.#liveness = new Liveness(this.#limits, options.now);
    this.#requests = new PendingRequests(this.#limits.maxPending);
  }

  get phase(): SessionPhase {
    return this.#state.phase;
  }

  /** The database as last heard; undefined before `ready` and after the close. */
  get replica(): Replica | undefined {
    return this.#state.phase === 'ready' ? this.#state.replica : undefined;
  }

  /** When `tick` has something to do next, at the earliest; undefined while there is no connection. */
  get deadline(): number | undefined {
    if (this.#state.phase === 'connecting' || this.#state.phase === 'closed') return undefined;
    return Math.min(this.#liveness.deadline, this.#requests.deadline ?? Infinity);
  }

  /** The connection stands. */
  opened(now: number): readonly SessionOutput[] {
    if (this.#state.phase !== 'connecting') return [];
    this.#state = { phase: 'schema' };
    this.#liveness.heard(now);
    const { database, lock } = this.#options;
    return [
      ...(lock === undefined ? [] : [this.#request({ for: 'lock' }, 'lock', [lock], now)]),
      this.#request({ for: 'schema' }, 'get_schema', [database], now),
    ];
  }

  /** Bytes came, cut anywhere. Never throws: whatever is wrong with them ends this session. */
  received(bytes: Uint8Array, now: number): readonly SessionOutput[] {
    if (this.#state.phase === 'connecting' || this.#state.phase === 'closed') return [];
    this.#liveness.heard(now);
    const outputs: SessionOutput[] = [];
    try {
      for (const text of this.#stream.push(bytes)) {
        for (const output of this.#message(parseMessage(text), now)) outputs.push(output);
        if (this.phase === 'closed') break;
      }
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      outputs.push(...this.#fail(thrown));
    }
    return outputs;
  }

  /** Time went by: to be called at `deadline`, or every second or so. */
  tick(now: number): readonly SessionOutput[] {
    if (this.#state.phase === 'connecting' || this.#state.phase === 'closed') return [];
    const outputs: SessionOutput[] = [];
    for (const { id, tag } of this.#requests.expire(now)) {
      if (tag.for === 'schema' || tag.for === 'monitor' || tag.for === 'lock')
        return [...outputs, ...this.#fail(timeout(`no answer about the ${tag.for}`))];
      if (tag.for !== 'transaction') continue;
      // The server may still carry it out; it is asked not to [RFC 7047 4.1.4], and its late answer is ignored.
      outputs.push({ type: 'send', text: formatNotification('cancel', [id]) });
      outputs.push(failed(tag.token, timeout('no answer to a transaction: it may have been carried out')));
    }
    switch (this.#liveness.check(now)) {
      case 'alive':
        return outputs;
      case 'ask':
        return [...outputs, this.#request({ for: 'echo' }, 'echo', [], now)];
      case 'dead':
        return [...outputs, ...this.#fail(timeout('no answer to an echo'))];
    }
  }

  /** Asks whether the server is still there, without waiting for a quiet while: if it says nothing, the session closes. */
  doubt(now: number): readonly SessionOutput[] {
    if (this.#state.phase === 'connecting' || this.#state.phase === 'closed') return [];
    return this.#liveness.doubt(now) ? [this.#request({ for: 'echo' }, 'echo', [], now)] : [];
  }

  /**
   * Sends a transaction; its outcome comes as a `result` with the token, at once where it cannot be sent: OVSDB_CLOSED when
   * the session is not ready, OVSDB_BUSY when too many wait, OVSDB_BAD_VALUE when it does not fit the schema.
   */
  transact(
    token: TransactionToken,
    operations: readonly Operation[],
    now: number,
    timeoutMs: number = this.#limits.requestTimeoutMs,
  ): readonly SessionOutput[] {
    if (this.#state.phase !== 'ready')
      return [failed(token, new HeddleError('OVSDB_CLOSED', `the session is not ready but ${this.phase}`))];
    if (this.#requests.isFull)
      return [
        failed(token, new HeddleError('OVSDB_BUSY', `${this.#limits.maxPending} requests wait already`)),
      ];
    try {
      const { schema } = this.#state;
      const params = [this.#options.database, ...encodeOperations(schema, operations)];
      const tag: Tag = { for: 'transaction', token, schema, operations };
      return [this.#request(tag, 'transact', params, now, timeoutMs)];
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      return [failed(token, thrown)];
    }
  }

  /** The connection is gone, or the caller has had enough: every waiting transaction gets its outcome. */
  closed(reason: string): readonly SessionOutput[] {
    if (this.#state.phase === 'closed') return [];
    this.#state = { phase: 'closed' };
    return this.#requests
      .drain()
      .flatMap(tag =>
        tag.for === 'transaction' ? [failed(tag.token, new HeddleError('OVSDB_CLOSED', reason))] : [],
      );
  }

  #fail(error: HeddleError): readonly SessionOutput[] {
    return [...this.closed(error.message), { type: 'close', error }];
  }

  #request(
    tag: Tag,
    method: string,
    params: readonly unknown[],
    now: number,
    timeoutMs: number = this.#limits.requestTimeoutMs,
  ): SessionOutput {
    const id = this.#requests.add(tag, now + timeoutMs);
    return { type: 'send', text: formatRequest(id, method, params) };
  }

  #message(message: RpcMessage, now: number): readonly SessionOutput[] {
    switch (message.type) {
      case 'request': {
        const { id, method, params } = message;
        // [RFC 7047 4.1.11] either end may ask for an echo; nothing else can be asked of a client.
        const text = method === 'echo' ? formatResult(id, params) : formatError(id, 'unknown method');
        return [{ type: 'send', text }];
      }
      case 'notification':
        return this.#notification(message.method, message.params);
      case 'response': {
        const tag = this.#requests.take(message.id);
        return tag === undefined ? [] : this.#response(tag, message.reply, now);
      }
    }
  }

  #notification(method: string, params: readonly unknown[]): readonly SessionOutput[] {
    const held = readLockNotification(this.#options.lock, method, params);
    if (held !== undefined) return [{ type: 'lock', held }];
    switch (this.#state.phase) {
      case 'connecting':
      case 'schema':
      case 'closed':
        return [];
      case 'monitoring':
      case 'ready':
        return changes(this.#state.feed.notification(method, params));
    }
  }

  #response(tag: Tag, reply: RpcReply, now: number): readonly SessionOutput[] {
    switch (tag.for) {
      case 'echo': // the bytes themselves were the sign of life
        return [];
      case 'lock':
        return [{ type: 'lock', held: readLockReply(this.#options.lock ?? '', reply) }];
      case 'schema':
        return this.#onSchema(reply, now);
      case 'monitor':
        return this.#onMonitor(tag, reply, now);
      case 'transaction':
        return this.#onTransaction(tag, reply);
    }
  }

  #onSchema(reply: RpcReply, now: number): readonly SessionOutput[] {
    if (!reply.ok) throw refusal(`get_schema ${this.#options.database}`, reply.error);
    const schema = parseSchema(reply.result);
    const feed = new MonitorFeed(this.#options, schema, this.#limits.maxMessageBytes);
    this.#state = { phase: 'monitoring', feed };
    return [this.#request({ for: 'monitor', schema, feed }, feed.method, feed.params(), now)];
  }

  #onMonitor({ schema, feed }: MonitorTag, reply: RpcReply, now: number): readonly SessionOutput[] {
    const first = feed.reply(reply);
    if (first === undefined)
      return [this.#request({ for: 'monitor', schema, feed }, feed.method, feed.params(), now)];
    const { replica, batches } = first;
    this.#state = { phase: 'ready', schema, feed, replica };
    const { method, missing } = feed;
    return [{ type: 'ready', replica, schema, method, missing }, ...batches.flatMap(changes)];
  }

  #onTransaction({ token, schema, operations }: TransactionTag, reply: RpcReply): readonly SessionOutput[] {
    try {
      return [{ type: 'result', token, outcome: checkReply(schema, operations, reply) }];
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      // Nonsense for an answer: this transaction hears of it, and then the connection ends.
      return [failed(token, thrown), ...this.#fail(thrown)];
    }
  }
}

const timeout = (message: string): HeddleError => new HeddleError('OVSDB_TIMEOUT', message);

const failed = (token: TransactionToken, error: HeddleError): SessionOutput => ({
  type: 'result',
  token,
  outcome: { ok: false, error },
});

const changes = (batch: Batch): readonly SessionOutput[] =>
  batch.length === 0 ? [] : [{ type: 'changes', changes: batch }];
