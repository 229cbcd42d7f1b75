/** The monitored part of a database, kept true by the server's updates. */
import { HeddleError } from '../lib/errors.js';
import { applyDiff } from './diff.js';
import type { MonitoredTables, RowUpdate, Update } from './monitor.js';
import type { ColumnSchema } from './schema.js';
import { sameValue, type Row, type Uuid, type Value } from './values.js';

/** A row that came (no `before`), went (no `after`) or is another now. */
export interface Change {
  readonly table: string;
  readonly uuid: Uuid;
  readonly before?: Row;
  readonly after?: Row;
}

const noRows: ReadonlyMap<Uuid, Row> = new Map();
const noColumns: ReadonlyMap<string, ColumnSchema> = new Map();

export class Replica {
  readonly #monitored: MonitoredTables;
  readonly #tables = new Map<string, Map<Uuid, Row>>();
  #lastTransaction: string | undefined;

  /** Empty, or a copy of a replica of the same tables and columns, to go on from. */
  constructor(monitored: MonitoredTables, from?: Replica) {
    this.#monitored = monitored;
    for (const name of monitored.keys()) this.#tables.set(name, new Map(from?.table(name)));
    this.#lastTransaction = from?.lastTransaction;
  }

  /** Where a monitor can continue; undefined where the server keeps no history. */
  get lastTransaction(): string | undefined {
    return this.#lastTransaction;
  }

  /** A live view of one table; empty for a table that is not monitored, or that this server does not have. */
  table(name: string): ReadonlyMap<Uuid, Row> {
    return this.#tables.get(name) ?? noRows;
  }

  get tableNames(): Iterable<string> {
    return this.#tables.keys();
  }

  row(table: string, uuid: Uuid): Row | undefined {
    return this.table(table).get(uuid);
  }

  /** The columns that are followed in a table, as this server has them. */
  columns(table: string): ReadonlyMap<string, ColumnSchema> {
    return this.#monitored.get(table)?.columns ?? noColumns;
  }

  /** A row of nothing but default values. */
  defaults(table: string): Row {
    return this.#monitored.get(table)?.defaults ?? {};
  }

  /** Whether rows stay there when nothing refers to them. */
  isRoot(table: string): boolean {
    return this.#monitored.get(table)?.isRoot ?? true;
  }

  /** A copy in which these rows came, went, or are others; this replica stays as it is. */
  with(changes: readonly Change[]): Replica {
    const copy = new Replica(this.#monitored, this);
    for (const { table, uuid, after } of changes) {
      if (after === undefined) copy.#tables.get(table)?.delete(uuid);
      else copy.#tables.get(table)?.set(uuid, after);
    }
    return copy;
  }

  /** Whether both follow the same columns of the same types, so that a row of one can stand in the other. */
  hasShapeOf(monitored: MonitoredTables): boolean {
    return shapeOf(this.#monitored) === shapeOf(monitored);
  }

  /**
   * Applies one notification, which is one transaction of the server's: all of it, or nothing and OVSDB_BAD_MESSAGE where
   * it does not fit what is here. Such a replica is out of step, and only a new connection mends it.
   */
  apply(update: Update): readonly Change[] {
    const changes = update.updates.map(one => this.#change(one));
    for (const { table, uuid, after } of changes) {
      if (after === undefined) this.#tables.get(table)?.delete(uuid);
      else this.#tables.get(table)?.set(uuid, after);
    }
    if (update.lastTransaction !== undefined) this.#lastTransaction = update.lastTransaction;
    return changes;
  }

  /** What is different from an older replica: after a reconnect, what happened meanwhile. */
  changesSince(older: Replica | undefined): readonly Change[] {
    const changes: Change[] = [];
    for (const name of new Set([...(older?.tableNames ?? []), ...this.tableNames])) {
      const rows = this.table(name);
      const olderRows = older?.table(name) ?? noRows;
      for (const [uuid, before] of olderRows)
        if (!rows.has(uuid)) changes.push({ table: name, uuid, before });
      for (const [uuid, after] of rows) {
        const before = olderRows.get(uuid);
        if (before === undefined) changes.push({ table: name, uuid, after });
        else if (!sameRow(before, after)) changes.push({ table: name, uuid, before, after });
      }
    }
    return changes;
  }

  #change(update: RowUpdate): Change {
    const { table, uuid } = update;
    const before = this.row(table, uuid);
    if (update.kind === 'insert') {
      if (before !== undefined) throw outOfStep('the insertion of a row that is here', update);
      return { table, uuid, after: update.row };
    }
    if (before === undefined) throw outOfStep(`${update.kind} of a row that is not here`, update);
    switch (update.kind) {
      case 'replace':
        return { table, uuid, before, after: update.row };
      case 'modify':
        return { table, uuid, before, after: this.#modified(table, before, update.diff) };
      case 'delete':
        return { table, uuid, before };
    }
  }

  #modified(table: string, before: Row, diff: ReadonlyMap<string, Value>): Row {
    const columns = this.#monitored.get(table)?.columns;
    const changed = [...diff].map(([name, part]) => {
      const column = columns?.get(name);
      const value = before[name];
      const after = column === undefined || value === undefined ? part : applyDiff(column, value, part);
      return [name, after] as const;
    });
    return Object.freeze({ ...before, ...Object.fromEntries(changed) });
  }
}

/** The columns whose values differ; all of them for a row that came or went. */
export function changedColumns({ before, after }: Pick<Change, 'before' | 'after'>): readonly string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].filter(name => !sameValue(before?.[name], after?.[name]));
}

const sameRow = (before: Row, after: Row): boolean => changedColumns({ before, after }).length === 0;

const outOfStep = (what: string, { table, uuid }: RowUpdate): HeddleError =>
  new HeddleError('OVSDB_BAD_MESSAGE', `out of step with the server: ${what}, ${uuid} of ${table}`);

const shapeOf = (monitored: MonitoredTables): string =>
  JSON.stringify([...monitored].map(([name, { columns }]) => [name, [...columns]]));
