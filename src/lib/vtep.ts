/** Where tunnels end [RFC 7348 3]: an address of IPv4 or IPv6, as a plain value that is a Map's key and compares with ===. */
import { formatIpv4, type Ipv4, type Ipv6, parseIpv4 } from './addresses.js';
import { formatIpv6, parseIpv6 } from './ipv6.js';

/** A number is an IPv4 address, a bigint an IPv6 one. */
export type Vtep = Ipv4 | Ipv6;

export const formatVtep = (vtep: Vtep): string =>
  typeof vtep === 'number' ? formatIpv4(vtep) : formatIpv6(vtep);

export const parseVtep = (text: string): Vtep | undefined => parseIpv4(text) ?? parseIpv6(text);

/** IPv4 first, then by value: for lists that are the same in whatever order their parts came. */
export const compareVteps = (a: Vtep, b: Vtep): number =>
  typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === 'number' ? -1 : 1;

export type Family = 'IPv4' | 'IPv6';

/** Tunnels join hosts of one family. */
export const familyOf = (vtep: Vtep): Family => (typeof vtep === 'number' ? 'IPv4' : 'IPv6');

/**
 * Whether a tunnel can end there: not 0.0.0.0/8, multicast, reserved or broadcast [RFC 6890 2.2.2]; not unspecified, loopback,
 * multicast or IPv4-mapped [RFC 6890 2.2.3], nor link-local, which says nothing without a link [RFC 4007 6].
 */
export function isOfOneHost(vtep: Vtep): boolean {
  if (typeof vtep === 'number') return vtep >>> 24 !== 0 && vtep >>> 24 < 224;
  const [isLow, isMapped] = [vtep <= 1n, vtep >> 32n === 0xffffn];
  const [isMulticast, isLinkLocal] = [vtep >> 120n === 0xffn, vtep >> 118n === 0xfe80n >> 6n];
  return !isLow && !isMapped && !isMulticast && !isLinkLocal;
}
