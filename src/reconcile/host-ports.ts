import type { HostIntent, PortIntent } from '../intent/index.js';
import {
  byUuid,
  insert,
  mutate,
  namedUuid,
  type Operation,
  readString,
  readStringMap,
  readUuids,
  type Replica,
  update,
  type Uuid,
  type WriteAtom,
  type WriteRow,
} from '../ovsdb/index.js';
import {
  change,
  findByName,
  type HostPlan,
  joined,
  type Named,
  nameOf,
  nothing,
  problem,
} from './host-plan.js';
import { isOurs, ownerMark } from './owner.js';

/** The bridge that ports are planned for. */
export interface Target {
  /** Its row, or the name of the insert that makes it. */
  readonly bridge: WriteAtom;
  /** Bridges that carried this datapath id before, under other names: their ports of ours move here. */
  readonly former: readonly Named[];
}

/** The inserts of a port with one interface of the same name; `key` tells them apart within the transaction. */
export const insertPort = (port: PortIntent, key: string): Operation[] => [
  insert(
    'Interface',
    { ...interfaceRow(port), name: port.name, external_ids: ownerMark },
    `interface_${key}`,
  ),
  insert(
    'Port',
    {
      name: port.name,
      interfaces: [namedUuid(`interface_${key}`)],
      external_ids: ownerMark,
      ...(port.type !== 'internal' && { tag: apart }),
    },
    `port_${key}`,
  ),
];

/**
 * The VLAN number that no frame may bear [IEEE 802.1Q 9.6]. Open vSwitch's own forwarding (NORMAL), which a bridge has before
 * it is taken over, heeds it and keeps the port apart from all others; flows do not.
 */
const apart = 4095;

const interfaceRow = ({ type, options }: PortIntent): WriteRow => ({
  type,
  options: new Map(Object.entries(options)),
});

/** Whether a port or interface of this name is anywhere on this host. */
export const isTaken = (name: string, rows: Replica): boolean =>
  findByName(rows.table('Interface'), name) !== undefined ||
  findByName(rows.table('Port'), name) !== undefined;

/** The ports that apps want come, or are set right. */
export function planPorts(intent: HostIntent, target: Target, rows: Replica): HostPlan {
  const seen = new Set([intent.bridge]);
  return joined(
    intent.ports.map((port, index) => {
      if (seen.has(port.name))
        return problem(`port ${port.name} is wanted twice: the second one is left out`);
      seen.add(port.name);
      return wantedPort(port, String(index), target, rows);
    }),
  );
}

function wantedPort(port: PortIntent, key: string, target: Target, rows: Replica): HostPlan {
  if (!isTaken(port.name, rows)) {
    return change(
      `add port ${port.name}`,
      ...insertPort(port, key),
      mutate('Bridge', byUuid(target.bridge), [['ports', 'insert', [namedUuid(`port_${key}`)]]]),
    );
  }
  const device = findByName(rows.table('Interface'), port.name);
  const holder = findByName(rows.table('Port'), port.name);
  if (device === undefined || holder === undefined || !isOurs(device[1]) || !isOurs(holder[1])) {
    return problem(`port ${port.name} is there and is not Heddle's: rename it, or delete it`);
  }
  const at = bridgeOf(holder[0], rows);
  if (at === undefined || at[0] === target.bridge) return sameOptions(port, device);
  if (!target.former.some(([uuid]) => uuid === at[0])) {
    return problem(`port ${port.name} is on bridge ${nameOf(at[1])}: Heddle serves one bridge of a host`);
  }
  const moved = change(
    `move port ${port.name} from ${nameOf(at[1])}`,
    mutate('Bridge', byUuid(at[0]), [['ports', 'delete', [holder[0]]]]),
    mutate('Bridge', byUuid(target.bridge), [['ports', 'insert', [holder[0]]]]),
  );
  return joined([moved, sameOptions(port, device)]);
}

/** Type and options only: what others keep in external_ids is theirs. */
function sameOptions(port: PortIntent, [uuid, row]: Named): HostPlan {
  const same = readString(row, 'type') === port.type && sameMap(readStringMap(row, 'options'), port.options);
  return same
    ? nothing
    : change(`set options of ${port.name}`, update('Interface', byUuid(uuid), interfaceRow(port)));
}

/** Ports of ours that no app wants any more. */
export function planStalePorts(intent: HostIntent, [uuid, bridge]: Named, rows: Replica): HostPlan {
  if (!intent.complete) return nothing;
  const wanted = new Set([intent.bridge, ...intent.ports.map(port => port.name)]);
  const stale = readUuids(bridge, 'ports').flatMap((id): Named[] => {
    const row = rows.row('Port', id);
    return row !== undefined && isOurs(row) && !wanted.has(nameOf(row)) ? [[id, row]] : [];
  });
  if (stale.length === 0) return nothing;
  return change(
    `remove port ${stale.map(([, row]) => nameOf(row)).join(', ')}`,
    mutate('Bridge', byUuid(uuid), [['ports', 'delete', stale.map(([id]) => id)]]),
  );
}

/** VXLAN ports that Heddle's own stands in for, on this bridge alone: the one case in which what somebody made is deleted. */
export function planReplaced({ replaced = [] }: HostIntent, [uuid, bridge]: Named, rows: Replica): HostPlan {
  const going = readUuids(bridge, 'ports').flatMap((id): Named[] => {
    const row = rows.row('Port', id);
    if (row === undefined || isOurs(row) || !replaced.includes(nameOf(row))) return [];
    const devices = readUuids(row, 'interfaces').map(device => rows.row('Interface', device));
    return devices.every(device => device !== undefined && readString(device, 'type') === 'vxlan')
      ? [[id, row]]
      : [];
  });
  if (going.length === 0) return nothing;
  return change(
    `replace port ${going.map(([, row]) => nameOf(row)).join(', ')}`,
    mutate('Bridge', byUuid(uuid), [['ports', 'delete', going.map(([id]) => id)]]),
  );
}

export function bridgeOf(port: Uuid, rows: Replica): Named | undefined {
  for (const entry of rows.table('Bridge')) if (readUuids(entry[1], 'ports').includes(port)) return entry;
  return undefined;
}

export function sameMap(
  found: ReadonlyMap<string, string>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(wanted);
  return found.size === keys.length && keys.every(key => found.get(key) === wanted[key]);
}
