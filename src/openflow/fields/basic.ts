/**
 * The match fields of OpenFlow 1.3 [OF1.3.5 7.2.3.7], and those of later versions and extensions of the ONF that Open
 * vSwitch takes over 1.3. What masks and writing of a field are allowed is what Open vSwitch allows, which is never less
 * than what the standard does.
 */
import { eric, Need, onf, oxm } from './definition.js';

/** In canonical order: a field comes after those that it presumes (eth_type before ipv4_src). */
export const basicFields = {
  in_port: oxm(0, 32, 'IN_PORT', { notation: 'port', exact: true }),
  /** The port below `in_port`, where that is a virtual one: in packet-ins alone. */
  in_phy_port: oxm(1, 32, 'IN_PHY_PORT', { notation: 'port', exact: true, readOnly: true }),
  metadata: oxm(2, 64, 'METADATA', { notation: 'hex' }),
  /** Name space in the upper 16 bits: 0 is Ethernet, 1 that of EtherTypes. A match without it is one of Ethernet. */
  packet_type: oxm(44, 32, 'PACKET_TYPE', {
    notation: 'hex',
    exact: true,
    readOnly: true,
    role: 'packet_type',
  }),
  eth_dst: oxm(3, 48, 'ETH_DST', { notation: 'mac', needs: Need.ETHERNET }),
  eth_src: oxm(4, 48, 'ETH_SRC', { notation: 'mac', needs: Need.ETHERNET }),
  /** The type after the VLAN tags; below 0x600 it would be a length, and is 0x05ff for all of these. */
  eth_type: oxm(5, 16, 'ETH_TYPE', {
    notation: 'hex',
    exact: true,
    readOnly: true,
    needs: Need.ETHERNET,
    role: 'eth_type',
  }),
  /** The tag's 12 bits with OFPVID_PRESENT; 0 is a packet with no tag, and PRESENT under a mask of it one with any. */
  vlan_vid: oxm(6, 13, 'VLAN_VID', { needs: Need.ETHERNET, role: 'vlan' }),
  vlan_pcp: oxm(7, 3, 'VLAN_PCP', { exact: true, needs: Need.VLAN }),
  ip_dscp: oxm(8, 6, 'IP_DSCP', { exact: true, needs: Need.IP }),
  ip_ecn: oxm(9, 2, 'IP_ECN', { exact: true, needs: Need.IP }),
  ip_proto: oxm(10, 8, 'IP_PROTO', { exact: true, readOnly: true, needs: Need.IP, role: 'ip_proto' }),
  ipv4_src: oxm(11, 32, 'IPV4_SRC', { notation: 'ipv4', needs: Need.IPV4 }),
  ipv4_dst: oxm(12, 32, 'IPV4_DST', { notation: 'ipv4', needs: Need.IPV4 }),
  tcp_src: oxm(13, 16, 'TCP_SRC', { needs: Need.TCP }),
  tcp_dst: oxm(14, 16, 'TCP_DST', { needs: Need.TCP }),
  /** The low 12 bits of the segment's flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  tcp_flags: onf(42, 12, 'TCP_FLAGS', { notation: 'hex', readOnly: true, needs: Need.TCP }),
  udp_src: oxm(15, 16, 'UDP_SRC', { needs: Need.UDP }),
  udp_dst: oxm(16, 16, 'UDP_DST', { needs: Need.UDP }),
  sctp_src: oxm(17, 16, 'SCTP_SRC', { needs: Need.SCTP }),
  sctp_dst: oxm(18, 16, 'SCTP_DST', { needs: Need.SCTP }),
  icmpv4_type: oxm(19, 8, 'ICMPV4_TYPE', { exact: true, needs: Need.ICMPV4 }),
  icmpv4_code: oxm(20, 8, 'ICMPV4_CODE', { exact: true, needs: Need.ICMPV4 }),
  arp_op: oxm(21, 16, 'ARP_OP', { exact: true, needs: Need.ARP }),
  arp_spa: oxm(22, 32, 'ARP_SPA', { notation: 'ipv4', needs: Need.ARP }),
  arp_tpa: oxm(23, 32, 'ARP_TPA', { notation: 'ipv4', needs: Need.ARP }),
  arp_sha: oxm(24, 48, 'ARP_SHA', { notation: 'mac', needs: Need.ARP }),
  arp_tha: oxm(25, 48, 'ARP_THA', { notation: 'mac', needs: Need.ARP }),
  ipv6_src: oxm(26, 128, 'IPV6_SRC', { notation: 'ipv6', needs: Need.IPV6 }),
  ipv6_dst: oxm(27, 128, 'IPV6_DST', { notation: 'ipv6', needs: Need.IPV6 }),
  ipv6_flabel: oxm(28, 20, 'IPV6_FLABEL', { notation: 'hex', size: 4, needs: Need.IPV6 }),
  icmpv6_type: oxm(29, 8, 'ICMPV6_TYPE', { exact: true, needs: Need.ICMPV6, role: 'icmpv6_type' }),
  icmpv6_code: oxm(30, 8, 'ICMPV6_CODE', { exact: true, needs: Need.ICMPV6 }),
  ipv6_nd_target: oxm(31, 128, 'IPV6_ND_TARGET', { notation: 'ipv6', needs: Need.ND }),
  ipv6_nd_sll: oxm(32, 48, 'IPV6_ND_SLL', { notation: 'mac', needs: Need.ND_SOLICIT }),
  ipv6_nd_tll: oxm(33, 48, 'IPV6_ND_TLL', { notation: 'mac', needs: Need.ND_ADVERT }),
  mpls_label: oxm(34, 20, 'MPLS_LABEL', { size: 4, exact: true, needs: Need.MPLS }),
  mpls_tc: oxm(35, 3, 'MPLS_TC', { exact: true, needs: Need.MPLS }),
  /** 1 in the last label of the stack. */
  mpls_bos: oxm(36, 1, 'MPLS_BOS', { exact: true, readOnly: true, needs: Need.MPLS }),
  /** Open vSwitch has no PBB: it refuses it. */
  pbb_isid: oxm(37, 24, 'PBB_ISID', { notation: 'hex', needs: Need.PBB }),
  /** The key of the tunnel that the packet came by (a VNI, a GRE key), 0 without one. */
  tunnel_id: oxm(38, 64, 'TUNNEL_ID', { notation: 'hex' }),
  /** Bits for the extension headers that are there [OF1.3.5 7.2.3.8]. Open vSwitch refuses it. */
  ipv6_exthdr: oxm(39, 9, 'IPV6_EXTHDR', { notation: 'hex', needs: Need.IPV6 }),
  /** The port that the action set would output to at this point; OFPP.ANY where to none. */
  actset_output: onf(43, 32, 'ACTSET_OUTPUT', { notation: 'port', exact: true, readOnly: true }),
  /** The 32 bits after the checksum of a neighbour solicitation or advertisement. */
  nd_reserved: eric(1, 32, 'ICMPV6_ND_RESERVED', { exact: true, needs: Need.ND }),
  nd_options_type: eric(2, 8, 'ICMPV6_ND_OPTIONS_TYPE', { exact: true, needs: Need.ND }),
} as const;
