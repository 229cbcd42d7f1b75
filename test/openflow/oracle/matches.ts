/** Random matches that Open vSwitch takes: fields that presume others come with them, and none comes in two forms. */
import fc from '../../support/fast-check.js';
import {
  type FieldName,
  fieldNames,
  masked,
  type Match,
  match,
  type MatchFields,
  OFPVID_PRESENT,
} from '../../../src/openflow/index.js';
import { fieldByName, type OxmField } from '../../../src/openflow/fields/table.js';
import { Need } from '../../../src/openflow/fields/definition.js';
import { initially, saidBy } from '../../../src/openflow/fields/prerequisites.js';
import { unsigned, unsigned64 } from '../../support/arbitrary.js';

/** Fields that Open vSwitch refuses or alone writes, and those that need a map of tunnel options in the
 * switch; ip_frag, since later fragments have no ports to set. */
const excluded =
  /^(in_phy_port|pbb_isid|ipv6_exthdr|actset_output|dp_hash|recirc_id|packet_type|tun_metadata\d+|conj_id|ip_frag)$/;

export const drawn: readonly FieldName[] = fieldNames.filter(name => !excluded.test(name));

const port = fc.integer({ min: 1, max: 0xfeff });
/** Fields that do not take every value of their width. */
const values: Partial<Record<FieldName, fc.Arbitrary<number>>> = {
  in_port: port,
  nxm_in_port: port,
  vlan_vid: fc.nat(0xfff).map(vid => vid | OFPVID_PRESENT),
  vlan_tci: fc.nat(0xffff).map(tci => tci | 0x1000),
  eth_type: fc.constantFrom(0x88b5, 0x88cc),
  nxm_eth_type: fc.constantFrom(0x88b5, 0x88cc),
  arp_op: fc.nat(0xff),
  nxm_arp_op: fc.nat(0xff),
  nxm_ip_tos: fc.nat(63).map(dscp => dscp << 2),
  ct_state: fc.constantFrom(0x21, 0x22, 0x2a),
  nsh_mdtype: fc.constantFrom(1, 2),
  nsh_ttl: fc.nat(63),
};
/** Whose mask is not any. */
const exactHere = new Set<FieldName>(['vlan_vid', 'vlan_tci', 'ct_state', 'nxm_ip_tos', 'ip_frag']);

const wide = (bits: number): fc.Arbitrary<bigint> =>
  bits === 64 ? unsigned64 : fc.tuple(unsigned64, unsigned64).map(([upper, lower]) => (upper << 64n) | lower);

/** A value of the field, some with a mask. */
export function settingOf(row: OxmField): fc.Arbitrary<MatchFields> {
  const value: fc.Arbitrary<number | bigint> =
    values[row.name] ?? (row.bits >= 64 ? wide(row.bits) : unsigned(row.bits));
  const whole = value.map(one => ({ [row.name]: one }));
  if (!row.maskable || exactHere.has(row.name)) return whole;
  const mask = row.bits >= 64 ? wide(row.bits) : unsigned(row.bits);
  return fc.oneof(
    whole,
    fc
      .tuple(value, mask)
      .filter(([, bits]) => BigInt(bits) !== 0n)
      .map(([one, bits]) => ({ [row.name]: masked(one as bigint, bits as bigint) })),
  );
}

const ip = { eth_type: 0x0800 } as const;
const ipv6 = { eth_type: 0x86dd } as const;
/** What packets there are. */
export const kinds: readonly MatchFields[] = [
  {},
  ip,
  ipv6,
  ...[ip, ipv6].flatMap(one => [6, 17, 132].map(ip_proto => ({ ...one, ip_proto }))),
  { ...ip, ip_proto: 1 },
  { ...ipv6, ip_proto: 58 },
  { ...ipv6, ip_proto: 58, icmpv6_type: 135, icmpv6_code: 0 },
  { ...ipv6, ip_proto: 58, icmpv6_type: 136, icmpv6_code: 0 },
  { eth_type: 0x0806 },
  { eth_type: 0x8035 },
  { eth_type: 0x8847 },
  { eth_type: 0x8848 },
  { eth_type: 0x894f },
  { vlan_vid: 0x1064 },
  { ct_state: 0x21, ...ip },
  { ct_state: 0x21, ...ipv6 },
];

/** What of the fields Open vSwitch takes together, in canonical order. */
export function consistent(fields: MatchFields): Match {
  let have = initially;
  const taken = new Set<number>();
  return match(fields).filter(one => {
    const row = one.field === 'unknown' ? undefined : fieldByName(one.field);
    if (row === undefined || one.field === 'unknown') return false;
    if ((row.needs !== 0 && (have & row.needs) === 0) || row.slots.some(slot => taken.has(slot)))
      return false;
    // Neighbour discovery has no other code.
    if (/icmpv6_code$/.test(row.name) && (have & Need.ND) !== 0 && one.value !== 0) return false;
    // Presumed by flows, though not by matches elsewhere.
    if (/^ct_nw_/.test(row.name) && (have & Need.IPV4) === 0) return false;
    if (/^ct_ipv6_/.test(row.name) && (have & Need.IPV6) === 0) return false;
    for (const slot of row.slots) taken.add(slot);
    if (row.role !== 'none') have = saidBy(row.role, Number(one.value), one.mask as number | undefined, have);
    return true;
  });
}

/** What a match says of its packets (Need). */
export function needsMetBy(of: Match): number {
  let have = initially;
  for (const one of of) {
    const row = one.field === 'unknown' ? undefined : fieldByName(one.field);
    if (row !== undefined && row.role !== 'none' && one.field !== 'unknown')
      have = saidBy(row.role, Number(one.value), one.mask as number | undefined, have);
  }
  return have;
}

const settings: fc.Arbitrary<MatchFields> = fc
  .constantFrom(...drawn)
  .chain(name => settingOf(fieldByName(name)!));

export const matches: fc.Arbitrary<Match> = fc
  .tuple(fc.constantFrom(...kinds), fc.array(settings, { maxLength: 6 }))
  .map(([kind, some]) => consistent(Object.assign({}, ...some, kind) as MatchFields));
