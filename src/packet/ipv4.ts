import { packed, struct, u16, u8 } from '../lib/struct/index.js';
import { countedBy, ipv4Address } from './fields.js';

/** The IPv4 header [RFC 791 3.1]. */
export const ipv4 = struct('ipv4', {
  ...packed(u8, {
    _version: { width: 4, value: 4 },
    /** Length of the header in 32-bit words, 5 to 15: 5 and those of `options`. */
    ihl: 4,
  }),
  ...packed(u8, {
    /** Differentiated services code point, 0 to 63 [RFC 2474 3]. */
    dscp: 6,
    /** Explicit congestion notification, 0 to 3: 0 not capable, 3 congestion met [RFC 3168 5]. */
    ecn: 2,
  }),
  /** Bytes of header and payload. */
  totalLength: u16,
  /** Tells the fragments of one packet from those of others [RFC 6864]. */
  identification: u16,
  ...packed(u16, {
    _reserved: { width: 1 },
    /** 1: must not be fragmented. */
    dontFragment: 1,
    /** 1: more fragments follow this one. */
    moreFragments: 1,
    /** Where this fragment begins in the whole payload, in units of 8 bytes. */
    fragmentOffset: 13,
  }),
  /** Time to live: routers that may still be passed. */
  ttl: u8,
  /** What follows, one of `IpProtocol`. */
  protocol: u8,
  /** Internet checksum of the header alone [RFC 1071]. */
  checksum: u16,
  /** Source address. */
  src: ipv4Address,
  /** Destination address. */
  dst: ipv4Address,
  /** Options as they stand, padding included: a multiple of 4 bytes, 40 at most. */
  options: countedBy('ihl', words => 4 * (words - 5)),
});
