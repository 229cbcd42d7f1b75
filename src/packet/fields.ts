/** Field types that only packets have. */
import type { Ipv6 } from '../lib/addresses.js';
import {
  badLength,
  badValue,
  custom,
  getU64,
  need,
  putU64,
  shown,
  u32,
  viewOf,
} from '../lib/struct/index.js';

/** An IPv4 address as a 32-bit number, as in lib/addresses.ts. */
export const ipv4Address = u32;

/** An IPv6 address as a 128-bit bigint, as in lib/addresses.ts. */
export const ipv6Address = custom<Ipv6>({
  name: 'ipv6',
  read: c => {
    need(c, 'ipv6', 16);
    const at = c.pos;
    c.pos += 16;
    return (getU64(c.bytes, at) << 64n) | getU64(c.bytes, at + 8);
  },
  write: (w, value) => {
    if (typeof value !== 'bigint' || BigInt.asUintN(128, value) !== value)
      throw badValue('ipv6', `${shown(value)} does not fit`, w.pos - w.frame);
    w.ensure(16);
    putU64(w.bytes, w.pos, value >> 64n);
    putU64(w.bytes, w.pos + 8, BigInt.asUintN(64, value));
    w.pos += 16;
  },
});

/** Bytes whose number an earlier field says, in units of its own: `sizeOf` turns that field into bytes. */
export const countedBy = (given: string, sizeOf: (count: number) => number) =>
  custom<Uint8Array>({
    name: 'counted',
    given,
    read: (c, count) => {
      const size = sizeOf(count);
      if (size < 0) throw badLength(given, `a length of ${count}`, c.pos);
      need(c, given, size);
      const view = viewOf(c.bytes, c.pos, size);
      c.pos += size;
      return view;
    },
    write: (w, value, count) => {
      if (!(value instanceof Uint8Array) || value.length !== sizeOf(count))
        throw badLength(given, `${shown(count)} does not say the bytes that follow`, w.pos - w.frame);
      w.ensure(value.length);
      w.bytes.set(value, w.pos);
      w.pos += value.length;
    },
  });

// Anything that is no UTF-8 is refused, so that text that was read is written back to the same bytes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-8 text to the end of the window. */
export const utf8Text = custom<string>({
  name: 'utf8',
  read: c => {
    const at = c.pos;
    c.pos = c.end;
    try {
      return decoder.decode(viewOf(c.bytes, at, c.end - at));
    } catch {
      throw badValue('utf8', 'bytes that are no UTF-8', at);
    }
  },
  write: (w, value) => {
    if (typeof value !== 'string') throw badValue('utf8', `${shown(value)} is no text`, w.pos - w.frame);
    const bytes = encoder.encode(value);
    w.ensure(bytes.length);
    w.bytes.set(bytes, w.pos);
    w.pos += bytes.length;
  },
});
