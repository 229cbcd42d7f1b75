/** Numbers of Open vSwitch's own actions (nicira-ext). */

/** Flags of `ct`. FORCE only with COMMIT. */
export const CtFlag = { COMMIT: 1, FORCE: 2 } as const;
/** `recircTable` of a `ct` that does not go on in a table after the packet was tracked. */
export const NX_CT_RECIRC_NONE = 0xff;
/** `alg` of a `ct`: the TCP or UDP port that names the application layer gateway; 0 is none. */
export const CtAlg = { NONE: 0, FTP: 21, TFTP: 69 } as const;
/** Flags of `nat`: SRC or DST, or neither for "as this connection was translated before". PROTO_HASH or PROTO_RANDOM. */
export const NatFlag = { SRC: 1, DST: 2, PERSISTENT: 4, PROTO_HASH: 8, PROTO_RANDOM: 16 } as const;

/** What `multipath` and `bundle` hash. SYMMETRIC ones give both directions of a connection the same hash. */
export const NxHashFields = {
  ETH_SRC: 0,
  SYMMETRIC_L4: 1,
  SYMMETRIC_L3L4: 2,
  SYMMETRIC_L3L4_UDP: 3,
  NW_SRC: 4,
  NW_DST: 5,
  SYMMETRIC_L3: 6,
} as const;
/** How `multipath` makes a link's number from a hash. HRW: highest random weight. */
export const NxMultipathAlgorithm = { MODULO_N: 0, HASH_THRESHOLD: 1, HRW: 2, ITER_HASH: 3 } as const;
/** How `bundle` and `bundle_load` choose a member. */
export const NxBundleAlgorithm = { ACTIVE_BACKUP: 0, HRW: 1 } as const;

/** Which way a `sample3` sees the packet go. */
export const SampleDirection = { DEFAULT: 0, INGRESS: 1, EGRESS: 2 } as const;

/** Bits of ct_state: a new, established or related connection; a reply; invalid; tracked at all; translated. */
export const CtState = {
  NEW: 0x01,
  EST: 0x02,
  REL: 0x04,
  RPL: 0x08,
  INV: 0x10,
  TRK: 0x20,
  SNAT: 0x40,
  DNAT: 0x80,
} as const;
