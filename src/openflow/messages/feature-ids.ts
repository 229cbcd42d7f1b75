/** What table features list: kinds of instructions, actions and fields, with no value [OF1.3.5 7.3.5.5.2]. */
import {
  badLength,
  badValue,
  custom,
  getU16,
  getU32,
  need,
  putUint,
  shown,
  viewOf,
} from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { fieldByHeader, fieldByName } from '../fields/table.js';
import type { FieldName } from '../fields/table.js';

/** One of OFPIT or OFPAT; where more than a type is said (who defines an extension, first), that as `body`. */
export type FeatureId = number | { readonly typeId: number; readonly body: Uint8Array };

/** `type:16 length:16`, and what only extensions have. */
const idSize = 4;

function readFeatureId(c: Cursor): FeatureId {
  need(c, 'feature id', idSize);
  const at = c.pos;
  const typeId = getU16(c.bytes, at);
  const size = getU16(c.bytes, at + 2);
  if (size < idSize || size > c.end - at) throw badLength('feature id', `a length of ${size}`, at + 2);
  c.pos = at + size;
  return size === idSize ? typeId : { typeId, body: viewOf(c.bytes, at + idSize, size - idSize) };
}

function writeFeatureId(w: Writer, id: FeatureId): void {
  const offset = w.pos - w.frame;
  const { typeId, body } = typeof id === 'number' ? { typeId: id, body: nothing } : id;
  if (!isUint(typeId, 0xffff)) throw badValue('feature id', `${shown(typeId)} is no type`, offset);
  if (!(body instanceof Uint8Array)) throw badValue('feature id', `${shown(body)} is no Uint8Array`, offset);
  const size = idSize + body.length;
  if (size > 0xffff) throw badLength('feature id', `${size} bytes`, offset);
  w.ensure(size);
  putUint(w.bytes, w.pos, 2, typeId);
  putUint(w.bytes, w.pos + 2, 2, size);
  w.bytes.set(body, w.pos + idSize);
  w.pos += size;
}

const nothing = new Uint8Array(0);

const isUint = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

export const featureId = custom<FeatureId>({ name: 'id', read: readFeatureId, write: writeFeatureId });

/**
 * A field by name, and whether it can have a mask; one that is not in our table by its header, and where its class is
 * the experimenters', by who defines it.
 */
export type OxmId =
  | { readonly field: FieldName; readonly hasMask: boolean }
  | { readonly field: 'unknown'; readonly header: number; readonly experimenter?: number };

const maskBit = 0x100;
/** The class of fields whose header goes on with who defines them [OF1.3.5 7.2.3.2]. */
const isExperimenter = (header: number): boolean => header >>> 16 === 0xffff;

function readOxmId(c: Cursor): OxmId {
  need(c, 'oxm id', 4);
  const header = getU32(c.bytes, c.pos);
  c.pos += 4;
  let experimenter: number | undefined;
  if (isExperimenter(header)) {
    need(c, 'oxm id', 4);
    experimenter = getU32(c.bytes, c.pos);
    c.pos += 4;
  }
  const row = fieldByHeader(header, experimenter);
  const hasMask = (header & maskBit) !== 0;
  if (row && header === headerOf(row, hasMask)) return { field: row.name, hasMask };
  return experimenter === undefined
    ? { field: 'unknown', header }
    : { field: 'unknown', header, experimenter };
}

/** With a mask, a field is twice as long. */
const headerOf = (row: { readonly header: number; readonly size: number }, hasMask: boolean): number =>
  hasMask ? row.header + maskBit + row.size : row.header;

function writeOxmId(w: Writer, id: OxmId): void {
  const header = id.field === 'unknown' ? id.header : headerByName(id.field, id.hasMask);
  const experimenter = id.field === 'unknown' ? id.experimenter : fieldByName(id.field)?.experimenter;
  const refuse = (what: unknown): Error => badValue('oxm id', `${shown(what)} is no field`, w.pos - w.frame);
  if (header === undefined || !isUint(header, 0xffffffff)) throw refuse(id.field);
  w.ensure(8);
  putUint(w.bytes, w.pos, 4, header);
  w.pos += 4;
  if (isExperimenter(header) !== (experimenter !== undefined)) throw refuse(experimenter);
  if (experimenter === undefined) return;
  if (!isUint(experimenter, 0xffffffff)) throw refuse(experimenter);
  putUint(w.bytes, w.pos, 4, experimenter);
  w.pos += 4;
}

function headerByName(name: string, hasMask: unknown): number | undefined {
  const row = fieldByName(name);
  return row && typeof hasMask === 'boolean' ? headerOf(row, hasMask) : undefined;
}

export const oxmId = custom<OxmId>({ name: 'oxm id', read: readOxmId, write: writeOxmId });
