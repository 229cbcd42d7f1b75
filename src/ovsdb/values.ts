/** Column values: from the wire [RFC 7047 5.1] to JavaScript, by the column's type. */
import { badMessage, isArray } from './json.js';
import type { AtomType, ColumnSchema } from './schema.js';

declare const uuidBrand: unique symbol;
/** A row's identity: 36 characters, lower case. */
export type Uuid = string & { readonly [uuidBrand]: true };

/**
 * Integers are 64 bits wide on the wire and doubles here: those past 2**53 (byte counters, after a petabyte) come rounded.
 */
export type Atom = number | boolean | string | Uuid;

/** scalar: an atom; optional: an atom or null; set: sorted, without duplicates; map: sorted by key. */
export type Value = Atom | null | readonly Atom[] | ReadonlyMap<Atom, Atom>;

/** Frozen, its arrays too; a Map is read-only by its type. Replaced as a whole, never edited. */
export type Row = Readonly<Record<string, Value>>;

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isUuid = (text: string): text is Uuid => uuidPattern.test(text);

/** The uuid that the text names, in any case, or undefined. */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase();
  return isUuid(lower) ? lower : undefined;
}

export const zeroUuid = '00000000-0000-0000-0000-000000000000' as Uuid;

/** For atoms of one type; any total order will do, as long as equal sets come out equal. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Throws OVSDB_BAD_MESSAGE where the wire value is not of the column's type. */
export function decodeValue(column: ColumnSchema, wire: unknown): Value {
  if (column.kind === 'map') return decodeMap(column.key, column.value, wire);
  if (column.kind === 'set') return decodeSet(column.key, wire);
  const [first, ...more] = decodeSet(column.key, wire);
  if (more.length > 0) throw badMessage('at most one element', wire);
  if (first !== undefined) return first;
  if (column.kind === 'optional') return null;
  throw badMessage(`one ${column.key}`, wire);
}

/** What a column holds when nobody has given it a value [RFC 7047 5.2.1]. */
export function defaultValue(column: ColumnSchema): Value {
  switch (column.kind) {
    case 'scalar':
      return defaultAtoms[column.key];
    case 'optional':
      return null;
    case 'set':
      return Object.freeze(column.min === 0 ? [] : [defaultAtoms[column.key]]);
    case 'map':
      return new Map(column.min === 0 ? [] : [[defaultAtoms[column.key], defaultAtoms[column.value]]]);
  }
}

const defaultAtoms: Readonly<Record<AtomType, Atom>> = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: zeroUuid,
};

/** Sorted, without duplicates, frozen: the one form of each set. */
export function canonicalSet(atoms: Iterable<Atom>): readonly Atom[] {
  return Object.freeze([...new Set(atoms)].sort(compareAtoms));
}

/** Sorted by key: the one form of each map. */
export function canonicalMap(pairs: Iterable<readonly [Atom, Atom]>): ReadonlyMap<Atom, Atom> {
  return new Map([...pairs].sort(([a], [b]) => compareAtoms(a, b)));
}

/** Whether two values of one column are equal; both must be canonical. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((atom, i) => atom === b[i]);
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a) if (b.get(key) !== value) return false;
    return true;
  }
  return false;
}

export function decodeSet(type: AtomType, wire: unknown): readonly Atom[] {
  // A set of one element may be that bare element [RFC 7047 5.1 <set>]; no atom begins with "set".
  if (!isArray(wire) || wire[0] !== 'set') return Object.freeze([decodeAtom(type, wire)]);
  const [, elements] = wire;
  if (wire.length !== 2 || !isArray(elements)) throw badMessage('["set", [elements]]', wire);
  return canonicalSet(elements.map(element => decodeAtom(type, element)));
}

export function decodeMap(key: AtomType, value: AtomType, wire: unknown): ReadonlyMap<Atom, Atom> {
  const pairs = isArray(wire) && wire.length === 2 && wire[0] === 'map' ? wire[1] : undefined;
  if (!isArray(pairs)) throw badMessage('["map", [pairs]]', wire);
  return canonicalMap(
    pairs.map(pair => {
      if (!isArray(pair) || pair.length !== 2) throw badMessage('a pair of key and value', pair);
      return [decodeAtom(key, pair[0]), decodeAtom(value, pair[1])] as const;
    }),
  );
}

export function decodeAtom(type: AtomType, wire: unknown): Atom {
  switch (type) {
    case 'integer':
      if (typeof wire === 'number' && Number.isInteger(wire)) return wire;
      break;
    case 'real':
      if (typeof wire === 'number' && Number.isFinite(wire)) return wire;
      break;
    case 'boolean':
      if (typeof wire === 'boolean') return wire;
      break;
    case 'string':
      if (typeof wire === 'string') return wire;
      break;
    case 'uuid': {
      const text = isArray(wire) && wire.length === 2 && wire[0] === 'uuid' ? wire[1] : undefined;
      const uuid = typeof text === 'string' ? parseUuid(text) : undefined;
      if (uuid !== undefined) return uuid;
    }
  }
  throw badMessage(type === 'uuid' ? '["uuid", text]' : `a value of type ${type}`, wire);
}
