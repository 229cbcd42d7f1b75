import { fieldByName } from '../oxm-fields.js';
import type { FieldName } from '../oxm-fields.js';
import type { FieldRef } from '../oxm.js';

/** What Open vSwitch calls fields in set_field, where that is not our own name for them. */
const names: Readonly<Partial<Record<FieldName, string>>> = {
  in_port: 'in_port_oxm',
  ip_proto: 'nw_proto',
  ip_ecn: 'nw_ecn',
  ipv4_src: 'ip_src',
  ipv4_dst: 'ip_dst',
  icmpv4_type: 'icmp_type',
  icmpv4_code: 'icmp_code',
  ipv6_flabel: 'ipv6_label',
  ipv6_nd_target: 'nd_target',
  ipv6_nd_sll: 'nd_sll',
  ipv6_nd_tll: 'nd_tll',
  tunnel_id: 'tun_id',
  nxm_icmp_type: 'icmp_type',
  nxm_icmp_code: 'icmp_code',
  nxm_ip_proto: 'nw_proto',
  nxm_ip_tos: 'nw_tos',
};

export const ovsName = (name: FieldName): string => names[name] ?? name.replace(/^nxm_/, '');

/** `bits` bits of a field from `offset` on: `NXM_NX_REG1[0..15]`, `NXM_NX_REG0[3]`, `NXM_OF_ETH_SRC[]` for all of it. */
export function formatSubfield(ref: FieldRef, offset: number, bits: number): string {
  const row = typeof ref === 'string' ? fieldByName(ref) : undefined;
  const name = row?.nxm ?? (typeof ref === 'string' ? ref : `0x${ref.header.toString(16)}`);
  if (row && offset === 0 && bits === row.bits) return `${name}[]`;
  return bits === 1 ? `${name}[${offset}]` : `${name}[${offset}..${offset + bits - 1}]`;
}
