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

/** Sends the packet on: from the switch's buffer where it has kept it there, with its bytes otherwise. */
export const packetOut = (packet: PacketIn, inPort: number, outPort: number): PacketOut => ({
  type: 'packet_out',
  xid: 0,
  bufferId: packet.bufferId,
  inPort,
  actions: [output(outPort)],
  data: packet.bufferId === OFP_NO_BUFFER ? packet.data : empty,
});

const empty = new Uint8Array(0);
