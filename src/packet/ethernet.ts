import type { Mac } from '../lib/addresses.js';
import { compile, cursorOver, type Infer, mac, packed, struct, u16 } from '../lib/struct/index.js';
import { EtherType } from './numbers.js';

/** The header of an Ethernet frame [IEEE 802.3 3.1.1]: addresses, and what comes next. */
export const ethernet = struct('ethernet', {
  /** Destination address; a set lowest bit of its first byte makes it a group [IEEE 802 8.2]. */
  dst: mac,
  /** Source address. */
  src: mac,
  /** What follows, one of `EtherType`; below 1536 it is the length of an LLC frame, in bytes. */
  etherType: u16,
});

/** A VLAN tag, without the EtherType before it, which says of which kind it is [IEEE 802.1Q 9.6]. */
export const vlan = struct('vlan', {
  ...packed(u16, {
    /** Priority code point, 0 to 7: 0 is best effort, 1 is lower [IEEE 802.1Q 6.9.3]. */
    pcp: 3,
    /** 1: may be dropped first. */
    dei: 1,
    /** VLAN id, 1 to 4094; 0 is a priority tag with no VLAN, 4095 is reserved. */
    vid: 12,
  }),
  /** What follows, one of `EtherType`. */
  etherType: u16,
});

const ethernetCodec = compile(ethernet);
const vlanCodec = compile(vlan);

/** The addresses of a frame, and what it carries. */
export interface EthernetHeader extends Infer<typeof ethernet> {
  /** The VLAN id of the outermost tag, 0 to 4095; undefined: untagged. */
  readonly vlan?: number;
}

/**
 * Reads the addresses, the outermost VLAN tag and the EtherType behind it, and nothing more: it is made for the packet
 * path of a switch. Both kinds of tag count, as they do for Open vSwitch when it matches vlan_vid.
 *
 * @throws WireError WIRE_TRUNCATED: not even a header's length
 */
export function decodeEthernet(frame: Uint8Array): EthernetHeader {
  const cursor = cursorOver(frame);
  const header = ethernetCodec.decode(cursor);
  if (header.etherType !== EtherType.VLAN && header.etherType !== EtherType.SERVICE_VLAN) return header;
  const { vid, etherType } = vlanCodec.decode(cursor);
  return { ...header, etherType, vlan: vid };
}

/** 01:80:c2:00:00:00 to …:0f: bridges do not forward these [IEEE 802.1Q 8.6.3]. */
export const isLinkLocalMac = (mac: Mac): boolean => Math.floor(mac / 16) === 0x0180c200000;
