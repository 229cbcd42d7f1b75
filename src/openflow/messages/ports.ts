/** Ports [OF1.3.5 7.2.1, 7.3.4.3, 7.3.5.6, 7.3.5.7, 7.4.3]. */
import { listOf, mac, pad, struct, text, u32, u64, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';

/** A port as port_desc and port_status describe it [OF1.3.5 7.2.1]. */
export const port = struct('port', {
  /** 1 to OFPP.MAX, or OFPP.LOCAL. */
  portNo: u32,
  _pad1: pad(4),
  /** The port's own Ethernet address. */
  hwAddr: mac,
  _pad2: pad(2),
  /** 16 bytes of UTF-8 at most. */
  name: text(16),
  /** A bitmap of OFPPC: what an administrator has set. */
  config: u32,
  /** A bitmap of OFPPS: how the port is. */
  state: u32,
  /** A bitmap of OFPPF: what it does now. */
  curr: u32,
  /** A bitmap of OFPPF: what it says to its peer that it can do. */
  advertised: u32,
  /** A bitmap of OFPPF: what it can do. */
  supported: u32,
  /** A bitmap of OFPPF: what its peer says that it can do. */
  peer: u32,
  /** The speed now, in kbit/s. */
  currSpeed: u32,
  /** The highest speed, in kbit/s. */
  maxSpeed: u32,
});

/** A port as port_desc and port_status describe it. */
export type Port = Infer<typeof port>;

/** A port came, went or changed [OF1.3.5 7.4.3]. */
export const portStatus = struct('port_status', {
  ...header(12),
  /** One of OFPPR. */
  reason: u8,
  _pad: pad(7),
  desc: port,
});

/** Sets those bits of `config` that are 1 in `mask` [OF1.3.5 7.3.4.3]. */
export const portMod = struct('port_mod', {
  ...header(16),
  /** 1 to OFPP.MAX, or OFPP.LOCAL. */
  portNo: u32,
  _pad1: pad(4),
  /** Must be the port's own, as a check that both sides mean the same port. */
  hwAddr: mac,
  _pad2: pad(2),
  /** A bitmap of OFPPC. */
  config: u32,
  /** A bitmap of OFPPC: the bits that are to change. */
  mask: u32,
  /** A bitmap of OFPPF; 0 leaves what is advertised as it is. */
  advertise: u32,
  _pad3: pad(4),
});

/** Asks for all ports. */
export const portDescRequest = struct('port_desc', {});

/** All ports [OF1.3.5 7.3.5.7]. */
export const portDescReply = struct('port_desc', { entries: listOf(port) });

/** One port of a port_stats reply [OF1.3.5 7.3.5.6]. A counter of all ones is one that the switch does not keep. */
const portStats = struct('port_stats', {
  /** 1 to OFPP.MAX, or OFPP.LOCAL. */
  portNo: u32,
  _pad: pad(4),
  /** Packets received. */
  rxPackets: u64,
  /** Packets sent. */
  txPackets: u64,
  /** Bytes received. */
  rxBytes: u64,
  /** Bytes sent. */
  txBytes: u64,
  /** Packets that came in and were dropped. */
  rxDropped: u64,
  /** Packets that were to be sent and were dropped. */
  txDropped: u64,
  /** All receive errors; the three below are some of them. */
  rxErrors: u64,
  /** All errors as packets were sent. */
  txErrors: u64,
  /** Frames out of alignment. */
  rxFrameErr: u64,
  /** Packets that overran the receiver. */
  rxOverErr: u64,
  /** Packets with a wrong checksum of the frame. */
  rxCrcErr: u64,
  /** Collisions on the medium. */
  collisions: u64,
  /** How long the port has been there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
});

/** One port of a port_stats reply [OF1.3.5 7.3.5.6]. */
export type PortStats = Infer<typeof portStats>;

/** Asks for the counters of ports. */
export const portStatsRequest = struct('port_stats', {
  /** OFPP.ANY is all ports. */
  portNo: u32,
  _pad: pad(4),
});

/** The counters of ports, in as many parts as it takes [OF1.3.5 7.3.5.6]. */
export const portStatsReply = struct('port_stats', { entries: listOf(portStats) });
