/**
 * Typed reads of a row's columns. A column that this server's schema lacks, or that has another type there, reads as
 * null or empty, as one that holds nothing does: older servers lack whole columns, and the session has told which.
 */
import { isArray } from './json.js';
import { isUuid, type Atom, type Row, type Uuid, type Value } from './values.js';

export function readString(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}

export function readNumber(row: Row, column: string): number | null {
  const value = row[column];
  return typeof value === 'number' ? value : null;
}

export function readBoolean(row: Row, column: string): boolean | null {
  const value = row[column];
  return typeof value === 'boolean' ? value : null;
}

/** A column of any number of strings. */
export const readStrings = (row: Row, column: string): readonly string[] =>
  elements(row[column]).filter(atom => typeof atom === 'string');

/** A column of any number of references. */
export const readUuids = (row: Row, column: string): readonly Uuid[] =>
  elements(row[column]).filter(isUuidAtom);

/** Such as external_ids. */
export const readStringMap = (row: Row, column: string): ReadonlyMap<string, string> =>
  readMap(row[column], isStringAtom, isStringAtom);

/** Such as QoS.queues. */
export const readReferenceMap = (row: Row, column: string): ReadonlyMap<number, Uuid> =>
  readMap(row[column], isNumberAtom, isUuidAtom);

const isStringAtom = (atom: Atom): atom is string => typeof atom === 'string';
const isNumberAtom = (atom: Atom): atom is number => typeof atom === 'number';
const isUuidAtom = (atom: Atom): atom is Uuid => typeof atom === 'string' && isUuid(atom);

function elements(value: Value | undefined): readonly Atom[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return [value];
  return isArray(value) ? value : [];
}

function readMap<K extends Atom, V extends Atom>(
  value: Value | undefined,
  isKey: (atom: Atom) => atom is K,
  isValue: (atom: Atom) => atom is V,
): ReadonlyMap<K, V> {
  const read = new Map<K, V>();
  if (!(value instanceof Map)) return read;
  for (const [key, held] of value as ReadonlyMap<Atom, Atom>)
    if (isKey(key) && isValue(held)) read.set(key, held);
  return read;
}
