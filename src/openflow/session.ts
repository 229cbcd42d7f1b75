import type { Dpid } from '../lib/addresses.js';
import { assertNever, HeddleError } from '../lib/errors.js';
import { errorName } from './errors.js';
import { answered, expired, failed, type Exchange, type ExchangeOutcome, openExchange } from './exchange.js';
import { OFPPR } from './constants.js';
import type { ErrorMessage, Hello, Message, MessageOf, PortStatus } from './messages/index.js';
import type { Port } from './messages/ports.js';

/**
 * A controller's end of one OpenFlow 1.3 connection, as a state machine with no I/O: `step(state, input)` gives the
 * next state and what is to be done. Time comes in with the inputs, in milliseconds of any steady clock.
 *
 * [OF1.3.5 6.3.1 Connection Setup]: both sides send HELLO; the switch is then asked what it is and which ports it has.
 */
export interface SwitchInfo {
  readonly dpid: Dpid;
  readonly tables: number;
  readonly ports: ReadonlyMap<number, Port>;
  /** Manufacturer, hardware, software, as OFPMP_DESC tells them. */
  readonly description: string;
}

interface Common {
  /** The next transaction id: never 0, which stands for "no request". */
  readonly xid: number;
  /** When the last whole message came. */
  readonly heardAt: number;
  /** When an ECHO_REQUEST was sent that is not answered yet. */
  readonly echoSentAt?: number;
}

export type SessionState =
  | ({ readonly phase: 'hello'; readonly openedAt: number } & Common)
  | ({ readonly phase: 'features'; readonly openedAt: number; readonly exchange: Exchange } & Common)
  | ({ readonly phase: 'ready'; readonly info: SwitchInfo; readonly exchanges: readonly Exchange[] } & Common)
  | { readonly phase: 'closed' };

export type SessionInput =
  | { readonly type: 'opened'; readonly now: number }
  | { readonly type: 'message'; readonly message: Message; readonly now: number }
  /** A frame whose body could not be decoded: it costs that frame alone. */
  | { readonly type: 'bad-frame'; readonly frame: Uint8Array; readonly now: number }
  | { readonly type: 'tick'; readonly now: number }
  /** Messages to send in order, and a barrier after them: the outcome comes when the barrier is answered. */
  | {
      readonly type: 'exchange';
      readonly token: number;
      readonly messages: readonly Message[];
      readonly now: number;
      /** A transaction id of an earlier exchange, whose late errors belong to this one. */
      readonly errorsSince?: number;
    }
  | { readonly type: 'closed'; readonly reason: string };

export type SessionOutput =
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'ready'; readonly info: SwitchInfo }
  /** PACKET_IN, FLOW_REMOVED and other messages that no exchange asked for. */
  | { readonly type: 'asynchronous'; readonly message: Message }
  | { readonly type: 'port-status'; readonly message: PortStatus; readonly info: SwitchInfo }
  | { readonly type: 'outcome'; readonly token: number; readonly outcome: ExchangeOutcome }
  | { readonly type: 'close'; readonly error: HeddleError };

export interface Step {
  readonly state: SessionState;
  readonly outputs: readonly SessionOutput[];
}

export const timing = {
  /** From the connection to the ready switch, and for each exchange. */
  handshake: 10_000,
  exchange: 30_000,
  /** Silence after which the peer is asked whether it lives, and the time that it has to answer. */
  idle: 5_000,
  echoAnswer: 5_000,
} as const;

const version = 4;
const nothing: readonly SessionOutput[] = [];

export const initialSession: SessionState = { phase: 'closed' };

export function stepSession(state: SessionState, input: SessionInput): Step {
  switch (input.type) {
    case 'opened':
      return {
        state: { phase: 'hello', openedAt: input.now, xid: 2, heardAt: input.now },
        outputs: [{ type: 'send', message: { type: 'hello', xid: 1, version, versions: [version] } }],
      };
    case 'message':
      return onMessage(state, input.message, input.now);
    case 'bad-frame':
      return onBadFrame(state, input.frame, input.now);
    case 'tick':
      return onTick(state, input.now);
    case 'exchange':
      return onExchange(state, input);
    case 'closed':
      return onClosed(state, input.reason);
    default:
      return assertNever(input);
  }
}

function onMessage(state: SessionState, message: Message, now: number): Step {
  switch (state.phase) {
    case 'hello':
      return onHello(state, message, now);
    case 'features':
      return onFeatures(state, message, now);
    case 'ready':
      return onReady(state, message, now);
    case 'closed':
      return { state, outputs: nothing };
    default:
      return assertNever(state);
  }
}

/** [OF1.3.5 6.3.1] the highest version that both bitmaps have; with no bitmap the smaller of the header versions. */
function commonVersion(hello: Hello): boolean {
  return hello.versions === undefined ? hello.version >= version : hello.versions.includes(version);
}

