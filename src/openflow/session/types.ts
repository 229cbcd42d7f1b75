import type { Dpid } from '../../lib/addresses.js';
import { HeddleError } from '../../lib/errors.js';
import type { SwitchFeatures } from './features.js';
import type { EndedExchange, Exchange, ExchangeOutcome } from './exchange.js';
import type { Message, MessageOf, PortStatus } from '../messages/index.js';
import type { Port } from '../messages/ports.js';

/** What a switch says of itself when it connects; the ports as they are now. */
export interface SwitchInfo {
  /** The switch's number. */
  readonly dpid: Dpid;
  /** How many tables it has, 1 to 255. */
  readonly tables: number;
  /** By port number. */
  readonly ports: ReadonlyMap<number, Port>;
  /** Manufacturer, hardware, software, as OFPMP_DESC tells them. */
  readonly description: string;
  /** As far as the handshake asks. */
  readonly features: SwitchFeatures;
}

interface Common {
  /** The next transaction id. */
  readonly xid: number;
  /** When the last whole message came. */
  readonly heardAt: number;
  /** When an ECHO_REQUEST was sent that is not answered yet. */
  readonly echoSentAt?: number;
}

/** Messages to be sent with a barrier after them, and what the caller knows them by. */
export interface Asked {
  readonly token: number;
  readonly messages: readonly Message[];
}

/** What an outcome is still owed to. */
export type Open = Pick<Asked, 'token'>;

/** HELLO has been sent, theirs has not come. */
export type HelloState = {
  readonly phase: 'hello';
  readonly openedAt: number;
  /** To be asked as soon as theirs has come. */
  readonly early: readonly Asked[];
} & Common;

/** The switch has been asked what it is. */
export type FeaturesState = {
  readonly phase: 'features';
  readonly openedAt: number;
  readonly exchange: Exchange;
  /** What else has been asked already: it may be answered before the switch is known, or after. */
  readonly early: readonly Exchange[];
  /** What is known of the ports so far: PORT_STATUS may come before, between and after the parts of PORT_DESC. */
  readonly ports: ReadonlyMap<number, Port>;
} & Common;

export type ReadyState = {
  readonly phase: 'ready';
  readonly info: SwitchInfo;
  readonly exchanges: readonly Exchange[];
} & Common;

export interface ClosedState {
  readonly phase: 'closed';
}

/** Where the session with one switch stands. */
export type SessionState = HelloState | FeaturesState | ReadyState | ClosedState;

/** What happens to a session. */
export type SessionInput =
  /** `early` goes out behind the handshake's own questions, and saves a round trip: it must change nothing in the switch. */
  | { readonly type: 'opened'; readonly now: number; readonly early?: readonly Asked[] }
  | { readonly type: 'message'; readonly message: Message; readonly now: number }
  /** Something came that the session has no part in. */
  | { readonly type: 'heard'; readonly now: number }
  /** A frame whose body could not be decoded: it costs that frame alone, unless it was an answer. */
  | { readonly type: 'bad-frame'; readonly frame: Uint8Array; readonly now: number }
  | { readonly type: 'tick'; readonly now: number }
  /** Messages to send in order, and a barrier after them: the outcome comes when the barrier is answered. */
  | ({
      readonly type: 'exchange';
      readonly now: number;
      /** A transaction id of an earlier exchange, whose late errors belong to this one. */
      readonly errorsSince?: number;
    } & Asked)
  | { readonly type: 'closed'; readonly reason: string };

/** What a session wants done. */
export type SessionOutput =
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'ready'; readonly info: SwitchInfo }
  /** PACKET_IN, FLOW_REMOVED and other messages that no exchange asked for. */
  | { readonly type: 'asynchronous'; readonly message: Message }
  | { readonly type: 'port-status'; readonly message: PortStatus; readonly info: SwitchInfo }
  /** Once for each exchange: at its barrier, or at the connection's end. */
  | { readonly type: 'outcome'; readonly token: number; readonly outcome: ExchangeOutcome }
  | { readonly type: 'close'; readonly error: HeddleError };

export interface Step {
  readonly state: SessionState;
  readonly outputs: readonly SessionOutput[];
}

/** Milliseconds. */
export const timing = {
  /** From the connection to the ready switch. */
  handshake: 10_000,
  /** From an exchange's last sign of progress to the end of our patience. */
  exchange: 30_000,
  /** Silence after which the peer is asked whether it lives, and the time that it has to answer. */
  idle: 5_000,
  echoAnswer: 5_000,
} as const;

export const nothing: readonly SessionOutput[] = [];

export const outcomeOf = (ended: EndedExchange | undefined): readonly SessionOutput[] =>
  ended === undefined ? nothing : [{ type: 'outcome', ...ended }];

export type CloseCode = 'OF_BAD_VERSION' | 'OF_BAD_FRAME' | 'OF_INCOMPLETE' | 'OF_TIMEOUT';

/** The session's own end of the connection. Exchanges that are open get their one outcome: why it ended. */
export function close(code: CloseCode, why: string, exchanges: readonly Open[]): Step {
  const error = new HeddleError(code, why);
  const outcomes = abandoned(exchanges, error);
  return { state: { phase: 'closed' }, outputs: [...outcomes, { type: 'close', error }] };
}

export const abandoned = (exchanges: readonly Open[], error: HeddleError): readonly SessionOutput[] =>
  exchanges.map(({ token }) => ({ type: 'outcome', token, outcome: { type: 'failed', error } }));

/** [OF1.3.5 7.5.3] an echo reply carries the request's data back. */
export const echo = (
  state: FeaturesState | ReadyState,
  request: MessageOf<'echo_request'>,
  now: number,
): Step => ({
  state: { ...state, heardAt: now },
  outputs: [{ type: 'send', message: { type: 'echo_reply', xid: request.xid, data: request.data } }],
});
