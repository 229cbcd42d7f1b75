import type { HeddleError } from '../../lib/errors.js';
import { append, type Chain, chainToArray, emptyChain } from './chain.js';
import type { ErrorMessage, Message } from '../messages/index.js';
import { joinParts } from './parts.js';
import { xidAfter, xidSteps } from './xid.js';

/**
 * An exchange is some messages and a BARRIER_REQUEST after them. A switch answers the barrier only when it has done, or
 * refused, all that came before [OF1.3.5 6.2 Message Handling], so that then every reply and every error is in.
 */
export interface Exchange {
  /** What the caller knows the exchange by. */
  readonly token: number;
  /** The transaction ids from `first` on belong to the messages in their order, `barrier` to the barrier after them. */
  readonly first: number;
  /** The transaction id of the barrier. */
  readonly barrier: number;
  /** Errors are taken from this transaction id on: a bundle's commit brings the errors of its adds. */
  readonly errorsSince: number;
  /** The kinds of the multipart requests in it, by transaction id. */
  readonly asked: ReadonlyMap<number, string>;
  /** When something of the answer came last, in ms. */
  readonly progressAt: number;
  /** The replies so far, in their order. */
  readonly replies: Chain<Message>;
  /** The errors so far, in their order. */
  readonly errors: Chain<ExchangeError>;
}

/** A message of an exchange that the switch refused. */
export interface ExchangeError {
  /** The place of the refused message, counted from `errorsSince`: by default, its place in the exchange. */
  readonly index: number;
  /** The switch's own words. */
  readonly error: ErrorMessage;
}

/** How an exchange ended. */
export type ExchangeOutcome =
  | {
      readonly type: 'done';
      readonly replies: readonly Message[];
      readonly errors: readonly ExchangeError[];
      readonly first: number;
    }
  /** The connection has ended, or ends now: what the switch has done is not known. */
  | { readonly type: 'failed'; readonly error: HeddleError };

/** What became of an exchange by a message. */
export type Progress =
  | { readonly type: 'more'; readonly exchange: Exchange }
  | (ExchangeOutcome & { readonly type: 'done' })
  /** The peer does not keep to the protocol, and the rest of the answer will never be known. */
  | { readonly type: 'broken'; readonly why: string };

/** A switch with 1,000,000 flows answers a dump in about 1,600 parts: a peer that sends more is lying. */
export const maxParts = 4_096;

/** Numbers the messages and puts the barrier behind them. A bundled message carries the number of its envelope. */
export function openExchange(
  token: number,
  messages: readonly Message[],
  first: number,
  now: number,
  errorsSince = first,
): { readonly exchange: Exchange; readonly messages: readonly Message[]; readonly nextXid: number } {
  const barrier = xidAfter(first, messages.length);
  const numbered = messages.map((message, index) => withXid(message, xidAfter(first, index)));
  const asked = new Map<number, string>();
  for (const message of numbered)
    if (message.type === 'multipart_request') asked.set(message.xid, message.body.type);
  return {
    exchange: {
      token,
      first,
      barrier,
      errorsSince,
      asked,
      progressAt: now,
      replies: emptyChain,
      errors: emptyChain,
    },
    messages: [...numbered, { type: 'barrier_request', xid: barrier }],
    nextXid: xidAfter(barrier, 1),
  };
}

/** [ONF EXT-230] the message inside a bundle add has the transaction id of the message around it. */
function withXid(message: Message, xid: number): Message {
  return message.type === 'bundle_add'
    ? { ...message, xid, message: { ...message.message, xid } }
    : { ...message, xid };
}

/** What a message does to an exchange, or undefined where it does not belong to it. */
export function answered(exchange: Exchange, message: Message, now: number): Progress | undefined {
  switch (message.type) {
    case 'error':
      return onError(exchange, message, now);
    case 'barrier_reply':
      return message.xid === exchange.barrier ? finish(exchange) : undefined;
    case 'multipart_reply':
    case 'features_reply':
    case 'get_config_reply':
    case 'role_reply':
    case 'queue_get_config_reply':
    case 'get_async_reply':
    case 'nx_role_reply':
    case 'nx_tlv_table_reply':
    case 'bundle_control':
    case 'experimenter':
    case 'unknown':
      return owns(exchange, message.xid) ? onReply(exchange, message, now) : undefined;
    // All else a switch sends by itself, with numbers of its own that may be like ours.
    default:
      return undefined;
  }
}

/** Whether this transaction id was given to a message of the exchange, or to its barrier. */
export const owns = ({ first, barrier }: Exchange, xid: number): boolean =>
  xidSteps(first, xid) <= xidSteps(first, barrier);

/** What a message does to the exchanges that are open: which are left, and which has ended by it, if one has. */
export type AmongOpen =
  { readonly open: readonly Exchange[]; readonly ended?: EndedExchange } | { readonly broken: string };

export interface EndedExchange {
  readonly token: number;
  readonly outcome: ExchangeOutcome;
}

/** @returns undefined where the message belongs to none of them */
export function answeredAmong(
  exchanges: readonly Exchange[],
  message: Message,
  now: number,
): AmongOpen | undefined {
  for (const [index, exchange] of exchanges.entries()) {
    const progress = answered(exchange, message, now);
    switch (progress?.type) {
      case undefined:
        continue;
      case 'more':
        return { open: exchanges.with(index, progress.exchange) };
      case 'broken':
        return { broken: progress.why };
      case 'done':
        return {
          open: exchanges.toSpliced(index, 1),
          ended: { token: exchange.token, outcome: progress },
        };
    }
  }
  return undefined;
}

function onError(exchange: Exchange, error: ErrorMessage, now: number): Progress | undefined {
  const { errorsSince, barrier, errors } = exchange;
  const index = xidSteps(errorsSince, error.xid);
  const last = xidSteps(errorsSince, barrier);
  if (index > last) return undefined;
  if (index === last) return { type: 'broken', why: 'refused a barrier' };
  // One each is what a switch sends; a bundle's message may be refused once more at the commit.
  if (errors.size >= 2 * last)
    return { type: 'broken', why: `sent more than ${2 * last} errors for ${last} messages` };
  return {
    type: 'more',
    exchange: { ...exchange, progressAt: now, errors: append(errors, { index, error }) },
  };
}

function onReply(exchange: Exchange, message: Message, now: number): Progress {
  const { replies } = exchange;
  if (replies.size >= maxParts) return { type: 'broken', why: `answered in more than ${maxParts} parts` };
  return { type: 'more', exchange: { ...exchange, progressAt: now, replies: append(replies, message) } };
}

function finish({ replies, errors, asked, first }: Exchange): Progress {
  const allErrors = chainToArray(errors);
  const refused = new Set(allErrors.map(({ error }) => error.xid));
  const joined = joinParts(chainToArray(replies), asked, refused);
  return 'broken' in joined
    ? { type: 'broken', why: joined.broken }
    : { type: 'done', replies: joined.replies, errors: allErrors, first };
}

export const expired = (exchange: Exchange, now: number, limit: number): boolean =>
  now - exchange.progressAt >= limit;
