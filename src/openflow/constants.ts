/** Numbers of the standard by the standard's own names [OF1.3.5 section 7]: `OFPP.LOCAL` is OFPP_LOCAL. */

/** OpenFlow 1.3 on the wire [OF1.3.5 7.1]. */
export const OFP_VERSION = 4;
/** The port that a controller listens on unless told otherwise [OF1.3.5 6.3.1]. */
export const OFP_TCP_PORT = 6653;
/** A frame's length field has 16 bits [OF1.3.5 7.1]. */
export const maxFrame = 0xffff;

/** Types of messages [OF1.3.5 7.1]. */
export const OFPT = {
  HELLO: 0,
  ERROR: 1,
  ECHO_REQUEST: 2,
  ECHO_REPLY: 3,
  EXPERIMENTER: 4,
  FEATURES_REQUEST: 5,
  FEATURES_REPLY: 6,
  GET_CONFIG_REQUEST: 7,
  GET_CONFIG_REPLY: 8,
  SET_CONFIG: 9,
  PACKET_IN: 10,
  FLOW_REMOVED: 11,
  PORT_STATUS: 12,
  PACKET_OUT: 13,
  FLOW_MOD: 14,
  GROUP_MOD: 15,
  PORT_MOD: 16,
  TABLE_MOD: 17,
  MULTIPART_REQUEST: 18,
  MULTIPART_REPLY: 19,
  BARRIER_REQUEST: 20,
  BARRIER_REPLY: 21,
  QUEUE_GET_CONFIG_REQUEST: 22,
  QUEUE_GET_CONFIG_REPLY: 23,
  ROLE_REQUEST: 24,
  ROLE_REPLY: 25,
  GET_ASYNC_REQUEST: 26,
  GET_ASYNC_REPLY: 27,
  SET_ASYNC: 28,
  METER_MOD: 29,
} as const;

/** Types of multipart messages [OF1.3.5 7.3.5]. */
export const OFPMP = {
  DESC: 0,
  FLOW: 1,
  AGGREGATE: 2,
  TABLE: 3,
  PORT_STATS: 4,
  QUEUE: 5,
  GROUP: 6,
  GROUP_DESC: 7,
  GROUP_FEATURES: 8,
  METER: 9,
  METER_CONFIG: 10,
  METER_FEATURES: 11,
  TABLE_FEATURES: 12,
  PORT_DESC: 13,
  EXPERIMENTER: 0xffff,
} as const;
/** Flag of a multipart request: more parts follow [OF1.3.5 7.3.5]. */
export const OFPMPF_REQ_MORE = 1;
/** Flag of a multipart reply: more parts follow [OF1.3.5 7.3.5]. */
export const OFPMPF_REPLY_MORE = 1;

/** Reserved port numbers [OF1.3.5 7.2.1]. */
export const OFPP = {
  /** The highest number that a port can have. */
  MAX: 0xffffff00,
  /** Where the packet came in. */
  IN_PORT: 0xfffffff8,
  /** The first table: in a packet_out only. */
  TABLE: 0xfffffff9,
  /** What a switch does by itself, without OpenFlow. */
  NORMAL: 0xfffffffa,
  /** All ports but the one where the packet came in, and those that are not to be flooded. */
  FLOOD: 0xfffffffb,
  /** All ports but the one where the packet came in. */
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  /** The switch's own port. */
  LOCAL: 0xfffffffe,
  /** No port, and any. */
  ANY: 0xffffffff,
} as const;
/** A port's `config` [OF1.3.5 7.2.1]. */
export const OFPPC = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;
/** A port's `state` [OF1.3.5 7.2.1]. */
export const OFPPS = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;
/** What a port can do: its speeds in half and full duplex, its medium, and what it negotiates [OF1.3.5 7.2.1]. */
export const OFPPF = {
  '10MB_HD': 1,
  '10MB_FD': 2,
  '100MB_HD': 4,
  '100MB_FD': 8,
  '1GB_HD': 16,
  '1GB_FD': 32,
  '10GB_FD': 64,
  '40GB_FD': 128,
  '100GB_FD': 256,
  '1TB_FD': 512,
  OTHER: 1024,
  COPPER: 2048,
  FIBER: 4096,
  AUTONEG: 8192,
  PAUSE: 16384,
  PAUSE_ASYM: 32768,
} as const;
/** What happened to a port [OF1.3.5 7.4.3]. */
export const OFPPR = { ADD: 0, DELETE: 1, MODIFY: 2 } as const;

/** All queues of a port [OF1.3.5 7.3.5.8]. */
export const OFPQ_ALL = 0xffffffff;
/** The `rate` of a queue that is guaranteed none [OF1.3.5 7.2.2]. */
export const OFPQ_MIN_RATE_UNCFG = 0xffff;
/** The `rate` of a queue that has no limit [OF1.3.5 7.2.2]. */
export const OFPQ_MAX_RATE_UNCFG = 0xffff;

/** Group numbers: the highest, all, and "no group" [OF1.3.5 7.3.4.2]. */
export const OFPG = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;
/** Types of groups, as bits of group_features [OF1.3.5 7.3.4.2]. */
export const OFPGT = { ALL: 0, SELECT: 1, INDIRECT: 2, FF: 3 } as const;
/** What groups can do [OF1.3.5 7.3.5.11]. */
export const OFPGFC = { SELECT_WEIGHT: 1, SELECT_LIVENESS: 2, CHAINING: 4, CHAINING_CHECKS: 8 } as const;

