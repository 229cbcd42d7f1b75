import { HeddleError } from '../../lib/errors.js';
import { answered, expired, openExchange } from './exchange.js';
import type { Message } from '../messages/index.js';
import { withStatus } from './ports.js';
import {
  abandoned,
  close,
  echo,
  nothing,
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
  for (const [index, exchange] of exchanges.entries()) {
    const progress = answered(exchange, message, now);
    switch (progress?.type) {
      case undefined:
        continue;
      case 'more':
        return {
          state: { ...state, exchanges: exchanges.with(index, progress.exchange), heardAt: now },
          outputs: nothing,
        };
      case 'broken':
        return close('OF_INCOMPLETE', `the switch ${progress.why}`, exchanges);
      case 'done':
        return {
          state: { ...state, exchanges: exchanges.toSpliced(index, 1), heardAt: now },
          outputs: [{ type: 'outcome', token: exchange.token, outcome: progress }],
        };
    }
  }
  return { state: { ...state, heardAt: now }, outputs: [{ type: 'asynchronous', message }] };
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

export const onLost = (state: ReadyState, reason: string): Step => ({
  state: { phase: 'closed' },
  outputs: abandoned(state.exchanges, new HeddleError('OF_CLOSED', reason)),
});
