import type { Mac } from '../lib/addresses.js';
import { compile, cursorOver, type Infer, mac, struct, u16 } from '../lib/struct/index.js';

/** The header of an Ethernet frame [IEEE 802.3 3.1.1]: addresses, and what comes next. */
const ethernetStruct = struct('ethernet', { dst: mac, src: mac, etherType: u16 });

/** What follows a tag's EtherType [IEEE 802.1Q 9.6]: priority and VLAN id, then the EtherType of what comes next. */
const vlanTagStruct = struct('vlan_tag', { tci: u16, etherType: u16 });

const ethernet = compile(ethernetStruct);
const vlanTag = compile(vlanTagStruct);

export const EtherType = {
  IPV4: 0x0800,
  ARP: 0x0806,
  /** A customer's VLAN tag. */
  VLAN: 0x8100,
  IPV6: 0x86dd,
  /** A provider's VLAN tag, the outer of two. */
  SERVICE_VLAN: 0x88a8,
  LLDP: 0x88cc,
} as const;

export interface EthernetHeader extends Infer<typeof ethernetStruct> {
  /** The VLAN id of the outermost tag, 0 to 4095; undefined: untagged. */
  readonly vlan?: number;
}

/**
 * Reads the addresses, the outermost VLAN tag and the EtherType behind it. Both kinds of tag count, as they do for Open
 * vSwitch when it matches vlan_vid.
 *
 * @throws WireError WIRE_TRUNCATED: not even a header's length
 */
export function decodeEthernet(frame: Uint8Array): EthernetHeader {
  const cursor = cursorOver(frame);
  const header = ethernet.decode(cursor);
  if (header.etherType !== EtherType.VLAN && header.etherType !== EtherType.SERVICE_VLAN) return header;
  const { tci, etherType } = vlanTag.decode(cursor);
  return { ...header, etherType, vlan: tci & 0xfff };
}

/** 01:80:c2:00:00:00 to …:0f: bridges do not forward these [IEEE 802.1Q 8.6.3]. */
export const isLinkLocalMac = (mac: Mac): boolean => Math.floor(mac / 16) === 0x0180c200000;
