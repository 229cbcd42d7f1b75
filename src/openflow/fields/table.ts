/** All match fields, by name and by header. */
import { basicFields } from './basic.js';
import { variableBits } from './definition.js';
import type { FieldDefinition } from './definition.js';
import { niciraFields } from './nicira.js';
import { nxmFields } from './nxm.js';

export type { Notation } from './definition.js';

/** In canonical order: a field comes after those that it presumes. */
export const oxmFields = { ...basicFields, ...niciraFields, ...nxmFields } as const;

/** The name of a match field. */
export type FieldName = keyof typeof oxmFields;

type ValueOfBits<B extends number> = B extends 64 | 128
  ? bigint
  : B extends typeof variableBits
    ? Uint8Array
    : number;

/** A number up to 48 bits (a MAC too), a bigint for 64 and 128 bits, bytes for what has no fixed length. */
export type FieldValue<N extends FieldName = FieldName> = ValueOfBits<(typeof oxmFields)[N]['bits']>;

/** A row of the table, whatever the field. */
export type OxmField = FieldDefinition<number> & {
  readonly name: FieldName;
  /** The place in the canonical order: another form of a field has that of the field. */
  readonly rank: number;
  /** The places in the table of the fields whose bits it has: its own, or those that it overlaps. */
  readonly slots: readonly number[];
  /** The one of these places, -1 where there are several. */
  readonly slot: number;
  /** The lower 9 bits of its header: no mask, and the length; -1 where the length varies. */
  readonly plain: number;
  /** Bytes of the experimenter's id, which the header's length counts. */
  readonly idSize: number;
  /** The lowest number that has too many bits. */
  readonly limit: number;
};

const names = Object.keys(oxmFields);
const rows = new Map<string, OxmField>();
// Keyed by class and field number, the upper 23 bits of the header; of experimenters by id and number.
const byId = new Map<number, OxmField>();
const byExperimenter = new Map<number, OxmField>();

/** The class of experimenters' fields [OF1.3.5 7.2.3.9]. */
export const experimenterClass = 0xffff;
/** Bytes of the id that follows the header of such a field. */
export const experimenterIdSize = 4;

const experimenterKey = (header: number, experimenter: number): number =>
  experimenter * 0x80 + ((header >>> 9) & 0x7f);

for (const [at, [name, definition]] of Object.entries<FieldDefinition<number>>(oxmFields).entries()) {
  const row = rowOf(name as FieldName, definition, at);
  rows.set(name, row);
  if (row.experimenter === undefined) byId.set(row.header >>> 9, row);
  else byExperimenter.set(experimenterKey(row.header, row.experimenter), row);
}

/** Property by property: of copies made with `...` each has a shape of its own in V8, and every look at them is slow. */
function rowOf(name: FieldName, of: FieldDefinition<number>, at: number): OxmField {
  const slots = of.overlaps.length === 0 ? [at] : of.overlaps.map(other => names.indexOf(other));
  return {
    name,
    header: of.header,
    experimenter: of.experimenter,
    plain: of.bits === variableBits ? -1 : of.header & 0x1ff,
    idSize: of.experimenter === undefined ? 0 : experimenterIdSize,
    bits: of.bits,
    size: of.size,
    limit: 2 ** of.bits,
    needs: of.needs,
    role: of.role,
    maskable: of.maskable,
    writable: of.writable,
    rank: Math.min(...slots),
    slots,
    slot: slots.length === 1 ? (slots[0] ?? at) : -1,
    overlaps: of.overlaps,
    notation: of.notation,
    nxm: of.nxm,
  };
}

export const fieldByName = (name: string): OxmField | undefined => rows.get(name);

/** The field of a header, whatever its mask bit and length; `experimenter` where its class is that of experimenters. */
export const fieldByHeader = (header: number, experimenter?: number): OxmField | undefined =>
  experimenter === undefined
    ? byId.get(header >>> 9)
    : byExperimenter.get(experimenterKey(header, experimenter));

/** Open vSwitch writes some fields in an older form: the name of the standard's form of the same field, or this one. */
export function standardName(name: string): string {
  const row = rows.get(name);
  const [standard, another] = row?.overlaps ?? [];
  const isSame = name.startsWith('nxm_') && standard !== undefined && another === undefined;
  return isSame && rows.get(standard)?.bits === row?.bits ? standard : name;
}
