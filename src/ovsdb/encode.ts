/** Column values from JavaScript to the wire [RFC 7047 5.1], checked, so that no bad value of ours reaches the server. */
import { HeddleError } from '../lib/errors.js';
import { describe, isArray } from './json.js';
import { columnOf, isIdentifier, type AtomType, type ColumnSchema, type TableSchema } from './schema.js';
import { compareAtoms, parseUuid, type Atom } from './values.js';

/** Stands for the row that an `insert` of the same transaction names [RFC 7047 5.1 <named-uuid>]. */
export interface NamedUuid {
  readonly namedUuid: string;
}

export type WriteAtom = Atom | NamedUuid;

/** What may be written to a column: every decoded value, and named rows in place of uuids. */
export type WriteValue = WriteAtom | null | readonly WriteAtom[] | ReadonlyMap<Atom, WriteAtom>;

/** The columns to write; those left out keep their value, or get their default in an insert. */
export type WriteRow = Readonly<Record<string, WriteValue>>;

export const namedUuid = (name: string): NamedUuid => ({ namedUuid: name });

export const badValue = (message: string): HeddleError => new HeddleError('OVSDB_BAD_VALUE', message);

/** The column, or OVSDB_BAD_VALUE where this server's schema has none of that name. */
export function requireColumn(table: TableSchema, name: string): ColumnSchema {
  const column = columnOf(table, name);
  if (column === undefined) throw badValue(`no column ${name}`);
  return column;
}

/** Throws OVSDB_BAD_VALUE where the row names an unknown column or holds a value of another type. */
export function encodeRow(table: TableSchema, row: WriteRow): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, encodeColumn(requireColumn(table, name), name, value)]),
  );
}

/** `encodeValue`, with the column's name in the error. */
export function encodeColumn(column: ColumnSchema, name: string, value: WriteValue): unknown {
  try {
    return encodeValue(column, value);
  } catch (thrown) {
    throw thrown instanceof HeddleError ? badValue(`${name}: ${thrown.message}`) : thrown;
  }
}

/**
 * Any part of a column's value: mutations and conditions take fewer elements than the column demands, so the number of
 * elements is left to the server. An array written to a map column is a set of its keys, as `delete` has it.
 */
export function encodeValue(column: ColumnSchema, value: WriteValue): unknown {
  if (value === null) return ['set', []];
  if (isArray(value)) return encodeSet(column.key, value);
  if (value instanceof Map) {
    if (column.kind !== 'map') throw badValue('a map for a column that holds none');
    return ['map', encodePairs(column.key, column.value, value)];
  }
  return encodeAtom(column.key, value);
}

function encodeSet(type: AtomType, atoms: readonly unknown[]): unknown {
  const encoded = atoms.map(atom => encodeAtom(type, atom));
  // One element goes as itself, the form that the server uses too.
  return encoded.length === 1 ? encoded[0] : ['set', encoded];
}

function encodePairs(key: AtomType, value: AtomType, map: ReadonlyMap<Atom, unknown>): readonly unknown[] {
  return [...map]
    .sort(([a], [b]) => compareAtoms(a, b))
    .map(([name, held]) => [encodeAtom(key, name), encodeAtom(value, held)]);
}

function encodeAtom(type: AtomType, atom: unknown): unknown {
  switch (type) {
    case 'integer':
      if (typeof atom === 'number' && Number.isSafeInteger(atom)) return atom;
      break;
    case 'real':
      if (typeof atom === 'number' && Number.isFinite(atom)) return atom;
      break;
    case 'boolean':
      if (typeof atom === 'boolean') return atom;
      break;
    case 'string':
      if (typeof atom === 'string') return checkText(atom);
      break;
    case 'uuid': {
      if (isNamedUuid(atom)) return ['named-uuid', checkIdentifier(atom.namedUuid)];
      const uuid = typeof atom === 'string' ? parseUuid(atom) : undefined;
      if (uuid !== undefined) return ['uuid', uuid];
    }
  }
  throw badValue(
    `expected ${type === 'uuid' ? 'a uuid' : `a value of type ${type}`}, found ${describe(atom)}`,
  );
}

/** The server drops the whole connection over a NUL or half a surrogate pair, so neither may be sent. */
export function checkText(text: string): string {
  if (/\0|\p{Surrogate}/u.test(text)) throw badValue('a text with a NUL or half a surrogate pair');
  return text;
}

export function checkIdentifier(name: string): string {
  if (!isIdentifier(name)) throw badValue(`no identifier: ${describe(name)}`);
  return name;
}

const isNamedUuid = (atom: unknown): atom is NamedUuid =>
  typeof atom === 'object' && atom !== null && 'namedUuid' in atom && typeof atom.namedUuid === 'string';
