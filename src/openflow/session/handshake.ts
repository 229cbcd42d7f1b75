import { HeddleError } from '../../lib/errors.js';
import { multipart } from '../build.js';
import { OFP_VERSION, OFPCML_NO_BUFFER } from '../constants.js';
import { nameOfError } from '../errors.js';
import { answered, answeredAmong, openExchange, type Progress } from './exchange.js';
import type { ErrorMessage, Hello, Message } from '../messages/index.js';
import { featuresIn } from './features.js';
import { withDescribed, withStatus } from './ports.js';
import {
  abandoned,
  close,
  echo,
  type FeaturesState,
  type HelloState,
  nothing,
  type Open,
  outcomeOf,
  type Step,
  timing,
} from './types.js';

/** [OF1.3.5 6.3.1 Connection Setup]: both sides send HELLO first; the switch is then asked what it is and has. */
export const helloXid = 1;

const helloFailed = 0; // OFPET_HELLO_FAILED
const incompatible = 0; // OFPHFC_INCOMPATIBLE

export function onHello(state: HelloState, message: Message, now: number): Step {
  const { early } = state;
  if (message.type === 'error') return refusedVersion(message, early);
  if (message.type !== 'hello')
    return close('OF_BAD_FRAME', `the first message was ${message.type}, not hello`, early);
  if (!speaksOurs(message)) return noCommonVersion(message, early);
  const own = openExchange(0, questions, state.xid, now);
  const opened = [own];
  let xid = own.nextXid;
  for (const { token, messages } of early) {
    const next = openExchange(token, messages, xid, now);
    opened.push(next);
    xid = next.nextXid;
  }
  return {
    state: {
      phase: 'features',
      openedAt: state.openedAt,
      exchange: own.exchange,
      early: opened.slice(1).map(({ exchange }) => exchange),
      ports: new Map(),
      xid,
      heardAt: now,
    },
    outputs: opened
      .flatMap(({ messages }) => messages)
      .map(question => ({ type: 'send', message: question })),
  };
}

/** [OF1.3.5 6.3.1] the highest version that both bitmaps have; with no bitmap the smaller of the header versions. */
const speaksOurs = ({ version, versions }: Hello): boolean =>
  versions === undefined ? version >= OFP_VERSION : versions.includes(OFP_VERSION);

const questions: readonly Message[] = [
  { type: 'features_request', xid: 0 },
  // Whole packets; and to a "service" connection Open vSwitch sends packets only when this is not 0.
  { type: 'set_config', xid: 0, flags: 0, missSendLen: OFPCML_NO_BUFFER },
  multipart({ type: 'desc' }),
  multipart({ type: 'port_desc' }),
];

/** [OF1.3.5 6.3.1, 7.4.4.1] HELLO_FAILED with a text for people, and then the end. */
function noCommonVersion({ version, versions = [version], xid }: Hello, early: readonly Open[]): Step {
  const named = versions.slice(0, 8).map(versionName);
  const spoken = named.length === 0 ? 'no version of OpenFlow' : named.join(', ');
  const why = `the switch speaks ${spoken}, not OpenFlow 1.3${protocolsHint}`;
  const failure = new HeddleError('OF_BAD_VERSION', why);
  return {
    state: { phase: 'closed' },
    outputs: [
      {
        type: 'send',
        message: {
          type: 'error',
          version,
          xid,
          errorType: helloFailed,
          code: incompatible,
          data: new TextEncoder().encode('Heddle speaks OpenFlow 1.3 only'),
        },
      },
      ...abandoned(early, failure),
      { type: 'close', error: failure },
    ],
  };
}

const refusedVersion = (error: ErrorMessage, early: readonly Open[]): Step =>
  close('OF_BAD_VERSION', `the switch refused OpenFlow 1.3 (${nameOfError(error)})${protocolsHint}`, early);

const protocolsHint = ': set it with `ovs-vsctl set bridge BRIDGE protocols=OpenFlow13`';

export function onFeatures(state: FeaturesState, message: Message, now: number): Step {
  if (message.type === 'echo_request') return echo(state, message, now);
  // A switch whose hello had no bitmap may find only now that it does not speak our version.
  if (message.type === 'error' && message.errorType === helloFailed)
    return refusedVersion(message, state.early);
  if (message.type === 'port_status') {
    return {
      state: { ...state, ports: withStatus(state.ports, message), heardAt: now },
      outputs: nothing,
    };
  }
  const progress = answered(state.exchange, message, now);
  switch (progress?.type) {
    case undefined:
      return onEarly(state, message, now);
    case 'broken':
      return close('OF_INCOMPLETE', `the switch ${progress.why}`, state.early);
    case 'more': {
      const isPorts = message.type === 'multipart_reply' && message.body.type === 'port_desc';
      const ports = isPorts ? withDescribed(state.ports, message.body.entries) : state.ports;
      return { state: { ...state, exchange: progress.exchange, ports, heardAt: now }, outputs: nothing };
    }
    case 'done':
      return onAnswers(state, progress, now);
  }
}

function onEarly(state: FeaturesState, message: Message, now: number): Step {
  const progress = answeredAmong(state.early, message, now);
  if (progress === undefined) return { state: { ...state, heardAt: now }, outputs: nothing };
  if ('broken' in progress) return close('OF_INCOMPLETE', `the switch ${progress.broken}`, state.early);
  return { state: { ...state, early: progress.open, heardAt: now }, outputs: outcomeOf(progress.ended) };
}

function onAnswers(
  state: FeaturesState,
  { replies, errors }: Progress & { type: 'done' },
  now: number,
): Step {
  const features = replies.find(reply => reply.type === 'features_reply');
  if (features === undefined) {
    const why = errors[0] === undefined ? 'nothing' : nameOfError(errors[0].error);
    return close('OF_BAD_FRAME', `the switch answered FEATURES_REQUEST with ${why}`, state.early);
  }
  if (features.auxiliaryId !== 0) {
    const why = 'auxiliary connections are not served: connect once, with auxiliary id 0';
    return close('OF_BAD_FRAME', why, state.early);
  }
  const info = {
    dpid: features.datapathId,
    tables: features.nTables,
    ports: state.ports,
    description: descriptionIn(replies),
    features: featuresIn(replies),
  };
  return {
    state: { phase: 'ready', info, exchanges: state.early, xid: state.xid, heardAt: now },
    outputs: [{ type: 'ready', info }],
  };
}

function descriptionIn(replies: readonly Message[]): string {
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply' || reply.body.type !== 'desc') continue;
    const { mfrDesc, hwDesc, swDesc } = reply.body;
    return [mfrDesc, hwDesc, swDesc].filter(part => part !== '').join(' ');
  }
  return '';
}

export function tickHandshake(state: HelloState | FeaturesState, now: number): Step {
  if (now - state.openedAt < timing.handshake) return { state, outputs: nothing };
  return close('OF_TIMEOUT', `no OpenFlow handshake within ${timing.handshake / 1000} s`, state.early);
}

/** Versions by their numbers on the wire: 1 is OpenFlow 1.0, 4 is 1.3. */
const versionName = (wire: number): string =>
  wire >= 1 && wire <= 6 ? `OpenFlow 1.${wire - 1}` : `version ${wire}`;
