/** What a switch does with a FLOW_MOD, GROUP_MOD or METER_MOD [OF1.3.5 6.4, 6.5, 6.6], and what Open vSwitch refuses. */
import {
  type FlowMod,
  type GroupMod,
  type MeterMod,
  OFPFF,
  OFPG,
  OFPM,
  OFPMF,
  OFPP,
  OFPTT,
} from '../../../src/openflow/index.js';
import { inconsistency } from './consistency.js';
import { covers, overlaps } from './matching.js';
import {
  conditionsOfFlow,
  type FlowEntry,
  groupsUsedBy,
  keyOf,
  metersUsedBy,
  portsUsedBy,
  type Refused,
  type Tables,
} from './tables.js';

export type Change = FlowMod | GroupMod | MeterMod;

/** Errors by their names in the standard [OF1.3.5 7.4.4]. */
const refusals = {
  OFPBRC_EPERM: [1, 5],
  OFPBAC_BAD_OUT_GROUP: [2, 9],
  OFPBIC_BAD_TABLE_ID: [3, 2],
  OFPFMFC_BAD_TABLE_ID: [5, 2],
  OFPFMFC_OVERLAP: [5, 3],
  OFPGMFC_GROUP_EXISTS: [6, 0],
  OFPGMFC_INVALID_GROUP: [6, 1],
  OFPGMFC_UNKNOWN_GROUP: [6, 8],
  OFPMMFC_METER_EXISTS: [12, 1],
  OFPMMFC_INVALID_METER: [12, 2],
  OFPMMFC_UNKNOWN_METER: [12, 3],
  OFPMMFC_BAD_FLAGS: [12, 5],
} as const satisfies Record<string, Refused>;

/** Open vSwitch keeps the last table for itself: 0 to 253 are for flows of others. */
const hiddenTable = 254;

/** @returns why it was refused; nothing is changed then */
export function change(tables: Tables, message: Change): Refused | undefined {
  switch (message.type) {
    case 'flow_mod':
      return changeFlows(tables, message);
    case 'group_mod':
      return changeGroups(tables, message);
    case 'meter_mod':
      return changeMeters(tables, message);
  }
}

function changeFlows(tables: Tables, mod: FlowMod): Refused | undefined {
  switch (mod.command) {
    case 'add':
      return addFlow(tables, mod);
    case 'modify':
    case 'modify_strict': {
      const flows = selected(tables, mod);
      const refused = faultOf(mod) ?? (flows.length === 0 ? undefined : missing(tables, mod));
      if (refused !== undefined) return refused;
      for (const [key, flow] of flows) {
        const packetCount = (mod.flags & OFPFF.RESET_COUNTS) !== 0 ? 0n : (flow.packetCount ?? 0n);
        tables.flows.set(key, { ...flow, instructions: mod.instructions, packetCount });
      }
      return undefined;
    }
    case 'delete':
    case 'delete_strict': {
      const fault = faultOf(mod);
      if (fault !== undefined) return fault;
      for (const [key] of selected(tables, mod)) tables.flows.delete(key);
      return undefined;
    }
  }
}

function addFlow(tables: Tables, mod: FlowMod): Refused | undefined {
  const refused =
    (mod.tableId === OFPTT.ALL ? refusals.OFPFMFC_BAD_TABLE_ID : undefined) ??
    faultOf(mod) ??
    (mod.tableId === hiddenTable ? refusals.OFPBRC_EPERM : undefined) ??
    missing(tables, mod);
  if (refused !== undefined) return refused;
  const key = keyOf(mod);
  const old = tables.flows.get(key);
  if (old === undefined && (mod.flags & OFPFF.CHECK_OVERLAP) !== 0) {
    const conditions = conditionsOfFlow(mod);
    for (const flow of tables.flows.values())
      if (
        flow.tableId === mod.tableId &&
        flow.priority === mod.priority &&
        overlaps(conditionsOfFlow(flow), conditions)
      )
        return refusals.OFPFMFC_OVERLAP;
  }
  // What it replaces leaves its counters [OF1.3.5 6.4].
  const packetCount = (mod.flags & OFPFF.RESET_COUNTS) !== 0 ? 0n : (old?.packetCount ?? 0n);
  tables.flows.set(key, { ...mod, packetCount });
  return undefined;
}

/** What is wrong with a flow by itself. */
function faultOf({ tableId, match, instructions }: FlowMod): Refused | undefined {
  for (const one of instructions)
    if (
      one.type === 'goto_table' &&
      (one.tableId > hiddenTable || (one.tableId <= tableId && tableId !== OFPTT.ALL))
    )
      return refusals.OFPBIC_BAD_TABLE_ID;
  return inconsistency(match, instructions);
}

