/** The older forms (NXM) of some fields of OpenFlow 1.3, which Open vSwitch writes in move, load and learn. */
import { Need, nxm0, nxm1 } from './definition.js';

const hex = { notation: 'hex' } as const;
const mac = { notation: 'mac' } as const;
const ipv4 = { notation: 'ipv4' } as const;
const ipv6 = { notation: 'ipv6' } as const;
const exact = { exact: true } as const;

export const nxmFields = {
  /** A port of 16 bits. */
  nxm_in_port: nxm0(0, 16, 'IN_PORT', { notation: 'port', exact: true, overlaps: ['in_port'] }),
  nxm_eth_dst: nxm0(1, 48, 'ETH_DST', { ...mac, needs: Need.ETHERNET, overlaps: ['eth_dst'] }),
  nxm_eth_src: nxm0(2, 48, 'ETH_SRC', { ...mac, needs: Need.ETHERNET, overlaps: ['eth_src'] }),
  nxm_eth_type: nxm0(3, 16, 'ETH_TYPE', {
    ...hex,
    exact: true,
    readOnly: true,
    needs: Need.ETHERNET,
    role: 'eth_type',
    overlaps: ['eth_type'],
  }),
  /** The whole byte, of which the lower two bits are 0. */
  nxm_ip_tos: nxm0(5, 8, 'IP_TOS', { ...exact, needs: Need.IP, overlaps: ['ip_dscp'] }),
  nxm_ip_proto: nxm0(6, 8, 'IP_PROTO', {
    exact: true,
    readOnly: true,
    needs: Need.IP,
    role: 'ip_proto',
    overlaps: ['ip_proto'],
  }),
  nxm_ip_src: nxm0(7, 32, 'IP_SRC', { ...ipv4, needs: Need.IPV4, overlaps: ['ipv4_src'] }),
  nxm_ip_dst: nxm0(8, 32, 'IP_DST', { ...ipv4, needs: Need.IPV4, overlaps: ['ipv4_dst'] }),
  nxm_tcp_src: nxm0(9, 16, 'TCP_SRC', { needs: Need.TCP, overlaps: ['tcp_src'] }),
  nxm_tcp_dst: nxm0(10, 16, 'TCP_DST', { needs: Need.TCP, overlaps: ['tcp_dst'] }),
  nxm_udp_src: nxm0(11, 16, 'UDP_SRC', { needs: Need.UDP, overlaps: ['udp_src'] }),
  nxm_udp_dst: nxm0(12, 16, 'UDP_DST', { needs: Need.UDP, overlaps: ['udp_dst'] }),
  nxm_icmp_type: nxm0(13, 8, 'ICMP_TYPE', { ...exact, needs: Need.ICMPV4, overlaps: ['icmpv4_type'] }),
  nxm_icmp_code: nxm0(14, 8, 'ICMP_CODE', { ...exact, needs: Need.ICMPV4, overlaps: ['icmpv4_code'] }),
  nxm_arp_op: nxm0(15, 16, 'ARP_OP', { ...exact, needs: Need.ARP, overlaps: ['arp_op'] }),
  nxm_arp_spa: nxm0(16, 32, 'ARP_SPA', { ...ipv4, needs: Need.ARP, overlaps: ['arp_spa'] }),
  nxm_arp_tpa: nxm0(17, 32, 'ARP_TPA', { ...ipv4, needs: Need.ARP, overlaps: ['arp_tpa'] }),
  nxm_tun_id: nxm1(16, 64, 'TUN_ID', { ...hex, overlaps: ['tunnel_id'] }),
  nxm_arp_sha: nxm1(17, 48, 'ARP_SHA', { ...mac, needs: Need.ARP, overlaps: ['arp_sha'] }),
  nxm_arp_tha: nxm1(18, 48, 'ARP_THA', { ...mac, needs: Need.ARP, overlaps: ['arp_tha'] }),
  nxm_ipv6_src: nxm1(19, 128, 'IPV6_SRC', { ...ipv6, needs: Need.IPV6, overlaps: ['ipv6_src'] }),
  nxm_ipv6_dst: nxm1(20, 128, 'IPV6_DST', { ...ipv6, needs: Need.IPV6, overlaps: ['ipv6_dst'] }),
  nxm_icmpv6_type: nxm1(21, 8, 'ICMPV6_TYPE', {
    exact: true,
    needs: Need.ICMPV6,
    role: 'icmpv6_type',
    overlaps: ['icmpv6_type'],
  }),
  nxm_icmpv6_code: nxm1(22, 8, 'ICMPV6_CODE', {
    ...exact,
    needs: Need.ICMPV6,
    overlaps: ['icmpv6_code'],
  }),
  nxm_nd_target: nxm1(23, 128, 'ND_TARGET', { ...ipv6, needs: Need.ND, overlaps: ['ipv6_nd_target'] }),
  nxm_nd_sll: nxm1(24, 48, 'ND_SLL', { ...mac, needs: Need.ND_SOLICIT, overlaps: ['ipv6_nd_sll'] }),
  nxm_nd_tll: nxm1(25, 48, 'ND_TLL', { ...mac, needs: Need.ND_ADVERT, overlaps: ['ipv6_nd_tll'] }),
  nxm_ipv6_label: nxm1(27, 20, 'IPV6_LABEL', {
    ...hex,
    size: 4,
    needs: Need.IPV6,
    overlaps: ['ipv6_flabel'],
  }),
  nxm_ip_ecn: nxm1(28, 2, 'IP_ECN', { ...exact, needs: Need.IP, overlaps: ['ip_ecn'] }),
  nxm_tcp_flags: nxm1(34, 12, 'TCP_FLAGS', {
    ...hex,
    readOnly: true,
    needs: Need.TCP,
    overlaps: ['tcp_flags'],
  }),
} as const;
