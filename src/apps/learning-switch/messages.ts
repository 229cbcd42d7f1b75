import {
  applyActions,
  type FlowMod,
  match,
  type Match,
  type MatchFields,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  output,
  type PacketIn,
  type PacketOut,
} from '../../openflow/index.js';

interface Owner {
  readonly table: number;
  readonly cookie: bigint;
}

const priority = 10;
const wholeCookie = 0xffff_ffff_ffff_ffffn;

const base = ({ table, cookie }: Owner): Omit<FlowMod, 'command' | 'match' | 'instructions'> => ({
  type: 'flow_mod',
  xid: 0,
  cookie,
  cookieMask: 0n,
  tableId: table,
  idleTimeout: 0,
  hardTimeout: 0,
  priority,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
});

/** A flow to a port, which goes when it is not used. */
export const forward = (
  flow: Owner & { readonly idleTimeout: number; readonly match: Match; readonly outPort: number },
): FlowMod => ({
  ...base(flow),
  command: 'add',
  idleTimeout: flow.idleTimeout,
  match: flow.match,
  instructions: [applyActions([output(flow.outPort)])],
});

/** Deletes those of the owner's flows that match at least these fields, and output to this port where one is named. */
export const deleteFlows = (owner: Owner, fields: MatchFields, outPort: number = OFPP.ANY): FlowMod => ({
  ...base(owner),
  command: 'delete',
  cookieMask: wholeCookie,
  outPort,
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
