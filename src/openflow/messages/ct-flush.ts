/** Forgetting tracked connections (Open vSwitch, nicira-ext). */
import { bytes, constant, length, listOf, pad, struct, u16, u8, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { niciraHeader } from './header.js';
import { unknownProperty } from '../unknown.js';

/** Forgets all connections of a zone. */
export const nxCtFlushZone = struct('nx_ct_flush_zone', {
  ...niciraHeader(29),
  _pad: pad(6),
  /** 0 to 65535. */
  zone: u16,
});

const propertyHeader = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16, { padTo: 8 }) }) as const;
const number = {
  /** 0 to 65535. */
  value: u16,
  _pad: pad(2),
} as const;
const address = {
  /** That of IPv4 is ::ffff:a.b.c.d. */
  address: bytes(16),
} as const;

/** The source address. */
const src = struct('src', { ...propertyHeader(0), ...address });
/** The destination address. */
const dst = struct('dst', { ...propertyHeader(1), ...address });
/** The source port of TCP, UDP or SCTP. */
const srcPort = struct('src_port', { ...propertyHeader(2), ...number });
/** The destination port of TCP, UDP or SCTP. */
const dstPort = struct('dst_port', { ...propertyHeader(3), ...number });
/** The identifier of ICMP echoes. */
const icmpId = struct('icmp_id', { ...propertyHeader(4), ...number });
/** The type of ICMP messages. */
const icmpType = struct('icmp_type', {
  ...propertyHeader(5),
  /** 0 to 255. */
  value: u8,
});
/** The code of ICMP messages. */
const icmpCode = struct('icmp_code', {
  ...propertyHeader(6),
  /** 0 to 255. */
  value: u8,
});
/** One thing that packets of the connection have. */
const tupleProperty = union(
  'ct_tuple_property',
  [src, dst, srcPort, dstPort, icmpId, icmpType, icmpCode],
  unknownProperty,
);
/** One thing that packets of the connection have. */
export type CtTupleProperty = Infer<typeof tupleProperty>;

const tuple = {
  _pad: pad(4),
  /** What is not named may be anything. */
  properties: listOf(tupleProperty),
} as const;
/** What the connection's first packet had. */
const origTuple = struct('orig_tuple', { ...propertyHeader(0), ...tuple });
/** What packets in the other direction have. */
const replyTuple = struct('reply_tuple', { ...propertyHeader(1), ...tuple });
/** The zone that they are in. */
const zone = struct('zone', { ...propertyHeader(2), ...number });

/** One thing that the connections have. */
const property = union('ct_flush_property', [origTuple, replyTuple, zone], unknownProperty);
/** One thing that the connections have. */
export type CtFlushProperty = Infer<typeof property>;

/** Forgets the connections that have all these properties. Open vSwitch 3.1 and later. */
export const nxCtFlush = struct('nx_ct_flush', {
  ...niciraHeader(32),
  /** The protocol that the tuples are of, as in an IP header; 0 where there is no tuple. */
  ipProto: u8,
  _pad: pad(7),
  /** All must hold; none is all connections. */
  properties: listOf(property),
});
