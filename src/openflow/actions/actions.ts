/** Actions [OF1.3.5 7.2.5]: `type:16 length:16`, then the body; a length is a multiple of 8. */
import {
  align,
  constant,
  lazy,
  length,
  listOf,
  pad,
  struct,
  u16,
  u32,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Field, Infer, Struct, UnionSpec } from '../../lib/struct/index.js';
import { Experimenter } from '../constants.js';
import { ctZone } from './nicira-ct.js';
import type { CtZone } from './nicira-ct.js';
import { nicira } from './nicira-header.js';
import { niciraActions } from './nicira.js';
import { fieldRef, oxmToSet } from '../fields/oxm.js';
import { unknownElement } from '../unknown.js';

const header = (type: number) => ({ _type: constant(u16, type), _length: length(u16) }) as const;

/** Sends the packet out of a port [OF1.3.5 7.2.5]. */
const output = struct('output', {
  ...header(0),
  /** 1 to OFPP.MAX, or one of OFPP. */
  port: u32,
  /** Bytes of the packet at most, where the port is OFPP.CONTROLLER; OFPCML_NO_BUFFER (0xffff) is all of them. */
  maxLen: u16,
  _pad: pad(6),
});

/** Copies the TTL from the second header to the outermost [OF1.3.5 7.2.5]. */
const copyTtlOut = struct('copy_ttl_out', { ...header(11), _pad: pad(4) });

/** Copies the TTL from the outermost header to the second [OF1.3.5 7.2.5]. */
const copyTtlIn = struct('copy_ttl_in', { ...header(12), _pad: pad(4) });

/** Sets the TTL of the outermost MPLS label [OF1.3.5 7.2.5]. */
const setMplsTtl = struct('set_mpls_ttl', {
  ...header(15),
  /** 1 to 255. */
  ttl: u8,
  _pad: pad(3),
});

/** Takes 1 off the TTL of the outermost MPLS label [OF1.3.5 7.2.5]. */
const decMplsTtl = struct('dec_mpls_ttl', { ...header(16), _pad: pad(4) });

/** Puts a VLAN tag in front of the others [OF1.3.5 7.2.5]. */
const pushVlan = struct('push_vlan', {
  ...header(17),
  /** Its kind: 0x8100 or 0x88a8. */
  ethertype: u16,
  _pad: pad(2),
});

/** Takes the outermost VLAN tag off [OF1.3.5 7.2.5]. */
const popVlan = struct('pop_vlan', { ...header(18), _pad: pad(4) });

/** Puts an MPLS label in front of the others [OF1.3.5 7.2.5]. */
const pushMpls = struct('push_mpls', {
  ...header(19),
  /** The new EtherType: 0x8847 or 0x8848. */
  ethertype: u16,
  _pad: pad(2),
});

/** Takes the outermost MPLS label off [OF1.3.5 7.2.5]. */
const popMpls = struct('pop_mpls', {
  ...header(20),
  /** The EtherType of what is left. */
  ethertype: u16,
  _pad: pad(2),
});

/** Chooses the queue for later outputs [OF1.3.5 7.2.5]. */
const setQueue = struct('set_queue', {
  ...header(21),
  /** A queue of the port that the packet leaves by. */
  queueId: u32,
});

/** Sends the packet through a group [OF1.3.5 7.2.5]. */
const group = struct('group', {
  ...header(22),
  /** 0 to OFPG.MAX. */
  groupId: u32,
});

/** Sets the TTL of the IP header [OF1.3.5 7.2.5]. */
const setNwTtl = struct('set_nw_ttl', {
  ...header(23),
  /** 1 to 255. */
  ttl: u8,
  _pad: pad(3),
});

/** Takes 1 off the TTL of the IP header [OF1.3.5 7.2.5]. */
const decNwTtl = struct('dec_nw_ttl', { ...header(24), _pad: pad(4) });

/** Writes one field of the packet, whole [OF1.3.5 7.2.5]. */
const setField = struct('set_field', {
  ...header(25),
  /** The field and its value. */
  oxm: oxmToSet,
  _pad: align(8),
});

