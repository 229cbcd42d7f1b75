/** Address translation, inside a `ct` action (nicira-ext). */
import {
  align,
  badValue,
  custom,
  getU16,
  getU64,
  getUint,
  need,
  pad,
  putU64,
  putUint,
  shown,
  struct,
  u16,
} from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { nicira } from './nicira-header.js';

/** The addresses and ports to choose from: each max presumes its min; a min alone is the only choice. */
export interface NatRange {
  /** The lowest IPv4 address. */
  readonly ipv4Min?: number;
  /** The highest; without it `ipv4Min` alone. */
  readonly ipv4Max?: number;
  /** The lowest IPv6 address; there is IPv4 or IPv6. */
  readonly ipv6Min?: bigint;
  /** The highest; without it `ipv6Min` alone. */
  readonly ipv6Max?: bigint;
  /** TCP, UDP or SCTP ports; they presume an address. */
  readonly protoMin?: number;
  /** The highest; without it `protoMin` alone. */
  readonly protoMax?: number;
}

/** In the order of their bits in range_present, and of the values that follow it. */
const parts = [
  ['ipv4Min', 4],
  ['ipv4Max', 4],
  ['ipv6Min', 16],
  ['ipv6Max', 16],
  ['protoMin', 2],
  ['protoMax', 2],
] as const;
const known = 0x3f;

function readRange(c: Cursor): NatRange {
  need(c, 'nat', 2);
  const present = getU16(c.bytes, c.pos);
  if (present > known) throw badValue('nat', `${present} for what the range has`, c.pos);
  c.pos += 2;
  const range: Record<string, number | bigint> = {};
  parts.forEach(([name, size], bit) => {
    if (((present >> bit) & 1) === 0) return;
    need(c, 'nat', size);
    range[name] =
      size === 16
        ? (getU64(c.bytes, c.pos) << 64n) | getU64(c.bytes, c.pos + 8)
        : getUint(c.bytes, c.pos, size);
    c.pos += size;
  });
  return range;
}

function writeRange(w: Writer, range: NatRange): void {
  if (typeof range !== 'object' || (range as unknown) === null)
    throw badValue('nat', `${shown(range)} is no object`, w.pos - w.frame);
  const at = w.pos;
  w.ensure(2);
  w.pos += 2;
  let present = 0;
  parts.forEach(([name, size], bit) => {
    const value = range[name];
    if (value === undefined) return;
    present |= 1 << bit;
    writePart(w, name, value, size);
  });
  putUint(w.bytes, at, 2, present);
}

function writePart(w: Writer, name: string, value: number | bigint, size: number): void {
  const fits =
    size === 16
      ? typeof value === 'bigint' && BigInt.asUintN(128, value) === value
      : typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size);
  if (!fits) throw badValue('nat', `${shown(value)} is no ${name}`, w.pos - w.frame);
  w.ensure(size);
  if (typeof value === 'bigint') {
    putU64(w.bytes, w.pos, value >> 64n);
    putU64(w.bytes, w.pos + 8, value & 0xffffffffffffffffn);
  } else putUint(w.bytes, w.pos, size, value);
  w.pos += size;
}

/** Translates the connection's addresses and ports (subtype 36): only among the actions of a `ct`. */
export const nat = struct('nat', {
  ...nicira(36),
  _pad1: pad(2),
  /** NatFlag. */
  flags: u16,
  /** What is chosen from; nothing in it: only connections that were translated before. */
  range: custom<NatRange>({ name: 'nat', read: readRange, write: writeRange }),
  _pad2: align(8),
});