function onHello(state: SessionState & { phase: 'hello' }, message: Message, now: number): Step {
  if (message.type === 'error') {
    return close(
      'OF_BAD_VERSION',
      `the switch refused OpenFlow 1.3 (${describeError(message)})${protocolsHint}`,
    );
  }
  if (message.type !== 'hello') {
    return close('OF_BAD_FRAME', `the first message was ${message.type}, not hello`);
  }
  if (!commonVersion(message)) {
    const spoken = (message.versions ?? [message.version]).map(versionName).join(', ');
    const text = new TextEncoder().encode('Heddle speaks OpenFlow 1.3 only');
    return {
      state: { phase: 'closed' },
      outputs: [
        // OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE, with a text for people [OF1.3.5 A.4.4]
        {
          type: 'send',
          message: {
            type: 'error',
            version: message.version,
            xid: message.xid,
            errorType: 0,
            code: 0,
            data: text,
          },
        },
        {
          type: 'close',
          error: new HeddleError(
            'OF_BAD_VERSION',
            `the switch speaks ${spoken}, not OpenFlow 1.3${protocolsHint}`,
          ),
        },
      ],
    };
  }
  const questions: Message[] = [
    { type: 'features_request', xid: 0 },
    { type: 'set_config', xid: 0, flags: 0, missSendLen: 0xffff },
    { type: 'multipart_request', xid: 0, flags: 0, body: { type: 'desc' } },
    { type: 'multipart_request', xid: 0, flags: 0, body: { type: 'port_desc' } },
  ];
  const { exchange, messages, nextXid } = openExchange(0, questions, state.xid, now);
  return {
    state: { phase: 'features', openedAt: state.openedAt, exchange, xid: nextXid, heardAt: now },
    outputs: messages.map(message => ({ type: 'send', message })),
  };
}

const protocolsHint = ': set it with `ovs-vsctl set bridge BRIDGE protocols=OpenFlow13`';

function onFeatures(state: SessionState & { phase: 'features' }, message: Message, now: number): Step {
  if (message.type === 'echo_request') return echo(state, message, now);
  const exchange = answered(state.exchange, message, now);
  if (exchange === undefined || !exchange.done) {
    return { state: { ...state, exchange: exchange ?? state.exchange, heardAt: now }, outputs: nothing };
  }
  const features = exchange.replies.find(reply => reply.type === 'features_reply');
  if (features === undefined) {
    const why = exchange.errors[0] === undefined ? 'nothing' : describeError(exchange.errors[0].error);
    return close('OF_BAD_FRAME', `the switch answered FEATURES_REQUEST with ${why}`);
  }
  if (features.auxiliaryId !== 0) {
    return close('OF_BAD_FRAME', 'auxiliary connections are not served: connect once, with auxiliary id 0');
  }
  const ports = new Map<number, Port>();
  let description = '';
  for (const reply of exchange.replies) {
    if (reply.type !== 'multipart_reply') continue;
    if (reply.body.type === 'port_desc') for (const port of reply.body.entries) ports.set(port.portNo, port);
    if (reply.body.type === 'desc') {
      const { mfrDesc, hwDesc, swDesc } = reply.body;
      description = [mfrDesc, hwDesc, swDesc].filter(part => part !== '').join(' ');
    }
  }
  const info: SwitchInfo = { dpid: features.datapathId, tables: features.nTables, ports, description };
  return {
    state: { phase: 'ready', info, exchanges: [], xid: state.xid, heardAt: now },
    outputs: [{ type: 'ready', info }],
  };
}

function onReady(state: SessionState & { phase: 'ready' }, message: Message, now: number): Step {
  switch (message.type) {
    case 'packet_in':
    case 'flow_removed':
      // The hot path: no new state for each packet, the time of the last message may lag by a second.
      return {
        state: now - state.heardAt < 1000 ? state : { ...state, heardAt: now },
        outputs: [{ type: 'asynchronous', message }],
      };
    case 'echo_request':
      return echo(state, message, now);
    case 'echo_reply': {
      const { echoSentAt: _answered, ...rest } = state;
      return { state: { ...rest, heardAt: now }, outputs: nothing };
    }
    case 'port_status': {
      const info = withPort(state.info, message);
      return { state: { ...state, info, heardAt: now }, outputs: [{ type: 'port-status', message, info }] };
    }
    default:
      return onReply(state, message, now);
  }
}

function onReply(state: SessionState & { phase: 'ready' }, message: Message, now: number): Step {
  for (const [index, exchange] of state.exchanges.entries()) {
    const next = answered(exchange, message, now);
    if (next === undefined) continue;
    if (!next.done)
      return {
        state: { ...state, exchanges: state.exchanges.with(index, next), heardAt: now },
        outputs: nothing,
      };
    return {
      state: { ...state, exchanges: state.exchanges.toSpliced(index, 1), heardAt: now },
      outputs: [
        {
          type: 'outcome',
          token: next.token,
          outcome: { type: 'done', replies: next.replies, errors: next.errors, first: next.first },
        },
      ],
    };
  }
  return { state: { ...state, heardAt: now }, outputs: [{ type: 'asynchronous', message }] };
}

