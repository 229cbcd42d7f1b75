/** Packets sent to controllers: with the standard's output, or with one of Open vSwitch's two actions. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { OFPCML_NO_BUFFER, OFPP, OFPR } from '../../constants.js';
import type { ControllerProperty } from '../../actions/nicira-controller.js';
import type { Reader } from '../reader.js';
import { bytesOf, dottedBytes, hexOf, readNumber } from '../values.js';
import { entry, optionValue, readOptions } from './entry.js';
import { nameIn, readNamed, readUnknown } from './names.js';
import { toPort } from './output.js';

const reasons = {
  no_match: OFPR.NO_MATCH,
  action: OFPR.ACTION,
  invalid_ttl: OFPR.INVALID_TTL,
  // OpenFlow 1.4's, which Open vSwitch takes here too.
  action_set: 3,
  group: 4,
  packet_out: 5,
} as const;

/** How each property is written; one that has its usual value is not. In the order in which ovs-ofctl prints them. */
const properties: readonly {
  readonly type: ControllerProperty['type'];
  readonly format: (of: ControllerProperty) => string;
}[] = [
  property('reason', ({ reason }) => (reason === OFPR.ACTION ? '' : `reason=${nameIn(reasons, reason)}`)),
  property('max_len', ({ maxLen }) => (maxLen === OFPCML_NO_BUFFER ? '' : `max_len=${maxLen}`)),
  property('controller_id', ({ controllerId }) => (controllerId === 0 ? '' : `id=${controllerId}`)),
  property('userdata', ({ userdata }) => `userdata=${dottedBytes(userdata)}`),
  property('pause', () => 'pause'),
  property('meter_id', ({ meterId }) => `meter_id=${meterId}`),
  property('unknown', ({ typeId, body }) => `unknown(${typeId},${hexOf(body)})`),
];

function property<T extends ControllerProperty['type']>(
  type: T,
  format: (of: Extract<ControllerProperty, { type: T }>) => string,
): (typeof properties)[number] {
  return { type, format: format as (of: ControllerProperty) => string };
}

function formatProperties(given: readonly ControllerProperty[]): string {
  const texts = properties.flatMap(({ type, format }) => given.filter(one => one.type === type).map(format));
  return `controller(${texts.filter(text => text !== '').join(',')})`;
}

/** As ovs-ofctl prints it: with the usual reason and id it reads, and comes back, as an output to the controller. */
const formatFixed = ({ reason, maxLen, controllerId }: ActionOf<'controller'>): string =>
  reason === OFPR.ACTION && controllerId === 0
    ? `CONTROLLER:${maxLen}`
    : formatProperties([
        { type: 'reason', reason },
        { type: 'max_len', maxLen },
        { type: 'controller_id', controllerId },
      ]);

export const controller = entry('controller', {
  format: formatFixed,
  words: {
    controller: ({ r }) => {
      if (r.sees('(')) return chosen(readProperties(r));
      const isShort = r.sees(':') || r.sees('=');
      return toPort(OFPP.CONTROLLER, isShort ? readMaxLen(r) : OFPCML_NO_BUFFER);
    },
  },
});

/** Read by `controller`, where a property is given that the other one does not have. */
export const controller2 = entry('controller2', {
  format: ({ properties: given }) => formatProperties(given),
  words: {},
});

const readMaxLen = (r: Reader): number => readNumber(r, r.argument(), 0xffff, 'bytes');

function readProperties(r: Reader): readonly ControllerProperty[] {
  const given: ControllerProperty[] = [];
  const u16 = (): number => readNumber(r, optionValue(r), 0xffff);
  readOptions(r, {
    reason: () => given.push({ type: 'reason', reason: readNamed(r, reasons, optionValue(r), 0xff) }),
    max_len: () => given.push({ type: 'max_len', maxLen: u16() }),
    id: () => given.push({ type: 'controller_id', controllerId: u16() }),
    userdata: () => given.push({ type: 'userdata', userdata: readBytes(r) }),
    pause: () => given.push({ type: 'pause' }),
    meter_id: () =>
      given.push({ type: 'meter_id', meterId: readNumber(r, optionValue(r), 0xffffffff, 'a meter') }),
    unknown: () => given.push({ type: 'unknown', ...readUnknown(r) }),
  });
  return given;
}

function readBytes(r: Reader): Uint8Array {
  const token = optionValue(r);
  return bytesOf(token.text.replaceAll('.', '')) ?? r.mismatch('bytes in hexadecimal (01.02.03)', token);
}

/** The smallest action that says it all, as ovs-ofctl chooses. */
function chosen(given: readonly ControllerProperty[]): Action {
  const fixed = { reason: OFPR.ACTION as number, maxLen: OFPCML_NO_BUFFER, controllerId: 0 };
  for (const one of given)
    if (one.type === 'reason') fixed.reason = one.reason;
    else if (one.type === 'max_len') fixed.maxLen = one.maxLen;
    else if (one.type === 'controller_id') fixed.controllerId = one.controllerId;
    else return { type: 'controller2', properties: inOrder(given) };
  if (fixed.reason === OFPR.ACTION && fixed.controllerId === 0) return toPort(OFPP.CONTROLLER, fixed.maxLen);
  return { type: 'controller', ...fixed };
}

/** In the order of their types, as ovs-ofctl sends them. */
const inOrder = (given: readonly ControllerProperty[]): readonly ControllerProperty[] =>
  [...given].sort((a, b) => typeOrder.indexOf(a.type) - typeOrder.indexOf(b.type));
const typeOrder: readonly ControllerProperty['type'][] = [
  'max_len',
  'controller_id',
  'reason',
  'userdata',
  'pause',
  'meter_id',
  'unknown',
];
