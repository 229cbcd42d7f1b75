/** What is said of flows [OF1.3.5 7.3.5.2, 7.3.5.3]. */
import { length, listOf, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { instructions } from '../actions/instructions.js';
import { matchStruct } from '../fields/match.js';

/** Which flows are asked for. */
const flowFilter = {
  /** OFPTT.ALL is all tables. */
  tableId: u8,
  _pad1: pad(3),
  /** Flows that output to this port; OFPP.ANY is no condition. */
  outPort: u32,
  /** Flows that lead to this group; OFPG.ANY is no condition. */
  outGroup: u32,
  _pad2: pad(4),
  /** Flows whose cookie is this one in those bits that are 1 in `cookieMask`. */
  cookie: u64,
  /** 0 is no condition. */
  cookieMask: u64,
  /** Flows whose match is this one, or has more fields. */
  match: matchStruct,
} as const;

/** One flow of a flow reply [OF1.3.5 7.3.5.2]. A counter of all ones is one that the switch does not keep. */
export const flowStats = struct('flow_stats', {
  _length: length(u16),
  /** The table that it is in, 0 to 254. */
  tableId: u8,
  _pad1: pad(1),
  /** How long the flow has been there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
  /** 0 to 65535; the higher wins. */
  priority: u16,
  /** Seconds; 0 is none. */
  idleTimeout: u16,
  /** Seconds; 0 is none. */
  hardTimeout: u16,
  /** A bitmap of OFPFF. */
  flags: u16,
  _pad2: pad(4),
  /** What the controller marked it with. */
  cookie: u64,
  /** Packets that it matched. */
  packetCount: u64,
  /** Bytes that it matched. */
  byteCount: u64,
  match: matchStruct,
  instructions,
});

/** One flow of a flow reply [OF1.3.5 7.3.5.2]. */
export type FlowStats = Infer<typeof flowStats>;

/** Asks for flows. */
export const flowStatsRequest = struct('flow', flowFilter);

/** Flows, in as many parts as it takes [OF1.3.5 7.3.5.2]. */
export const flowStatsReply = struct('flow', { entries: listOf(flowStats) });

/** Asks for the sums over flows. */
export const aggregateRequest = struct('aggregate', flowFilter);

/** The sums over all flows that were asked for [OF1.3.5 7.3.5.3]. */
export const aggregateReply = struct('aggregate', {
  /** Packets that they matched together. */
  packetCount: u64,
  /** Bytes that they matched together. */
  byteCount: u64,
  /** How many flows there are. */
  flowCount: u32,
  _pad: pad(4),
});
