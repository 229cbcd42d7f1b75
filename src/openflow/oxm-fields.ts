/**
 * The table of match fields: OpenFlow 1.3's basic class [OF1.3.5 7.2.3.7], the Nicira fields that Open vSwitch adds, and
 * the older NXM forms (`nxm_…`) of some basic fields, which Open vSwitch writes in move, load and learn.
 */

/** How ovs-ofctl writes a value. */
export type Notation = 'decimal' | 'hex' | 'mac' | 'ipv4' | 'ipv6' | 'port';

interface FieldDefinition<B extends number> {
  /** The type of class, field and length, without the mask bit. */
  readonly header: number;
  /** Significant bits of a value. */
  readonly bits: B;
  /** Bytes of a value on the wire. */
  readonly size: number;
  readonly notation: Notation;
  /** Open vSwitch's name of the field in moves, loads and learns, without the brackets. */
  readonly nxm: string;
}

const define =
  (oxmClass: number, prefix: string) =>
  <const B extends number>(
    number: number,
    bits: B,
    name: string,
    notation: Notation = 'decimal',
    size = Math.ceil(bits / 8),
  ): FieldDefinition<B> => ({
    header: oxmClass * 0x10000 + (number << 9) + size,
    bits,
    size,
    notation,
    nxm: `${prefix}_${name}`,
  });

const oxm = define(0x8000, 'OXM_OF');
const nxm0 = define(0x0000, 'NXM_OF');
const nxm1 = define(0x0001, 'NXM_NX');
const eric = define(0x1000, 'ERICOXM_OF');

