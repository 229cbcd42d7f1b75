/** The Internet checksum [RFC 1071], and the pseudo-headers that it takes in [RFC 9293 3.1, RFC 8200 8.1]. */
import type { FieldsOf } from './headers.js';

/** The addresses that a pseudo-header is made of. */
export type IpHeader =
  | ({ readonly type: 'ipv4' } & Pick<FieldsOf<'ipv4'>, 'src' | 'dst'>)
  | ({ readonly type: 'ipv6' } & Pick<FieldsOf<'ipv6'>, 'src' | 'dst'>);

/** The sum of 16-bit words from byte `from` up to byte `to`; a last odd byte counts as if a zero followed. Not folded. */
export function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at + 1 < to; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return (to - from) % 2 === 1 ? sum + ((bytes[to - 1] ?? 0) << 8) : sum;
}

/** The checksum of a sum: folded to 16 bits and inverted. Over data with its right checksum in it, it is 0. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The sum of the pseudo-header of `length` bytes of `protocol`. */
export function pseudoHeaderSum(ip: IpHeader, protocol: number, length: number): number {
  const words = ip.type === 'ipv4' ? words4(ip.src) + words4(ip.dst) : words6(ip.src) + words6(ip.dst);
  return words + protocol + length;
}

const words4 = (address: number): number => (address >>> 16) + (address & 0xffff);

function words6(address: bigint): number {
  let sum = 0;
  for (let left = address; left > 0n; left >>= 32n) sum += words4(Number(left & 0xffffffffn));
  return sum;
}