/** Puts a provider backbone header around the packet [OF1.3.5 7.2.5]. */
const pushPbb = struct('push_pbb', {
  ...header(26),
  /** 0x88e7. */
  ethertype: u16,
  _pad: pad(2),
});

/** Takes the outermost provider backbone header off [OF1.3.5 7.2.5]. */
const popPbb = struct('pop_pbb', { ...header(27), _pad: pad(4) });

/** Copies `bits` bits of one field to another [ONF extension 320]: what `move` is among the actions of Open vSwitch. */
const copyField = struct('copy_field', {
  ...header(0xffff),
  _experimenter: constant(u32, Experimenter.ONF),
  _subtype: constant(u16, 3200),
  _pad1: pad(2),
  /** How many bits are copied. */
  bits: u16,
  /** The first bit read. */
  srcOffset: u16,
  /** The first bit written. */
  dstOffset: u16,
  _pad2: pad(2),
  /** The field that is read. */
  src: fieldRef,
  /** The field that is written. */
  dst: fieldRef,
  _pad3: align(8),
});

/** What is done with a packet, without the actions that hold actions [OF1.3.5 7.2.5]. */
const flatAction = union(
  'action',
  [
    output,
    group,
    setField,
    pushVlan,
    popVlan,
    setQueue,
    setNwTtl,
    decNwTtl,
    copyTtlOut,
    copyTtlIn,
    setMplsTtl,
    decMplsTtl,
    pushMpls,
    popMpls,
    pushPbb,
    popPbb,
    copyField,
    ...niciraActions,
  ],
  unknownElement,
);

/** Runs its actions on a copy of the packet, and goes on with the packet as it was (Nicira, subtype 42). */
export interface CloneAction {
  /** Always that. */
  readonly type: 'clone';
  /** Run in their order. */
  readonly actions: readonly Action[];
}

/** Sends the packet through connection tracking (Nicira, subtype 35). */
export interface CtAction {
  /** Always that. */
  readonly type: 'ct';
  /** CtFlag. */
  readonly flags: number;
  /** Connections of different zones know nothing of each other. */
  readonly zone: CtZone;
  /** Where the packet goes on once it was tracked; NX_CT_RECIRC_NONE: it only is tracked. */
  readonly recircTable: number;
  /** CtAlg. */
  readonly alg: number;
  /** At most one `nat`, and set_field, load and move into `ct_mark` and `ct_label`: run as the packet is tracked. */
  readonly actions: readonly Action[];
}

/** What is done with a packet [OF1.3.5 7.2.5]. */
export type Action = Infer<typeof flatAction> | CloneAction | CtAction;

/** The action of one type. */
export type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

// The types are written out, since TypeScript can not infer one that holds itself.
/** Runs its actions on a copy of the packet (nicira-ext, subtype 42). */
const clone: Struct<'clone', Omit<CloneAction, 'type'>> = struct('clone', {
  ...nicira(42),
  _pad: pad(6),
  /** Run in their order. */
  actions: listOf(lazy<Action>(() => action)),
});

/** Sends the packet through connection tracking (nicira-ext, subtype 35). */
const ct: Struct<'ct', Omit<CtAction, 'type'>> = struct('ct', {
  ...nicira(35),
  /** A bitmap of CtFlag. */
  flags: u16,
  /** Connections of different zones know nothing of each other. */
  zone: ctZone,
  /** Where the packet goes on once it was tracked; NX_CT_RECIRC_NONE: it only is tracked. */
  recircTable: u8,
  _pad: pad(3),
  /** One of CtAlg. */
  alg: u16,
  /** At most one `nat`, and set_field, load and move into `ct_mark` and `ct_label`. */
  actions: listOf(lazy<Action>(() => action)),
});

/** All actions: `flatAction` and those that hold actions themselves. */
const action: UnionSpec & Field<Action> = { ...flatAction, variants: [...flatAction.variants, clone, ct] };

/** Run in their order [OF1.3.5 7.2.5]. */
export const actions = listOf(action);
