/** The four messages of decode.ts, written by hand: each structure asks for room once, and every value is checked. */
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
import { badLength, badValue, checkList, setU16, setU32, setU64 } from './bytes.js';
import type { Covered } from './decode.js';
import { writeMatch, writeOxm } from './oxm.js';

/** A growing buffer to write to. */
export class Sink {
  bytes = new Uint8Array(1024);
  pos = 0;

  /** Makes room for `size` bytes more. */
  room(size: number): void {
    if (this.pos + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.pos + size, 2 * this.bytes.length));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  /** Appends `size` zeros. */
  pad(size: number): void {
    this.room(size);
    for (let i = 0; i < size; i++) this.bytes[this.pos++] = 0;
  }
}

/** Appends one message. */
export function encode(w: Sink, value: Covered): void {
  if (typeof value !== 'object') throw badValue('message', value, w.pos);
  switch (value.type) {
    case 'packet_in':
      writePacketIn(w, value);
      return;
    case 'flow_mod':
      writeFlowMod(w, value);
      return;
    default:
      writeMultipart(w, value);
  }
}

function put8(w: Sink, at: number, value: number): void {
  if ((value & 0xff) !== value) throw badValue('number', value, at);
  w.bytes[at] = value;
}

function put16(w: Sink, at: number, value: number): void {
  if ((value & 0xffff) !== value) throw badValue('number', value, at);
  setU16(w.bytes, at, value);
}

function put32(w: Sink, at: number, value: number): void {
  if (value >>> 0 !== value) throw badValue('number', value, at);
  setU32(w.bytes, at, value);
}

function put64(w: Sink, at: number, value: bigint): void {
  if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw badValue('number', value, at);
  setU64(w.bytes, at, value);
}

/** Puts the size of what began at `start` at `at`. */
function close(w: Sink, start: number, at: number): void {
  const size = w.pos - start;
  if (size > 0xffff) throw badLength('structure', size, start);
  setU16(w.bytes, at, size);
}

function writeHeader(w: Sink, type: number, xid: number): void {
  w.bytes[w.pos] = 4;
  w.bytes[w.pos + 1] = type;
  put32(w, w.pos + 4, xid);
}

function writePacketIn(w: Sink, value: PacketIn): void {
  const start = w.pos;
  w.room(24);
  writeHeader(w, 10, value.xid);
  put32(w, start + 8, value.bufferId);
  put16(w, start + 12, value.totalLen);
  put8(w, start + 14, value.reason);
  put8(w, start + 15, value.tableId);
  put64(w, start + 16, value.cookie);
  w.pos = start + 24;
  writeMatch(w, value.match);
  const { data } = value;
  if (!(data instanceof Uint8Array)) throw badValue('data', data, w.pos);
  w.room(2 + data.length);
  setU16(w.bytes, w.pos, 0);
  w.bytes.set(data, w.pos + 2);
  w.pos += 2 + data.length;
  close(w, start, start + 2);
}

function commandOf(command: FlowMod['command'], offset: number): number {
  switch (command) {
    case 'add':
      return 0;
    case 'modify':
      return 1;
    case 'modify_strict':
      return 2;
    case 'delete':
      return 3;
    case 'delete_strict':
      return 4;
    default:
      throw badValue('command', command, offset);
  }
}

function writeFlowMod(w: Sink, value: FlowMod): void {
  const start = w.pos;
  w.room(48);
  writeHeader(w, 14, value.xid);
  put64(w, start + 8, value.cookie);
  put64(w, start + 16, value.cookieMask);
  put8(w, start + 24, value.tableId);
  w.bytes[start + 25] = commandOf(value.command, start + 25);
  put16(w, start + 26, value.idleTimeout);
  put16(w, start + 28, value.hardTimeout);
  put16(w, start + 30, value.priority);
  put32(w, start + 32, value.bufferId);
  put32(w, start + 36, value.outPort);
  put32(w, start + 40, value.outGroup);
  put16(w, start + 44, value.flags);
  setU16(w.bytes, start + 46, 0);
  w.pos = start + 48;
  writeMatch(w, value.match);
  writeInstructions(w, value.instructions);
  close(w, start, start + 2);
}

function writeMultipart(w: Sink, value: MultipartReply): void {
  const start = w.pos;
  const { body } = value;
  w.room(16);
  writeHeader(w, 19, value.xid);
  put16(w, start + 10, value.flags);
  setU32(w.bytes, start + 12, 0);
  w.pos = start + 16;
  if (body.type === 'flow') {
    setU16(w.bytes, start + 8, 1);
    checkList('entries', body.entries, w.pos);
    for (const entry of body.entries) writeFlowStats(w, entry);
  } else if (body.type === 'group_desc') {
    setU16(w.bytes, start + 8, 7);
    checkList('entries', body.entries, w.pos);
    for (const entry of body.entries) writeGroupDesc(w, entry);
  } else throw badValue('multipart', body.type, w.pos);
  close(w, start, start + 2);
}

function writeFlowStats(w: Sink, value: FlowStats): void {
  if (typeof value !== 'object') throw badValue('flow_stats', value, w.pos);
  const start = w.pos;
  w.room(48);
  put8(w, start + 2, value.tableId);
  w.bytes[start + 3] = 0;
  put32(w, start + 4, value.durationSec);
  put32(w, start + 8, value.durationNsec);
  put16(w, start + 12, value.priority);
  put16(w, start + 14, value.idleTimeout);
  put16(w, start + 16, value.hardTimeout);
  put16(w, start + 18, value.flags);
  setU32(w.bytes, start + 20, 0);
  put64(w, start + 24, value.cookie);
  put64(w, start + 32, value.packetCount);
  put64(w, start + 40, value.byteCount);
  w.pos = start + 48;
  writeMatch(w, value.match);
  writeInstructions(w, value.instructions);
  close(w, start, start);
}