function withPort(info: SwitchInfo, status: PortStatus): SwitchInfo {
  const ports = new Map(info.ports);
  if (status.reason === OFPPR.DELETE) ports.delete(status.desc.portNo);
  else ports.set(status.desc.portNo, status.desc);
  return { ...info, ports };
}

/** [OF1.3.5 A.5.2] an echo reply carries the request's data back. */
function echo(
  state: Exclude<SessionState, { phase: 'closed' }>,
  request: MessageOf<'echo_request'>,
  now: number,
): Step {
  return {
    state: { ...state, heardAt: now },
    outputs: [{ type: 'send', message: { type: 'echo_reply', xid: request.xid, data: request.data } }],
  };
}

function onBadFrame(state: SessionState, frame: Uint8Array, now: number): Step {
  if (state.phase !== 'ready')
    return close('OF_BAD_FRAME', 'a message that cannot be read, before the switch was known');
  const xid = frame.length < 8 ? 0 : new DataView(frame.buffer, frame.byteOffset).getUint32(4);
  return {
    state: { ...state, heardAt: now },
    outputs: [
      // OFPET_BAD_REQUEST, OFPBRC_BAD_LEN, with at least 64 bytes of the message [OF1.3.5 A.4.4]
      {
        type: 'send',
        message: { type: 'error', version, xid, errorType: 1, code: 6, data: frame.slice(0, 64) },
      },
    ],
  };
}

function onTick(state: SessionState, now: number): Step {
  if (state.phase === 'closed') return { state, outputs: nothing };
  if (state.phase !== 'ready') {
    if (now - state.openedAt < timing.handshake) return { state, outputs: nothing };
    return close('OF_TIMEOUT', `no OpenFlow handshake within ${timing.handshake / 1000} s`);
  }
  const late = state.exchanges.find(exchange => expired(exchange, now, timing.exchange));
  if (late !== undefined) {
    return closeReady(state, 'OF_TIMEOUT', `no answer to a barrier within ${timing.exchange / 1000} s`);
  }
  if (
    state.echoSentAt !== undefined &&
    now - state.echoSentAt >= timing.echoAnswer &&
    state.heardAt <= state.echoSentAt
  ) {
    return closeReady(
      state,
      'OF_TIMEOUT',
      `no answer to an echo request within ${timing.echoAnswer / 1000} s`,
    );
  }
  if (
    now - state.heardAt >= timing.idle &&
    (state.echoSentAt === undefined || state.heardAt > state.echoSentAt)
  ) {
    return {
      state: { ...state, xid: after(state.xid), echoSentAt: now },
      outputs: [{ type: 'send', message: { type: 'echo_request', xid: state.xid, data: new Uint8Array(0) } }],
    };
  }
  return { state, outputs: nothing };
}

function onExchange(state: SessionState, input: SessionInput & { type: 'exchange' }): Step {
  const { token, messages, now, errorsSince } = input;
  if (state.phase !== 'ready') {
    return {
      state,
      outputs: [{ type: 'outcome', token, outcome: failed('OF_CLOSED', 'the switch is not connected') }],
    };
  }
  const opened = openExchange(token, messages, state.xid, now, errorsSince);
  return {
    state: { ...state, xid: opened.nextXid, exchanges: [...state.exchanges, opened.exchange] },
    outputs: opened.messages.map(message => ({ type: 'send', message })),
  };
}

function onClosed(state: SessionState, reason: string): Step {
  return {
    state: { phase: 'closed' },
    outputs: state.phase === 'ready' ? abandoned(state.exchanges, reason) : nothing,
  };
}

const abandoned = (exchanges: readonly Exchange[], reason: string): SessionOutput[] =>
  exchanges.map(({ token }) => ({ type: 'outcome', token, outcome: failed('OF_CLOSED', reason) }));

function close(code: 'OF_BAD_VERSION' | 'OF_BAD_FRAME' | 'OF_TIMEOUT', why: string): Step {
  return { state: { phase: 'closed' }, outputs: [{ type: 'close', error: new HeddleError(code, why) }] };
}

function closeReady(state: SessionState & { phase: 'ready' }, code: 'OF_TIMEOUT', why: string): Step {
  return {
    state: { phase: 'closed' },
    outputs: [...abandoned(state.exchanges, why), { type: 'close', error: new HeddleError(code, why) }],
  };
}

const after = (xid: number): number => (xid >= 0xffff_ffff ? 1 : xid + 1);

const describeError = (error: ErrorMessage): string => errorName(error.errorType, error.code);

function versionName(wire: number): string {
  return wire >= 1 && wire <= 6 ? `OpenFlow 1.${wire - 1}` : `version ${wire}`;
}
