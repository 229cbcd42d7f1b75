/** Actions [OF1.3.5 7.2.5]: `type:16 length:16`, then the body; a length is a multiple of 8. */
import {
  align,
  constant,
  lazy,
  length,
  listOf,
  pad,
  rest,
  struct,
  u16,
  u32,
  u8,
  union,
} from '../lib/struct/index.js';
import type { Field, Infer, Struct, UnionSpec } from '../lib/struct/index.js';
import { ctZone } from './nicira-ct.js';
import type { CtZone } from './nicira-ct.js';
import { nicira } from './nicira-header.js';
import { niciraActions } from './nicira.js';
import { oxm } from './oxm.js';

const header = (type: number) => ({ _type: constant(u16, type), _length: length(u16) }) as const;

const output = struct('output', { ...header(0), port: u32, maxLen: u16, _pad: pad(6) });
const copyTtlOut = struct('copy_ttl_out', { ...header(11), _pad: pad(4) });
const copyTtlIn = struct('copy_ttl_in', { ...header(12), _pad: pad(4) });
const setMplsTtl = struct('set_mpls_ttl', { ...header(15), ttl: u8, _pad: pad(3) });
const decMplsTtl = struct('dec_mpls_ttl', { ...header(16), _pad: pad(4) });
const pushVlan = struct('push_vlan', { ...header(17), ethertype: u16, _pad: pad(2) });
const popVlan = struct('pop_vlan', { ...header(18), _pad: pad(4) });
const pushMpls = struct('push_mpls', { ...header(19), ethertype: u16, _pad: pad(2) });
const popMpls = struct('pop_mpls', { ...header(20), ethertype: u16, _pad: pad(2) });
const setQueue = struct('set_queue', { ...header(21), queueId: u32 });
const group = struct('group', { ...header(22), groupId: u32 });
const setNwTtl = struct('set_nw_ttl', { ...header(23), ttl: u8, _pad: pad(3) });
const decNwTtl = struct('dec_nw_ttl', { ...header(24), _pad: pad(4) });
const setField = struct('set_field', { ...header(25), oxm, _pad: align(8) });
const pushPbb = struct('push_pbb', { ...header(26), ethertype: u16, _pad: pad(2) });
const popPbb = struct('pop_pbb', { ...header(27), _pad: pad(4) });

/** An action that we do not know: `body` is all that follows its length. */
const unknown = struct('unknown', { typeId: u16, _length: length(u16), body: rest });

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
    ...niciraActions,
  ],
  unknown,
);

/** Runs its actions on a copy of the packet, and goes on with the packet as it was (Nicira, subtype 42). */
export interface CloneAction {
  readonly type: 'clone';
  readonly actions: readonly Action[];
}

/** Sends the packet through connection tracking (Nicira, subtype 35). */
export interface CtAction {
  readonly type: 'ct';
  /** CtFlag. */
  readonly flags: number;
  readonly zone: CtZone;
  /** Where the packet goes on once it was tracked; NX_CT_RECIRC_NONE: it only is tracked. */
  readonly recircTable: number;
  /** CtAlg. */
  readonly alg: number;
  /** At most one `nat`, and set_field, load and move into `ct_mark` and `ct_label`: run as the packet is tracked. */
  readonly actions: readonly Action[];
}

export type Action = Infer<typeof flatAction> | CloneAction | CtAction;
/** The action of one type. */
export type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

// The types are written out, since TypeScript can not infer one that holds itself.
const clone: Struct<'clone', Omit<CloneAction, 'type'>> = struct('clone', {
  ...nicira(42),
  _pad: pad(6),
  actions: listOf(lazy<Action>(() => action)),
});

const ct: Struct<'ct', Omit<CtAction, 'type'>> = struct('ct', {
  ...nicira(35),
  flags: u16,
  zone: ctZone,
  recircTable: u8,
  _pad: pad(3),
  alg: u16,
  actions: listOf(lazy<Action>(() => action)),
});

/** All actions: `flatAction` and those that hold actions themselves. */
const action: UnionSpec & Field<Action> = { ...flatAction, variants: [...flatAction.variants, clone, ct] };

export const actions = listOf(action);
