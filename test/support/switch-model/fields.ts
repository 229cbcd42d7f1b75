/** The fields of a frame on its way through a switch, addressed as matches, set_field, move, load and learn do it. */
import {
  type FieldName,
  fieldNames,
  type FieldRef,
  type FieldValue,
  type Oxm,
} from '../../../src/openflow/index.js';
import { fieldByName } from '../../../src/openflow/fields/table.js';

/** What a frame has when it comes in; a field that is left out is 0. */
export type FrameFields = { readonly [N in FieldName]?: FieldValue<N> };

/** A field in one of its older NXM forms is the field itself. */
const plainNames: Readonly<Partial<Record<FieldName, FieldName>>> = {
  nxm_eth_dst: 'eth_dst',
  nxm_eth_src: 'eth_src',
  nxm_eth_type: 'eth_type',
  nxm_ip_proto: 'ip_proto',
  nxm_ip_src: 'ipv4_src',
  nxm_ip_dst: 'ipv4_dst',
  nxm_tcp_src: 'tcp_src',
  nxm_tcp_dst: 'tcp_dst',
  nxm_udp_src: 'udp_src',
  nxm_udp_dst: 'udp_dst',
  nxm_icmp_type: 'icmpv4_type',
  nxm_icmp_code: 'icmpv4_code',
  nxm_arp_op: 'arp_op',
  nxm_arp_spa: 'arp_spa',
  nxm_arp_tpa: 'arp_tpa',
  nxm_tun_id: 'tunnel_id',
  nxm_arp_sha: 'arp_sha',
  nxm_arp_tha: 'arp_tha',
  nxm_ipv6_src: 'ipv6_src',
  nxm_ipv6_dst: 'ipv6_dst',
  nxm_icmpv6_type: 'icmpv6_type',
  nxm_icmpv6_code: 'icmpv6_code',
  nxm_nd_target: 'ipv6_nd_target',
  nxm_nd_sll: 'ipv6_nd_sll',
  nxm_nd_tll: 'ipv6_nd_tll',
};

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** A tag's control information with bit 12 set, which says that there is a tag (Open vSwitch, vlan_tci). */
export const tagPresent = 0x1000n;

/** As many as Open vSwitch keeps of one frame. */
export const maxTags = 2;

/** Some bits of what is stored under a name: fields that say parts of one value overlap where they are the same bits. */
export interface Place {
  readonly name: string;
  readonly shift: number;
  readonly bits: number;
}

/**
 * Where a field's bits stand.
 * @throws Error for a field that is not in the table
 */
export function placeOf(ref: FieldRef): Place {
  const row = typeof ref === 'string' ? fieldByName(ref) : undefined;
  if (row === undefined) throw new Error(`the model knows no field ${JSON.stringify(ref)}`);
  switch (row.name) {
    case 'vlan_tci':
      return { name: 'vlan_tci', shift: 0, bits: 16 };
    case 'vlan_vid':
      return { name: 'vlan_tci', shift: 0, bits: 13 };
    case 'vlan_pcp':
      return { name: 'vlan_tci', shift: 13, bits: 3 };
    case 'ip_dscp':
      return { name: 'ip_tos', shift: 2, bits: 6 };
    case 'ip_ecn':
      return { name: 'ip_tos', shift: 0, bits: 2 };
    case 'nxm_ip_tos':
      return { name: 'ip_tos', shift: 0, bits: 8 };
    case 'nxm_in_port':
      return { name: 'in_port', shift: 0, bits: 16 };
    default:
      return { name: plainNames[row.name] ?? row.name, shift: 0, bits: row.bits };
  }
}

/** A value as one number; the model has no tunnel options, whose values are bytes. */
export function numberOf(value: number | bigint | Uint8Array): bigint {
  if (value instanceof Uint8Array) throw new Error('the model knows no values of bytes');
  return BigInt(value);
}

/** The bits that a field of a match asks for, of what is stored under `name`. */
export interface Condition {
  readonly name: string;
  readonly value: bigint;
  readonly mask: bigint;
}

export function conditionOf(oxm: Oxm): Condition {
  if (oxm.field === 'unknown') throw new Error(`the model knows no field 0x${oxm.header.toString(16)}`);
  const { name, shift, bits } = placeOf(oxm.field);
  const mask = (oxm.mask === undefined ? ones(bits) : numberOf(oxm.mask)) << BigInt(shift);
  const value = (numberOf(oxm.value) << BigInt(shift)) & mask;
  // A priority is asked of a tagged frame: an untagged one has none, not priority 0 [OF1.3.5 7.2.3.7].
  return oxm.field === 'vlan_pcp'
    ? { name, value: value | tagPresent, mask: mask | tagPresent }
    : { name, value, mask };
}

/** Metadata, registers and tags are fields like all others. */
export class Fields {
  readonly #values: Map<string, bigint>;
  /** Tags inside the outermost one. */
  #innerTags: readonly bigint[];

  private constructor(values: ReadonlyMap<string, bigint>, innerTags: readonly bigint[]) {
    this.#values = new Map(values);
    this.#innerTags = innerTags;
  }

  static of(frame: FrameFields): Fields {
    const fields = new Fields(new Map(), []);
    for (const name of fieldNames) {
      const value = frame[name];
      if (value !== undefined) fields.set(name, numberOf(value));
    }
    return fields;
  }

  copy(): Fields {
    return new Fields(this.#values, this.#innerTags);
  }

  /** Becomes what another is. */
  become(other: Fields): void {
    this.#values.clear();
    for (const [name, value] of other.#values) this.#values.set(name, value);
    this.#innerTags = other.#innerTags;
  }

  meets({ name, value, mask }: Condition): boolean {
    return ((this.#values.get(name) ?? 0n) & mask) === value;
  }

  get(ref: FieldRef, offset = 0, bits?: number): bigint {
    const { name, shift, bits: all } = placeOf(ref);
    const value = (this.#values.get(name) ?? 0n) >> BigInt(shift + offset);
    return value & ones(Math.min(bits ?? all, all - offset));
  }

  set(ref: FieldRef, value: bigint, offset = 0, bits?: number): void {
    const { name, shift, bits: all } = placeOf(ref);
    const mask = ones(Math.min(bits ?? all, all - offset)) << BigInt(shift + offset);
    const old = this.#values.get(name) ?? 0n;
    this.#values.set(name, (old & ~mask) | ((value << BigInt(shift + offset)) & mask));
  }

  get isTagged(): boolean {
    return (this.get('vlan_tci') & tagPresent) !== 0n;
  }

  /** The outermost first, each with the bit that says that it is there. */
  get tags(): readonly bigint[] {
    return this.isTagged ? [this.get('vlan_tci'), ...this.#innerTags] : [];
  }

  /** The new tag says nothing yet; Open vSwitch keeps no more than two, and loses the innermost. */
  pushTag(): void {
    this.#innerTags = this.tags.slice(0, maxTags - 1);
    this.set('vlan_tci', tagPresent);
  }

  popTag(): void {
    const [next = 0n, ...rest] = this.#innerTags;
    this.set('vlan_tci', next);
    this.#innerTags = rest;
  }

  get inPort(): number {
    return Number(this.get('in_port'));
  }
}
