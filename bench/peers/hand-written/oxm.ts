/**
 * Match fields by hand: the facts come from the table of fields, the code does not. Experimenters' fields and those of
 * variable length are not read, and unlike the codec this does not check that a field comes once, has a mask only where
 * it may, and stands after what it presumes.
 */
import type { KnownOxm, Match, Oxm } from '../../../src/openflow/index.js';
import { oxmFields } from '../../../src/openflow/fields/table.js';
import {
  badLength,
  badValue,
  checkList,
  setU16,
  setU32,
  setU48,
  setU64,
  truncated,
  u16,
  u32,
  u48,
  u64,
} from './bytes.js';
import type { Reader } from './decode.js';
import type { Sink } from './encode.js';

interface Field {
  readonly name: KnownOxm['field'];
  readonly header: number;
  readonly size: number;
  /** The first number that is too large, for fields of up to 6 bytes. */
  readonly limit: number;
}

const byId = new Map<number, Field>();
const byName = new Map<string, Field>();
for (const [name, { header, size, bits, experimenter }] of Object.entries(oxmFields)) {
  if (experimenter !== undefined || size > 16) continue;
  const field = { name: name as KnownOxm['field'], header, size, limit: 2 ** bits };
  byId.set(header >>> 9, field);
  byName.set(name, field);
}

const all64 = 0xffff_ffff_ffff_ffffn;

function readValue(b: Uint8Array, at: number, field: Field): number | bigint {
  let value: number;
  switch (field.size) {
    case 1:
      value = b[at] ?? 0;
      break;
    case 2:
      value = u16(b, at);
      break;
    case 3:
      value = ((b[at] ?? 0) << 16) | u16(b, at + 1);
      break;
    case 4:
      value = u32(b, at);
      break;
    case 6:
      return u48(b, at);
    case 8:
      return u64(b, at);
    default:
      return (u64(b, at) << 64n) | u64(b, at + 8);
  }
  if (value >= field.limit) throw badValue(field.name, value, at);
  return value;
}

export function readOxm(r: Reader, end: number): Oxm {
  const { bytes: b, pos } = r;
  if (end - pos < 4) throw truncated('oxm', 4, end - pos, end);
  const header = u32(b, pos);
  const size = header & 0xff;
  const at = pos + 4;
  if (end - at < size) throw truncated('oxm', 4 + size, end - pos, end);
  r.pos = at + size;
  const field = byId.get(header >>> 9);
  if (!field) return { field: 'unknown', header, body: new Uint8Array(b.buffer, b.byteOffset + at, size) };
  const hasMask = (header & 0x100) !== 0;
  if (size !== (hasMask ? 2 * field.size : field.size)) throw badLength(field.name, size, at - 1);
  const value = readValue(b, at, field);
  if (!hasMask) return { field: field.name, value } as KnownOxm;
  return { field: field.name, value, mask: readValue(b, at + field.size, field) } as KnownOxm;
}

/** A match with its padding. */
export function readMatch(r: Reader, end: number): Match {
  const { bytes: b, pos: start } = r;
  if (end - start < 4) throw truncated('match', 4, end - start, end);
  if (u16(b, start) !== 1) throw badValue('match type', u16(b, start), start);
  const size = u16(b, start + 2);
  const padded = (size + 7) & -8;
  if (size < 4 || start + padded > end) throw badLength('match', size, start + 2);
  const inner = start + size;
  const fields: Oxm[] = [];
  r.pos = start + 4;
  while (r.pos < inner) fields.push(readOxm(r, inner));
  r.pos = start + padded;
  return fields;
}

function writeValue(w: Sink, value: unknown, field: Field): void {
  const { size, limit } = field;
  const { pos } = w;
  if (size >= 8) {
    if (typeof value !== 'bigint' || value < 0n || value >> BigInt(8 * size) !== 0n)
      throw badValue(field.name, value, pos);
    if (size === 16) setU64(w.bytes, pos, value >> 64n);
    setU64(w.bytes, pos + size - 8, value & all64);
    w.pos = pos + size;
    return;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= limit)
    throw badValue(field.name, value, pos);
  switch (size) {
    case 1:
      w.bytes[pos] = value;
      break;
    case 2:
      setU16(w.bytes, pos, value);
      break;
    case 3:
      w.bytes[pos] = value >>> 16;
      setU16(w.bytes, pos + 1, value);
      break;
    case 4:
      setU32(w.bytes, pos, value);
      break;
    default:
      setU48(w.bytes, pos, value);
  }
  w.pos = pos + size;
}

export function writeOxm(w: Sink, oxm: Oxm): void {
  const given: unknown = oxm;
  if (typeof given !== 'object' || given === null) throw badValue('oxm', given, w.pos);
  if (oxm.field === 'unknown') {
    if (oxm.body.length !== (oxm.header & 0xff) || byId.has(oxm.header >>> 9))
      throw badLength('oxm', oxm.body.length, w.pos);
    w.room(4 + oxm.body.length);
    setU32(w.bytes, w.pos, oxm.header);
    w.bytes.set(oxm.body, w.pos + 4);
    w.pos += 4 + oxm.body.length;
    return;
  }
  const field = byName.get(oxm.field);
  if (!field) throw badValue('oxm', oxm.field, w.pos);
  w.room(4 + 2 * field.size);
  const hasMask = oxm.mask !== undefined;
  setU32(w.bytes, w.pos, hasMask ? field.header + 0x100 + field.size : field.header);
  w.pos += 4;
  writeValue(w, oxm.value, field);
  if (hasMask) writeValue(w, oxm.mask, field);
}

export function writeMatch(w: Sink, match: Match): void {
  checkList('match', match, w.pos);
  const start = w.pos;
  w.room(4);
  setU16(w.bytes, start, 1);
  w.pos = start + 4;
  for (const oxm of match) writeOxm(w, oxm);
  const size = w.pos - start;
  if (size > 0xffff) throw badLength('match', size, start);
  setU16(w.bytes, start + 2, size);
  w.pad(((size + 7) & -8) - size);
}
