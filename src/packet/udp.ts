import { struct, u16 } from '../lib/struct/index.js';

/** The UDP header [RFC 768]. */
export const udp = struct('udp', {
  /** Source port. */
  srcPort: u16,
  /** Destination port. */
  dstPort: u16,
  /** Bytes of header and payload, 8 at least. */
  length: u16,
  /** Internet checksum of header, payload and a pseudo-header; 0: none was made, which IPv4 allows. */
  checksum: u16,
});
