/** How the tables of match fields are written (basic.ts, nicira.ts, nxm.ts). */
import { Experimenter } from '../constants.js';

/** How ovs-ofctl writes a value. */
export type Notation = 'decimal' | 'hex' | 'mac' | 'ipv4' | 'ipv6' | 'port' | 'bytes';

/**
 * What a match may say before a field that presumes it [OF1.3.5 7.2.3.6, 7.2.3.8]: bits, of which a field needs one.
 * ETHERNET holds from the beginning, until a packet_type says otherwise.
 */
export const Need = {
  NOTHING: 0,
  ETHERNET: 0x1,
  VLAN: 0x2,
  IPV4: 0x4,
  IPV6: 0x8,
  IP: 0xc,
  ARP: 0x10,
  MPLS: 0x20,
  NSH: 0x40,
  PBB: 0x80,
  TCP: 0x100,
  UDP: 0x200,
  SCTP: 0x400,
  ICMPV4: 0x800,
  ICMPV6: 0x1000,
  ND_SOLICIT: 0x2000,
  ND_ADVERT: 0x4000,
  ND: 0x6000,
  /** A connection state that says that the packet belongs to a connection. */
  CT: 0x8000,
} as const;

/** Fields that say what others presume. */
export type Role = 'none' | 'packet_type' | 'eth_type' | 'vlan' | 'ip_proto' | 'icmpv6_type' | 'ct_state';

export interface FieldDefinition<B extends number> {
  /** The type of class, field and length, without the mask bit. */
  readonly header: number;
  /** Of a field of class 0xffff [OF1.3.5 7.2.3.9]: the id that follows the header, which the length counts. */
  readonly experimenter: number | undefined;
  /** Significant bits of a value. */
  readonly bits: B;
  /** Bytes of a value on the wire; of a field of variable length, at most. */
  readonly size: number;
  readonly notation: Notation;
  /** Open vSwitch's name of the field in moves, loads and learns, without the brackets. */
  readonly nxm: string;
  /** What the match must say before it (Need). */
  readonly needs: number;
  readonly maskable: boolean;
  /** Whether Open vSwitch lets set_field, load and move write it. */
  readonly writable: boolean;
  readonly role: Role;
  /** Fields that have bits in common with it: a match has one of them at most. */
  readonly overlaps: readonly string[];
}

export interface Traits {
  readonly notation?: Notation;
  /** Bytes of a value, where it has more than its bits take. */
  readonly size?: number;
  readonly needs?: number;
  /** Has no mask. */
  readonly exact?: true;
  /** Can not be written. */
  readonly readOnly?: true;
  readonly role?: Role;
  readonly overlaps?: readonly string[];
}

/** Bits of a field whose value is bytes of any length, up to so many bits. */
export const variableBits = 992;

const define =
  (oxmClass: number, prefix: string, experimenter?: number) =>
  <const B extends number>(
    number: number,
    bits: B,
    name: string,
    traits: Traits = {},
  ): FieldDefinition<B> => {
    const size = traits.size ?? Math.ceil(bits / 8);
    return {
      header: oxmClass * 0x10000 + (number << 9) + size + (experimenter === undefined ? 0 : 4),
      experimenter,
      bits,
      size,
      notation: traits.notation ?? 'decimal',
      nxm: `${prefix}_${name}`,
      needs: traits.needs ?? Need.NOTHING,
      maskable: traits.exact !== true,
      writable: traits.readOnly !== true,
      role: traits.role ?? 'none',
      overlaps: traits.overlaps ?? [],
    };
  };

/** OFPXMC_OPENFLOW_BASIC. */
export const oxm = define(0x8000, 'OXM_OF');
/** OFPXMC_PACKET_REGS of OpenFlow 1.5. */
export const packetRegs = define(0x8001, 'OXM_OF');
/** OFPXMC_NXM_0 and OFPXMC_NXM_1. */
export const nxm0 = define(0x0000, 'NXM_OF');
export const nxm1 = define(0x0001, 'NXM_NX');
export const eric = define(0x1000, 'ERICOXM_OF');
/** OFPXMC_EXPERIMENTER, by experimenter. */
export const onf = define(0xffff, 'ONFOXM_ET', Experimenter.ONF);
export const nicira = define(0xffff, 'NXOXM_ET', Experimenter.NICIRA);
export const nsh = define(0xffff, 'NXOXM_NSH', 0x005ad650);
