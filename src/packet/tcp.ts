import { packed, struct, u16, u32 } from '../lib/struct/index.js';
import { countedBy } from './fields.js';

/** The bits of a TCP header's `flags` [RFC 9293 3.1, RFC 3168 6.1]. */
export const TcpFlag = {
  FIN: 0x01,
  SYN: 0x02,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ECE: 0x40,
  CWR: 0x80,
} as const;

/** The TCP header [RFC 9293 3.1]. */
export const tcp = struct('tcp', {
  /** Source port. */
  srcPort: u16,
  /** Destination port. */
  dstPort: u16,
  /** Sequence number of the first byte of the payload; of the SYN itself, where it is set. */
  sequence: u32,
  /** The next sequence number that the sender awaits, where ACK is set. */
  acknowledgment: u32,
  ...packed(u16, {
    /** Length of the header in 32-bit words, 5 to 15: 5 and those of `options`. */
    dataOffset: 4,
    /** Bits of `TcpFlag`; the upper four are reserved, and kept. The match field tcp_flags has the same 12 bits. */
    flags: 12,
  }),
  /** Bytes that the sender takes, before any window scale [RFC 7323 2]. */
  window: u16,
  /** Internet checksum of header, payload and a pseudo-header. */
  checksum: u16,
  /** Where urgent data ends, counted from `sequence`, where URG is set. */
  urgentPointer: u16,
  /** Options as they stand, padding included: a multiple of 4 bytes, 40 at most. */
  options: countedBy('dataOffset', words => 4 * (words - 5)),
});
