/** The match fields that Open vSwitch adds: tunnels, connections, registers, NSH. */
import { Need, nicira, nsh, nxm0, nxm1, packetRegs, variableBits } from './definition.js';
import type { FieldDefinition } from './definition.js';

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
type Index = `${Digit}` | `${1 | 2 | 3 | 4 | 5}${Digit}` | `6${0 | 1 | 2 | 3}`;
type TunnelMetadata = { readonly [N in `tun_metadata${Index}`]: FieldDefinition<typeof variableBits> };

/** Tunnel options, bytes of any length up to 124, each by the map that the switch was given. An empty mask: it is there. */
const tunnelMetadata = Object.fromEntries(
  Array.from({ length: 64 }, (_, i) => [
    `tun_metadata${i}`,
    nxm1(40 + i, variableBits, `TUN_METADATA${i}`, { notation: 'bytes' }),
  ]),
) as TunnelMetadata;

const hex = { notation: 'hex' } as const;
const ipv4 = { notation: 'ipv4' } as const;
const ipv6 = { notation: 'ipv6' } as const;
const ofConnection = { readOnly: true, needs: Need.CT } as const;
const inNsh = { needs: Need.NSH } as const;

const registers = (first: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `reg${first + i}`);
const half = (n: number) => ({ ...hex, overlaps: registers(2 * n, 2) });
const quarter = (n: number) => ({ ...hex, overlaps: registers(4 * n, 4) });