/** What it presumes, and the switch has not. */
function missing(tables: Tables, { instructions }: FlowMod): Refused | undefined {
  if (groupsUsedBy(instructions).some(id => !tables.groups.has(id))) return refusals.OFPBAC_BAD_OUT_GROUP;
  if (metersUsedBy(instructions).some(id => !tables.meters.has(id))) return refusals.OFPMMFC_INVALID_METER;
  return undefined;
}

/** The flows that a modify or delete is about [OF1.3.5 6.4]. */
function selected(tables: Tables, mod: FlowMod): readonly (readonly [key: string, flow: FlowEntry])[] {
  const isStrict = mod.command === 'modify_strict' || mod.command === 'delete_strict';
  const isDelete = mod.command === 'delete' || mod.command === 'delete_strict';
  // Only a delete looks at where flows lead to.
  const filter = isDelete ? mod : { ...mod, outPort: OFPP.ANY, outGroup: OFPG.ANY };
  const isMeant = isMeantBy(filter);
  return [...tables.flows].filter(
    ([key, flow]) => isMeant(flow) && (!isStrict || key === keyOf({ ...mod, tableId: flow.tableId })),
  );
}

type Filter = Pick<FlowMod, 'tableId' | 'cookie' | 'cookieMask' | 'match' | 'outPort' | 'outGroup'>;

/** What a flow or aggregate request is about [OF1.3.5 7.3.5.2]: the same as a non-strict delete. */
export const selectedBy = (tables: Tables, filter: Filter): readonly FlowEntry[] =>
  [...tables.flows.values()].filter(isMeantBy(filter));

function isMeantBy(filter: Filter): (flow: FlowEntry) => boolean {
  const { tableId, cookie, cookieMask, outPort, outGroup } = filter;
  const wide = conditionsOfFlow(filter);
  return flow =>
    (tableId === OFPTT.ALL || tableId === flow.tableId) &&
    (flow.cookie & cookieMask) === (cookie & cookieMask) &&
    covers(wide, conditionsOfFlow(flow)) &&
    (outPort === OFPP.ANY || portsUsedBy(flow.instructions).includes(outPort)) &&
    (outGroup === OFPG.ANY || groupsUsedBy(flow.instructions).includes(outGroup));
}

function changeGroups(tables: Tables, mod: GroupMod): Refused | undefined {
  const { groups } = tables;
  if (mod.command === 'delete') {
    if (mod.buckets.length > 0) return refusals.OFPGMFC_INVALID_GROUP;
    for (const id of mod.groupId === OFPG.ALL ? [...groups.keys()] : [mod.groupId]) deleteGroup(tables, id);
    return undefined;
  }
  if (mod.groupId > OFPG.MAX && mod.command !== 'modify') return refusals.OFPGMFC_INVALID_GROUP;
  if (mod.groupType === 'indirect' && mod.buckets.length !== 1) return refusals.OFPGMFC_INVALID_GROUP;
  const isThere = groups.has(mod.groupId);
  if (mod.command === 'add' && isThere) return refusals.OFPGMFC_GROUP_EXISTS;
  if (mod.command === 'modify' && !isThere) return refusals.OFPGMFC_UNKNOWN_GROUP;
  groups.set(mod.groupId, mod);
  return undefined;
}

/** The flows that use a group go with it [OF1.3.5 6.5]; buckets that name it stay, and lead nowhere. */
function deleteGroup(tables: Tables, id: number): void {
  if (!tables.groups.delete(id)) return;
  for (const [key, flow] of tables.flows)
    if (groupsUsedBy(flow.instructions).includes(id)) tables.flows.delete(key);
}

function changeMeters(tables: Tables, mod: MeterMod): Refused | undefined {
  const { meters } = tables;
  if (mod.command === 'delete') {
    for (const id of mod.meterId === OFPM.ALL ? [...meters.keys()] : [mod.meterId]) {
      if (!meters.delete(id)) continue;
      for (const [key, flow] of tables.flows)
        if (metersUsedBy(flow.instructions).includes(id)) tables.flows.delete(key);
    }
    return undefined;
  }
  const unit = mod.flags & (OFPMF.KBPS | OFPMF.PKTPS);
  if (unit === (OFPMF.KBPS | OFPMF.PKTPS)) return refusals.OFPMMFC_BAD_FLAGS;
  const isThere = meters.has(mod.meterId);
  if (mod.meterId === 0 || mod.meterId > OFPM.MAX) return refusals.OFPMMFC_INVALID_METER;
  if (mod.command === 'modify' && !isThere) return refusals.OFPMMFC_UNKNOWN_METER;
  if (mod.command === 'add' && isThere) return refusals.OFPMMFC_METER_EXISTS;
  if (unit === 0) return refusals.OFPMMFC_BAD_FLAGS;
  meters.set(mod.meterId, mod);
  return undefined;
}
