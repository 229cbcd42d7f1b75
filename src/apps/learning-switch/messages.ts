import type { Mac } from '../../lib/addresses.js';
import {
  applyActions,
  type FlowMod,
  match,
  type MatchFields,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  output,
  type PacketIn,
  type PacketOut,
} from '../../openflow/index.js';

/** Where its flows are, and whose they are. */
export interface Owner {
  readonly table: number;
  readonly cookie: bigint;
}

const priority = 10;
const wholeCookie = 0xffff_ffff_ffff_ffffn;

/** Which packets a learned flow is for. */
export interface Conversation {
  readonly inPort: number;
  readonly dst: Mac;
  readonly src: Mac;
  /** The match field: OFPVID_PRESENT and the VLAN, or 0 for "no tag". */
  readonly vlanVid: number;
}

/**
 * A flow to a port, which goes when it is not used. Written out in full, in the order of `match()`: there is one for each
 * packet that is asked about, and copying `base` took a quarter of the time of an answer.
 */
export const forward = (
  { table, cookie }: Owner,
  { inPort, dst, src, vlanVid }: Conversation,
  outPort: number,
  idleTimeout: number,
): FlowMod => ({
  type: 'flow_mod',
  xid: 0,
  cookie,
  cookieMask: 0n,
  tableId: table,
  command: 'add',
  idleTimeout,
  hardTimeout: 0,
  priority,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [
    { field: 'in_port', value: inPort },
    { field: 'eth_dst', value: dst },
    { field: 'eth_src', value: src },
    { field: 'vlan_vid', value: vlanVid },
  ],
  instructions: [applyActions([output(outPort)])],
});

/** Deletes those of the owner's flows that match at least these fields, and output to this port where one is named. */
export const deleteFlows = (
  { table, cookie }: Owner,
  fields: MatchFields,
  outPort: number = OFPP.ANY,
): FlowMod => ({
  type: 'flow_mod',
  xid: 0,
  cookie,
  cookieMask: wholeCookie,
  tableId: table,
  command: 'delete',
  idleTimeout: 0,
  hardTimeout: 0,
  priority,
  bufferId: OFP_NO_BUFFER,
  outPort,
  outGroup: OFPG.ANY,
  flags: 0,
  match: match(fields),
  instructions: [],
});

/**
 * Sends the packet on: from the switch's buffer where it has kept it there, with its bytes otherwise. None where the switch
 * has sent the beginning of the packet only and keeps nothing: half a frame is worse than a lost one.
 */
export function packetOut(packet: PacketIn, inPort: number, outPort: number): PacketOut[] {
  const { bufferId } = packet;
  const buffered = bufferId !== OFP_NO_BUFFER;
  if (!buffered && packet.data.length < packet.totalLen) return [];
  const data = buffered ? empty : packet.data;
  return [{ type: 'packet_out', xid: 0, bufferId, inPort, actions: [output(outPort)], data }];
}

const empty = new Uint8Array(0);
