/** Groups [OF1.3.5 7.3.4.2] and what is said of them [OF1.3.5 7.3.5.9 to 7.3.5.11]. */
import { named, length, listOf, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { actions } from '../actions/actions.js';
import { header } from './header.js';

/** One list of actions of a group [OF1.3.5 7.3.4.2]. */
export const bucket = struct('bucket', {
  _length: length(u16),
  /** Relative share of the packets: for select groups only, else 0. */
  weight: u16,
  /** The bucket is live while this port is: for fast failover groups; else OFPP.ANY, which is none. */
  watchPort: u32,
  /** The bucket is live while this group is: for fast failover groups; else OFPG.ANY, which is none. */
  watchGroup: u32,
  _pad: pad(4),
  actions,
});

/** One list of actions of a group [OF1.3.5 7.3.4.2]. */
export type Bucket = Infer<typeof bucket>;

/** Which buckets of a group a packet goes through: `ff` (fast failover) is the first that is live [OF1.3.5 5.6.1]. */
export const groupTypes = { all: 0, select: 1, indirect: 2, ff: 3 } as const;

/** `add_or_mod` is Open vSwitch's: it makes the group, or replaces the one that is there. */
const groupCommands = { add: 0, modify: 1, delete: 2, add_or_mod: 0x8000 } as const;

/** Makes, changes or deletes a group [OF1.3.5 7.3.4.2]. */
export const groupMod = struct('group_mod', {
  ...header(15),
  /** `add_or_mod` is Open vSwitch's: it makes the group, or replaces the one that is there. */
  command: named(u16, groupCommands),
  /** Which buckets a packet goes through: all of them, one by weight, the only one, the first that is live. */
  groupType: named(u8, groupTypes),
  _pad: pad(1),
  /** 0 to OFPG.MAX; OFPG.ALL deletes all groups. */
  groupId: u32,
  /** Left unread where the command deletes. */
  buckets: listOf(bucket),
});

/** One group of a group_desc reply [OF1.3.5 7.3.5.10]. */
export const groupDesc = struct('group_desc', {
  _length: length(u16),
  /** Which buckets a packet goes through: all of them, one by weight, the only one, the first that is live. */
  groupType: named(u8, groupTypes),
  _pad: pad(1),
  /** 0 to OFPG.MAX. */
  groupId: u32,
  buckets: listOf(bucket),
});

/** One group of a group_desc reply [OF1.3.5 7.3.5.10]. */
export type GroupDesc = Infer<typeof groupDesc>;

/** Asks for the buckets of all groups. */
export const groupDescRequest = struct('group_desc', {});

/** All groups, in as many parts as it takes [OF1.3.5 7.3.5.10]. */
export const groupDescReply = struct('group_desc', { entries: listOf(groupDesc) });

/** What went through one bucket. A counter of all ones is one that the switch does not keep. */
const bucketCounter = struct('bucket_counter', {
  /** Packets that went through it. */
  packetCount: u64,
  /** Bytes that went through it. */
  byteCount: u64,
});

/** What went through one bucket [OF1.3.5 7.3.5.9]. */
export type BucketCounter = Infer<typeof bucketCounter>;

/** One group of a group reply [OF1.3.5 7.3.5.9]. A counter of all ones is one that the switch does not keep. */
const groupStats = struct('group_stats', {
  _length: length(u16),
  _pad1: pad(2),
  /** 0 to OFPG.MAX. */
  groupId: u32,
  /** Flows and groups that lead to this group. */
  refCount: u32,
  _pad2: pad(4),
  /** Packets that went through it. */
  packetCount: u64,
  /** Bytes that went through it. */
  byteCount: u64,
  /** How long the group has been there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
  /** One for each bucket, in the order of the buckets. */
  bucketStats: listOf(bucketCounter),
});

/** One group of a group reply [OF1.3.5 7.3.5.9]. */
export type GroupStats = Infer<typeof groupStats>;

/** Asks for the counters of groups. */
export const groupStatsRequest = struct('group', {
  /** OFPG.ALL is all groups. */
  groupId: u32,
  _pad: pad(4),
});

/** The counters of groups, in as many parts as it takes [OF1.3.5 7.3.5.9]. */
export const groupStatsReply = struct('group', { entries: listOf(groupStats) });

/** A number for each type of group. */
const byGroupType = struct('by_group_type', {
  /** For groups of type all. */
  all: u32,
  /** For groups of type select. */
  select: u32,
  /** For groups of type indirect. */
  indirect: u32,
  /** For groups of type fast failover. */
  ff: u32,
});

/** Asks what groups the switch can do. */
export const groupFeaturesRequest = struct('group_features', {});

/** What groups the switch can do [OF1.3.5 7.3.5.11]. */
export const groupFeaturesReply = struct('group_features', {
  /** A bitmap of OFPGT: bit 0 is set where there are groups of type "all", and so on. */
  types: u32,
  /** A bitmap of OFPGFC. */
  capabilities: u32,
  /** How many groups of a type there can be. */
  maxGroups: byGroupType,
  /** A bitmap of OFPAT for each type: the actions that its buckets can hold. */
  actions: byGroupType,
});
