/** Flows [OF1.3.5 7.3.4.1, 7.4.2]. Timeouts are in seconds, 0 is none. */
import { named, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { instructions } from '../actions/instructions.js';
import { matchStruct } from '../fields/match.js';
import { header } from './header.js';

const commands = { add: 0, modify: 1, modify_strict: 2, delete: 3, delete_strict: 4 } as const;

/** Adds, changes or deletes flows [OF1.3.5 7.3.4.1]. */
export const flowMod = struct('flow_mod', {
  ...header(14),
  /** What the controller marks the flow with; the switch gives it back. */
  cookie: u64,
  /** For changes and deletions: the bits of `cookie` in which a flow must agree; 0 is no condition. */
  cookieMask: u64,
  /** 0 to OFPTT.MAX; OFPTT.ALL deletes from all tables. */
  tableId: u8,
  /** The strict ones take the flow of exactly this match and priority; the others, all flows that the match covers. */
  command: named(u8, commands),
  /** Seconds without a packet after which the flow goes; 0 is none. */
  idleTimeout: u16,
  /** Seconds after which the flow goes; 0 is none. */
  hardTimeout: u16,
  /** 0 to 65535; the higher wins. */
  priority: u16,
  /** A packet that the switch keeps, which goes through the new flow; OFP_NO_BUFFER is none. */
  bufferId: u32,
  /** For deletions: only flows that output to this port; OFPP.ANY is no condition. */
  outPort: u32,
  /** For deletions: only flows that lead to this group; OFPG.ANY is no condition. */
  outGroup: u32,
  /** A bitmap of OFPFF. */
  flags: u16,
  _pad: pad(2),
  match: matchStruct,
  instructions,
});

/** A flow went, which had OFPFF.SEND_FLOW_REM [OF1.3.5 7.4.2]. */
export const flowRemoved = struct('flow_removed', {
  ...header(11),
  /** The flow's own. */
  cookie: u64,
  /** The flow's own, 0 to 65535. */
  priority: u16,
  /** One of OFPRR. */
  reason: u8,
  /** The table that it was in, 0 to 254. */
  tableId: u8,
  /** How long the flow was there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
  /** Seconds; 0 is none. */
  idleTimeout: u16,
  /** Seconds; 0 is none. */
  hardTimeout: u16,
  /** Packets that it matched; all ones where the switch does not count. */
  packetCount: u64,
  /** Bytes that it matched; all ones where the switch does not count. */
  byteCount: u64,
  match: matchStruct,
});
