/**
 * Monitors: what to ask for, and the three forms in which a server tells what changed. They differ in age and economy:
 * `monitor` and `update` [RFC 7047 4.1.5, 4.1.6], `monitor_cond` and `update2`, `monitor_cond_since` and `update3`
 * [ovsdb-server(7) 4.1.12 to 4.1.16]; every form becomes one list of row updates.
 */
import { decodeDiff } from './diff.js';
import { asArray, asRecord, asString, badMessage, type JsonRecord } from './json.js';
import type { ColumnSchema, DatabaseSchema } from './schema.js';
import { decodeValue, defaultValue, isUuid, zeroUuid, type Row, type Uuid, type Value } from './values.js';

export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond' | 'monitor';

/** The tables and columns to follow, by name. */
export type WantedTables = Readonly<Record<string, readonly string[]>>;

export interface MonitoredTable {
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** A row of nothing but default values, which inserts leave out. */
  readonly defaults: Row;
  /** Rows of other tables go when nothing refers to them any more [RFC 7047 3.2 isRoot]. */
  readonly isRoot: boolean;
}

export type MonitoredTables = ReadonlyMap<string, MonitoredTable>;

export interface MonitorPlan {
  readonly tables: MonitoredTables;
  /** What was wanted and this server's schema lacks: `Table` or `Table.column`. */
  readonly missing: readonly string[];
}

export type RowUpdate =
  | { readonly kind: 'insert'; readonly table: string; readonly uuid: Uuid; readonly row: Row }
  | { readonly kind: 'replace'; readonly table: string; readonly uuid: Uuid; readonly row: Row }
  | {
      readonly kind: 'modify';
      readonly table: string;
      readonly uuid: Uuid;
      readonly diff: ReadonlyMap<string, Value>;
    }
  | { readonly kind: 'delete'; readonly table: string; readonly uuid: Uuid };

export interface MonitorReply {
  /** True where the updates begin at the transaction that we asked from, and not at an empty replica. */
  readonly continued: boolean;
  readonly updates: readonly RowUpdate[];
  /** Where to continue after a reconnect; undefined where the server keeps no history. */
  readonly lastTransaction: string | undefined;
}

export interface Update {
  readonly updates: readonly RowUpdate[];
  readonly lastTransaction: string | undefined;
}

/** The method to try when a server does not know this one. */
export const fallbacks: Readonly<Record<MonitorMethod, MonitorMethod | undefined>> = {
  monitor_cond_since: 'monitor_cond',
  monitor_cond: 'monitor',
  monitor: undefined,
};

/** The notification that goes with each way to monitor. */
export const notifications: Readonly<Record<MonitorMethod, string>> = {
  monitor_cond_since: 'update3',
  monitor_cond: 'update2',
  monitor: 'update',
};

/** What of the wanted columns this schema has: a server refuses a monitor that names one that it lacks. */
export function planMonitor(schema: DatabaseSchema, wanted: WantedTables): MonitorPlan {
  const tables = new Map<string, MonitoredTable>();
  const missing: string[] = [];
  for (const [name, wantedColumns] of Object.entries(wanted)) {
    const table = schema.tables.get(name);
    if (table === undefined) {
      missing.push(name);
      continue;
    }
    const columns = new Map<string, ColumnSchema>();
    for (const columnName of wantedColumns) {
      const column = table.columns.get(columnName);
      if (column === undefined) missing.push(`${name}.${columnName}`);
      else columns.set(columnName, column);
    }
    tables.set(name, { columns, defaults: rowOf(columns, defaultValue), isRoot: table.isRoot });
  }
  return { tables, missing };
}

/** The params of the monitor request; `since` only counts for `monitor_cond_since`. */
export function monitorParams(
  method: MonitorMethod,
  database: string,
  id: string,
  tables: MonitoredTables,
  since: string | undefined,
): readonly unknown[] {
  const requests = Object.fromEntries(
    [...tables].map(([name, { columns }]) => [name, [{ columns: [...columns.keys()] }]]),
  );
  const params = [database, id, requests];
  return method === 'monitor_cond_since' ? [...params, since ?? zeroUuid] : params;
}

