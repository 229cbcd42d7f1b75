/**
 * What Open vSwitch calls match fields [ovs-fields(7)]: one table for a match, for set_field and for the bits of a field
 * that move, load, learn and others name, and for both directions.
 */
import { fieldByName, oxmFields } from '../fields/table.js';
import type { FieldName, OxmField } from '../fields/table.js';
import { choices, flags } from './flags.js';
import { decimal, decimalByte, decimalToSet, hexadecimal, notations, padded } from './notations.js';
import type { MaskedValue, Notation } from './notations.js';
import { hex, parseUint } from './values.js';

/** Open vSwitch's name of a field, where that is not ours. The older form of a field (`nxm_…`) has the name of the newer. */
const ovsNames: Readonly<Partial<Record<FieldName, string>>> = {
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
  nxm_ip_proto: 'nw_proto',
  nxm_ip_tos: 'nw_tos',
  nxm_ip_ecn: 'nw_ecn',
};

/** The name of a field in set_field and learn. */
export const ovsName = (name: FieldName): string => ovsNames[name] ?? name.replace(/^nxm_/, '');

interface Spelling {
  /** How dump-flows prints the field in a match, where that is another name. */
  readonly printed?: string;
  /** What users may also write. */
  readonly aliases?: readonly string[];
  /** The notation, where that is not the one of the table of fields. */
  readonly notation?: Notation;
  /** The notation in a match, where that is another than in set_field. */
  readonly inMatch?: Notation;
}

/** OFPHTN_ETHERTYPE. */
const ethernetTypes = 1n;

/** `(1,0x800)`: the name space and the type in it, in hexadecimal where that is an Ethernet type. */
const packetType: Notation = {
  expected: 'a name space and a type: (1,0x800)',
  format: ({ value }) => {
    const [space, type] = [value >> 16n, value & 0xffffn];
    return `(${space},${space === ethernetTypes ? hex(type) : type})`;
  },
  parse: ({ text }) => {
    const [, space, type] = /^\(([^(),]*),([^(),]*)\)$/.exec(text) ?? [];
    const [upper, lower] = [parseUint(space ?? ''), parseUint(type ?? '')];
    if (upper === undefined || lower === undefined || lower > 0xffffn) return undefined;
    return { value: (upper << 16n) | lower };
  },
};

/** Open vSwitch tells a value of these fields with itself as the mask, and prints no mask. */
function withoutMask(plainly: Notation): Notation {
  return {
    ...plainly,
    format: ({ value, mask }, row, options) =>
      plainly.format(value === mask ? { value } : { value, mask }, row, options),
  };
}

/** By Open vSwitch's name; a field that is not here has nothing special. */
const spellings: Readonly<Partial<Record<string, Spelling>>> = {
  in_port_oxm: { printed: 'in_port' },
  eth_src: { printed: 'dl_src' },
  eth_dst: { printed: 'dl_dst' },
  eth_type: { printed: 'dl_type', inMatch: padded(4) },
  vlan_pcp: { aliases: ['dl_vlan_pcp'] },
  ip_src: { printed: 'nw_src' },
  ip_dst: { printed: 'nw_dst' },
  nw_proto: { aliases: ['ip_proto'] },
  nw_ecn: { aliases: ['ip_ecn'] },
  ipv6_label: { inMatch: padded(5) },
  tcp_src: { printed: 'tp_src' },
  tcp_dst: { printed: 'tp_dst' },
  udp_src: { printed: 'tp_src' },
  udp_dst: { printed: 'tp_dst' },
  sctp_src: { printed: 'tp_src' },
  sctp_dst: { printed: 'tp_dst' },
  icmpv6_type: { printed: 'icmp_type' },
  icmpv6_code: { printed: 'icmp_code' },
  tun_id: { aliases: ['tunnel_id'] },
  tun_gbp_flags: { inMatch: withoutMask(hexadecimal) },
  tun_erspan_ver: { inMatch: withoutMask(decimal) },
  tun_erspan_dir: { inMatch: withoutMask(decimal) },
  tun_erspan_hwid: { inMatch: withoutMask(hexadecimal) },
  tun_gtpu_flags: { printed: 'gtpu_flags', inMatch: withoutMask(hexadecimal) },
  tun_gtpu_msgtype: { printed: 'gtpu_msgtype' },
  nsh_flags: { inMatch: decimalByte },
  packet_type: { notation: packetType },
  ct_zone: { notation: decimal },
  ct_state: {
    notation: flags(['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'], { onlyNamed: true }),
  },
  tun_flags: { notation: flags(['oam']), inMatch: flags(['oam'], { onlyNamed: true, alwaysSigned: true }) },
  tcp_flags: { notation: flags(['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns']) },
  ip_frag: {
    printed: 'nw_frag',
    notation: choices({
      no: { value: 0n, mask: 3n },
      yes: { value: 1n, mask: 1n },
      first: { value: 1n, mask: 3n },
      later: { value: 3n, mask: 3n },
      not_later: { value: 0n, mask: 2n },
    }),
  },
};

