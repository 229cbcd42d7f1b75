/** A match: the fields that a packet must have [OF1.3.5 7.2.3]. */
import { badValue, constant, custom, length, shown, transparent, u16 } from '../../lib/struct/index.js';
import type { Cursor, Infer, Writer } from '../../lib/struct/index.js';
import { badMatch, readOxm, writeOxm } from './oxm.js';
import type { KnownOxm, Oxm } from './oxm.js';
import { fieldByName, oxmFields } from './table.js';
import type { FieldName, FieldValue, OxmField } from './table.js';
import { initially, saidBy, wordsFor } from './prerequisites.js';

function readFields(c: Cursor): readonly Oxm[] {
  const fields = new Array<Oxm>(countFields(c)); // at its length: the first push would make room for 17
  for (let i = 0; c.pos < c.end; i++) fields[i] = readOxm(c);
  return fields;
}

/** How many fields there are, if their lengths are true. */
function countFields({ bytes, pos, end }: Cursor): number {
  let count = 0;
  for (let at = pos; at + 4 <= end; at += 4 + (bytes[at + 3] ?? 0)) count++;
  return count;
}

// The match that last had a field, by the field's slots: nothing is cleared, and nothing allocated, for the next one.
const lastIn = new Float64Array(Object.keys(oxmFields).length);
let matches = 0;

/**
 * In the order given. Fields that we do not know are not looked into.
 * @throws WireError for a field that comes twice, in whatever form, and for one that comes before what it presumes
 */
function writeFields(w: Writer, fields: readonly Oxm[]): void {
  if (!Array.isArray(fields)) throw badValue('match.fields', `${shown(fields)} is no list`, w.pos - w.frame);
  matches++;
  let have = initially;
  for (const one of fields as readonly Oxm[]) {
    const at = w.pos - w.frame;
    const row = writeOxm(w, one);
    if (row === undefined) continue;
    // OFPBMC_DUP_FIELD
    if (isSecond(row)) throw badMatch(row.name, 'its bits are matched already', at);
    // OFPBMC_BAD_PREREQ
    if (row.needs !== 0 && (have & row.needs) === 0)
      throw badMatch(row.name, `${wordsFor(row.needs)} must come before it`, at);
    if (row.role !== 'none')
      have = saidBy(row.role, (one as KnownOxm).value as number, (one as KnownOxm).mask as number, have);
  }
}

function isSecond({ slot, slots }: OxmField): boolean {
  if (slot < 0) return slots.some(isTaken);
  return isTaken(slot);
}

/** Whether the match has had a field at this slot, which it has from now on. */
function isTaken(slot: number): boolean {
  if (lastIn[slot] === matches) return true;
  lastIn[slot] = matches;
  return false;
}

/** A match is the list of its fields; an empty one matches every packet [OF1.3.5 7.2.3.1]. */
export const matchStruct = transparent('match', 'fields', {
  _oxm: constant(u16, 1),
  _length: length(u16, { padTo: 8 }),
  /** Each field once, and after those that it presumes [OF1.3.5 7.2.3.8]. */
  fields: custom<readonly Oxm[]>({ name: 'fields', read: readFields, write: writeFields }),
});

/** A match is the list of its fields; an empty one matches every packet [OF1.3.5 7.2.3.1]. */
export type Match = Infer<typeof matchStruct>;

/** A value of which only the bits of `mask` count. */
export interface Masked<T> {
  /** The value; its bits outside of the mask are 0. */
  readonly value: T;
  /** A 1 for each bit that counts. */
  readonly mask: T;
}

/** The bits of `value` that are 0 in `mask` are cleared: Open vSwitch refuses a match where they are not. */
export function masked(value: number, mask: number): Masked<number>;
export function masked(value: bigint, mask: bigint): Masked<bigint>;
export function masked(value: number | bigint, mask: number | bigint): Masked<number> | Masked<bigint> {
  if (typeof value === 'bigint' || typeof mask === 'bigint')
    return { value: BigInt(value) & BigInt(mask), mask: BigInt(mask) };
  return { value: Number(BigInt(value) & BigInt(mask)), mask };
}

/** Fields by name, each with its value, or with a value and a mask. */
export type MatchFields = { readonly [N in FieldName]?: FieldValue<N> | Masked<FieldValue<N>> };

/** One field with its value, for set_field. Exactly one property is expected. */
export type FieldSetting = MatchFields;

/**
 * A match from a plain object, in canonical order, whatever the order of the properties: two equal matches are equal
 * lists. A mask of all ones is left out, and a field whose mask is 0 is none. Values are looked at when they are encoded.
 * @throws WireError WIRE_BAD_VALUE for a name that no field has: left out, it would match more than was meant
 */
export function match(fields: MatchFields): Match {
  return Object.entries(fields)
    .flatMap(([name, given]) => toOxm(name, given))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/** The same fields in canonical order, those that are not known last: as `match` gives them, whatever a switch made of it. */
export const canonical = (fields: Match): Match => [...fields].sort((a, b) => rankOf(a) - rankOf(b));

const rankOf = (one: Oxm): number =>
  one.field === 'unknown' ? Infinity : (fieldByName(one.field)?.rank ?? 0);

type AnyValue = number | bigint | Uint8Array;

function toOxm(name: string, given: AnyValue | Masked<AnyValue> | null | undefined): KnownOxm[] {
  if (given === undefined) return [];
  const row = fieldByName(name);
  if (!row) throw badValue('match', `no field ${shown(name)}`, 0);
  if (typeof given !== 'object' || given === null || given instanceof Uint8Array)
    return [{ field: row.name, value: given } as KnownOxm];
  const { value, mask } = given;
  // An empty mask of bytes asks whether the field is there at all; what is no mask is refused on encode.
  if (typeof mask !== 'bigint' && (typeof mask !== 'number' || !Number.isInteger(mask)))
    return [{ field: row.name, value, mask } as KnownOxm];
  const bits = BigInt(mask);
  if (bits === 0n) return [];
  const isWhole = bits === (1n << BigInt(row.bits)) - 1n;
  return [(isWhole ? { field: row.name, value } : { field: row.name, value, mask }) as KnownOxm];
}

/** The value that a match asks for in full, or undefined where it does not ask or has a mask. */
export function valueOf<N extends FieldName>(of: Match, name: N): FieldValue<N> | undefined {
  const found = of.find(one => one.field === name);
  return found && found.field !== 'unknown' && found.mask === undefined
    ? (found.value as FieldValue<N>)
    : undefined;
}

/** All names of fields, in canonical order. */
export const fieldNames = Object.keys(oxmFields) as readonly FieldName[];
