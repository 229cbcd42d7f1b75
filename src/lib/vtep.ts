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

/** Tunnels join hosts of one family. */
export const familyOf = (vtep: Vtep): 'IPv4' | 'IPv6' => (typeof vtep === 'number' ? 'IPv4' : 'IPv6');
