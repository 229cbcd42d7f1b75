/** The operations of a transaction [RFC 7047 5.2], in JavaScript's values; the schema turns them into the wire's. */
import { HeddleError } from '../lib/errors.js';
import {
  badValue,
  checkIdentifier,
  checkText,
  encodeColumn,
  encodeRow,
  requireColumn,
  type WriteAtom,
  type WriteRow,
  type WriteValue,
} from './encode.js';
import type { DatabaseSchema, TableSchema } from './schema.js';
import type { Uuid } from './values.js';

/** [RFC 7047 5.1 <function>] */
export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>' | 'includes' | 'excludes';

/** Column, function, value. An empty list of conditions means every row. */
export type Condition = readonly [column: string, comparison: Comparison, value: WriteValue];

/** [RFC 7047 5.1 <mutator>] */
export type Mutator = '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete';

/** Column, mutator, value: numbers for arithmetic, elements or pairs for `insert` and `delete`, keys to delete as an array. */
export type Mutation = readonly [column: string, mutator: Mutator, value: WriteValue];

export interface Insert {
  readonly op: 'insert';
  readonly table: string;
  readonly row: WriteRow;
  /** For other operations of the transaction to refer to this row by `namedUuid(name)`. */
  readonly name?: string;
}
export interface Select {
  readonly op: 'select';
  readonly table: string;
  readonly where: readonly Condition[];
  /** All columns, when left out. */
  readonly columns?: readonly string[];
}
export interface Update {
  readonly op: 'update';
  readonly table: string;
  readonly where: readonly Condition[];
  readonly row: WriteRow;
}
export interface Mutate {
  readonly op: 'mutate';
  readonly table: string;
  readonly where: readonly Condition[];
  readonly mutations: readonly Mutation[];
}
export interface Delete {
  readonly op: 'delete';
  readonly table: string;
  readonly where: readonly Condition[];
}
export interface Wait {
  readonly op: 'wait';
  readonly table: string;
  readonly where: readonly Condition[];
  readonly columns: readonly string[];
  readonly until: '==' | '!=';
  readonly rows: readonly WriteRow[];
  /** Milliseconds; 0 checks once and then fails with "timed out". */
  readonly timeout: number;
}
export interface Comment {
  readonly op: 'comment';
  readonly comment: string;
}
export interface Assert {
  readonly op: 'assert';
  readonly lock: string;
}

export type Operation = Insert | Select | Update | Mutate | Delete | Wait | Comment | Assert;

export const insert = (table: string, row: WriteRow, name?: string): Insert => ({
  op: 'insert',
  table,
  row,
  ...(name !== undefined && { name }),
});

export const select = (table: string, where: readonly Condition[], columns?: readonly string[]): Select => ({
  op: 'select',
  table,
  where,
  ...(columns !== undefined && { columns }),
});

export const update = (table: string, where: readonly Condition[], row: WriteRow): Update => ({
  op: 'update',
  table,
  where,
  row,
});

export const mutate = (
  table: string,
  where: readonly Condition[],
  mutations: readonly Mutation[],
): Mutate => ({ op: 'mutate', table, where, mutations });

/** Rows of a table that is not a root go when nothing refers to them: take them out of their parent instead. */
export const remove = (table: string, where: readonly Condition[]): Delete => ({
  op: 'delete',
  table,
  where,
});

/** Fails the transaction unless the row still has these values: the guard against another writer. */
export const verify = (table: string, uuid: Uuid, row: WriteRow): Wait => ({
  op: 'wait',
  table,
  where: byUuid(uuid),
  columns: Object.keys(row),
  until: '==',
  rows: [row],
  timeout: 0,
});

export const comment = (text: string): Comment => ({ op: 'comment', comment: text });

/** Fails with "not owner" unless this connection owns the lock. */
export const assertLock = (lock: string): Assert => ({ op: 'assert', lock });

/** The one row with this uuid, which an insert of the same transaction may give. */
export const byUuid = (uuid: WriteAtom): readonly Condition[] => [['_uuid', '==', uuid]];

/**
 * The operations as `transact`'s params want them. Throws OVSDB_BAD_VALUE, naming the operation, where one does not fit
 * this server's schema.
 */
export function encodeOperations(
  schema: DatabaseSchema,
  operations: readonly Operation[],
): readonly unknown[] {
  return operations.map((operation, index) => {
    try {
      return encodeOperation(schema, operation);
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      const where = 'table' in operation ? `${operation.op} ${operation.table}` : operation.op;
      throw badValue(`operation ${index} (${where}): ${thrown.message}`);
    }
  });
}

function encodeOperation(schema: DatabaseSchema, operation: Operation): unknown {
  if (operation.op === 'comment') return { op: 'comment', comment: checkText(operation.comment) };
  if (operation.op === 'assert') return { op: 'assert', lock: checkIdentifier(operation.lock) };
  const { op, table: name } = operation;
  const table = schema.tables.get(name);
  if (table === undefined) throw badValue(`no table ${name}`);
  const head = { op, table: name };
  switch (operation.op) {
    case 'insert': {
      const uuidName = operation.name !== undefined && { 'uuid-name': checkIdentifier(operation.name) };
      return { ...head, row: encodeRow(table, operation.row), ...uuidName };
    }
    case 'select': {
      const columns = operation.columns && { columns: checkColumns(table, operation.columns) };
      return { ...head, where: encodeTriples(table, operation.where), ...columns };
    }
    case 'update':
      return {
        ...head,
        where: encodeTriples(table, operation.where),
        row: encodeRow(table, operation.row),
      };
    case 'mutate':
      return {
        ...head,
        where: encodeTriples(table, operation.where),
        mutations: encodeTriples(table, operation.mutations),
      };
    case 'delete':
      return { ...head, where: encodeTriples(table, operation.where) };
    case 'wait':
      return {
        ...head,
        timeout: operation.timeout,
        where: encodeTriples(table, operation.where),
        columns: checkColumns(table, operation.columns),
        until: operation.until,
        rows: operation.rows.map(row => encodeRow(table, row)),
      };
  }
}

/** Conditions and mutations have the same form: column, what to do, value. */
const encodeTriples = (table: TableSchema, triples: readonly (Condition | Mutation)[]): readonly unknown[] =>
  triples.map(([name, how, value]) => [name, how, encodeColumn(requireColumn(table, name), name, value)]);

function checkColumns(table: TableSchema, names: readonly string[]): readonly string[] {
  for (const name of names) requireColumn(table, name);
  return names;
}
