import { type Dpid, parseDpid } from '../lib/addresses.js';
import { readString, readStringMap, type Replica, type Row, type Uuid } from '../ovsdb/index.js';
import { findByName, type Named } from './host-plan.js';

/** Which bridge a host's OVSDB has under a name. */
export interface BridgeIdentity {
  readonly uuid: Uuid;
  /** What other_config:datapath-id asks for, where Open vSwitch heeds it. */
  readonly pinned?: Dpid;
  /** Bridge.datapath_id: what ovs-vswitchd says that it has. */
  readonly actual?: Dpid;
}

export const findBridge = (name: string, rows: Replica): Named | undefined =>
  findByName(rows.table('Bridge'), name);

/** @returns undefined where there is no bridge of this name */
export function identityOf(name: string, rows: Replica): BridgeIdentity | undefined {
  const found = findBridge(name, rows);
  if (found === undefined) return undefined;
  const [uuid, row] = found;
  const pinned = pinIn(row);
  const actual = dpidIn(readString(row, 'datapath_id') ?? undefined);
  return { uuid, ...(pinned !== undefined && { pinned }), ...(actual !== undefined && { actual }) };
}

export const sameIdentity = (a: BridgeIdentity | undefined, b: BridgeIdentity | undefined): boolean =>
  a?.uuid === b?.uuid && a?.pinned === b?.pinned && a?.actual === b?.actual;

/** Whether a switch with this datapath id may be that bridge: it has the id, or is about to have it. */
export const answersTo = ({ pinned, actual }: BridgeIdentity, dpid: Dpid): boolean =>
  pinned === dpid || actual === dpid;

/** As somebody wrote it. */
export const pinOf = (bridge: Row): string | undefined =>
  readStringMap(bridge, 'other_config').get('datapath-id');

export const pinIn = (bridge: Row): Dpid | undefined => dpidIn(pinOf(bridge));

/** 16 digits, or up to 16 behind 0x; Open vSwitch heeds nothing else [ovs-vswitchd.conf.db(5), Bridge]. */
function dpidIn(text: string | undefined): Dpid | undefined {
  const digits = /^(?:0x([0-9a-f]{1,16})|([0-9a-f]{16}))$/i.exec(text ?? '');
  return digits === null ? undefined : parseDpid(digits[1] ?? digits[2] ?? '');
}
