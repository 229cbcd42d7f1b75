/**
 * One match field on the wire [OF1.3.5 7.2.3.2]: `class:16 field:7 hasmask:1 length:8`, of the class of experimenters
 * `experimenter:32` [OF1.3.5 7.2.3.9], then the value, then as long a mask where hasmask is 1.
 */
import { WireError } from '../../lib/errors.js';
import { badLength, badValue, custom, getU32, need, putU32, shown, viewOf } from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { variableBits } from './definition.js';
import { experimenterClass, experimenterIdSize, fieldByHeader, fieldByName } from './table.js';
import type { FieldName, FieldValue, OxmField } from './table.js';
import { hasBitsOutside, readNumber, readValue, writeValue } from './value.js';

/** One known field: `mask` has a bit for each bit of the value that counts; without it all do. */
export type KnownOxm = {
  [N in FieldName]: { readonly field: N; readonly value: FieldValue<N>; readonly mask?: FieldValue<N> };
}[FieldName];

/**
 * A field that is not in our table, kept as it came: `header` has class, field, mask bit and length, `body` all that
 * follows (of an experimenter's field its id first).
 */
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
const isOfExperimenter = (header: number): boolean => header >>> 16 === experimenterClass;

/** Reads leniently: a mask where there should be none, and bits of a value outside of its mask, are given as they came. */
export function readOxm(c: Cursor): Oxm {
  need(c, 'oxm', 4);
  const { bytes: b, pos } = c;
  const header = getU32(b, pos);
  const size = header & 0xff;
  need(c, 'oxm', 4 + size);
  const at = pos + 4;
  c.pos = at + size;
  const row = fieldByHeader(header) ?? rowOfExperimenter(header, b, at);
  if (row === undefined) return { field: 'unknown', header, body: viewOf(b, at, size) };
  if ((header & 0x1ff) !== row.plain) return readOther(b, at, header, row);
  // The table gives the value the type that belongs to the name; TypeScript can not follow that through a lookup.
  return { field: row.name, value: readNumber(b, at + row.idSize, row) } as KnownOxm;
}

/** A field with a mask, or of variable length. */
function readOther(b: Uint8Array, at: number, header: number, row: OxmField): KnownOxm {
  const size = header & 0xff;
  const masked = (header & maskBit) !== 0;
  const from = at + row.idSize;
  const left = at + size - from;
  const width = masked ? left / 2 : left;
  if (row.bits === variableBits ? width > row.size || !Number.isInteger(width) : width !== row.size)
    throw badLength(row.name, `an oxm of ${size} bytes`, at - 1);
  const value = readValue(b, from, row, width);
  if (!masked) return { field: row.name, value } as KnownOxm;
  return { field: row.name, value, mask: readValue(b, from + width, row, width) } as KnownOxm;
}

/** The row of an experimenter's field whose body, which is as long as the header says, is at `at`. */
const rowOfExperimenter = (header: number, b: Uint8Array, at: number): OxmField | undefined =>
  isOfExperimenter(header) && (header & 0xff) >= experimenterIdSize
    ? fieldByHeader(header, getU32(b, at))
    : undefined;

// What an encoder is handed may come from plain JavaScript: it is looked at, whatever its type says.
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * Appends one field, and gives its row where it is a known one.
 * @throws WireError where a value does not fit its field, a mask is not allowed, or a bit of the value is not in the mask
 */
export function writeOxm(w: Writer, oxm: Oxm): OxmField | undefined {
  const offset = w.pos - w.frame;
  if (!isObject(oxm)) throw badValue('oxm', `${shown(oxm)} is no object`, offset);
  if (oxm.field === 'unknown') {
    writeUnknown(w, oxm);
    return undefined;
  }
  const row = fieldByName(oxm.field);
  if (!row) throw badValue('oxm', `no field ${shown(oxm.field)}`, offset);
  const { value, mask } = oxm;
  if (mask === undefined && row.plain >= 0) {
    writeHeader(w, row.header, row.experimenter);
    writeValue(w, value, row, row.size);
  } else writeOther(w, row, value, mask);
  return row;
}

