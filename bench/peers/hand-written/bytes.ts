/** Numbers in bytes, and the errors of the hand-written codec. */
import { WireError } from '../../../src/lib/errors.js';

const u64s = new BigUint64Array(1);
const u32s = new Uint32Array(u64s.buffer);
const little = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const [highHalf, lowHalf] = little ? [1, 0] : [0, 1];

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the callers check the bounds, once for a whole structure */
export const u16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!;

export const u32 = (b: Uint8Array, at: number): number =>
  ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;

export const u48 = (b: Uint8Array, at: number): number => u16(b, at) * 0x1_0000_0000 + u32(b, at + 2);

export function u64(b: Uint8Array, at: number): bigint {
  u32s[highHalf] = u32(b, at);
  u32s[lowHalf] = u32(b, at + 4);
  return u64s[0]!;
}

export function setU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

export function setU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

export function setU48(b: Uint8Array, at: number, value: number): void {
  setU16(b, at, Math.floor(value / 0x1_0000_0000));
  setU32(b, at + 2, value >>> 0);
}

export function setU64(b: Uint8Array, at: number, value: bigint): void {
  u64s[0] = value;
  setU32(b, at, u32s[highHalf]!);
  setU32(b, at + 4, u32s[lowHalf]!);
}

export const truncated = (what: string, needed: number, left: number, offset: number): WireError =>
  new WireError('WIRE_TRUNCATED', `${what}: ${needed} bytes wanted, ${left} left`, offset);

export const badLength = (what: string, size: number, offset: number): WireError =>
  new WireError('WIRE_BAD_LENGTH', `${what}: a length of ${size}`, offset);

export const badValue = (what: string, value: unknown, offset: number): WireError =>
  new WireError('WIRE_BAD_VALUE', `${what}: ${String(value)} does not fit`, offset);

export function checkList(what: string, value: unknown, offset: number): void {
  if (!Array.isArray(value)) throw badValue(what, value, offset);
}
