import { constant, length, listOf, transparent, u16 } from '../lib/struct/index.js';
import type { Infer } from '../lib/struct/index.js';
import { oxm } from './oxm.js';
import type { KnownOxm } from './oxm.js';
import { fieldByName, oxmFields } from './oxm-fields.js';
import type { FieldName, FieldValue } from './oxm-fields.js';

/** A match is the list of its fields; an empty one matches every packet [OF1.3.5 7.2.3.1]. */
export const matchStruct = transparent('match', 'fields', {
  _oxm: constant(u16, 1),
  _length: length(u16, { padTo: 8 }),
  /** Each field once, and after those that it presumes [OF1.3.5 7.2.3.8]. */
  fields: listOf(oxm),
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
 * lists. A mask of all ones is left out, and a field whose mask is 0 is none.
 */
export function match(fields: MatchFields): Match {
  return Object.entries(fields)
    .flatMap(([name, given]) => toOxm(name, given))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

const rankOf = (one: KnownOxm): number => fieldByName(one.field)?.rank ?? 0;

function toOxm(name: string, given: number | bigint | Masked<number | bigint> | undefined): KnownOxm[] {
  const row = fieldByName(name);
  if (!row || given === undefined) return [];
  if (typeof given !== 'object') return [{ field: row.name, value: given } as KnownOxm];
  const mask = BigInt(given.mask);
  if (mask === 0n) return [];
  return [
    (mask === (1n << BigInt(row.bits)) - 1n
      ? { field: row.name, value: given.value }
      : { field: row.name, ...given }) as KnownOxm,
  ];
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