/** ovs-ofctl's nw_tos is the whole byte; the field is its upper six bits. */
const tos: Notation = {
  expected: 'a multiple of 4 from 0 to 252',
  format: ({ value }) => String(value * 4n),
  parse: (token, row, r) => {
    const whole = decimal.parse(token, row, r);
    return whole?.mask === undefined && whole !== undefined && whole.value % 4n === 0n
      ? { value: whole.value / 4n }
      : undefined;
  },
};

/** A field as it is written in one place. */
export interface Spelled {
  readonly row: OxmField;
  readonly notation: Notation;
}

const rows = (Object.keys(oxmFields) as FieldName[]).flatMap(name => fieldByName(name) ?? []);
const isOlder = (row: OxmField): boolean => row.name.startsWith('nxm_');
const newerFirst = [...rows.filter(row => !isOlder(row)), ...rows.filter(isOlder)];
const olderFirst = [...rows.filter(isOlder), ...rows.filter(row => !isOlder(row))];

/** The notation of a field outside a match. */
export const notationOf = (row: OxmField): Notation =>
  spellings[ovsName(row.name)]?.notation ??
  (row.notation === 'decimal' ? decimalToSet : notations[row.notation]);

/** How dump-flows prints a field in a match. */
export function printedAs(row: OxmField): { readonly name: string; readonly notation: Notation } {
  if (row.name === 'ip_dscp') return { name: 'nw_tos', notation: tos };
  const name = ovsName(row.name);
  return { name: spellings[name]?.printed ?? name, notation: inMatch(row) };
}

function inMatch(row: OxmField): Notation {
  const spelling = spellings[ovsName(row.name)];
  return spelling?.inMatch ?? spelling?.notation ?? notations[row.notation];
}

const matchSpellings = new Map<string, Spelled[]>();
for (const row of newerFirst) {
  const name = ovsName(row.name);
  const { printed = name, aliases = [] } = spellings[name] ?? {};
  for (const spelling of new Set([name, row.name, printed, ...aliases])) {
    const known = matchSpellings.get(spelling) ?? [];
    // An older form is meant only where there is no newer one.
    if (known.length === 0 || !isOlder(row))
      matchSpellings.set(spelling, [...known, { row, notation: inMatch(row) }]);
  }
}
const dscp = fieldByName('ip_dscp');
if (dscp) matchSpellings.set('nw_tos', [{ row: dscp, notation: tos }]);

/** The fields that a name in a match may mean: more than one where that depends on the protocol. */
export const matchFields = (name: string): readonly Spelled[] => matchSpellings.get(name) ?? [];
export const matchFieldNames = (): Iterable<string> => matchSpellings.keys();

function byOvsName(ordered: readonly OxmField[]): ReadonlyMap<string, OxmField> {
  const found = new Map<string, OxmField>();
  const put = (name: string, row: OxmField): void => {
    if (!found.has(name)) found.set(name, row);
  };
  for (const row of ordered) put(ovsName(row.name), row);
  for (const row of ordered) put(row.nxm, row);
  for (const row of ordered) {
    const { printed, aliases = [] } = spellings[ovsName(row.name)] ?? {};
    for (const name of [...(printed === undefined ? [] : [printed]), ...aliases]) put(name, row);
  }
  return found;
}

/** What a name means in set_field: the OXM form of the field, where there is one. */
export const settable = byOvsName(newerFirst);
/** What a name means in move, load, learn and the like: the older NXM form, where there is one, as ovs-ofctl sends it. */
export const movable = byOvsName(olderFirst);

/** A value of a field, with the bits that do not count cleared, as ovs-ofctl does. */
export const cleared = ({ value, mask }: MaskedValue): MaskedValue =>
  mask === undefined ? { value } : { value: value & mask, mask };
