import type { Match } from '../match.js';
import { valueOf } from '../match.js';
import type { KnownOxm, Oxm } from '../oxm.js';
import { fieldByName } from '../oxm-fields.js';
import type { FieldName, OxmField } from '../oxm-fields.js';
import { formatMasked, formatValue, hexOf } from './values.js';

/** What ovs-ofctl calls fields in a match, where that is not our own name for them. */
const matchNames: Readonly<Partial<Record<FieldName, string>>> = {
  eth_src: 'dl_src',
  eth_dst: 'dl_dst',
  eth_type: 'dl_type',
  vlan_pcp: 'dl_vlan_pcp',
  ip_proto: 'nw_proto',
  ip_ecn: 'nw_ecn',
  ipv4_src: 'nw_src',
  ipv4_dst: 'nw_dst',
  tcp_src: 'tp_src',
  tcp_dst: 'tp_dst',
  udp_src: 'tp_src',
  udp_dst: 'tp_dst',
  sctp_src: 'tp_src',
  sctp_dst: 'tp_dst',
  icmpv4_type: 'icmp_type',
  icmpv4_code: 'icmp_code',
  icmpv6_type: 'icmp_type',
  icmpv6_code: 'icmp_code',
  ipv6_flabel: 'ipv6_label',
  ipv6_nd_target: 'nd_target',
  ipv6_nd_sll: 'nd_sll',
  ipv6_nd_tll: 'nd_tll',
  tunnel_id: 'tun_id',
};

/** The order in which ovs-ofctl prints fields; the protocol stands where `eth_type` does. */
const printed: readonly FieldName[] = [
  'pkt_mark',
  'conj_id',
  'ct_state',
  'ct_zone',
  'ct_mark',
  'ct_label',
  'eth_type',
  ...Array.from({ length: 16 }, (_, i) => `reg${i}` as FieldName),
  'tunnel_id',
  'tun_src',
  'tun_dst',
  'tun_ipv6_src',
  'tun_ipv6_dst',
  'tun_flags',
  'metadata',
  'in_port',
  'vlan_tci',
  'vlan_vid',
  'vlan_pcp',
  'eth_src',
  'eth_dst',
  'ipv4_src',
  'ipv4_dst',
  'ipv6_src',
  'ipv6_dst',
  'ipv6_flabel',
  'arp_spa',
  'arp_tpa',
  'ip_proto',
  'arp_op',
  'arp_sha',
  'arp_tha',
  'ip_dscp',
  'ip_ecn',
];
const place = new Map(printed.map((name, index) => [name as string, index]));

const protocols: Readonly<Record<number, string>> = {
  0x0800: 'ip',
  0x0806: 'arp',
  0x8035: 'rarp',
  0x86dd: 'ipv6',
  0x8847: 'mpls',
  0x8848: 'mplsm',
};
const ipv4Protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 132: 'sctp' };
const ipv6Protocols: Readonly<Record<number, string>> = { 58: 'icmp6', 6: 'tcp6', 17: 'udp6', 132: 'sctp6' };

/** The word for an Ethernet type and IP protocol, and whether it says the protocol too. */
function protocolOf(match: Match): { word: string | undefined; saysIpProto: boolean } {
  const ethType = valueOf(match, 'eth_type');
  const ipProto = valueOf(match, 'ip_proto');
  const words = ethType === 0x0800 ? ipv4Protocols : ethType === 0x86dd ? ipv6Protocols : {};
  const upper = ipProto === undefined ? undefined : words[ipProto];
  if (upper !== undefined) return { word: upper, saysIpProto: true };
  return { word: ethType === undefined ? undefined : protocols[ethType], saysIpProto: false };
}

/**
 * A match as ovs-ofctl prints it: `udp,in_port=1,dl_src=…,tp_dst=53`; empty where it matches all. A field that we do not
 * know is shown by its header, which ovs-ofctl does not read.
 */
export function formatMatch(match: Match): string {
  const { word, saysIpProto } = protocolOf(match);
  const rank = (one: Oxm): number => place.get(one.field) ?? printed.length;
  return [...match]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap(one => {
      if (word !== undefined && one.field === 'eth_type') return [word];
      return saysIpProto && one.field === 'ip_proto' ? [] : [formatField(one)];
    })
    .join(',');
}

function formatField(one: Oxm): string {
  if (one.field === 'unknown') return `oxm_0x${one.header.toString(16)}=0x${hexOf(one.body)}`;
  const row = fieldByName(one.field);
  if (!row) return one.field;
  if (one.field === 'vlan_vid') return formatVlan(one.value, one.mask);
  if (one.field === 'vlan_tci')
    return `vlan_tci=${tci(one.value)}${one.mask === undefined ? '' : `/${tci(one.mask)}`}`;
  // ovs-ofctl's nw_tos is the whole byte; the field is its upper six bits.
  if (one.field === 'ip_dscp') return `nw_tos=${one.value * 4}`;
  return `${matchNames[one.field] ?? one.field}=${formatOxmValue(row, one)}`;
}

const tci = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

/** A tag's id by number; no tag, or any tag, as the bits of the tag. */
function formatVlan(value: number, mask: number | undefined): string {
  if (mask === undefined && value >= 0x1000) return `dl_vlan=${value & 0xfff}`;
  return `vlan_tci=${tci(value)}/${tci(mask ?? 0x1fff)}`;
}

/** The value of a known field, with its mask. */
export const formatOxmValue = (row: OxmField, one: Pick<KnownOxm, 'value' | 'mask'>): string =>
  one.mask === undefined ? formatValue(row, one.value) : formatMasked(row, one.value, one.mask);
