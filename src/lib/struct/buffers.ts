import { WireError } from '../errors.js';

/**
 * Where a decoder stands. `end` is the edge of the innermost window that is open: no read may pass it. Offsets count
 * from the first byte of `bytes`, which is the first byte of the frame.
 */
export interface Cursor {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;
  /** How many recursive declarations are open: bounded, so that a peer can not exhaust the stack. */
  depth: number;
}

export const cursorOver = (bytes: Uint8Array): Cursor => ({ bytes, pos: 0, end: bytes.length, depth: 0 });

/** A growing output buffer. Many frames may be written one after the other, to leave in one system call. */
export class Writer {
  bytes: Uint8Array;
  pos = 0;
  /** Where the frame now being written began: errors count their offset from here. */
  frame = 0;
  depth = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `size` bytes more; what was written stays. */
  ensure(size: number): void {
    const needed = this.pos + size;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
  }

  /** A copy of all that was written. */
  toBytes(): Uint8Array {
    return this.bytes.slice(0, this.pos);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.pos = 0;
    this.frame = 0;
    this.depth = 0;
  }
}

/** Recursive declarations (an action that holds actions) may nest this deep. */
export const maxDepth = 8;

// One pair of scratch arrays serves all 64-bit numbers: a bigint made from two halves by arithmetic would allocate three
// times, and a view of the frame for each frame costs more than the frame's other reads.
const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);
const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const high = littleEndian ? 1 : 0;
const low = 1 - high;

export const getU16 = (b: Uint8Array, at: number): number => ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);

export const getU32 = (b: Uint8Array, at: number): number =>
  (((b[at] ?? 0) << 24) | ((b[at + 1] ?? 0) << 16) | ((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 0)) >>> 0;

/** A big-endian unsigned number of 1 to 6 bytes. */
export function getUint(b: Uint8Array, at: number, size: number): number {
  switch (size) {
    case 1:
      return b[at] ?? 0;
    case 2:
      return getU16(b, at);
    case 3:
      return ((b[at] ?? 0) << 16) | getU16(b, at + 1);
    case 4:
      return getU32(b, at);
    case 5:
      return (b[at] ?? 0) * 2 ** 32 + getU32(b, at + 1);
    default:
      return getU16(b, at) * 2 ** 32 + getU32(b, at + 2);
  }
}

export function getU64(b: Uint8Array, at: number): bigint {
  halves[high] = getU32(b, at);
  halves[low] = getU32(b, at + 4);
  return scratch[0] ?? 0n;
}

// What is put must be in range: the caller has checked it.

function putU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

export function putU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

/** A number of 1 to 6 bytes. */
export function putUint(b: Uint8Array, at: number, size: number, value: number): void {
  switch (size) {
    case 1:
      b[at] = value;
      return;
    case 2:
      putU16(b, at, value);
      return;
    case 3:
      b[at] = value >>> 16;
      putU16(b, at + 1, value);
      return;
    case 4:
      putU32(b, at, value);
      return;
    case 5:
      b[at] = Math.floor(value / 2 ** 32);
      putU32(b, at + 1, value);
      return;
    default:
      putU16(b, at, Math.floor(value / 2 ** 32));
      putU32(b, at + 2, value);
  }
}

/** `width` bits of the number of `size` bytes at `at`, above `shift` others. */
export const getBits = (b: Uint8Array, at: number, size: number, shift: number, width: number): number =>
  Math.floor(getUint(b, at, size) / 2 ** shift) % 2 ** width;

/** Adds a field's bits to the number of `size` bytes at `at`; the first field of the number clears it. */
export function putBits(
  b: Uint8Array,
  at: number,
  size: number,
  shift: number,
  first: boolean,
  value: number,
): void {
  putUint(b, at, size, (first ? 0 : getUint(b, at, size)) + value * 2 ** shift);
}

export function putU64(b: Uint8Array, at: number, value: bigint): void {
  scratch[0] = value;
  putU32(b, at, halves[high] ?? 0);
  putU32(b, at + 4, halves[low] ?? 0);
}

/** A view of the frame's own memory, always a plain Uint8Array, also where the frame is a Buffer. */
export const viewOf = (b: Uint8Array, at: number, size: number): Uint8Array =>
  new Uint8Array(b.buffer, b.byteOffset + at, size);

const utf8Decoder = new TextDecoder();
const utf8Encoder = new TextEncoder();

/** Text up to the first NUL. Bytes that are no UTF-8 become U+FFFD. */
export function getText(b: Uint8Array, at: number, size: number): string {
  let length = 0;
  while (length < size && b[at + length] !== 0) length++;
  return utf8Decoder.decode(viewOf(b, at, length));
}

export const utf8 = (text: string): Uint8Array => utf8Encoder.encode(text);

/** The error of a read that would leave its window; its offset is the first byte that is not there. */
export const truncated = (c: Cursor, what: string, needed: number): WireError =>
  new WireError('WIRE_TRUNCATED', `${what}: ${needed} bytes wanted, ${c.end - c.pos} left`, c.end);

/** For hand-written readers: `size` bytes must be left in the window. */
export function need(c: Cursor, what: string, size: number): void {
  if (c.end - c.pos < size) throw truncated(c, what, size);
}

export const badLength = (what: string, message: string, offset: number): WireError =>
  new WireError('WIRE_BAD_LENGTH', `${what}: ${message}`, offset);

export const badValue = (what: string, message: string, offset: number): WireError =>
  new WireError('WIRE_BAD_VALUE', `${what}: ${message}`, offset);

/** A value for a message: never throws, whatever it is given. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'string':
      return JSON.stringify(value.slice(0, 40));
    default:
      return value === null ? 'null' : typeof value;
  }
}
