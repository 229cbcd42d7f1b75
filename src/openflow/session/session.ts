import { assertNever, HeddleError } from '../../lib/errors.js';
import { getU32 } from '../../lib/struct/index.js';
import { OFP_VERSION } from '../constants.js';
import { owns } from './exchange.js';
import type { Message } from '../messages/index.js';
import { helloXid, onFeatures, onHello, tickHandshake } from './handshake.js';
import { onExchange, onReady, tickReady } from './ready.js';
import {
  abandoned,
  type Asked,
  close,
  nothing,
  type Open,
  type SessionInput,
  type SessionState,
  type Step,
} from './types.js';
import { xidAfter } from './xid.js';

export { timing } from './types.js';
export type { Asked, SessionInput, SessionOutput, SessionState, Step, SwitchInfo } from './types.js';

/** Before the connection is opened. */
export const initialSession: SessionState = { phase: 'closed' };

/**
 * A controller's end of one OpenFlow 1.3 connection, as a state machine with no I/O: the next state, and what is to be
 * done. Time comes in with the inputs, in milliseconds of any steady clock.
 */
export function stepSession(state: SessionState, input: SessionInput): Step {
  switch (input.type) {
    case 'opened':
      return state.phase === 'closed' ? onOpened(input.now, input.early ?? []) : { state, outputs: nothing };
    case 'message':
      return onMessage(state, input.message, input.now);
    case 'heard':
      return {
        state: state.phase === 'closed' ? state : { ...state, heardAt: input.now },
        outputs: nothing,
      };
    case 'bad-frame':
      return onBadFrame(state, input.frame, input.now);
    case 'tick':
      return onTick(state, input.now);
    case 'exchange':
      return state.phase === 'ready' ? onExchange(state, input) : notConnected(state, input.token);
    case 'closed':
      return {
        state: { phase: 'closed' },
        outputs: abandoned(openIn(state), new HeddleError('OF_CLOSED', input.reason)),
      };
    default:
      return assertNever(input);
  }
}

const onOpened = (now: number, early: readonly Asked[]): Step => ({
  state: { phase: 'hello', openedAt: now, early, xid: xidAfter(helloXid, 1), heardAt: now },
  outputs: [
    {
      type: 'send',
      message: { type: 'hello', xid: helloXid, version: OFP_VERSION, versions: [OFP_VERSION] },
    },
  ],
});

function openIn(state: SessionState): readonly Open[] {
  switch (state.phase) {
    case 'hello':
    case 'features':
      return state.early;
    case 'ready':
      return state.exchanges;
    case 'closed':
      return [];
    default:
      return assertNever(state);
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

function onTick(state: SessionState, now: number): Step {
  switch (state.phase) {
    case 'hello':
    case 'features':
      return tickHandshake(state, now);
    case 'ready':
      return tickReady(state, now);
    case 'closed':
      return { state, outputs: nothing };
    default:
      return assertNever(state);
  }
}

const errorType = 1; // OFPT_ERROR
/** OFPT_PACKET_IN, OFPT_FLOW_REMOVED, OFPT_PORT_STATUS: never answers, whatever their transaction id. */
const asynchronousTypes: readonly (number | undefined)[] = [10, 11, 12];
const badRequest = 1; // OFPET_BAD_REQUEST
const badVersion = 0; // OFPBRC_BAD_VERSION
const badLen = 6; // OFPBRC_BAD_LEN

function onBadFrame(state: SessionState, frame: Uint8Array, now: number): Step {
  if (state.phase === 'closed') return { state, outputs: nothing };
  if (state.phase === 'hello') {
    return close('OF_BAD_FRAME', 'the first message cannot be read', openIn(state));
  }
  const xid = frame.length < 8 ? 0 : getU32(frame, 4);
  const exchanges = state.phase === 'ready' ? state.exchanges : [state.exchange, ...state.early];
  if (!asynchronousTypes.includes(frame[1]) && exchanges.some(exchange => owns(exchange, xid))) {
    // What was in it is lost, and a list without it would be taken for the whole.
    return close('OF_INCOMPLETE', 'the switch answered with a message that cannot be read', openIn(state));
  }
  // An error that is answered by an error would go to and fro for ever.
  if (frame[1] === errorType) return { state: { ...state, heardAt: now }, outputs: nothing };
  const code = frame[0] === OFP_VERSION ? badLen : badVersion;
  // At least 64 bytes of the message go back [OF1.3.5 7.4.4].
  const data = frame.slice(0, 64);
  return {
    state: { ...state, heardAt: now },
    outputs: [
      {
        type: 'send',
        message: { type: 'error', version: OFP_VERSION, xid, errorType: badRequest, code, data },
      },
    ],
  };
}

const notConnected = (state: SessionState, token: number): Step => ({
  state,
  outputs: [
    {
      type: 'outcome',
      token,
      outcome: { type: 'failed', error: new HeddleError('OF_CLOSED', 'the switch is not connected') },
    },
  ],
});
