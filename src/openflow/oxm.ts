/**
 * One match field on the wire [OF1.3.5 7.2.3.2]:
 * `class:16 field:7 hasmask:1 length:8`, then the value, then as long a mask where hasmask is 1.
 */
import {
  badLength,
  badValue,
  custom,
  getU32,
  getU64,
  getUint,
  need,
  putU32,
  putU64,
  putUint,
  shown,
  viewOf,
} from '../lib/struct/index.js';
import type { Cursor, Writer } from '../lib/struct/index.js';
import { fieldByHeader, fieldByName } from './oxm-fields.js';
import type { FieldName, FieldValue, OxmField } from './oxm-fields.js';

/** One known field: `mask` has a bit for each bit of the value that counts; without it all do. */
export type KnownOxm = {
  [N in FieldName]: { readonly field: N; readonly value: FieldValue<N>; readonly mask?: FieldValue<N> };
}[FieldName];

/** A field that is not in our table, kept as it came: `header` has class, field, mask bit and length. */
export interface UnknownOxm {
  /** Always that. */
  readonly field: 'unknown';
  /** The first 32 bits as they came: class, field, mask bit and length. */
  readonly header: number;
  /** All bytes behind them. */
  readonly body: Uint8Array;
}

/** One field of a match [OF1.3.5 7.2.3.2]. */
export type Oxm = KnownOxm | UnknownOxm;

const maskBit = 0x100;

function readOxm(c: Cursor): Oxm {
  need(c, 'oxm', 4);
  const header = getU32(c.bytes, c.pos);
  const size = header & 0xff;
  need(c, 'oxm', 4 + size);
  const at = c.pos + 4;
  c.pos = at + size;
  const row = fieldByHeader(header);
  if (!row) return { field: 'unknown', header, body: viewOf(c.bytes, at, size) };
  const masked = (header & maskBit) !== 0;
  if (size !== (masked ? 2 * row.size : row.size))
    throw badLength(row.name, `an oxm of ${size} bytes`, at - 1);
  const value = readValue(c.bytes, at, row);
  // The table gives the value the type that belongs to the name; TypeScript can not follow that through a lookup.
  if (!masked) return { field: row.name, value } as KnownOxm;
  return { field: row.name, value, mask: readValue(c.bytes, at + row.size, row) } as KnownOxm;
}

/** A value of the field at `at`, where all its bytes are known to be there. */
export function readValue(b: Uint8Array, at: number, row: OxmField): number | bigint {
  if (row.size === 16) return (getU64(b, at) << 64n) | getU64(b, at + 8);
  if (row.size === 8) return getU64(b, at);
  const value = getUint(b, at, row.size);
  if (value >= row.limit) throw badValue(row.name, `${value} has more than ${row.bits} bits`, at);
  return value;
}

// What an encoder is handed may come from plain JavaScript: it is looked at, whatever its type says.
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

function writeOxm(w: Writer, oxm: Oxm): void {
  if (!isObject(oxm)) throw badValue('oxm', `${shown(oxm)} is no object`, w.pos - w.frame);
  if (oxm.field === 'unknown') {
    writeUnknown(w, oxm);
    return;
  }
  const row = fieldByName(oxm.field);
  if (!row) throw badValue('oxm', `no field ${shown(oxm.field)}`, w.pos - w.frame);
  const masked = oxm.mask !== undefined;
  writeHeader(w, masked ? row.header + maskBit + row.size : row.header);
  writeValue(w, oxm.value, row);
  if (masked) writeValue(w, oxm.mask, row);
}

function writeUnknown(w: Writer, { header, body }: UnknownOxm): void {
  const offset = w.pos - w.frame;
  if (header >>> 0 !== header || fieldByHeader(header))
    throw badValue('oxm', `${shown(header)} is no unknown header`, offset);
  if (!(body instanceof Uint8Array) || body.length !== (header & 0xff))
    throw badLength('oxm', 'a body that is not as long as its header says', offset);
  writeHeader(w, header);
  w.ensure(body.length);
  w.bytes.set(body, w.pos);
  w.pos += body.length;
}

export function writeHeader(w: Writer, header: number): void {
  w.ensure(4);
  putU32(w.bytes, w.pos, header);
  w.pos += 4;
}

/** Appends a value in the field's own width. */
export function writeValue(w: Writer, value: unknown, row: OxmField): void {
  const { size } = row;
  w.ensure(size);
  if (size >= 8) {
    if (typeof value !== 'bigint' || !fits(value, row.bits)) throw unfit(w, value, row);
    if (size === 16) putU64(w.bytes, w.pos, value >> 64n);
    putU64(w.bytes, w.pos + size - 8, value); // its lower 64 bits
  } else {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= row.limit)
      throw unfit(w, value, row);
    putUint(w.bytes, w.pos, size, value);
  }
  w.pos += size;
}

// V8 does 64 bits in line where it sees that number in the call.
const fits = (value: bigint, bits: number): boolean =>
  (bits === 64 ? BigInt.asUintN(64, value) : BigInt.asUintN(bits, value)) === value;

const unfit = (w: Writer, value: unknown, { name, bits }: OxmField): Error =>
  badValue(name, `${shown(value)} does not fit ${bits} bits`, w.pos - w.frame);

/** One field with its value, and a mask where it has one [OF1.3.5 7.2.3.2]. */
export const oxm = custom<Oxm>({ name: 'oxm', read: readOxm, write: writeOxm });

/** A field by name, as move, load and learn refer to it; one that is not in our table by its header. */
export type FieldRef = FieldName | { readonly header: number };

/** The header of a reference, without a mask. */
export const headerOf = (ref: FieldRef): number | undefined =>
  typeof ref === 'string' ? fieldByName(ref)?.header : ref.header;

/** A header alone, with no value [nicira-ext: nx_action_reg_load, nx_action_reg_move]. */
export const fieldRef = custom<FieldRef>({
  name: 'field',
  read: c => {
    need(c, 'field', 4);
    const header = getU32(c.bytes, c.pos);
    c.pos += 4;
    const row = fieldByHeader(header);
    return row && row.header === header ? row.name : { header };
  },
  write: (w, ref) => {
    const header = typeof ref === 'string' || isObject(ref) ? headerOf(ref) : undefined;
    if (header === undefined || header >>> 0 !== header)
      throw badValue('field', `no field ${shown(ref)}`, w.pos - w.frame);
    writeHeader(w, header);
  },
});
