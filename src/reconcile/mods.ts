import type { Flow, Group, Meter } from '../intent/index.js';
import { type FlowMod, flowMod as buildFlowMod, type GroupMod, type MeterMod } from '../openflow/index.js';

/** The ADD that makes this flow, or replaces the one of the same match and priority and keeps its counters. */
export const flowMod = ({ table, priority, match, instructions }: Flow, cookie: bigint): FlowMod =>
  buildFlowMod({ command: 'add', cookie, tableId: table, priority, match, instructions });

export const groupMod = (command: GroupMod['command'], { id, groupType, buckets }: Group): GroupMod => ({
  type: 'group_mod',
  xid: 0,
  command,
  groupType,
  groupId: id,
  buckets,
});

export const meterMod = (command: MeterMod['command'], { id, flags, bands }: Meter): MeterMod => ({
  type: 'meter_mod',
  xid: 0,
  command,
  flags,
  meterId: id,
  bands,
});
