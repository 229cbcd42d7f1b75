/** A replica on its way to another program: in the wire's own forms of a schema and of a monitor's reply [RFC 7047 3.2, 4.1.5]. */
import { encodeValue } from './encode.js';
import { asRecord } from './json.js';
import { parseMonitorReply, planMonitor } from './monitor.js';
import { Replica } from './replica.js';
import { type ColumnSchema, parseSchema } from './schema.js';
import type { Row } from './values.js';

/** All values are plain JSON. */
export interface ReplicaJson {
  /** What is followed of the database. */
  readonly schema: object;
  readonly rows: object;
}

export function replicaToJson(replica: Replica): ReplicaJson {
  const tables = [...replica.tableNames];
  const ofEach = (make: (table: string) => object): object =>
    Object.fromEntries(tables.map(table => [table, make(table)]));
  return {
    schema: {
      name: 'replica',
      version: '',
      tables: ofEach(table => ({
        isRoot: replica.isRoot(table),
        columns: Object.fromEntries(
          [...replica.columns(table)].map(([name, column]) => [name, wireColumn(column)]),
        ),
      })),
    },
    rows: ofEach(table =>
      Object.fromEntries(
        [...replica.table(table)].map(([uuid, row]) => [uuid, { new: wireRow(row, replica.columns(table)) }]),
      ),
    ),
  };
}

/** @throws HeddleError OVSDB_BAD_MESSAGE where it is none */
export function replicaFromJson(json: unknown): Replica {
  const { schema, rows } = asRecord(json, 'a replica');
  const { tables } = parseSchema(schema);
  const wanted = Object.fromEntries([...tables].map(([name, { columns }]) => [name, [...columns.keys()]]));
  const plan = planMonitor({ name: '', version: '', tables }, wanted);
  const replica = new Replica(plan.tables);
  replica.apply(parseMonitorReply('monitor', plan.tables, rows));
  return replica;
}

function wireColumn(column: ColumnSchema): object {
  const { min, max, mutable } = column;
  const base = (type: string, refTable: string | undefined): object => ({
    type,
    ...(refTable !== undefined && { refTable }),
  });
  return {
    type: {
      key: base(column.key, column.refTable),
      ...(column.kind === 'map' && { value: base(column.value, column.valueRefTable) }),
      min,
      max: max === Infinity ? 'unlimited' : max,
    },
    mutable,
  };
}

const wireRow = (row: Row, columns: ReadonlyMap<string, ColumnSchema>): object =>
  Object.fromEntries(
    [...columns].flatMap(([name, column]) => {
      const value = row[name];
      return value === undefined ? [] : [[name, encodeValue(column, value)]];
    }),
  );
