/** The IPv6 header [RFC 8200 3] and its extension headers [RFC 8200 4], each a header of its own in a packet. */
import { packed, pad, struct, u16, u32, u8 } from '../lib/struct/index.js';
import { countedBy, ipv6Address } from './fields.js';

/** The IPv6 header [RFC 8200 3]. */
export const ipv6 = struct('ipv6', {
  ...packed(u32, {
    _version: { width: 4, value: 6 },
    /** Differentiated services code point, 0 to 63 [RFC 2474 3]. */
    dscp: 6,
    /** Explicit congestion notification, 0 to 3 [RFC 3168 5]. */
    ecn: 2,
    /** Flow label, 20 bits; 0: none [RFC 6437]. */
    flowLabel: 20,
  }),
  /** Bytes behind this header, extension headers included. */
  payloadLength: u16,
  /** What follows, one of `IpProtocol`. */
  nextHeader: u8,
  /** Routers that may still be passed; Neighbor Discovery demands 255 [RFC 4861 7.1]. */
  hopLimit: u8,
  /** Source address; 0 while a host has none yet [RFC 4291 2.5.2]. */
  src: ipv6Address,
  /** Destination address. */
  dst: ipv6Address,
});

const extension = {
  /** What follows, one of `IpProtocol`. */
  nextHeader: u8,
  /** Length of this header in units of 8 bytes, the first 8 not counted. */
  hdrExtLen: u8,
  /** The rest of this header, as it stands. */
  data: countedBy('hdrExtLen', units => 8 * units + 6),
} as const;

/** Options that every router looks at [RFC 8200 4.3]. */
export const hopByHop = struct('hop_by_hop', extension);

/** The way to be taken [RFC 8200 4.4]. */
export const routing = struct('routing', extension);

/** Options for the destination alone [RFC 8200 4.6]. */
export const destinationOptions = struct('destination_options', extension);

/** Says which part of a packet this is [RFC 8200 4.5]. */
export const fragment = struct('fragment', {
  /** What follows in the whole packet, one of `IpProtocol`. */
  nextHeader: u8,
  _reserved: pad(1),
  ...packed(u16, {
    /** Where this fragment begins in the part that was cut, in units of 8 bytes. */
    fragmentOffset: 13,
    _reserved2: { width: 2 },
    /** 1: more fragments follow this one. */
    moreFragments: 1,
  }),
  /** Tells the fragments of one packet from those of others. */
  identification: u32,
});

/** Authentication of what follows, which stays readable [RFC 4302 2]. */
export const authentication = struct('authentication', {
  /** What follows, one of `IpProtocol`. */
  nextHeader: u8,
  /** Length of this header in 32-bit words, less 2. */
  payloadLen: u8,
  /** Reserved bytes, security parameters index, sequence number and check value, as they stand. */
  data: countedBy('payloadLen', words => 4 * words + 6),
});