/** In canonical order: a field comes after those that it presumes (eth_type before ipv4_src). */
export const oxmFields = {
  in_port: oxm(0, 32, 'IN_PORT', 'port'),
  in_phy_port: oxm(1, 32, 'IN_PHY_PORT', 'port'),
  metadata: oxm(2, 64, 'METADATA', 'hex'),
  eth_dst: oxm(3, 48, 'ETH_DST', 'mac'),
  eth_src: oxm(4, 48, 'ETH_SRC', 'mac'),
  eth_type: oxm(5, 16, 'ETH_TYPE', 'hex'),
  vlan_vid: oxm(6, 13, 'VLAN_VID'),
  vlan_pcp: oxm(7, 3, 'VLAN_PCP'),
  ip_dscp: oxm(8, 6, 'IP_DSCP'),
  ip_ecn: oxm(9, 2, 'IP_ECN'),
  ip_proto: oxm(10, 8, 'IP_PROTO'),
  ipv4_src: oxm(11, 32, 'IPV4_SRC', 'ipv4'),
  ipv4_dst: oxm(12, 32, 'IPV4_DST', 'ipv4'),
  tcp_src: oxm(13, 16, 'TCP_SRC'),
  tcp_dst: oxm(14, 16, 'TCP_DST'),
  udp_src: oxm(15, 16, 'UDP_SRC'),
  udp_dst: oxm(16, 16, 'UDP_DST'),
  sctp_src: oxm(17, 16, 'SCTP_SRC'),
  sctp_dst: oxm(18, 16, 'SCTP_DST'),
  icmpv4_type: oxm(19, 8, 'ICMPV4_TYPE'),
  icmpv4_code: oxm(20, 8, 'ICMPV4_CODE'),
  arp_op: oxm(21, 16, 'ARP_OP'),
  arp_spa: oxm(22, 32, 'ARP_SPA', 'ipv4'),
  arp_tpa: oxm(23, 32, 'ARP_TPA', 'ipv4'),
  arp_sha: oxm(24, 48, 'ARP_SHA', 'mac'),
  arp_tha: oxm(25, 48, 'ARP_THA', 'mac'),
  ipv6_src: oxm(26, 128, 'IPV6_SRC', 'ipv6'),
  ipv6_dst: oxm(27, 128, 'IPV6_DST', 'ipv6'),
  ipv6_flabel: oxm(28, 20, 'IPV6_FLABEL', 'hex', 4),
  icmpv6_type: oxm(29, 8, 'ICMPV6_TYPE'),
  icmpv6_code: oxm(30, 8, 'ICMPV6_CODE'),
  ipv6_nd_target: oxm(31, 128, 'IPV6_ND_TARGET', 'ipv6'),
  ipv6_nd_sll: oxm(32, 48, 'IPV6_ND_SLL', 'mac'),
  ipv6_nd_tll: oxm(33, 48, 'IPV6_ND_TLL', 'mac'),
  mpls_label: oxm(34, 20, 'MPLS_LABEL', 'decimal', 4),
  mpls_tc: oxm(35, 3, 'MPLS_TC'),
  mpls_bos: oxm(36, 1, 'MPLS_BOS'),
  pbb_isid: oxm(37, 24, 'PBB_ISID', 'hex'),
  tunnel_id: oxm(38, 64, 'TUNNEL_ID', 'hex'),
  ipv6_exthdr: oxm(39, 9, 'IPV6_EXTHDR', 'hex'),
  nd_reserved: eric(1, 32, 'ICMPV6_ND_RESERVED'),
  nd_options_type: eric(2, 8, 'ICMPV6_ND_OPTIONS_TYPE'),
  vlan_tci: nxm0(4, 16, 'VLAN_TCI', 'hex'),
  tun_src: nxm1(31, 32, 'TUN_IPV4_SRC', 'ipv4'),
  tun_dst: nxm1(32, 32, 'TUN_IPV4_DST', 'ipv4'),
  pkt_mark: nxm1(33, 32, 'PKT_MARK', 'hex'),
  conj_id: nxm1(37, 32, 'CONJ_ID'),
  tun_flags: nxm1(104, 16, 'TUN_FLAGS', 'hex'),
  ct_state: nxm1(105, 32, 'CT_STATE', 'hex'),
  ct_zone: nxm1(106, 16, 'CT_ZONE', 'hex'),
  ct_mark: nxm1(107, 32, 'CT_MARK', 'hex'),
  ct_label: nxm1(108, 128, 'CT_LABEL', 'hex'),
  tun_ipv6_src: nxm1(109, 128, 'TUN_IPV6_SRC', 'ipv6'),
  tun_ipv6_dst: nxm1(110, 128, 'TUN_IPV6_DST', 'ipv6'),
  reg0: nxm1(0, 32, 'REG0', 'hex'),
  reg1: nxm1(1, 32, 'REG1', 'hex'),
  reg2: nxm1(2, 32, 'REG2', 'hex'),
  reg3: nxm1(3, 32, 'REG3', 'hex'),
  reg4: nxm1(4, 32, 'REG4', 'hex'),
  reg5: nxm1(5, 32, 'REG5', 'hex'),
  reg6: nxm1(6, 32, 'REG6', 'hex'),
  reg7: nxm1(7, 32, 'REG7', 'hex'),
  reg8: nxm1(8, 32, 'REG8', 'hex'),
  reg9: nxm1(9, 32, 'REG9', 'hex'),
  reg10: nxm1(10, 32, 'REG10', 'hex'),
  reg11: nxm1(11, 32, 'REG11', 'hex'),
  reg12: nxm1(12, 32, 'REG12', 'hex'),
  reg13: nxm1(13, 32, 'REG13', 'hex'),
  reg14: nxm1(14, 32, 'REG14', 'hex'),
  reg15: nxm1(15, 32, 'REG15', 'hex'),
  nxm_in_port: nxm0(0, 16, 'IN_PORT', 'port'),
  nxm_eth_dst: nxm0(1, 48, 'ETH_DST', 'mac'),
  nxm_eth_src: nxm0(2, 48, 'ETH_SRC', 'mac'),
  nxm_eth_type: nxm0(3, 16, 'ETH_TYPE', 'hex'),
  nxm_ip_tos: nxm0(5, 8, 'IP_TOS'),
  nxm_ip_proto: nxm0(6, 8, 'IP_PROTO'),
  nxm_ip_src: nxm0(7, 32, 'IP_SRC', 'ipv4'),
  nxm_ip_dst: nxm0(8, 32, 'IP_DST', 'ipv4'),
  nxm_tcp_src: nxm0(9, 16, 'TCP_SRC'),
  nxm_tcp_dst: nxm0(10, 16, 'TCP_DST'),
  nxm_udp_src: nxm0(11, 16, 'UDP_SRC'),
  nxm_udp_dst: nxm0(12, 16, 'UDP_DST'),
  nxm_icmp_type: nxm0(13, 8, 'ICMP_TYPE'),
  nxm_icmp_code: nxm0(14, 8, 'ICMP_CODE'),
  nxm_arp_op: nxm0(15, 16, 'ARP_OP'),
  nxm_arp_spa: nxm0(16, 32, 'ARP_SPA', 'ipv4'),
  nxm_arp_tpa: nxm0(17, 32, 'ARP_TPA', 'ipv4'),
  nxm_tun_id: nxm1(16, 64, 'TUN_ID', 'hex'),
  nxm_arp_sha: nxm1(17, 48, 'ARP_SHA', 'mac'),
  nxm_arp_tha: nxm1(18, 48, 'ARP_THA', 'mac'),
  nxm_ipv6_src: nxm1(19, 128, 'IPV6_SRC', 'ipv6'),
  nxm_ipv6_dst: nxm1(20, 128, 'IPV6_DST', 'ipv6'),
  nxm_icmpv6_type: nxm1(21, 8, 'ICMPV6_TYPE'),
  nxm_icmpv6_code: nxm1(22, 8, 'ICMPV6_CODE'),
  nxm_nd_target: nxm1(23, 128, 'ND_TARGET', 'ipv6'),
  nxm_nd_sll: nxm1(24, 48, 'ND_SLL', 'mac'),
  nxm_nd_tll: nxm1(25, 48, 'ND_TLL', 'mac'),
} as const;

/** The name of a match field. */
export type FieldName = keyof typeof oxmFields;

/** A number up to 48 bits (a MAC too), a bigint for 64 and 128 bits. */
export type FieldValue<N extends FieldName = FieldName> = (typeof oxmFields)[N]['bits'] extends 64 | 128
  ? bigint
  : number;

/** A row of the table, whatever the field. */
export type OxmField = FieldDefinition<number> & {
  readonly name: FieldName;
  /** The place in the canonical order. */
  readonly rank: number;
  /** The lowest number that has too many bits. */
  readonly limit: number;
};

const rows = new Map<string, OxmField>();
// Keyed by class and field number, the upper 23 bits of the header.
const byId = new Map<number, OxmField>();
let rank = 0;
for (const [name, definition] of Object.entries(oxmFields)) {
  const row: OxmField = { ...definition, name: name as FieldName, rank: rank++, limit: 2 ** definition.bits };
  rows.set(name, row);
  byId.set(definition.header >>> 9, row);
}

export const fieldByName = (name: string): OxmField | undefined => rows.get(name);

/** The field of a header, whatever its mask bit and length. */
export const fieldByHeader = (header: number): OxmField | undefined => byId.get(header >>> 9);
