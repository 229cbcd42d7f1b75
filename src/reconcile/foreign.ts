import { readString, readUuids, type Replica, type Uuid } from '../ovsdb/index.js';
import { findBridge } from './host-bridge.js';
import { nameOf } from './host-plan.js';
import { isOurs } from './owner.js';

/** What on a host is somebody else's, and stays as it is. */
export interface ForeignRows {
  /** Names of the bridge's ports, without its own. */
  readonly ports: readonly string[];
  /** QoS rows, each by its type and the ports that use it. */
  readonly qos: readonly string[];
}

/** @param bridge its name; a bridge that is not there has no ports */
export function foreignRows(bridge: string, rows: Replica): ForeignRows {
  const found = findBridge(bridge, rows);
  const ports = (found === undefined ? [] : readUuids(found[1], 'ports')).flatMap(uuid => {
    const row = rows.row('Port', uuid);
    return row === undefined || isOurs(row) || nameOf(row) === bridge ? [] : [nameOf(row)];
  });
  const qos = [...rows.table('QoS')].flatMap(([uuid, row]) => {
    if (isOurs(row)) return [];
    const users = usersOf(uuid, rows);
    return [`${readString(row, 'type') ?? 'QoS'} of ${users.length === 0 ? 'no port' : users.join(', ')}`];
  });
  return { ports: ports.sort(), qos };
}

const usersOf = (qos: Uuid, rows: Replica): readonly string[] =>
  [...rows.table('Port').values()].filter(row => readUuids(row, 'qos').includes(qos)).map(nameOf);
