import { answeredAmong, expired, openExchange } from './exchange.js';
import type { Message } from '../messages/index.js';
import { withStatus } from './ports.js';
import {
  close,
  echo,
  nothing,
  outcomeOf,
  type ReadyState,
  type SessionInput,
  type Step,
  timing,
} from './types.js';
import { xidAfter } from './xid.js';

export function onReady(state: ReadyState, message: Message, now: number): Step {
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
      const info = { ...state.info, ports: withStatus(state.info.ports, message) };
      return { state: { ...state, info, heardAt: now }, outputs: [{ type: 'port-status', message, info }] };
    }
    default:
      return onReply(state, message, now);
  }
}

function onReply(state: ReadyState, message: Message, now: number): Step {
  const { exchanges } = state;
  const progress = answeredAmong(exchanges, message, now);
  if (progress === undefined)
    return { state: { ...state, heardAt: now }, outputs: [{ type: 'asynchronous', message }] };
  if ('broken' in progress) return close('OF_INCOMPLETE', `the switch ${progress.broken}`, exchanges);
  return {
    state: { ...state, exchanges: progress.open, heardAt: now },
    outputs: outcomeOf(progress.ended),
  };
}

export function tickReady(state: ReadyState, now: number): Step {
  const { exchanges, heardAt, echoSentAt } = state;
  if (exchanges.some(exchange => expired(exchange, now, timing.exchange))) {
    return close('OF_TIMEOUT', `no answer to a barrier within ${timing.exchange / 1000} s`, exchanges);
  }
  // Any message is a sign of life, also from a peer that is too busy to answer echoes.
  const asked = echoSentAt !== undefined && heardAt <= echoSentAt;
  if (asked && now - echoSentAt >= timing.echoAnswer) {
    return close(
      'OF_TIMEOUT',
      `no answer to an echo request within ${timing.echoAnswer / 1000} s`,
      exchanges,
    );
  }
  if (asked || now - heardAt < timing.idle) return { state, outputs: nothing };
  return {
    state: { ...state, xid: xidAfter(state.xid, 1), echoSentAt: now },
    outputs: [{ type: 'send', message: { type: 'echo_request', xid: state.xid, data: new Uint8Array(0) } }],
  };
}

export function onExchange(state: ReadyState, input: SessionInput & { type: 'exchange' }): Step {
  const { token, messages, now, errorsSince } = input;
  const opened = openExchange(token, messages, state.xid, now, errorsSince);
  return {
    state: { ...state, xid: opened.nextXid, exchanges: [...state.exchanges, opened.exchange] },
    outputs: opened.messages.map(message => ({ type: 'send', message })),
  };
}
