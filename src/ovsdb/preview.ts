/** What a transaction would make of a database, worked out in memory: nothing is sent. */
import { badValue, type NamedUuid, type WriteAtom, type WriteRow, type WriteValue } from './encode.js';
import { isArray } from './json.js';
import type { Condition, Mutation, Operation } from './operations.js';
import type { Change, Replica } from './replica.js';
import { type Atom, canonicalMap, canonicalSet, type Row, type Uuid, type Value } from './values.js';

/**
 * The replica as it would be after these operations. Rows that nothing refers to any more go [RFC 7047 3.2 isRoot], as far
 * as the references to them are among the columns that are followed. New rows get uuids of no meaning.
 *
 * @throws HeddleError OVSDB_BAD_VALUE where rows are chosen by anything but their uuid, or do not exist
 */
export function preview(replica: Replica, operations: readonly Operation[]): Replica {
  const names = new Map<string, Uuid>();
  for (const [index, operation] of operations.entries())
    if (operation.op === 'insert') names.set(operation.name ?? `unnamed ${index}`, uuidOf(index));
  let rows = replica;
  for (const [index, operation] of operations.entries()) rows = carryOut(operation, index, rows, names);
  return collected(rows, replica);
}

type Names = ReadonlyMap<string, Uuid>;

const uuidOf = (index: number): Uuid =>
  `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` as Uuid;

function carryOut(operation: Operation, index: number, rows: Replica, names: Names): Replica {
  switch (operation.op) {
    case 'insert': {
      const { table, row, name = `unnamed ${index}` } = operation;
      const after = written(rows.defaults(table), row, names);
      return rows.with([{ table, uuid: resolve({ namedUuid: name }, names) as Uuid, after }]);
    }
    case 'update': {
      const { uuid, row } = chosen(operation, rows, names);
      const after = written(row, operation.row, names);
      return rows.with([{ table: operation.table, uuid, before: row, after }]);
    }
    case 'mutate': {
      const { uuid, row } = chosen(operation, rows, names);
      const after = operation.mutations.reduce((so, mutation) => mutated(so, mutation, names), row);
      return rows.with([{ table: operation.table, uuid, before: row, after }]);
    }
    case 'delete': {
      const { uuid, row } = chosen(operation, rows, names);
      return rows.with([{ table: operation.table, uuid, before: row }]);
    }
    case 'select':
    case 'wait':
    case 'comment':
    case 'assert':
      return rows;
  }
}

function chosen(
  { table, where }: { readonly table: string; readonly where: readonly Condition[] },
  rows: Replica,
  names: Names,
): { readonly uuid: Uuid; readonly row: Row } {
  const [condition, another] = where;
  if (condition?.[0] !== '_uuid' || condition[1] !== '==' || another !== undefined)
    throw badValue('a preview finds rows by their uuid alone');
  const uuid = resolve(condition[2] as WriteAtom, names) as Uuid;
  const row = rows.row(table, uuid);
  if (row === undefined) throw badValue(`no row ${uuid} in ${table}`);
  return { uuid, row };
}

function resolve(atom: WriteAtom, names: Names): Atom {
  if (!isNamed(atom)) return atom;
  const uuid = names.get(atom.namedUuid);
  if (uuid === undefined) throw badValue(`no row is inserted as ${atom.namedUuid}`);
  return uuid;
}

const isNamed = (atom: WriteAtom): atom is NamedUuid => typeof atom === 'object';

const written = (before: Row, row: WriteRow, names: Names): Row =>
  Object.freeze({
    ...before,
    ...Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, settled(value, before[name], names)]),
    ),
  });

/** In the one form of each value; an atom for a column of many is a set of one [RFC 7047 5.1 <set>]. */
function settled(value: WriteValue, before: Value | undefined, names: Names): Value {
  if (value === null) return null;
  if (isArray(value)) return canonicalSet(value.map(atom => resolve(atom, names)));
  if (value instanceof Map) return canonicalMap(pairs(value, names));
  const atom = resolve(value as WriteAtom, names);
  return isArray(before) ? canonicalSet([atom]) : atom;
}

const pairs = (map: ReadonlyMap<Atom, WriteAtom>, names: Names): readonly (readonly [Atom, Atom])[] =>
  [...map].map(([key, held]) => [key, resolve(held, names)] as const);

function mutated(row: Row, [column, mutator, value]: Mutation, names: Names): Row {
  const before = row[column];
  // A column that is not followed (next_cfg) is of no interest here.
  if (before === undefined) return row;
  return Object.freeze({ ...row, [column]: combined(before, mutator, value, names) });
}

/** [RFC 7047 5.1 <mutation>]: an insert leaves a key that is there as it is, and a delete takes keys, or whole pairs. */
function combined(before: Value, mutator: Mutation[1], value: WriteValue, names: Names): Value {
  const change = settled(value, isArray(before) ? before : undefined, names);
  const atoms = isArray(change) ? change : change instanceof Map ? [] : [change as Atom];
  if (before instanceof Map) {
    const map = before as ReadonlyMap<Atom, Atom>;
    const given = change instanceof Map ? (change as ReadonlyMap<Atom, Atom>) : new Map<Atom, Atom>();
    if (mutator === 'insert') return canonicalMap([...given, ...map]);
    return canonicalMap([...map].filter(([key, held]) => !atoms.includes(key) && given.get(key) !== held));
  }
  if (isArray(before)) {
    const set = before;
    return mutator === 'insert'
      ? canonicalSet([...set, ...atoms])
      : canonicalSet(set.filter(atom => !atoms.includes(atom)));
  }
  if (mutator === 'insert' || mutator === 'delete') return combinedOne(before, mutator, change);
  if (mutator === '+=' && typeof before === 'number' && typeof change === 'number') return before + change;
  throw badValue(`a preview knows no ${mutator} of a single value`);
}

/** A column of at most one element: another one beside it is refused by the server. */
function combinedOne(before: Value, mutator: 'insert' | 'delete', change: Value): Value {
  const atoms = isArray(change) ? change : [change];
  if (mutator === 'delete') return atoms.some(atom => atom === before) ? null : before;
  const [after = null] = new Set(before === null ? atoms : [before, ...atoms]);
  if (atoms.some(atom => atom !== after)) throw badValue('a second element for a column of one');
  return after;
}

/** Takes away what was referred to before and is not any more, and then what that referred to alone. */
function collected(rows: Replica, before: Replica): Replica {
  let known = referencesOf(before);
  for (;;) {
    const held = referencesOf(rows);
    const gone = [...known.entries()].flatMap(([table, uuids]) =>
      [...(rows.isRoot(table) ? [] : uuids)]
        .filter(uuid => held.get(table)?.has(uuid) !== true && rows.row(table, uuid) !== undefined)
        .map((uuid): Change => ({ table, uuid })),
    );
    if (gone.length === 0) return rows;
    known = held;
    rows = rows.with(gone);
  }
}

/** The rows of each table to which some row refers. */
function referencesOf(rows: Replica): Map<string, Set<Uuid>> {
  const found = new Map<string, Set<Uuid>>();
  for (const table of rows.tableNames) {
    for (const [column, { kind, refTable }] of rows.columns(table)) {
      if (refTable === undefined || kind === 'map') continue;
      const uuids = found.get(refTable) ?? new Set<Uuid>();
      found.set(refTable, uuids);
      for (const row of rows.table(table).values()) {
        const value = row[column];
        for (const atom of isArray(value) ? value : [value ?? null])
          if (typeof atom === 'string') uuids.add(atom as Uuid);
      }
    }
  }
  return found;
}