/** The answer to a monitor request. Throws OVSDB_BAD_MESSAGE. */
export function parseMonitorReply(
  method: MonitorMethod,
  tables: MonitoredTables,
  result: unknown,
): MonitorReply {
  if (method !== 'monitor_cond_since') {
    const updates = method === 'monitor' ? parseUpdates(tables, result) : parseUpdates2(tables, result);
    return { continued: false, updates, lastTransaction: undefined };
  }
  const [found, transaction, updates] = asArray(result, 'the reply to monitor_cond_since');
  if (typeof found !== 'boolean') throw badMessage('whether the transaction was found', found);
  return {
    continued: found,
    updates: parseUpdates2(tables, updates),
    lastTransaction: parseTransaction(transaction),
  };
}

/** The params of an update notification, after the monitor's id. Throws OVSDB_BAD_MESSAGE. */
export function parseUpdate(
  method: MonitorMethod,
  tables: MonitoredTables,
  params: readonly unknown[],
): Update {
  switch (method) {
    case 'monitor':
      return { updates: parseUpdates(tables, params[1]), lastTransaction: undefined };
    case 'monitor_cond':
      return { updates: parseUpdates2(tables, params[1]), lastTransaction: undefined };
    case 'monitor_cond_since':
      return { updates: parseUpdates2(tables, params[2]), lastTransaction: parseTransaction(params[1]) };
  }
}

/** A server without history says zero, which is nothing to continue from. */
function parseTransaction(wire: unknown): string | undefined {
  const transaction = asString(wire, 'a transaction id');
  return transaction === zeroUuid ? undefined : transaction;
}

/** [RFC 7047 4.1.6 <table-updates>]: rows before and after, the row after whole. */
function parseUpdates(tables: MonitoredTables, wire: unknown): readonly RowUpdate[] {
  return parseRows(tables, wire, (at, table, update) => {
    const row = update['new'];
    if (row === undefined) {
      if (update['old'] === undefined) throw badMessage('an old or a new row', update);
      return { kind: 'delete', ...at };
    }
    return { kind: update['old'] === undefined ? 'insert' : 'replace', ...at, row: parseRow(table, row) };
  });
}

/** [ovsdb-server(7) 4.1.14 <table-updates2>]: one member, named after what happened to the row. */
function parseUpdates2(tables: MonitoredTables, wire: unknown): readonly RowUpdate[] {
  return parseRows(tables, wire, (at, table, update) => {
    const [[kind, row] = [], ...more] = Object.entries(update);
    if (more.length > 0) throw badMessage('one kind of row update', update);
    switch (kind) {
      case 'initial':
      case 'insert':
        return { kind: 'insert', ...at, row: parseRow(table, row) };
      case 'modify':
        return { kind: 'modify', ...at, diff: new Map(parseColumns(table, row, decodeDiff)) };
      case 'delete':
        return { kind: 'delete', ...at };
      default:
        throw badMessage('initial, insert, modify or delete', kind);
    }
  });
}

type RowParser = (
  at: { readonly table: string; readonly uuid: Uuid },
  table: MonitoredTable,
  update: JsonRecord,
) => RowUpdate;

function parseRows(tables: MonitoredTables, wire: unknown, parse: RowParser): readonly RowUpdate[] {
  const updates: RowUpdate[] = [];
  for (const [name, rows] of Object.entries(asRecord(wire, 'table updates'))) {
    const table = tables.get(name);
    if (table === undefined) throw badMessage('a monitored table', name);
    for (const [id, update] of Object.entries(asRecord(rows, 'row updates'))) {
      // In one spelling only: a row in two would come twice in one transaction.
      if (!isUuid(id)) throw badMessage("a row's uuid", id);
      updates.push(parse({ table: name, uuid: id }, table, asRecord(update, 'a row update')));
    }
  }
  return updates;
}

function parseRow(table: MonitoredTable, wire: unknown): Row {
  return Object.freeze({
    ...table.defaults,
    ...Object.fromEntries(parseColumns(table, wire, decodeValue)),
  });
}

function parseColumns(
  table: MonitoredTable,
  wire: unknown,
  decode: (column: ColumnSchema, wire: unknown) => Value,
): (readonly [string, Value])[] {
  return Object.entries(asRecord(wire, 'a row')).map(([name, value]) => {
    const column = table.columns.get(name);
    if (column === undefined) throw badMessage('a monitored column', name);
    return [name, decode(column, value)] as const;
  });
}

const rowOf = (columns: ReadonlyMap<string, ColumnSchema>, value: (column: ColumnSchema) => Value): Row =>
  Object.freeze(Object.fromEntries([...columns].map(([name, column]) => [name, value(column)])));
