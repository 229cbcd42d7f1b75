/** Groups [OF1.3.5 7.3.4.2]. */
import { named, length, listOf, pad, struct, u16, u32, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { actions } from '../actions.js';
import { header } from './header.js';

/** `weight` is for select groups, the two watches for fast failover; Port.ANY and Group.ANY are none. */
export const bucket = struct('bucket', {
  _length: length(u16),
  weight: u16,
  watchPort: u32,
  watchGroup: u32,
  _pad: pad(4),
  actions,
});
export type Bucket = Infer<typeof bucket>;

export const groupTypes = { all: 0, select: 1, indirect: 2, ff: 3 } as const;

/** `add_or_mod` is Open vSwitch's: it makes the group, or replaces the one that is there. */
const groupCommands = { add: 0, modify: 1, delete: 2, add_or_mod: 0x8000 } as const;

export const groupMod = struct('group_mod', {
  ...header(15),
  command: named(u16, groupCommands),
  groupType: named(u8, groupTypes),
  _pad: pad(1),
  groupId: u32,
  buckets: listOf(bucket),
});
