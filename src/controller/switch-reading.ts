import type { Group, Meter } from '../intent/index.js';
import { type Dpid, formatDpid, parseDpid } from '../lib/addresses.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import {
  askForFlows,
  decode,
  encode,
  type FlowStats,
  type Message,
  type MultipartReply,
  multipart,
  nameOfError,
  type Port,
} from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import { featuresIn, type MeterFeatures, type SwitchFeatures } from '../openflow/session/features.js';
import { tryToWrite } from '../reconcile/told.js';
import { dumpRequests, readDump } from './switch-dump.js';

/** What a switch was found to hold, at one moment. */
export interface SwitchReading {
  readonly dpid: Dpid;
  readonly ports: readonly Port[];
  /** Those under our cookies. */
  readonly flows: readonly FlowStats[];
  /** All of them, ours or not. */
  readonly groups: readonly Group[];
  readonly meters: readonly Meter[];
  /** How many flows there are in all; undefined where the switch does not count them. */
  readonly flowCount?: number;
  /** The switch's own error, where it would not tell its flows. */
  readonly refusal?: string;
  readonly features: SwitchFeatures;
}

/** Asks for all that a reading holds. Nothing here changes a switch. */
export const readingRequests: readonly Message[] = [
  ...dumpRequests,
  multipart({ type: 'port_desc' }),
  askForFlows({}, 'aggregate'),
  multipart({ type: 'desc' }),
];

/** What the answers to `readingRequests` say; undefined where the connection has ended. */
export function readingOf(dpid: Dpid, outcome: ExchangeOutcome): SwitchReading | undefined {
  if (outcome.type === 'failed') return undefined;
  const { flows, groups, meters, refusal } = readDump(outcome);
  const ports: Port[] = [];
  let flowCount: number | undefined;
  for (const reply of outcome.replies) {
    if (reply.type !== 'multipart_reply') continue;
    if (reply.body.type === 'port_desc') for (const port of reply.body.entries) ports.push(port);
    if (reply.body.type === 'aggregate') ({ flowCount } = reply.body);
  }
  return {
    dpid,
    ports,
    flows,
    groups,
    meters,
    ...(flowCount !== undefined && { flowCount }),
    ...(refusal !== undefined && { refusal: nameOfError(refusal) }),
    features: featuresIn(outcome.replies),
  };
}

/** A reading as JSON, for another Heddle on this machine: the entries as the frames that would tell them. */
export interface WireReading {
  readonly dpid: string;
  readonly flowCount?: number;
  readonly refusal?: string;
  /** Multipart replies [OF1.3.5 7.3.5], in Base64. */
  readonly frames: readonly string[];
}

/** One frame; none where no message can say it: it is another than any that Heddle wants, which is then told as missing. */
const framed = (body: MultipartReply['body']): readonly string[] => {
  const bytes = tryToWrite(() => encode({ type: 'multipart_reply', xid: 0, flags: 0, body }));
  return bytes === undefined ? [] : [Buffer.from(bytes).toString('base64')];
};

/** One entry in each frame: all of them in one may be more than a frame holds. */
export function encodeReading(reading: SwitchReading): WireReading {
  const { dpid, ports, flows, groups, meters, flowCount, refusal, features } = reading;
  return {
    dpid: formatDpid(dpid),
    ...(flowCount !== undefined && { flowCount }),
    ...(refusal !== undefined && { refusal }),
    frames: [
      ...featureFrames(features),
      ...ports.flatMap(port => framed({ type: 'port_desc', entries: [port] })),
      ...flows.flatMap(flow => framed({ type: 'flow', entries: [flow] })),
      ...groups.flatMap(({ id, groupType, buckets }) =>
        framed({ type: 'group_desc', entries: [{ groupId: id, groupType, buckets }] }),
      ),
      ...meters.flatMap(({ id, flags, bands }) =>
        framed({ type: 'meter_config', entries: [{ meterId: id, flags, bands }] }),
      ),
    ],
  };
}

function featureFrames({ ovsVersion, meters }: SwitchFeatures): readonly string[] {
  const about = { mfrDesc: '', hwDesc: 'Open vSwitch', serialNum: '', dpDesc: '' };
  return [
    ...(ovsVersion === undefined ? [] : framed({ type: 'desc', ...about, swDesc: ovsVersion })),
    ...(meters === undefined ? [] : framed(meterFrame(meters))),
  ];
}

const meterFrame = ({ most, bandTypes, capabilities }: MeterFeatures) =>
  ({ type: 'meter_features', maxMeter: most, bandTypes, capabilities, maxBands: 0, maxColor: 0 }) as const;

/** @throws HeddleError OF_BAD_FRAME where this is no reading */
export function decodeReading(wire: unknown): SwitchReading {
  if (!isWireReading(wire)) throw new HeddleError('OF_BAD_FRAME', 'this is no reading of a switch');
  const dpid = parseDpid(wire.dpid);
  if (dpid === undefined) throw new HeddleError('OF_BAD_FRAME', `${wire.dpid} is no datapath id`);
  const replies = wire.frames.map(text => decodeFrame(text));
  const reading = readingOf(dpid, { type: 'done', replies, errors: [], first: 0 });
  const { flowCount, refusal } = wire;
  return {
    ...(reading ?? { dpid, ports: [], flows: [], groups: [], meters: [], features: {} }),
    ...(flowCount !== undefined && { flowCount }),
    ...(refusal !== undefined && { refusal }),
  };
}

function decodeFrame(text: string): Message {
  try {
    return decode(Buffer.from(text, 'base64'));
  } catch (thrown) {
    throw new HeddleError('OF_BAD_FRAME', `this is no reading of a switch: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function isWireReading(value: unknown): value is WireReading {
  if (typeof value !== 'object' || value === null) return false;
  const { dpid, frames, flowCount, refusal } = value as Partial<Record<keyof WireReading, unknown>>;
  return (
    typeof dpid === 'string' &&
    Array.isArray(frames) &&
    frames.every(one => typeof one === 'string') &&
    (flowCount === undefined || typeof flowCount === 'number') &&
    (refusal === undefined || typeof refusal === 'string')
  );
}