export const niciraFields = {
  /** The whole VLAN tag, with 0x1000 where there is one; 0 is no tag. */
  vlan_tci: nxm0(4, 16, 'VLAN_TCI', {
    ...hex,
    needs: Need.ETHERNET,
    role: 'vlan',
    overlaps: ['vlan_vid', 'vlan_pcp'],
  }),
  tun_src: nxm1(31, 32, 'TUN_IPV4_SRC', ipv4),
  tun_dst: nxm1(32, 32, 'TUN_IPV4_DST', ipv4),
  pkt_mark: nxm1(33, 32, 'PKT_MARK', hex),
  /** The conjunctive flow whose clauses all matched. */
  conj_id: nxm1(37, 32, 'CONJ_ID', { exact: true, readOnly: true }),
  /** 1: the packet is for operation and maintenance of the tunnel (OAM). */
  tun_flags: nxm1(104, 1, 'TUN_FLAGS', { ...hex, size: 2 }),
  /** CtState. */
  ct_state: nxm1(105, 32, 'CT_STATE', { ...hex, readOnly: true, role: 'ct_state' }),
  ct_zone: nxm1(106, 16, 'CT_ZONE', { ...hex, exact: true, readOnly: true }),
  /** Written inside a `ct` action alone. */
  ct_mark: nxm1(107, 32, 'CT_MARK', hex),
  ct_label: nxm1(108, 128, 'CT_LABEL', hex),
  tun_ipv6_src: nxm1(109, 128, 'TUN_IPV6_SRC', ipv6),
  tun_ipv6_dst: nxm1(110, 128, 'TUN_IPV6_DST', ipv6),
  tun_gbp_id: nxm1(38, 16, 'TUN_GBP_ID'),
  tun_gbp_flags: nxm1(39, 8, 'TUN_GBP_FLAGS', hex),
  tun_erspan_idx: nicira(11, 20, 'ERSPAN_IDX', { ...hex, size: 4 }),
  tun_erspan_ver: nicira(12, 4, 'ERSPAN_VER'),
  tun_erspan_dir: nicira(13, 1, 'ERSPAN_DIR'),
  tun_erspan_hwid: nicira(14, 6, 'ERSPAN_HWID', hex),
  tun_gtpu_flags: nicira(15, 8, 'GTPU_FLAGS', { ...hex, readOnly: true }),
  tun_gtpu_msgtype: nicira(16, 8, 'GTPU_MSGTYPE', { readOnly: true }),
  ...tunnelMetadata,
  /** Of the connection's first packet, whatever the direction and translation of this one. */
  ct_nw_src: nxm1(120, 32, 'CT_NW_SRC', { ...ipv4, ...ofConnection }),
  ct_nw_dst: nxm1(121, 32, 'CT_NW_DST', { ...ipv4, ...ofConnection }),
  ct_ipv6_src: nxm1(122, 128, 'CT_IPV6_SRC', { ...ipv6, ...ofConnection }),
  ct_ipv6_dst: nxm1(123, 128, 'CT_IPV6_DST', { ...ipv6, ...ofConnection }),
  ct_nw_proto: nxm1(119, 8, 'CT_NW_PROTO', { ...ofConnection, exact: true }),
  ct_tp_src: nxm1(124, 16, 'CT_TP_SRC', ofConnection),
  ct_tp_dst: nxm1(125, 16, 'CT_TP_DST', ofConnection),
  reg0: nxm1(0, 32, 'REG0', hex),
  reg1: nxm1(1, 32, 'REG1', hex),
  reg2: nxm1(2, 32, 'REG2', hex),
  reg3: nxm1(3, 32, 'REG3', hex),
  reg4: nxm1(4, 32, 'REG4', hex),
  reg5: nxm1(5, 32, 'REG5', hex),
  reg6: nxm1(6, 32, 'REG6', hex),
  reg7: nxm1(7, 32, 'REG7', hex),
  reg8: nxm1(8, 32, 'REG8', hex),
  reg9: nxm1(9, 32, 'REG9', hex),
  reg10: nxm1(10, 32, 'REG10', hex),
  reg11: nxm1(11, 32, 'REG11', hex),
  reg12: nxm1(12, 32, 'REG12', hex),
  reg13: nxm1(13, 32, 'REG13', hex),
  reg14: nxm1(14, 32, 'REG14', hex),
  reg15: nxm1(15, 32, 'REG15', hex),
  /** Two registers as one number, the first of them (xreg1: reg2) the upper half. */
  xreg0: packetRegs(0, 64, 'PKT_REG0', half(0)),
  xreg1: packetRegs(1, 64, 'PKT_REG1', half(1)),
  xreg2: packetRegs(2, 64, 'PKT_REG2', half(2)),
  xreg3: packetRegs(3, 64, 'PKT_REG3', half(3)),
  xreg4: packetRegs(4, 64, 'PKT_REG4', half(4)),
  xreg5: packetRegs(5, 64, 'PKT_REG5', half(5)),
  xreg6: packetRegs(6, 64, 'PKT_REG6', half(6)),
  xreg7: packetRegs(7, 64, 'PKT_REG7', half(7)),
  /** Four registers as one number, the first of them (xxreg1: reg4) the upper quarter. */
  xxreg0: nxm1(111, 128, 'XXREG0', quarter(0)),
  xxreg1: nxm1(112, 128, 'XXREG1', quarter(1)),
  xxreg2: nxm1(113, 128, 'XXREG2', quarter(2)),
  xxreg3: nxm1(114, 128, 'XXREG3', quarter(3)),
  nw_ttl: nxm1(29, 8, 'IP_TTL', { exact: true, needs: Need.IP }),
  /** 1: a fragment; 2: not the first of them. 0 is a whole packet. */
  ip_frag: nxm1(26, 2, 'IP_FRAG', { readOnly: true, needs: Need.IP }),
  mpls_ttl: nxm1(30, 8, 'MPLS_TTL', { exact: true, needs: Need.MPLS }),
  /** The switch's own, which it says and is not told: the datapath's hash, and where a recirculated packet goes on. */
  dp_hash: nxm1(35, 32, 'DP_HASH', { ...hex, readOnly: true }),
  recirc_id: nxm1(36, 32, 'RECIRC_ID', { ...hex, exact: true, readOnly: true }),
  nsh_flags: nsh(1, 8, 'FLAGS', inNsh),
  nsh_mdtype: nsh(2, 8, 'MDTYPE', { ...inNsh, exact: true, readOnly: true }),
  nsh_np: nsh(3, 8, 'NP', { ...inNsh, exact: true, readOnly: true }),
  nsh_spi: nsh(4, 24, 'SPI', { ...hex, ...inNsh, size: 4, exact: true }),
  nsh_si: nsh(5, 8, 'SI', { ...inNsh, exact: true }),
  nsh_c1: nsh(6, 32, 'C1', { ...hex, ...inNsh }),
  nsh_c2: nsh(7, 32, 'C2', { ...hex, ...inNsh }),
  nsh_c3: nsh(8, 32, 'C3', { ...hex, ...inNsh }),
  nsh_c4: nsh(9, 32, 'C4', { ...hex, ...inNsh }),
  nsh_ttl: nsh(10, 8, 'TTL', { ...inNsh, exact: true }),
} as const;
