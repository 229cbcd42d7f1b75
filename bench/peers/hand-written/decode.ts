/**
 * What the codec is measured against: four messages of OpenFlow 1.3 read by hand, as one writes it who wants speed and
 * has checked every length. Offsets and sizes are written out, each structure has its own function, there are no
 * closures and no tables but that of the match fields. It gives the same values as the codec. Of the actions it knows
 * those of OpenFlow 1.3, and none of Open vSwitch's own.
 */
import type {
  Action,
  Bucket,
  FlowMod,
  FlowStats,
  GroupDesc,
  Instruction,
  MultipartReply,
  PacketIn,
} from '../../../src/openflow/index.js';
import { badLength, badValue, truncated, u16, u32, u64 } from './bytes.js';
import { readMatch, readOxm } from './oxm.js';

/** Where a reader stands. */
export interface Reader {
  readonly bytes: Uint8Array;
  pos: number;
}

export type Covered = PacketIn | FlowMod | MultipartReply;

export function decode(frame: Uint8Array): Covered {
  if (frame.length < 8) throw truncated('header', 8, frame.length, frame.length);
  if (frame[0] !== 4) throw badValue('version', frame[0], 0);
  if (u16(frame, 2) !== frame.length) throw badLength('message', u16(frame, 2), 2);
  const r: Reader = { bytes: frame, pos: 8 };
  switch (frame[1]) {
    case 10:
      return readPacketIn(r);
    case 14:
      return readFlowMod(r);
    case 19:
      return readMultipart(r);
    default:
      throw badValue('type', frame[1], 1);
  }
}

function readPacketIn(r: Reader): PacketIn {
  const { bytes: b } = r;
  const end = b.length;
  if (end < 24) throw truncated('packet_in', 24, end, end);
  r.pos = 24;
  const match = readMatch(r, end);
  const at = r.pos + 2;
  if (at > end) throw truncated('packet_in', 2, end - r.pos, end);
  return {
    type: 'packet_in',
    xid: u32(b, 4),
    bufferId: u32(b, 8),
    totalLen: u16(b, 12),
    reason: b[14] ?? 0,
    tableId: b[15] ?? 0,
    cookie: u64(b, 16),
    match,
    data: new Uint8Array(b.buffer, b.byteOffset + at, end - at),
  };
}

const commands = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'] as const;

function readFlowMod(r: Reader): FlowMod {
  const { bytes: b } = r;
  const end = b.length;
  if (end < 48) throw truncated('flow_mod', 48, end, end);
  const command = commands[b[25] ?? 255];
  if (command === undefined) throw badValue('command', b[25], 25);
  r.pos = 48;
  const match = readMatch(r, end);
  const instructions = readInstructions(r, end);
  return {
    type: 'flow_mod',
    xid: u32(b, 4),
    cookie: u64(b, 8),
    cookieMask: u64(b, 16),
    tableId: b[24] ?? 0,
    command,
    idleTimeout: u16(b, 26),
    hardTimeout: u16(b, 28),
    priority: u16(b, 30),
    bufferId: u32(b, 32),
    outPort: u32(b, 36),
    outGroup: u32(b, 40),
    flags: u16(b, 44),
    match,
    instructions,
  };
}

function readMultipart(r: Reader): MultipartReply {
  const { bytes: b } = r;
  const end = b.length;
  if (end < 16) throw truncated('multipart_reply', 16, end, end);
  const xid = u32(b, 4);
  const kind = u16(b, 8);
  const flags = u16(b, 10);
  r.pos = 16;
  switch (kind) {
    case 1: {
      const entries: FlowStats[] = [];
      while (r.pos < end) entries.push(readFlowStats(r, end));
      return { type: 'multipart_reply', xid, flags, body: { type: 'flow', entries } };
    }
    case 7: {
      const entries: GroupDesc[] = [];
      while (r.pos < end) entries.push(readGroupDesc(r, end));
      return { type: 'multipart_reply', xid, flags, body: { type: 'group_desc', entries } };
    }
    default:
      throw badValue('multipart', kind, 8);
  }
}

function readFlowStats(r: Reader, outer: number): FlowStats {
  const { bytes: b, pos } = r;
  if (outer - pos < 48) throw truncated('flow_stats', 48, outer - pos, outer);
  const size = u16(b, pos);
  const end = pos + size;
  if (size < 48 || end > outer) throw badLength('flow_stats', size, pos);
  r.pos = pos + 48;
  const match = readMatch(r, end);
  const instructions = readInstructions(r, end);
  return {
    tableId: b[pos + 2] ?? 0,
    durationSec: u32(b, pos + 4),
    durationNsec: u32(b, pos + 8),
    priority: u16(b, pos + 12),
    idleTimeout: u16(b, pos + 14),
    hardTimeout: u16(b, pos + 16),
    flags: u16(b, pos + 18),
    cookie: u64(b, pos + 24),
    packetCount: u64(b, pos + 32),
    byteCount: u64(b, pos + 40),
    match,
    instructions,
  };
}

const groupTypes = ['all', 'select', 'indirect', 'ff'] as const;

