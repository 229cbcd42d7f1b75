/**
 * What the fields of a match presume of those before them [OF1.3.5 7.2.3.6, 7.2.3.8], as bits (Need): pure arithmetic,
 * since every flow_mod that is encoded comes through here.
 */
import { Need } from './definition.js';
import type { Role } from './definition.js';
import { OFPVID_PRESENT } from '../constants.js';
import { CtState } from '../nicira-constants.js';

/** What holds before the first field. */
export const initially: number = Need.ETHERNET;

/** What holds after a field of this role, where `have` held before it. */
export function saidBy(role: Role, value: number, mask: number | undefined, have: number): number {
  switch (role) {
    case 'none':
      return have;
    case 'eth_type':
      return have | ofEthType(value);
    case 'packet_type':
      return value === 0
        ? have
        : (have & ~Need.ETHERNET) | (value >>> 16 === 1 ? ofEthType(value & 0xffff) : 0);
    case 'vlan':
      return (value & OFPVID_PRESENT) !== 0 ? have | Need.VLAN : have;
    case 'ip_proto':
      return have | ofIpProto(value, have);
    case 'icmpv6_type':
      return have | (value === 135 ? Need.ND_SOLICIT : value === 136 ? Need.ND_ADVERT : 0);
    case 'ct_state':
      return have | (isOfConnection(value, mask ?? 0xffffffff) ? Need.CT : 0);
  }
}

function ofEthType(value: number): number {
  switch (value) {
    case 0x0800:
      return Need.IPV4;
    case 0x86dd:
      return Need.IPV6;
    case 0x0806:
    case 0x8035: // RARP has the fields of ARP, in Open vSwitch
      return Need.ARP;
    case 0x8847:
    case 0x8848:
      return Need.MPLS;
    case 0x894f:
      return Need.NSH;
    case 0x88e7:
      return Need.PBB;
    default:
      return 0;
  }
}

function ofIpProto(value: number, have: number): number {
  switch (value) {
    case 6:
      return Need.TCP;
    case 17:
      return Need.UDP;
    case 132:
      return Need.SCTP;
    case 1:
      return (have & Need.IPV4) !== 0 ? Need.ICMPV4 : 0;
    case 58:
      return (have & Need.IPV6) !== 0 ? Need.ICMPV6 : 0;
    default:
      return 0;
  }
}

const { NEW, EST, REL, RPL, SNAT, DNAT, TRK, INV } = CtState;

/** New, established, related, answering or translated; or tracked, and not invalid. */
const isOfConnection = (value: number, mask: number): boolean =>
  (value & (NEW | EST | REL | RPL | SNAT | DNAT)) !== 0 ||
  ((value & TRK) !== 0 && (mask & INV) !== 0 && (value & INV) === 0);

const words: readonly (readonly [need: number, words: string])[] = [
  [Need.ETHERNET, 'no packet_type, or that of Ethernet'],
  [Need.VLAN, 'a vlan_vid with OFPVID_PRESENT'],
  [Need.IP, 'eth_type 0x0800 or 0x86dd'],
  [Need.IPV4, 'eth_type 0x0800'],
  [Need.IPV6, 'eth_type 0x86dd'],
  [Need.ARP, 'eth_type 0x0806'],
  [Need.MPLS, 'eth_type 0x8847 or 0x8848'],
  [Need.NSH, 'eth_type 0x894f'],
  [Need.PBB, 'eth_type 0x88e7'],
  [Need.TCP, 'ip_proto 6'],
  [Need.UDP, 'ip_proto 17'],
  [Need.SCTP, 'ip_proto 132'],
  [Need.ICMPV4, 'eth_type 0x0800 and ip_proto 1'],
  [Need.ICMPV6, 'eth_type 0x86dd and ip_proto 58'],
  [Need.ND, 'icmpv6_type 135 or 136'],
  [Need.ND_SOLICIT, 'icmpv6_type 135'],
  [Need.ND_ADVERT, 'icmpv6_type 136'],
  [Need.CT, 'a ct_state of a connection'],
];

/** What a field presumes, in words. */
export const wordsFor = (needs: number): string => words.find(([need]) => need === needs)?.[1] ?? 'nothing';
