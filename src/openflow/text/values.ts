/** Values as ovs-ofctl writes them. */
import { formatIpv4, formatMac } from '../../lib/addresses.js';
import { OFPP } from '../constants.js';
import type { Notation, OxmField } from '../oxm-fields.js';

const portNames = new Map<number, string>(
  Object.entries(OFPP).flatMap(([name, number]): [number, string][] =>
    name === 'MAX' ? [] : [[number, name]],
  ),
);

/** A port by number, or by name where it is a reserved one. */
export const formatPort = (port: number): string => portNames.get(port) ?? String(port);

/** A port of OpenFlow 1.0's 16 bits: its reserved ones are the last of them. */
export const formatPort16 = (port: number): string => formatPort(port >= 0xfff8 ? 0xffff0000 + port : port);

/** [RFC 5952 4]: lower case, and the first of the longest runs of zero groups as `::`. */
export function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (address >> BigInt(112 - 16 * i)) & 0xffffn);
  const { at, length } = longestZeros(groups);
  const hexOf = (some: readonly bigint[]): string => some.map(group => group.toString(16)).join(':');
  return length < 2 ? hexOf(groups) : `${hexOf(groups.slice(0, at))}::${hexOf(groups.slice(at + length))}`;
}

function longestZeros(groups: readonly bigint[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0n ? length + 1 : 0;
    if (length > best.length) best = { at: index + 1 - length, length };
  });
  return best;
}

/** Bytes that have no notation of their own. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** Hexadecimal, and a bare 0. */
export const hex = (value: number | bigint): string =>
  BigInt(value) === 0n ? '0' : `0x${value.toString(16)}`;

const format: Readonly<Record<Notation, (value: number | bigint) => string>> = {
  decimal: String,
  hex,
  mac: value => formatMac(Number(value)),
  ipv4: value => formatIpv4(Number(value)),
  ipv6: value => formatIpv6(BigInt(value)),
  port: value => formatPort(Number(value)),
};

export const formatValue = (row: OxmField, value: number | bigint): string => format[row.notation](value);

/** `value/mask`; a mask that is a prefix of an IP address as its length. */
export function formatMasked(row: OxmField, value: number | bigint, mask: number | bigint): string {
  const text = row.notation === 'decimal' ? hex(value) : formatValue(row, value);
  if (row.notation === 'ipv4' || row.notation === 'ipv6') {
    const prefix = prefixLength(BigInt(mask), row.bits);
    if (prefix !== undefined) return `${text}/${prefix}`;
  }
  return `${text}/${row.notation === 'decimal' || row.notation === 'port' ? hex(mask) : formatValue(row, mask)}`;
}

/** How many leading ones a mask has, where it has nothing else. */
function prefixLength(mask: bigint, bits: number): number | undefined {
  const zeros = mask === 0n ? bits : mask.toString(2).length - mask.toString(2).replace(/0+$/, '').length;
  return mask === (1n << BigInt(bits)) - (1n << BigInt(zeros)) ? bits - zeros : undefined;
}