function readGroupDesc(r: Reader, outer: number): GroupDesc {
  const { bytes: b, pos } = r;
  if (outer - pos < 8) throw truncated('group_desc', 8, outer - pos, outer);
  const size = u16(b, pos);
  const end = pos + size;
  if (size < 8 || end > outer) throw badLength('group_desc', size, pos);
  const groupType = groupTypes[b[pos + 2] ?? 255];
  if (groupType === undefined) throw badValue('group type', b[pos + 2], pos + 2);
  const buckets: Bucket[] = [];
  r.pos = pos + 8;
  while (r.pos < end) buckets.push(readBucket(r, end));
  return { groupType, groupId: u32(b, pos + 4), buckets };
}

function readBucket(r: Reader, outer: number): Bucket {
  const { bytes: b, pos } = r;
  if (outer - pos < 16) throw truncated('bucket', 16, outer - pos, outer);
  const size = u16(b, pos);
  const end = pos + size;
  if (size < 16 || end > outer) throw badLength('bucket', size, pos);
  r.pos = pos + 16;
  const actions = readActions(r, end);
  return {
    weight: u16(b, pos + 2),
    watchPort: u32(b, pos + 4),
    watchGroup: u32(b, pos + 8),
    actions,
  };
}

function readInstructions(r: Reader, end: number): Instruction[] {
  const instructions: Instruction[] = [];
  while (r.pos < end) instructions.push(readInstruction(r, end));
  return instructions;
}

function exactly(wanted: number, size: number, pos: number): void {
  if (size !== wanted) throw badLength('instruction', size, pos + 2);
}

function readInstruction(r: Reader, outer: number): Instruction {
  const { bytes: b, pos } = r;
  if (outer - pos < 4) throw truncated('instruction', 4, outer - pos, outer);
  const type = u16(b, pos);
  const size = u16(b, pos + 2);
  const end = pos + size;
  if (size < 4 || end > outer) throw badLength('instruction', size, pos + 2);
  r.pos = end;
  switch (type) {
    case 1:
      exactly(8, size, pos);
      return { type: 'goto_table', tableId: b[pos + 4] ?? 0 };
    case 2:
      exactly(24, size, pos);
      return { type: 'write_metadata', metadata: u64(b, pos + 8), mask: u64(b, pos + 16) };
    case 3:
    case 4: {
      if (size < 8) throw truncated('instruction', 8, size, end);
      r.pos = pos + 8;
      const actions = readActions(r, end);
      return type === 3 ? { type: 'write_actions', actions } : { type: 'apply_actions', actions };
    }
    case 5:
      exactly(8, size, pos);
      return { type: 'clear_actions' };
    case 6:
      exactly(8, size, pos);
      return { type: 'meter', meterId: u32(b, pos + 4) };
    default:
      return {
        type: 'unknown',
        typeId: type,
        body: new Uint8Array(b.buffer, b.byteOffset + pos + 4, size - 4),
      };
  }
}

function readActions(r: Reader, end: number): Action[] {
  const actions: Action[] = [];
  while (r.pos < end) actions.push(readAction(r, end));
  return actions;
}

function readAction(r: Reader, outer: number): Action {
  const { bytes: b, pos } = r;
  if (outer - pos < 8) throw truncated('action', 8, outer - pos, outer);
  const type = u16(b, pos);
  const size = u16(b, pos + 2);
  const end = pos + size;
  if (size < 8 || end > outer) throw badLength('action', size, pos + 2);
  if (type === 25) {
    r.pos = pos + 4;
    const oxm = readOxm(r, end);
    if (r.pos + ((-r.pos + pos) & 7) !== end) throw badLength('set_field', size, pos + 2);
    r.pos = end;
    return { type: 'set_field', oxm };
  }
  if (size !== (type === 0 ? 16 : 8)) throw badLength('action', size, pos + 2);
  r.pos = end;
  switch (type) {
    case 0:
      return { type: 'output', port: u32(b, pos + 4), maxLen: u16(b, pos + 8) };
    case 11:
      return { type: 'copy_ttl_out' };
    case 12:
      return { type: 'copy_ttl_in' };
    case 15:
      return { type: 'set_mpls_ttl', ttl: b[pos + 4] ?? 0 };
    case 16:
      return { type: 'dec_mpls_ttl' };
    case 17:
      return { type: 'push_vlan', ethertype: u16(b, pos + 4) };
    case 18:
      return { type: 'pop_vlan' };
    case 19:
      return { type: 'push_mpls', ethertype: u16(b, pos + 4) };
    case 20:
      return { type: 'pop_mpls', ethertype: u16(b, pos + 4) };
    case 21:
      return { type: 'set_queue', queueId: u32(b, pos + 4) };
    case 22:
      return { type: 'group', groupId: u32(b, pos + 4) };
    case 23:
      return { type: 'set_nw_ttl', ttl: b[pos + 4] ?? 0 };
    case 24:
      return { type: 'dec_nw_ttl' };
    case 26:
      return { type: 'push_pbb', ethertype: u16(b, pos + 4) };
    case 27:
      return { type: 'pop_pbb' };
    default:
      throw badValue('action', type, pos);
  }
}