/** Meter numbers: the highest, the virtual ones, and all [OF1.3.5 7.3.4.4]. */
export const OFPM = {
  MAX: 0xffff0000,
  SLOWPATH: 0xfffffffd,
  CONTROLLER: 0xfffffffe,
  ALL: 0xffffffff,
} as const;
/** Flags of a meter_mod: exactly one of KBPS and PKTPS [OF1.3.5 7.3.4.4]. */
export const OFPMF = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;
/** Types of meter bands, as bits of meter_features [OF1.3.5 7.3.4.4]. */
export const OFPMBT = { DROP: 1, DSCP_REMARK: 2, EXPERIMENTER: 0xffff } as const;

/** Table numbers: the highest, and all [OF1.3.5 7.3.3]. */
export const OFPTT = { MAX: 254, ALL: 255 } as const;
/** A table's `config`: nothing in OpenFlow 1.3, these bits in 1.1 and 1.2 [OF1.3.5 7.3.3]. */
export const OFPTC = { DEPRECATED_MASK: 3 } as const;

/** The priority that ovs-ofctl gives to a flow that names none [OF1.3.5 7.3.4.1]. */
export const OFP_DEFAULT_PRIORITY = 0x8000;
/** The timeout of a flow that stays [OF1.3.5 7.3.4.1]. */
export const OFP_FLOW_PERMANENT = 0;
/** Flags of a flow_mod [OF1.3.5 7.3.4.1]. */
export const OFPFF = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;
/** Why a flow was removed [OF1.3.5 7.4.2]. */
export const OFPRR = { IDLE_TIMEOUT: 0, HARD_TIMEOUT: 1, DELETE: 2, GROUP_DELETE: 3 } as const;

/** Types of instructions, as table_features lists them [OF1.3.5 7.2.4]. */
export const OFPIT = {
  GOTO_TABLE: 1,
  WRITE_METADATA: 2,
  WRITE_ACTIONS: 3,
  APPLY_ACTIONS: 4,
  CLEAR_ACTIONS: 5,
  METER: 6,
  EXPERIMENTER: 0xffff,
} as const;
/** Types of actions, as table_features lists them, and bits of group_features [OF1.3.5 7.2.5]. */
export const OFPAT = {
  OUTPUT: 0,
  COPY_TTL_OUT: 11,
  COPY_TTL_IN: 12,
  SET_MPLS_TTL: 15,
  DEC_MPLS_TTL: 16,
  PUSH_VLAN: 17,
  POP_VLAN: 18,
  PUSH_MPLS: 19,
  POP_MPLS: 20,
  SET_QUEUE: 21,
  GROUP: 22,
  SET_NW_TTL: 23,
  DEC_NW_TTL: 24,
  SET_FIELD: 25,
  PUSH_PBB: 26,
  POP_PBB: 27,
  EXPERIMENTER: 0xffff,
} as const;

/** "The packet is in the message, not in a buffer of the switch" [OF1.3.5 7.3.7]. */
export const OFP_NO_BUFFER = 0xffffffff;
/** How much of a packet to send to the controller: the highest number that counts bytes [OF1.3.5 7.2.5]. */
export const OFPCML_MAX = 0xffe5;
/** How much of a packet to send to the controller: all of it [OF1.3.5 7.2.5]. */
export const OFPCML_NO_BUFFER = 0xffff;
/** Why a packet_in was sent [OF1.3.5 7.4.1]. */
export const OFPR = { NO_MATCH: 0, ACTION: 1, INVALID_TTL: 2 } as const;

/** What a switch can do, in its features_reply [OF1.3.5 7.3.1]. */
export const OFPC = {
  FLOW_STATS: 1,
  TABLE_STATS: 2,
  PORT_STATS: 4,
  GROUP_STATS: 8,
  IP_REASM: 32,
  QUEUE_STATS: 64,
  PORT_BLOCKED: 256,
} as const;
/** What a switch does with IP fragments, in `flags` of its configuration [OF1.3.5 7.3.2]. */
export const OFPC_FRAG = { NORMAL: 0, DROP: 1, REASM: 2, MASK: 3 } as const;

/** Why a controller's role changed [ONF extension 191]. */
export const OFPCRR = { MASTER_REQUEST: 0, CONFIG: 1, EXPERIMENTER: 2 } as const;
/** Flags of a flow monitor [ONF extension 187]: what to tell of, and how. */
export const OFPFMF = {
  /** The flows that are there when it begins. */
  INITIAL: 1,
  ADD: 2,
  DELETE: 4,
  MODIFY: 8,
  /** With their instructions. */
  ACTIONS: 16,
  /** What this controller itself does in full, not as `abbrev`. */
  OWN: 32,
} as const;
/** Flags of a bundle [ONF extension 230]. */
export const OFPBF = { ATOMIC: 1, ORDERED: 2 } as const;

/** vlan_vid's bit that says "there is a tag" [OF1.3.5 7.2.3.8]. */
export const OFPVID_PRESENT = 0x1000;
/** vlan_vid of a packet with no tag [OF1.3.5 7.2.3.8]. */
export const OFPVID_NONE = 0;

/** Flags of the learn action (Open vSwitch, nx_learn_flags). */
export const LearnFlag = { SEND_FLOW_REM: 1, DELETE_LEARNED: 2, WRITE_RESULT: 4 } as const;
/** `inPort` of a resubmit that keeps the packet's own port. */
export const NX_RESUBMIT_IN_PORT = 0xfff8;

/** Forms of packet_in (Open vSwitch, nx_packet_in_format). */
export const NXPIF = { STANDARD: 0, NXT_PACKET_IN: 1, NXT_PACKET_IN2: 2 } as const;

/** Who defines an extension: numbers that IEEE or ONF has given out [OF1.3.5 7.5.4]. */
export const Experimenter = { ONF: 0x4f4e4600, NICIRA: 0x00002320 } as const;
