/** Values of match fields: numbers up to 48 bits, bigints of 64 and 128, bytes where the length varies. */
import { badValue, getU32, getU64, getUint, putU64, putUint, shown, viewOf } from '../../lib/struct/index.js';
import type { Writer } from '../../lib/struct/index.js';
import { variableBits } from './definition.js';
import type { OxmField } from './table.js';

/** A value at `at`, where all its `width` bytes are known to be there. */
export const readValue = (
  b: Uint8Array,
  at: number,
  row: OxmField,
  width: number,
): number | bigint | Uint8Array =>
  row.bits === variableBits ? viewOf(b, at, width) : readNumber(b, at, row);

/** A value of a field of fixed length. */
export function readNumber(b: Uint8Array, at: number, row: OxmField): number | bigint {
  let value: number;
  switch (row.size) {
    case 4:
      value = getU32(b, at);
      break;
    case 8:
      return getU64(b, at);
    case 16:
      return (getU64(b, at) << 64n) | getU64(b, at + 8);
    default:
      value = getUint(b, at, row.size);
  }
  if (value >= row.limit) throw badValue(row.name, `${value} has more than ${row.bits} bits`, at);
  return value;
}

/** Appends a value in the field's own width; of a field of variable length in `width` bytes. */
export function writeValue(w: Writer, value: unknown, row: OxmField, width: number): void {
  w.ensure(width);
  if (row.bits === variableBits) writeBytes(w, value, row, width);
  else if (width >= 8) {
    if (typeof value !== 'bigint' || !fits(value, row.bits)) throw misfit(w, value, row);
    if (width === 16) putU64(w.bytes, w.pos, value >> 64n);
    putU64(w.bytes, w.pos + width - 8, value); // its lower 64 bits
  } else {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= row.limit)
      throw misfit(w, value, row);
    putUint(w.bytes, w.pos, width, value);
  }
  w.pos += width;
}

function writeBytes(w: Writer, value: unknown, row: OxmField, width: number): void {
  if (!(value instanceof Uint8Array) || value.length !== width || width > row.size)
    throw badValue(row.name, `${shown(value)} is not of as many bytes`, w.pos - w.frame);
  w.bytes.set(value, w.pos);
}

// V8 does 64 bits in line where it sees that number in the call.
const fits = (value: bigint, bits: number): boolean =>
  (bits === 64 ? BigInt.asUintN(64, value) : BigInt.asUintN(bits, value)) === value;

const misfit = (w: Writer, value: unknown, row: OxmField): Error =>
  badValue(row.name, `${shown(value)} does not fit ${row.bits} bits`, w.pos - w.frame);

const upper = (value: number): number => Math.floor(value / 0x100000000);

/** Whether a value has a 1 where its mask has a 0. Both are of the same field. */
export function hasBitsOutside(value: unknown, mask: unknown): boolean {
  if (typeof value === 'number' && typeof mask === 'number')
    return (value & ~mask) !== 0 || (upper(value) & ~upper(mask)) !== 0;
  if (typeof value === 'bigint' && typeof mask === 'bigint') return (value & ~mask) !== 0n;
  if (value instanceof Uint8Array && mask instanceof Uint8Array)
    return value.some((byte, at) => (byte & ~(mask[at] ?? 0)) !== 0);
  return false;
}
