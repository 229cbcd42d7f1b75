/** The messages that the codec is measured with, such as Heddle and its switches send. */
import {
  applyActions,
  gotoTable,
  match,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  output,
  setField,
} from '../src/openflow/index.js';
import type { FlowMod, MultipartReply, PacketIn } from '../src/openflow/index.js';

const packetIn: PacketIn = {
  type: 'packet_in',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  totalLen: 98,
  reason: 1,
  tableId: 40,
  cookie: 0x4801000000000001n,
  match: match({
    in_port: 12,
    metadata: 5000n,
    reg0: 1,
    tunnel_id: 5000n,
    tun_src: 0x0a610002,
    tun_dst: 0x0a610001,
  }),
  data: new Uint8Array(98),
};

const flowMod: FlowMod = {
  type: 'flow_mod',
  xid: 7,
  cookie: 0x4801000000000001n,
  cookieMask: 0n,
  tableId: 60,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 100,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: match({ metadata: 5000n, reg0: 0, eth_dst: 0x020000000002 }),
  instructions: [applyActions([setField({ tun_dst: 0x0a610002 }), setField({ reg1: 2 })]), gotoTable(90)],
};

const flowStats: MultipartReply = {
  type: 'multipart_reply',
  xid: 1,
  flags: 0,
  body: {
    type: 'flow',
    entries: Array.from({ length: 50 }, (_, i) => ({
      tableId: 60,
      durationSec: i,
      durationNsec: i,
      priority: 100,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: 0,
      cookie: flowMod.cookie,
      packetCount: BigInt(i),
      byteCount: BigInt(i),
      match: flowMod.match,
      instructions: flowMod.instructions,
    })),
  },
};

const groupDesc: MultipartReply = {
  type: 'multipart_reply',
  xid: 1,
  flags: 0,
  body: {
    type: 'group_desc',
    entries: Array.from({ length: 20 }, (_, i) => ({
      groupType: 'all' as const,
      groupId: i,
      buckets: Array.from({ length: 10 }, (_, j) => ({
        weight: 0,
        watchPort: OFPP.ANY,
        watchGroup: OFPG.ANY,
        actions: [setField({ tun_dst: 0x0a610000 + j }), output(j + 1)],
      })),
    })),
  },
};

export const messages = [
  ['PACKET_IN', packetIn],
  ['FLOW_MOD', flowMod],
  ['FLOW_STATS x 50', flowStats],
  ['GROUP_DESC 20 x 10', groupDesc],
] as const;
