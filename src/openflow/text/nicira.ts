import type { ActionOf } from '../actions.js';
import { OFPCML_NO_BUFFER, OFPR } from '../constants.js';
import {
  NxBundleAlgorithm,
  NxHashFields,
  NxMultipathAlgorithm,
  SampleDirection,
} from '../nicira-constants.js';
import type { ControllerProperty } from '../nicira-controller.js';
import { formatSubfield } from './fields.js';
import { formatPort16, hexOf } from './values.js';

/** The name that a constant's value has in ovs-ofctl's notation: that of the constant, in lower case. */
const nameIn = (constants: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(constants)
    .find(([, number]) => number === value)?.[0]
    .toLowerCase() ?? String(value);

const reasonNames: Readonly<Record<number, string>> = { 0: 'no_match', 1: 'action', 2: 'invalid_ttl' };
const dotted = (bytes: Uint8Array): string => hexOf(bytes).replace(/(..)(?=.)/g, '$1.');

/** In the order in which ovs-ofctl prints properties, whatever that of the action. */
const propertyOrder: readonly ControllerProperty['type'][] = [
  'reason',
  'max_len',
  'controller_id',
  'userdata',
  'pause',
  'meter_id',
  'unknown',
];

export const formatController2 = ({ properties }: ActionOf<'controller2'>): string =>
  `controller(${[...properties]
    .sort((a, b) => propertyOrder.indexOf(a.type) - propertyOrder.indexOf(b.type))
    .map(formatProperty)
    .filter(text => text !== '')
    .join(',')})`;

function formatProperty(one: ControllerProperty): string {
  switch (one.type) {
    case 'max_len':
      return one.maxLen === OFPCML_NO_BUFFER ? '' : `max_len=${one.maxLen}`;
    case 'controller_id':
      return one.controllerId === 0 ? '' : `id=${one.controllerId}`;
    case 'reason':
      return one.reason === OFPR.ACTION ? '' : `reason=${reasonNames[one.reason] ?? one.reason}`;
    case 'userdata':
      return `userdata=${dotted(one.userdata)}`;
    case 'pause':
      return 'pause';
    case 'meter_id':
      return `meter_id=${one.meterId}`;
    case 'unknown':
      return `property_${one.typeId}=${hexOf(one.body)}`;
  }
}

export const formatMultipath = (action: ActionOf<'multipath'>): string =>
  `multipath(${[
    nameIn(NxHashFields, action.fields),
    action.basis,
    nameIn(NxMultipathAlgorithm, action.algorithm),
    action.maxLink + 1,
    action.arg,
    formatSubfield(action.dst, action.range.offset, action.range.bits),
  ].join(',')})`;

export const formatBundle = (action: ActionOf<'bundle'> | ActionOf<'bundle_load'>): string =>
  `${action.type}(${[
    nameIn(NxHashFields, action.fields),
    action.basis,
    nameIn(NxBundleAlgorithm, action.algorithm),
    'ofport',
    ...(action.type === 'bundle' ? [] : [formatSubfield(action.dst, action.range.offset, action.range.bits)]),
    `members:${action.members.map(formatPort16).join(',')}`,
  ].join(',')})`;

export function formatSample(action: ActionOf<'sample' | 'sample2' | 'sample3'>): string {
  const { probability, collectorSetId, obsDomainId, obsPointId } = action;
  const direction = action.type === 'sample3' ? action.direction : SampleDirection.DEFAULT;
  return `sample(${[
    `probability=${probability}`,
    `collector_set_id=${collectorSetId}`,
    `obs_domain_id=${obsDomainId}`,
    `obs_point_id=${obsPointId}`,
    ...(action.type === 'sample' ? [] : [`sampling_port=${formatPort16(action.samplingPort)}`]),
    ...(direction === SampleDirection.DEFAULT ? [] : [nameIn(SampleDirection, direction)]),
  ].join(',')})`;
}

export function formatFinTimeout(action: ActionOf<'fin_timeout'>): string {
  const { finIdleTimeout, finHardTimeout } = action;
  return `fin_timeout(${[
    ...(finIdleTimeout === 0 ? [] : [`idle_timeout=${finIdleTimeout}`]),
    ...(finHardTimeout === 0 ? [] : [`hard_timeout=${finHardTimeout}`]),
  ].join(',')})`;
}

/** Packet types that have a name: the Ethernet header, and types of the EtherType name space. */
const headers: Readonly<Record<number, string>> = {
  0: 'ethernet',
  0x0001894f: 'nsh',
  0x00018847: 'mpls',
  0x00018848: 'mpls_mc',
};

const nshClass = 4;

export function formatEncap({ packetType, properties }: ActionOf<'encap'>): string {
  const name = headers[packetType] ?? `0x${packetType.toString(16)}`;
  const texts = properties.map(({ propertyClass, propertyType, data }) => {
    if (propertyClass === nshClass && propertyType === 1 && data.length === 1) return `md_type=${data[0]}`;
    if (propertyClass === nshClass && propertyType === 2 && data.length >= 4) return formatTlv(data);
    return `property_${propertyClass}_${propertyType}=${hexOf(data)}`;
  });
  return texts.length === 0 ? `encap(${name})` : `encap(${name}(${texts.join(',')}))`;
}

/** `class:16 type:8 length:8`, then the value and padding. */
function formatTlv(data: Uint8Array): string {
  const value = hexOf(data.subarray(4, 4 + (data[3] ?? 0)));
  return `tlv(0x${hexOf(data.subarray(0, 2)).replace(/^0+(?=.)/, '')},${data[2]},0x${value})`;
}

const headerSaysWhat = 0xfffe;

export const formatDecap = ({ packetType }: ActionOf<'decap'>): string =>
  packetType === headerSaysWhat
    ? 'decap()'
    : `decap(packet_type(ns=${packetType >>> 16},type=${hexOrZero(packetType & 0xffff)}))`;

const hexOrZero = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`);