/** A field with a mask, or of variable length. */
function writeOther(w: Writer, row: OxmField, value: unknown, mask: unknown): void {
  const offset = w.pos - w.frame;
  const width = row.bits === variableBits && value instanceof Uint8Array ? value.length : row.size;
  const header = row.header - row.size + width;
  if (mask === undefined) {
    writeHeader(w, header, row.experimenter);
    writeValue(w, value, row, width);
    return;
  }
  if (!row.maskable) throw badMatch(row.name, 'has no mask', offset); // OFPBMC_BAD_MASK
  writeHeader(w, header + maskBit + width, row.experimenter);
  writeValue(w, value, row, width);
  writeValue(w, mask, row, width);
  // OFPBMC_BAD_WILDCARDS
  if (hasBitsOutside(value, mask)) throw badMatch(row.name, 'a bit of the value is not in the mask', offset);
}

function writeUnknown(w: Writer, { header, body }: UnknownOxm): void {
  const offset = w.pos - w.frame;
  if (!(body instanceof Uint8Array) || body.length !== (header & 0xff))
    throw badLength('oxm', 'a body that is not as long as its header says', offset);
  if (header >>> 0 !== header || (fieldByHeader(header) ?? rowOfExperimenter(header, body, 0)))
    throw badValue('oxm', `${shown(header)} is no unknown header`, offset);
  writeHeader(w, header);
  w.ensure(body.length);
  w.bytes.set(body, w.pos);
  w.pos += body.length;
}

function writeHeader(w: Writer, header: number, experimenter?: number): void {
  w.ensure(8);
  putU32(w.bytes, w.pos, header);
  w.pos += 4;
  if (experimenter === undefined) return;
  putU32(w.bytes, w.pos, experimenter);
  w.pos += 4;
}

const write = (w: Writer, oxm: Oxm): void => {
  writeOxm(w, oxm);
};

export const oxm = custom<Oxm>({ name: 'oxm', read: readOxm, write });

/** The error of a field that is right in itself, and not where or how it stands. */
export const badMatch = (what: string, message: string, offset: number): WireError =>
  new WireError('WIRE_BAD_MATCH', `${what}: ${message}`, offset);

/** The field of a set_field, which has no mask in OpenFlow 1.3 [OF1.3.5 7.2.5]. */
export const oxmToSet = custom<Oxm>({
  name: 'oxm',
  read: readOxm,
  write: (w, oxm) => {
    const offset = w.pos - w.frame;
    const row = writeOxm(w, oxm);
    if (row && (oxm as KnownOxm).mask !== undefined)
      throw badMatch('set_field', `${row.name} with a mask`, offset);
  },
});

/** A header that no field of our table has; of an experimenter's field with the id that follows. */
export interface UnknownFieldRef {
  /** The 32 bits of its header: class, field, no mask bit, length. */
  readonly header: number;
  /** Of a field of class 0xffff: who defines it. */
  readonly experimenter?: number;
}

/** A field by name, as move, load and learn refer to it; one that is not in our table by its header. */
export type FieldRef = FieldName | UnknownFieldRef;

/** A header alone, with no value and no mask [nicira-ext: nx_action_reg_load, nx_action_reg_move]. */
export const fieldRef = custom<FieldRef>({
  name: 'field',
  read: c => {
    need(c, 'field', 4);
    const header = getU32(c.bytes, c.pos);
    c.pos += 4;
    let experimenter: number | undefined;
    if (isOfExperimenter(header)) {
      need(c, 'field', experimenterIdSize);
      experimenter = getU32(c.bytes, c.pos);
      c.pos += experimenterIdSize;
    }
    const row = fieldByHeader(header, experimenter);
    if (row?.header === header) return row.name;
    return experimenter === undefined ? { header } : { header, experimenter };
  },
  write: (w, ref) => {
    const found = typeof ref === 'string' ? fieldByName(ref) : isObject(ref) ? ref : undefined;
    if (!found || !isHeader(found)) throw badValue('field', `no field ${shown(ref)}`, w.pos - w.frame);
    writeHeader(w, found.header, found.experimenter);
  },
});

const isU32 = (value: unknown): boolean => typeof value === 'number' && value >>> 0 === value;

/** Numbers of 32 bits, and an experimenter where, and only where, the class asks for one. */
const isHeader = ({ header, experimenter }: { header: number; experimenter?: number | undefined }): boolean =>
  isU32(header) && (isOfExperimenter(header) ? isU32(experimenter) : experimenter === undefined);
