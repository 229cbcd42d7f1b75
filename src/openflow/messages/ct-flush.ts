/** Forgetting tracked connections (Open vSwitch, nicira-ext). */
import {
  bytes,
  constant,
  length,
  listOf,
  pad,
  rest,
  struct,
  u16,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { niciraHeader } from './header.js';

/** Forgets all connections of a zone. */
export const nxCtFlushZone = struct('nx_ct_flush_zone', { ...niciraHeader(29), _pad: pad(6), zone: u16 });

const propertyHeader = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16, { padTo: 8 }) }) as const;
const number = { value: u16, _pad: pad(2) } as const;

/** An address is 16 bytes; that of IPv4 is written as ::ffff:a.b.c.d. */
const src = struct('src', { ...propertyHeader(0), address: bytes(16) });
const dst = struct('dst', { ...propertyHeader(1), address: bytes(16) });
const srcPort = struct('src_port', { ...propertyHeader(2), ...number });
const dstPort = struct('dst_port', { ...propertyHeader(3), ...number });
const icmpId = struct('icmp_id', { ...propertyHeader(4), ...number });
const icmpType = struct('icmp_type', { ...propertyHeader(5), value: u8 });
const icmpCode = struct('icmp_code', { ...propertyHeader(6), value: u8 });
/** A property that we do not know: `body` is all that follows its length. */
const unknown = struct('unknown', { typeId: u16, _length: length(u16, { padTo: 8 }), body: rest });

const tupleProperty = union(
  'ct_tuple_property',
  [src, dst, srcPort, dstPort, icmpId, icmpType, icmpCode],
  unknown,
);
export type CtTupleProperty = Infer<typeof tupleProperty>;

const tuple = { _pad: pad(4), properties: listOf(tupleProperty) } as const;
/** What the connection's first packet had. */
const origTuple = struct('orig_tuple', { ...propertyHeader(0), ...tuple });
/** What packets in the other direction have. */
const replyTuple = struct('reply_tuple', { ...propertyHeader(1), ...tuple });
const zone = struct('zone', { ...propertyHeader(2), ...number });

const property = union('ct_flush_property', [origTuple, replyTuple, zone], unknown);
export type CtFlushProperty = Infer<typeof property>;

/** Forgets the connections that have all these properties. Open vSwitch 3.1 and later. */
export const nxCtFlush = struct('nx_ct_flush', {
  ...niciraHeader(32),
  /** The protocol that the tuples are of, as in an IP header; 0 where there is no tuple. */
  ipProto: u8,
  _pad: pad(7),
  properties: listOf(property),
});
