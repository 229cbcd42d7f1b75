/** The database schema [RFC 7047 3.2], from `get_schema`'s reply, checked. */
import { asRecord, asString, badMessage, isRecord } from './json.js';

export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/**
 * How a column's values look in JavaScript, from the bounds on its number of elements:
 * exactly one is a `scalar`, at most one is `optional` (null when empty), anything else is a `set`.
 */
export type ColumnKind = 'scalar' | 'optional' | 'set' | 'map';

interface ColumnBase {
  readonly key: AtomType;
  readonly min: 0 | 1;
  /** Infinity where the schema says "unlimited". */
  readonly max: number;
  /** The table that a uuid key refers to. */
  readonly refTable?: string;
  /** False where a value can be given at insertion only. */
  readonly mutable: boolean;
}

export interface PlainColumn extends ColumnBase {
  readonly kind: 'scalar' | 'optional' | 'set';
}

export interface MapColumn extends ColumnBase {
  readonly kind: 'map';
  readonly value: AtomType;
  readonly valueRefTable?: string;
}

export type ColumnSchema = PlainColumn | MapColumn;

export interface TableSchema {
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** Rows of other tables vanish when nothing refers to them [RFC 7047 3.2 "isRoot"]. */
  readonly isRoot: boolean;
}

export interface DatabaseSchema {
  readonly name: string;
  /** Empty where the schema has none, which ovsdb-server allows [ovsdb-server(7) 3.2]. */
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

const identifier = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** `<id>` [RFC 7047 3.1]. */
export const isIdentifier = (text: string): boolean => identifier.test(text);

/** Every row has these two, though no schema lists them [RFC 7047 3.2]. */
const implicitColumn: ColumnSchema = { kind: 'scalar', key: 'uuid', min: 1, max: 1, mutable: false };

/** A table's column, the implicit `_uuid` and `_version` included. */
export const columnOf = (table: TableSchema, name: string): ColumnSchema | undefined =>
  name === '_uuid' || name === '_version' ? implicitColumn : table.columns.get(name);

/** Throws OVSDB_BAD_MESSAGE where the reply is no schema. */
export function parseSchema(wire: unknown): DatabaseSchema {
  const schema = asRecord(wire, 'a schema');
  const tables = asRecord(schema['tables'], "the schema's tables");
  // A schema from before `isRoot` marks no table at all, and means every one.
  const allRoot = !Object.values(tables).some(table => isRecord(table) && table['isRoot'] === true);
  return {
    name: asString(schema['name'], "the schema's name"),
    version: asString(schema['version'] ?? '', "the schema's version"),
    tables: parseNamed(tables, 'table', table => parseTable(table, allRoot)),
  };
}

function parseTable(wire: unknown, allRoot: boolean): TableSchema {
  const table = asRecord(wire, 'a table schema');
  const columns = asRecord(table['columns'], "a table's columns");
  return {
    columns: parseNamed(columns, 'column', parseColumn),
    isRoot: allRoot || table['isRoot'] === true,
  };
}

function parseNamed<T>(
  wire: Readonly<Record<string, unknown>>,
  what: string,
  parse: (value: unknown) => T,
): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  for (const [name, value] of Object.entries(wire)) {
    if (!isIdentifier(name)) throw badMessage(`the name of a ${what}`, name);
    entries.set(name, parse(value));
  }
  return entries;
}

function parseColumn(wire: unknown): ColumnSchema {
  const column = asRecord(wire, 'a column schema');
  const type = column['type'];
  const mutable = column['mutable'] !== false;
  // "integer" is short for {"key": "integer"} [RFC 7047 3.2 <type>].
  const full = isRecord(type) ? type : { key: type };
  const key = parseBase(full['key']);
  const min = parseMin(full['min']);
  const max = parseMax(full['max']);
  const base = {
    key: key.type,
    min,
    max,
    mutable,
    ...(key.refTable !== undefined && { refTable: key.refTable }),
  };
  if (full['value'] === undefined) return { kind: plainKind(min, max), ...base };
  const value = parseBase(full['value']);
  const valueRef = value.refTable !== undefined && { valueRefTable: value.refTable };
  return { kind: 'map', ...base, value: value.type, ...valueRef };
}

function plainKind(min: number, max: number): PlainColumn['kind'] {
  if (max > 1) return 'set';
  return min === 1 ? 'scalar' : 'optional';
}

function parseBase(wire: unknown): { readonly type: AtomType; readonly refTable?: string } {
  if (!isRecord(wire)) return { type: parseAtomType(wire) };
  const type = parseAtomType(wire['type']);
  const refTable = wire['refTable'];
  return refTable === undefined ? { type } : { type, refTable: asString(refTable, 'a refTable') };
}

function parseAtomType(wire: unknown): AtomType {
  switch (wire) {
    case 'integer':
    case 'real':
    case 'boolean':
    case 'string':
    case 'uuid':
      return wire;
    default:
      throw badMessage('an atomic type', wire);
  }
}

function parseMin(wire: unknown): 0 | 1 {
  if (wire === undefined) return 1;
  if (wire !== 0 && wire !== 1) throw badMessage("a column's min of 0 or 1", wire);
  return wire;
}

function parseMax(wire: unknown): number {
  if (wire === undefined) return 1;
  if (wire === 'unlimited') return Infinity;
  if (typeof wire !== 'number' || !Number.isInteger(wire) || wire < 1)
    throw badMessage("a column's max, at least 1", wire);
  return wire;
}
