/** Matches as ovs-ofctl prints them. */
import type { Match } from '../fields/match.js';
import { valueOf } from '../fields/match.js';
import type { KnownOxm, Oxm } from '../fields/oxm.js';
import { fieldByName } from '../fields/table.js';
import type { OxmField } from '../fields/table.js';
import { notationOf, ovsName, printedAs } from './fields.js';
import type { FormatOptions, MaskedValue } from './notations.js';
import { protocolWord } from './protocols.js';
import { bigintOf, hexOf } from './values.js';
import { formatTags } from './vlan.js';

/** The order in which ovs-ofctl prints fields, by Open vSwitch's names. The protocol stands where `protocol` does. */
const printed: readonly string[] = [
  ...['pkt_mark', 'recirc_id', 'dp_hash', 'conj_id', 'skb_priority', 'actset_output'],
  ...['ct_state', 'ct_zone', 'ct_mark', 'ct_label', 'ct_nw_src', 'ct_ipv6_src', 'ct_nw_dst', 'ct_ipv6_dst'],
  ...['ct_nw_proto', 'ct_tp_src', 'ct_tp_dst', 'packet_type', 'protocol'],
  ...Array.from({ length: 16 }, (_, i) => `reg${i}`),
  ...Array.from({ length: 8 }, (_, i) => `xreg${i}`),
  ...Array.from({ length: 4 }, (_, i) => `xxreg${i}`),
  ...['tun_id', 'tun_src', 'tun_dst', 'tun_ipv6_src', 'tun_ipv6_dst', 'tun_gbp_id', 'tun_gbp_flags'],
  ...['tun_tos', 'tun_ttl', 'tun_erspan_ver', 'tun_erspan_idx', 'tun_erspan_dir', 'tun_erspan_hwid'],
  ...['tun_gtpu_flags', 'tun_gtpu_msgtype', 'tun_flags'],
  ...Array.from({ length: 64 }, (_, i) => `tun_metadata${i}`),
  ...['metadata', 'in_port', 'in_port_oxm', 'vlan', 'eth_src', 'eth_dst', 'eth_type'],
  ...['ipv6_src', 'ipv6_dst', 'ipv6_label', 'arp_spa', 'arp_tpa'],
  ...['nsh_flags', 'nsh_ttl', 'nsh_mdtype', 'nsh_np', 'nsh_spi', 'nsh_si'],
  ...['nsh_c1', 'nsh_c2', 'nsh_c3', 'nsh_c4', 'ip_src', 'ip_dst', 'nw_proto', 'arp_op', 'arp_sha', 'arp_tha'],
  ...['ip_dscp', 'nw_tos', 'nw_ecn', 'nw_ttl', 'mpls_label', 'mpls_tc', 'mpls_ttl', 'mpls_bos', 'ip_frag'],
  ...['icmp_type', 'icmpv6_type', 'icmp_code', 'icmpv6_code', 'nd_target', 'nd_sll', 'nd_tll'],
  ...['nd_reserved', 'nd_options_type', 'tcp_src', 'udp_src', 'sctp_src', 'tcp_dst', 'udp_dst', 'sctp_dst'],
  'tcp_flags',
];
const places = new Map(printed.map((name, index) => [name, index]));
const placeOf = (name: string): number => places.get(name) ?? printed.length;

const vlanFields: ReadonlySet<string> = new Set(['vlan_vid', 'vlan_pcp', 'vlan_tci']);

/**
 * A match as ovs-ofctl prints it: `udp,in_port=1,dl_src=…,tp_dst=53`; empty where it matches all. `parseMatch` reads it
 * back, in canonical order. What the notation can not say: that a field has its older NXM form, that a mask is there although
 * all its bits are 1, a packet_type of Ethernet, zeros that lead the bytes of tun_metadata, a mask of some tunnel fields that is the value, and the order of the fields. A field that we do not know is shown by its header,
 * which ovs-ofctl does not read and `parseMatch` does.
 */
export function formatMatch(match: Match, options: FormatOptions = {}): string {
  const { word, saysIpProto } = protocolWord(
    valueOf(match, 'eth_type') ?? valueOf(match, 'nxm_eth_type'),
    valueOf(match, 'ip_proto') ?? valueOf(match, 'nxm_ip_proto'),
  );
  const isSaid = ({ field, ...one }: Oxm): boolean =>
    vlanFields.has(field) ||
    (field === 'packet_type' && 'value' in one && one.value === 0) ||
    (word !== undefined && (field === 'eth_type' || field === 'nxm_eth_type')) ||
    (saysIpProto && (field === 'ip_proto' || field === 'nxm_ip_proto'));
  const items = match
    .filter(one => !isSaid(one))
    .map(one => ({ text: formatField(one, options), place: placeOf(ovsNameOf(one)) }));
  if (word !== undefined) items.push({ text: word, place: placeOf('protocol') });
  for (const text of formatTags(match)) items.push({ text, place: placeOf('vlan') });
  return items
    .sort((a, b) => a.place - b.place)
    .map(({ text }) => text)
    .join(',');
}

const ovsNameOf = (one: Oxm): string => (one.field === 'unknown' ? one.field : ovsName(one.field));

function formatField(one: Oxm, options: FormatOptions): string {
  if (one.field === 'unknown') return `${unknownName(one.header)}=0x${hexOf(one.body)}`;
  const row = fieldByName(one.field);
  if (!row) return one.field;
  const { name, notation } = printedAs(row);
  // Tunnel options of any value: that the option is there is what counts.
  if (row.notation === 'bytes' && one.mask !== undefined && bigintOf(one.mask) === 0n) return name;
  return `${name}=${notation.format(widened(one), row, options)}`;
}

/** The name of a field that we do not know. */
export const unknownName = (header: number): string => `oxm_0x${header.toString(16).padStart(8, '0')}`;

const widened = ({ value, mask }: Pick<KnownOxm, 'value' | 'mask'>): MaskedValue => ({
  value: bigintOf(value),
  mask: mask === undefined ? undefined : bigintOf(mask),
});

/** The value of a known field outside a match, with its mask. */
export const formatOxmValue = (
  row: OxmField,
  one: Pick<KnownOxm, 'value' | 'mask'>,
  options: FormatOptions = {},
): string => notationOf(row).format(widened(one), row, options);
