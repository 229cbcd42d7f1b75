import { constant, mac, struct, u16, u8 } from '../lib/struct/index.js';
import { ipv4Address } from './fields.js';
import { EtherType } from './numbers.js';

/** What an ARP packet is for [RFC 826, RFC 903]. */
export const ArpOp = { REQUEST: 1, REPLY: 2, REVERSE_REQUEST: 3, REVERSE_REPLY: 4 } as const;

/** ARP for IPv4 over Ethernet [RFC 826]; for other networks it is not read. Its names are those of the match fields. */
export const arp = struct('arp', {
  _hardware: constant(u16, 1),
  _protocol: constant(u16, EtherType.IPV4),
  _hardwareSize: constant(u8, 6),
  _protocolSize: constant(u8, 4),
  /** What is asked or said, one of `ArpOp`. */
  op: u16,
  /** Sender's hardware address. */
  sha: mac,
  /** Sender's protocol address; 0.0.0.0 in a probe, which must not be learned from [RFC 5227 1.1]. */
  spa: ipv4Address,
  /** Target's hardware address; means nothing in a request. */
  tha: mac,
  /** Target's protocol address: the one asked for, in a request. */
  tpa: ipv4Address,
});
