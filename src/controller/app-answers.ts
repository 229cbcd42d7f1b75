import type {
  AppMessage,
  AppModule,
  MacReport,
  PolicingIntent,
  PortIntent,
  QosIntent,
  Report,
  Step,
} from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import { HeddleError } from '../lib/errors.js';
import { getU16 } from '../lib/struct/index.js';
import { OFP_VERSION, type Writer } from '../openflow/index.js';

/**
 * What apps answer, checked before it is used: a user's own app may be written in plain JavaScript, and what it gets wrong
 * must cost that app alone. A program is checked by `checkPart`, which has to encode it anyhow.
 *
 * All of these throw HeddleError APP_INVALID.
 */
type Steps = Pick<AppModule, 'on' | 'reconfigure' | 'onLearned' | 'tick'>;

export function checkStep(step: unknown, by: keyof Steps = 'on'): Step<unknown> {
  if (!isObject(step) || !('state' in step)) {
    const why = step instanceof Promise ? ': it must not be async' : '';
    throw invalid(`\`${by}\` must return { state, … }${why}`);
  }
  if (step['send'] !== undefined && !Array.isArray(step['send'])) throw invalid('`send` must be a list');
  for (const list of ['changed', 'tellAnew'])
    if (step[list] !== undefined && !isIterable(step[list]))
      throw invalid(`\`${list}\` must be a list of datapath ids`);
  if (step['sendTo'] !== undefined && !isIterable(step['sendTo']))
    throw invalid('`sendTo` must be a list of datapath ids with their messages');
  return step as unknown as Step<unknown>;
}

/** What has been written since `start` must be whole messages: half of one would take the next one with it. */
export function checkWritten({ bytes, pos }: Writer, start: number): void {
  let at = start;
  while (pos - at >= 8 && bytes[at] === OFP_VERSION && getU16(bytes, at + 2) >= 8)
    at += getU16(bytes, at + 2);
  if (at !== pos) throw invalid('`onPacketBytes` must write whole messages of OpenFlow 1.3');
}

/** One of `sendTo`, which is read only once. */
export function checkSending(one: unknown): readonly [Dpid, readonly AppMessage[]] {
  const [dpid, messages] = Array.isArray(one) ? (one as unknown[]) : [];
  if (typeof dpid !== 'bigint' || !Array.isArray(messages))
    throw invalid('`sendTo` must be a list of datapath ids with their messages');
  return one as readonly [Dpid, readonly AppMessage[]];
}

export function checkPorts(ports: unknown): readonly PortIntent[] {
  if (!Array.isArray(ports)) throw invalid('`ports` must return a list');
  for (const port of ports as unknown[]) {
    const { name, type, options } = isObject(port) ? port : {};
    if (!isText(name) || name === '') throw invalid('each port must have a name');
    if (!isText(type)) throw invalid(`port ${name}: \`type\` must be a text`);
    if (!isTexts(options)) throw invalid(`port ${name}: \`options\` must be a map of texts`);
  }
  return ports as readonly PortIntent[];
}

export function checkQos(list: unknown): readonly QosIntent[] {
  if (!Array.isArray(list)) throw invalid('`qos` must return a list');
  for (const one of list as unknown[]) {
    const { port, type, otherConfig, queues } = isObject(one) ? one : {};
    if (!isText(port) || port === '') throw invalid('each QoS must name its port');
    if (!isText(type) || type === '') throw invalid(`QoS of ${port}: \`type\` must be a text`);
    if (!isTexts(otherConfig)) throw invalid(`QoS of ${port}: \`otherConfig\` must be a map of texts`);
    if (!Array.isArray(queues)) throw invalid(`QoS of ${port}: \`queues\` must be a list`);
    checkQueues(port, queues);
  }
  return list as readonly QosIntent[];
}

export function checkPolicing(list: unknown): readonly PolicingIntent[] {
  if (!Array.isArray(list)) throw invalid('`policing` must return a list');
  for (const one of list as unknown[]) {
    const { port, rateKbit, burstKbit } = isObject(one) ? one : {};
    if (!isText(port) || port === '') throw invalid('each policing must name its port');
    if (!isWithin(rateKbit, 2 ** 32 - 1) || rateKbit === 0)
      throw invalid(`policing of ${port}: \`rateKbit\` must be from 1 to 4294967295`);
    if (!isWithin(burstKbit, 2 ** 32 - 1))
      throw invalid(`policing of ${port}: \`burstKbit\` must be from 0 to 4294967295`);
  }
  return list as readonly PolicingIntent[];
}

function checkQueues(port: string, queues: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const queue of queues) {
    const { number, otherConfig, dscp } = isObject(queue) ? queue : {};
    if (!isWithin(number, 2 ** 32 - 1))
      throw invalid(`QoS of ${port}: each queue must have a \`number\` from 0 to 4294967295`);
    const which = `queue ${number} of ${port}`;
    if (seen.has(number)) throw invalid(`${which} is in the list twice`);
    seen.add(number);
    if (!isTexts(otherConfig)) throw invalid(`${which}: \`otherConfig\` must be a map of texts`);
    if (dscp !== undefined && !isWithin(dscp, 63)) throw invalid(`${which}: \`dscp\` must be from 0 to 63`);
  }
}

export function checkNames(names: unknown): readonly string[] {
  if (!Array.isArray(names) || names.some(name => typeof name !== 'string'))
    throw invalid('`replaceable` must return a list of port names');
  return names as readonly string[];
}

export function checkReport(report: unknown): Report {
  if (!isObject(report)) throw invalid('`report` must return an object');
  for (const part of ['networks', 'ports', 'problems', 'limits', 'queues'] as const) {
    const list = report[part];
    if (list !== undefined && !(Array.isArray(list) && list.every(isObject)))
      throw invalid(`\`${part}\` of a report must be a list`);
  }
  return report;
}

export function checkMacs(macs: unknown): readonly MacReport[] {
  if (!Array.isArray(macs) || !macs.every(isObject)) throw invalid('`macs` must return a list');
  return macs as unknown as readonly MacReport[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** One that OVSDB takes: it drops the connection over a NUL, or half a surrogate pair. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && !/\0|\p{Surrogate}/u.test(value);

const isTexts = (value: unknown): boolean => isObject(value) && Object.entries(value).flat().every(isText);

const isWithin = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;

const isIterable = (value: unknown): boolean => isObject(value) && Symbol.iterator in value;

const invalid = (what: string): HeddleError => new HeddleError('APP_INVALID', what);
