/** Numbers of the standard by the standard's own names [OF1.3.5 section 7]: `OFPP.LOCAL` is OFPP_LOCAL. */

export const OFP_VERSION = 4;
/** A frame's length field has 16 bits [OF1.3.5 7.1]. */
export const maxFrame = 0xffff;

/** Reserved port numbers [OF1.3.5 7.2.1]. */
export const OFPP = {
  MAX: 0xffffff00,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

export const OFPG = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;
export const OFPM = {
  MAX: 0xffff0000,
  SLOWPATH: 0xfffffffd,
  CONTROLLER: 0xfffffffe,
  ALL: 0xffffffff,
} as const;
export const OFPTT = { MAX: 254, ALL: 255 } as const;

/** "The packet is in the message, not in a buffer of the switch." */
export const OFP_NO_BUFFER = 0xffffffff;
/** How much of a packet to send to the controller: all of it. */
export const OFPCML_NO_BUFFER = 0xffff;

/** Flags of a flow_mod. */
export const OFPFF = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;
/** Flags of a meter_mod: exactly one of KBPS and PKTPS. */
export const OFPMF = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;
/** Why a packet_in was sent. */
export const OFPR = { NO_MATCH: 0, ACTION: 1, INVALID_TTL: 2 } as const;
/** Why a flow was removed. */
export const OFPRR = { IDLE_TIMEOUT: 0, HARD_TIMEOUT: 1, DELETE: 2, GROUP_DELETE: 3 } as const;
/** What happened to a port. */
export const OFPPR = { ADD: 0, DELETE: 1, MODIFY: 2 } as const;
export const OFPPC = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;
export const OFPPS = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;
/** Flag of a multipart reply: more parts follow. */
export const OFPMPF_REPLY_MORE = 1;
/** Flags of a bundle [ONF extension 230]. */
export const OFPBF = { ATOMIC: 1, ORDERED: 2 } as const;
/** vlan_vid's bit that says "there is a tag" [OF1.3.5 7.2.3.8]. */
export const OFPVID_PRESENT = 0x1000;

/** Flags of the learn action (Open vSwitch, nx_learn_flags). */
export const LearnFlag = { SEND_FLOW_REM: 1, DELETE_LEARNED: 2, WRITE_RESULT: 4 } as const;
/** `inPort` of a resubmit that keeps the packet's own port. */
export const NX_RESUBMIT_IN_PORT = 0xfff8;

export const Experimenter = { ONF: 0x4f4e4600, NICIRA: 0x00002320 } as const;
