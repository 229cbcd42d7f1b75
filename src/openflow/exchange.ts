import { HeddleError, type ErrorCode } from '../lib/errors.js';
import type { ErrorMessage, Message } from './messages/index.js';

/**
 * An exchange is some messages and a BARRIER_REQUEST after them. A switch answers the barrier only when it has done, or
 * refused, all that came before [OF1.3.5 6.2 Message Handling], so that then every reply and every error is in.
 */
export interface Exchange {
  readonly token: number;
  /** The transaction ids `first`, `first + 1`, … belong to the messages in their order, `barrier` to the barrier. */
  readonly first: number;
  readonly barrier: number;
  /** Errors are taken from this transaction id on: a bundle's commit brings the errors of its adds. */
  readonly errorsSince: number;
  readonly progressAt: number;
  readonly replies: readonly Message[];
  readonly errors: readonly ExchangeError[];
  readonly done: boolean;
}

export interface ExchangeError {
  /** The place of the refused message, counted from `errorsSince`: by default, its place in the exchange. */
  readonly index: number;
  readonly error: ErrorMessage;
}

export type ExchangeOutcome =
  | {
      readonly type: 'done';
      readonly replies: readonly Message[];
      readonly errors: readonly ExchangeError[];
      readonly first: number;
    }
  | { readonly type: 'failed'; readonly error: HeddleError };

/** A switch with 1,000,000 flows answers a dump in about 1,600 parts: past this bound the peer is lying. */
const maxReplies = 16_384;

const lastXid = 0xffff_ffff;

/** Numbers the messages and puts the barrier behind them. A bundled message carries the number of its envelope. */
export function openExchange(
  token: number,
  messages: readonly Message[],
  nextXid: number,
  now: number,
  errorsSince?: number,
): { readonly exchange: Exchange; readonly messages: readonly Message[]; readonly nextXid: number } {
  const first = nextXid + messages.length >= lastXid ? 1 : nextXid;
  const barrier = first + messages.length;
  const numbered = messages.map((message, index) => withXid(message, first + index));
  return {
    exchange: {
      token,
      first,
      barrier,
      errorsSince: errorsSince ?? first,
      progressAt: now,
      replies: [],
      errors: [],
      done: false,
    },
    messages: [...numbered, { type: 'barrier_request', xid: barrier }],
    nextXid: barrier + 1,
  };
}

/** [ONF EXT-230] the message inside a bundle add has the transaction id of the message around it. */
function withXid(message: Message, xid: number): Message {
  return message.type === 'bundle_add'
    ? { ...message, xid, message: { ...message.message, xid } }
    : { ...message, xid };
}

/** The exchange after a message that belongs to it, or undefined where the message does not. */
export function answered(exchange: Exchange, message: Message, now: number): Exchange | undefined {
  if (message.type === 'error' && message.xid >= exchange.errorsSince && message.xid <= exchange.barrier) {
    const error = { index: message.xid - exchange.errorsSince, error: message };
    return { ...exchange, progressAt: now, errors: [...exchange.errors, error] };
  }
  if (message.xid < exchange.first || message.xid > exchange.barrier) return undefined;
  if (message.type === 'barrier_reply') {
    return message.xid === exchange.barrier
      ? { ...exchange, replies: joinParts(exchange.replies), done: true }
      : undefined;
  }
  if (exchange.replies.length >= maxReplies) return undefined;
  // Appended in place: a dump of many parts must not copy the list for each of them. Nobody else holds it yet.
  (exchange.replies as Message[]).push(message);
  return { ...exchange, progressAt: now };
}

/** [OF1.3.5 A.3.5] a multipart reply comes in parts with one transaction id; OFPMPF_REPLY_MORE says that more follow. */
export function joinParts(replies: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  const byXid = new Map<number, unknown[]>();
  for (const reply of replies) {
    const entries =
      reply.type === 'multipart_reply' && 'entries' in reply.body ? reply.body.entries : undefined;
    const before = entries && byXid.get(reply.xid);
    if (reply.type !== 'multipart_reply' || entries === undefined) {
      joined.push(reply);
    } else if (before === undefined) {
      const all: unknown[] = [...entries];
      byXid.set(reply.xid, all);
      joined.push({ ...reply, body: { ...reply.body, entries: all } } as Message);
    } else {
      for (const entry of entries) before.push(entry);
    }
  }
  return joined;
}

export const expired = (exchange: Exchange, now: number, limit: number): boolean =>
  now - exchange.progressAt >= limit;

export const failed = (code: ErrorCode, why: string): ExchangeOutcome => ({
  type: 'failed',
  error: new HeddleError(code, why),
});