function groupTypeOf(type: GroupDesc['groupType'], offset: number): number {
  switch (type) {
    case 'all':
      return 0;
    case 'select':
      return 1;
    case 'indirect':
      return 2;
    case 'ff':
      return 3;
    default:
      throw badValue('group type', type, offset);
  }
}

function writeGroupDesc(w: Sink, value: GroupDesc): void {
  if (typeof value !== 'object') throw badValue('group_desc', value, w.pos);
  const start = w.pos;
  w.room(8);
  w.bytes[start + 2] = groupTypeOf(value.groupType, start + 2);
  w.bytes[start + 3] = 0;
  put32(w, start + 4, value.groupId);
  w.pos = start + 8;
  checkList('buckets', value.buckets, w.pos);
  for (const bucket of value.buckets) writeBucket(w, bucket);
  close(w, start, start);
}

function writeBucket(w: Sink, value: Bucket): void {
  if (typeof value !== 'object') throw badValue('bucket', value, w.pos);
  const start = w.pos;
  w.room(16);
  put16(w, start + 2, value.weight);
  put32(w, start + 4, value.watchPort);
  put32(w, start + 8, value.watchGroup);
  setU32(w.bytes, start + 12, 0);
  w.pos = start + 16;
  writeActions(w, value.actions);
  close(w, start, start);
}

function writeInstructions(w: Sink, instructions: readonly Instruction[]): void {
  checkList('instructions', instructions, w.pos);
  for (const instruction of instructions) writeInstruction(w, instruction);
}

/** Type and size of an instruction or action, and zeros to its end. */
function begin(w: Sink, type: number, size: number): void {
  w.room(size);
  setU16(w.bytes, w.pos, type);
  setU16(w.bytes, w.pos + 2, size);
  for (let i = 4; i < size; i++) w.bytes[w.pos + i] = 0;
}

function writeInstruction(w: Sink, value: Instruction): void {
  if (typeof value !== 'object') throw badValue('instruction', value, w.pos);
  const start = w.pos;
  switch (value.type) {
    case 'goto_table':
      begin(w, 1, 8);
      put8(w, start + 4, value.tableId);
      w.pos = start + 8;
      return;
    case 'write_metadata':
      begin(w, 2, 24);
      put64(w, start + 8, value.metadata);
      put64(w, start + 16, value.mask);
      w.pos = start + 24;
      return;
    case 'write_actions':
    case 'apply_actions':
      begin(w, value.type === 'write_actions' ? 3 : 4, 8);
      w.pos = start + 8;
      writeActions(w, value.actions);
      close(w, start, start + 2);
      return;
    case 'clear_actions':
      begin(w, 5, 8);
      w.pos = start + 8;
      return;
    case 'meter':
      begin(w, 6, 8);
      put32(w, start + 4, value.meterId);
      w.pos = start + 8;
      return;
    default:
      throw badValue('instruction', value.type, start);
  }
}

function writeActions(w: Sink, actions: readonly Action[]): void {
  checkList('actions', actions, w.pos);
  for (const action of actions) writeAction(w, action);
}

function writeAction(w: Sink, value: Action): void {
  if (typeof value !== 'object') throw badValue('action', value, w.pos);
  const start = w.pos;
  switch (value.type) {
    case 'output':
      begin(w, 0, 16);
      put32(w, start + 4, value.port);
      put16(w, start + 8, value.maxLen);
      w.pos = start + 16;
      return;
    case 'group':
      begin(w, 22, 8);
      put32(w, start + 4, value.groupId);
      break;
    case 'set_field':
      begin(w, 25, 4);
      w.pos = start + 4;
      writeOxm(w, value.oxm);
      w.pad((start - w.pos) & 7);
      close(w, start, start + 2);
      return;
    case 'push_vlan':
      begin(w, 17, 8);
      put16(w, start + 4, value.ethertype);
      break;
    case 'pop_vlan':
      begin(w, 18, 8);
      break;
    case 'set_queue':
      begin(w, 21, 8);
      put32(w, start + 4, value.queueId);
      break;
    case 'set_nw_ttl':
      begin(w, 23, 8);
      put8(w, start + 4, value.ttl);
      break;
    case 'dec_nw_ttl':
      begin(w, 24, 8);
      break;
    case 'copy_ttl_out':
      begin(w, 11, 8);
      break;
    case 'copy_ttl_in':
      begin(w, 12, 8);
      break;
    case 'set_mpls_ttl':
      begin(w, 15, 8);
      put8(w, start + 4, value.ttl);
      break;
    case 'dec_mpls_ttl':
      begin(w, 16, 8);
      break;
    case 'push_mpls':
      begin(w, 19, 8);
      put16(w, start + 4, value.ethertype);
      break;
    case 'pop_mpls':
      begin(w, 20, 8);
      put16(w, start + 4, value.ethertype);
      break;
    case 'push_pbb':
      begin(w, 26, 8);
      put16(w, start + 4, value.ethertype);
      break;
    case 'pop_pbb':
      begin(w, 27, 8);
      break;
    default:
      throw badValue('action', value.type, start);
  }
  w.pos = start + 8;
}
