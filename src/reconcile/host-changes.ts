import {
  type Atom,
  type Change,
  changedColumns,
  readString,
  type Replica,
  type Row,
  sameValue,
  type Uuid,
  type Value,
} from '../ovsdb/index.js';
import { qosOwner } from './owner.js';

/** What becomes of a row, or of a flow, a group or a meter. */
export type ChangeKind = 'added' | 'changed' | 'removed';

export interface ColumnChange {
  readonly column: string;
  /** As ovs-vsctl prints values, but for rows, which are called by their names. Left out where the row is new. */
  readonly before?: string;
  /** Left out where the row goes. */
  readonly after?: string;
}

/** What a transaction makes of one row. */
export interface RowChange {
  readonly table: string;
  /** Its name, or for a Controller its target, or whose it is for a QoS or Queue of ours; a uuid where it has none of these. */
  readonly name: string;
  readonly change: ChangeKind;
  /** Those that differ; of a new row and of one that goes, those that hold anything. */
  readonly columns: readonly ColumnChange[];
}

/** The difference between two states of a host's database, for people. */
export function rowChanges(before: Replica, after: Replica): readonly RowChange[] {
  const nameIn = (uuid: Atom): string => nameOfRow(uuid, after) ?? nameOfRow(uuid, before) ?? String(uuid);
  return after.changesSince(before).map(change => {
    const { table, uuid } = change;
    return {
      table,
      name: nameIn(uuid),
      change: kindOf(change),
      columns: columnChanges(change, after, nameIn),
    };
  });
}

const kindOf = ({ before, after }: Change): ChangeKind =>
  before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';

function columnChanges(
  change: Change,
  rows: Replica,
  nameIn: (uuid: Atom) => string,
): readonly ColumnChange[] {
  const { table, before, after } = change;
  const text = (row: Row, column: string): string => {
    const type = rows.columns(table).get(column);
    const holds = type?.kind === 'map' ? type.value : type?.key;
    return formatValue(row[column], holds === 'uuid' ? nameIn : String);
  };
  const empty = rows.defaults(table);
  const isShown = (column: string): boolean =>
    (before !== undefined && after !== undefined) ||
    !sameValue((after ?? before)?.[column], empty[column] ?? null);
  return changedColumns(change)
    .filter(isShown)
    .map(column => ({
      column,
      ...(before !== undefined && { before: text(before, column) }),
      ...(after !== undefined && { after: text(after, column) }),
    }));
}

function nameOfRow(uuid: Atom, rows: Replica): string | undefined {
  for (const table of rows.tableNames) {
    const row = rows.row(table, uuid as Uuid);
    const name = row && (readString(row, 'name') ?? readString(row, 'target') ?? nameByOwner(row));
    if (name !== undefined) return name;
  }
  return undefined;
}

/** QoS and Queue rows have no names; of ours it is known whose they are. */
function nameByOwner(row: Row): string | undefined {
  const owner = qosOwner(row);
  if (owner === undefined || owner.port === '') return undefined;
  return owner.queue === undefined ? `of ${owner.port}` : `${owner.queue} of ${owner.port}`;
}

/** As ovs-vsctl prints them: `[a, b]`, `{key=value}`, `[]` for none. */
function formatValue(value: Value | undefined, atom: (atom: Atom) => string): string {
  if (value === undefined || value === null) return '[]';
  if (typeof value !== 'object') return value === '' ? '""' : atom(value);
  if (value instanceof Map)
    return `{${[...(value as ReadonlyMap<Atom, Atom>)].map(([key, held]) => `${String(key)}=${atom(held)}`).join(', ')}}`;
  return `[${(value as readonly Atom[]).map(atom).join(', ')}]`;
}
