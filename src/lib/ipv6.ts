/** IPv6 addresses as the C library's inet_ntop and inet_pton have them. */
import { formatIpv4, parseIpv4 } from './addresses.js';

/**
 * [RFC 5952 4]: lower case, and the first of the longest runs of zero groups as `::`; the last 32 bits of an IPv4-mapped
 * or IPv4-compatible address are dotted.
 */
export function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - 16 * i)) & 0xffffn));
  const { at, length } = longestZeros(groups);
  const text = (some: readonly number[]): string => some.map(group => group.toString(16)).join(':');
  if (at === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff)))
    return `::${length === 5 ? 'ffff:' : ''}${formatIpv4(Number(address & 0xffffffffn))}`;
  return length < 2 ? text(groups) : `${text(groups.slice(0, at))}::${text(groups.slice(at + length))}`;
}

function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { at: index + 1 - length, length };
  });
  return best;
}

/** Longer than any address that can be written. */
const longest = 45;

/** [RFC 4291 2.2], all three forms; undefined where the text is no address. */
export function parseIpv6(text: string): bigint | undefined {
  if (text.length > longest) return undefined;
  const [before, after, more] = text.split('::');
  if (before === undefined || more !== undefined) return undefined;
  const head = parseGroups(before, after === undefined);
  const tail = after === undefined ? [] : parseGroups(after, true);
  if (head === undefined || tail === undefined) return undefined;
  const zeros = 8 - head.length - tail.length;
  if (after === undefined ? zeros !== 0 : zeros < 1) return undefined;
  return [...head, ...Array<number>(zeros).fill(0), ...tail].reduce(
    (address, group) => (address << 16n) | BigInt(group),
    0n,
  );
}

/** Groups between colons; the last may be a dotted IPv4 address, where the address ends with it. */
function parseGroups(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (dotted !== undefined) groups.push(dotted >>> 16, dotted & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
