import type { Vtep } from '../lib/vtep.js';
import type { Bucket, GroupMod, Instruction, Match, MeterBand } from '../openflow/index.js';

/** A flow that an app wants in a switch for as long as it says so: no timeouts, since those go on while Heddle is away. */
export interface Flow {
  readonly table: number;
  readonly priority: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

export interface Group {
  /** From `groupIds` below: the reconciler takes only those for Heddle's own. */
  readonly id: number;
  readonly groupType: GroupMod['groupType'];
  readonly buckets: readonly Bucket[];
}

/** Flows send packets through it by the `meter` instruction. */
export interface Meter {
  /** From `Setup.numberMeters`: the reconciler takes only those for Heddle's own. */
  readonly id: number;
  /** A bitmap of OFPMF: exactly one of KBPS and PKTPS. */
  readonly flags: number;
  readonly bands: readonly MeterBand[];
}

/** What an app wants in one switch: the whole truth about its part of it. */
export interface Program {
  /** A flow that is the same object as in the program before is not looked at again: give a changed one as a new object. */
  readonly flows: readonly Flow[];
  /**
   * More flows, in lists that are never edited: one that is the same object as in the program before is not even looked
   * into, so that a change among 50,000 flows costs what is in its own list. Left out: none.
   */
  readonly blocks?: readonly (readonly Flow[])[];
  readonly groups: readonly Group[];
  /** Left out: none. */
  readonly meters?: readonly Meter[];
  /** Cookies under which the switch may keep flows that its own `learn` actions wrote; others of ours are deleted. */
  readonly learned: ReadonlySet<bigint>;
  /**
   * What of this app's is in the switch, is not wanted here, and stays all the same, as it may be wanted after all: what
   * sends to one of these tunnel addresses (their hosts have not been read since the start), or all of it, while the app
   * can say nothing of this switch. Left out: nothing stays.
   */
  readonly keep?: Keep;
}

export type Keep = 'all' | ReadonlySet<Vtep>;

export const emptyProgram: Program = { flows: [], groups: [], learned: new Set() };

/**
 * Groups have no cookies, so ours are told by their ids: the first byte is 0x48 for a network's local members and 0x49
 * for its flood list, and the rest is the VNI. A switch's groups can then be compared with no memory of the past.
 *
 * A group that no message has room for is made of parts, groups of their own, which the reconciler makes: 0x4a to 0x51
 * for a local one, 0x52 to 0x59 for a flood list. Networks on the wire have 0x5a and 0x5b: their groups hold one host's ports, and
 * are never that large.
 */
export const groupIds = {
  local: (vni: number): number => (isWire(vni) ? 0x5a000000 : 0x48000000) + (vni & 0xffffff),
  flood: (vni: number): number => (isWire(vni) ? 0x5b000000 : 0x49000000) + (vni & 0xffffff),
  /** What a host sends on for others. */
  relay: (vni: number): number => 0x5c000000 + (vni & 0xffffff),
  /** @param index 0 to 7 */
  part: (id: number, index: number): number =>
    ((id >>> 24 === 0x48 ? 0x4a : 0x52) + index) * 2 ** 24 + (id & 0xffffff),
  /** The group that a part belongs to. */
  wholeOf: (part: number): number => (part >>> 24 < 0x52 ? 0x48000000 : 0x49000000) + (part & 0xffffff),
  isPart: (id: number): boolean => id >>> 24 >= 0x4a && id >>> 24 <= 0x59,
  isOurs: (id: number): boolean => id >>> 24 >= 0x48 && id >>> 24 <= 0x5c,
} as const;

/** Numbers above all VNIs are those of networks on the wire (config.ts, wireNumber). */
const isWire = (vni: number): boolean => vni >= 2 ** 24;

/** So many parts a group may have. */
export const maxGroupParts = 8;
