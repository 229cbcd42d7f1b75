/**
 * Short ways to write actions, instructions and messages. They fill in what nearly always is the same; all of it can
 * also be written as plain objects.
 */
import type { ActionOf, Action } from './actions/actions.js';
import {
  NX_RESUBMIT_IN_PORT,
  OFP_DEFAULT_PRIORITY,
  OFP_NO_BUFFER,
  OFPCML_NO_BUFFER,
  OFPG,
  OFPP,
  OFPTT,
} from './constants.js';
import type { InstructionOf } from './actions/instructions.js';
import type { LearnField, LearnSpec } from './actions/learn-specs.js';
import { match } from './fields/match.js';
import type { FieldSetting } from './fields/match.js';
import type { BundledMessage } from './messages/bundles.js';
import type { Bucket } from './messages/groups.js';
import type { BundleAdd, FlowMod, MultipartRequest } from './messages/index.js';
import { badValue } from '../lib/struct/index.js';
import { fieldByName } from './fields/table.js';
import type { FieldName } from './fields/table.js';
import type { FieldRef } from './fields/oxm.js';

/** To a port; `maxLen` bytes of the packet, where the port is the controller. */
export const output = (
  port: number,
  maxLen = port === OFPP.CONTROLLER ? OFPCML_NO_BUFFER : 0,
): ActionOf<'output'> => ({
  type: 'output',
  port,
  maxLen,
});

/** Sends the packet through a group. */
export const group = (groupId: number): ActionOf<'group'> => ({ type: 'group', groupId });
/** Puts a VLAN tag in front of the others. */
export const pushVlan = (ethertype = 0x8100): ActionOf<'push_vlan'> => ({ type: 'push_vlan', ethertype });
/** Takes the outermost VLAN tag off. */
export const popVlan = (): ActionOf<'pop_vlan'> => ({ type: 'pop_vlan' });
/** Chooses the queue for later outputs. */
export const setQueue = (queueId: number): ActionOf<'set_queue'> => ({ type: 'set_queue', queueId });
/** Takes 1 off the TTL of the IP header. */
export const decNwTtl = (): ActionOf<'dec_nw_ttl'> => ({ type: 'dec_nw_ttl' });

/**
 * Sets one field: `setField({ tun_dst: ip })`.
 * @throws WireError WIRE_BAD_VALUE unless there is exactly one field, with no mask: OpenFlow 1.3 has none there [OF1.3.5 7.2.5]
 */
export function setField(setting: FieldSetting): ActionOf<'set_field'> {
  const [oxm, another] = match(setting);
  if (!oxm || another || 'mask' in oxm)
    throw badValue('set_field', 'exactly one field is to be set, with no mask', 0);
  return { type: 'set_field', oxm };
}

/** Looks the packet up in another table and comes back. */
export const resubmit = (tableId: number): ActionOf<'resubmit'> => ({
  type: 'resubmit',
  inPort: NX_RESUBMIT_IN_PORT,
  tableId,
});

/** Some bits of a field: all that follow `offset`, unless `bits` says how many. */
export interface Bits {
  /** The field. */
  readonly field: FieldName;
  /** The lowest bit, 0 unless given. */
  readonly offset?: number;
  /** How many bits. */
  readonly bits?: number;
}

const bitsOf = (of: FieldName | Bits): Required<Bits> => {
  const { field, offset = 0, bits } = typeof of === 'string' ? ({ field: of } as Bits) : of;
  return { field, offset, bits: bits ?? (fieldByName(field)?.bits ?? 0) - offset };
};

/** Copies a field, or some bits of it, into another; the smaller of the two says how many bits. */
export function move(src: FieldName | Bits, dst: FieldName | Bits): ActionOf<'move'> {
  const from = bitsOf(src);
  const to = bitsOf(dst);
  return {
    type: 'move',
    bits: Math.min(from.bits, to.bits),
    srcOffset: from.offset,
    dstOffset: to.offset,
    src: from.field,
    dst: to.field,
  };
}

/** Writes a constant into a field, or into some bits of it. */
export function load(value: bigint, dst: FieldName | Bits): ActionOf<'load'> {
  const { field, offset, bits } = bitsOf(dst);
  return { type: 'load', range: { offset, bits }, dst: field, value };
}

/** Outputs to the port whose number stands in a field. */
export function outputReg(src: FieldName | Bits, maxLen = 0): ActionOf<'output_reg'> {
  const { field, offset, bits } = bitsOf(src);
  return { type: 'output_reg', range: { offset, bits }, src: field, maxLen };
}

/** Runs the actions on a copy of the packet. */
export const clone = (actions: readonly Action[]): ActionOf<'clone'> => ({ type: 'clone', actions });

/** What a learned flow is to be. */
export interface LearnOptions {
  /** The table that learns, 0 to 254. */
  readonly table: number;
  /** 0 to 65535; 32768 unless given. */
  readonly priority?: number;
  /** The learned flow's own; 0 unless given. */
  readonly cookie?: bigint;
  /** Seconds; 0 is none. */
  readonly idleTimeout?: number;
  /** Seconds; 0 is none. */
  readonly hardTimeout?: number;
  /** LearnFlag. */
  readonly flags?: number;
  /** At most so many flows with this cookie in the table: the action is then a learn2. */
  readonly limit?: number;
  /** What the learned flow matches and does. */
  readonly specs: readonly LearnSpec[];
}

/** Adds or replaces a flow made from the packet at hand; with a `limit` it is a learn2. */
export function learn(options: LearnOptions): ActionOf<'learn'> | ActionOf<'learn2'> {
  const common = {
    idleTimeout: options.idleTimeout ?? 0,
    hardTimeout: options.hardTimeout ?? 0,
    priority: options.priority ?? 0x8000,
    cookie: options.cookie ?? 0n,
    flags: options.flags ?? 0,
    tableId: options.table,
    finIdleTimeout: 0,
    finHardTimeout: 0,
  };
  return options.limit === undefined
    ? { type: 'learn', ...common, specs: options.specs }
    : { type: 'learn2', ...common, limit: options.limit, resultOffset: 0, specs: options.specs };
}

const whole = (field: FieldName): number => fieldByName(field)?.bits ?? 0;
const start = (field: FieldRef): LearnField => ({ field, offset: 0 });

/** The learned flow matches on `dst` being what `src` is now. */
export const learnMatch = (dst: FieldName, src: FieldName | bigint = dst): LearnSpec => ({
  type: 'match',
  bits: whole(dst),
  src: typeof src === 'bigint' ? { immediate: src } : start(src),
  dst: start(dst),
});

/** The learned flow loads what `src` is now, or a constant, into `dst`. */
export function learnLoad(dst: FieldName | Bits, src: FieldName | Bits | bigint): LearnSpec {
  const to = bitsOf(dst);
  if (typeof src === 'bigint')
    return {
      type: 'load',
      bits: to.bits,
      src: { immediate: src },
      dst: { field: to.field, offset: to.offset },
    };
  const from = bitsOf(src);
  return {
    type: 'load',
    bits: Math.min(from.bits, to.bits),
    src: { field: from.field, offset: from.offset },
    dst: { field: to.field, offset: to.offset },
  };
}

/** The learned flow outputs to the port that `src` is now. */
export const learnOutput = (src: FieldName): LearnSpec => ({
  type: 'output',
  bits: whole(src),
  src: start(src),
});

/** Goes on in a later table. */
export const gotoTable = (tableId: number): InstructionOf<'goto_table'> => ({ type: 'goto_table', tableId });

/** Writes the metadata, or those bits of it that `mask` has. */
export const writeMetadata = (
  metadata: bigint,
  mask = 0xffffffffffffffffn,
): InstructionOf<'write_metadata'> => ({
  type: 'write_metadata',
  metadata,
  mask,
});

/** Runs actions at once, in their order. */
export const applyActions = (actions: readonly Action[]): InstructionOf<'apply_actions'> => ({
  type: 'apply_actions',
  actions,
});
/** Puts actions into the set that is run at the end of the pipeline. */
export const writeActions = (actions: readonly Action[]): InstructionOf<'write_actions'> => ({
  type: 'write_actions',
  actions,
});
/** Empties the set of actions. */
export const clearActions = (): InstructionOf<'clear_actions'> => ({ type: 'clear_actions' });
/** Sends the packet through a meter. */
export const meter = (meterId: number): InstructionOf<'meter'> => ({ type: 'meter', meterId });

/** A bucket of an all or indirect group, which has no weight and watches nothing. */
export const bucket = (actions: readonly Action[]): Bucket => ({
  weight: 0,
  watchPort: OFPP.ANY,
  watchGroup: OFPG.ANY,
  actions,
});

/**
 * Adds, changes or deletes flows. What is not given is what ovs-ofctl takes too: table 0, priority 32768, cookie 0, no
 * timeout, no flag, every packet, no instruction; no buffer, and deletions for all ports and groups.
 */
export const flowMod = (given: Pick<FlowMod, 'command'> & Partial<Omit<FlowMod, 'type'>>): FlowMod => ({
  type: 'flow_mod',
  xid: 0,
  cookie: 0n,
  cookieMask: 0n,
  tableId: 0,
  idleTimeout: 0,
  hardTimeout: 0,
  priority: OFP_DEFAULT_PRIORITY,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions: [],
  ...given,
});

type RequestBody = MultipartRequest['body'];

/** Asks for statistics or descriptions [OF1.3.5 7.3.5]: `multipart({ type: 'port_desc' })`. */
export const multipart = <B extends RequestBody>(body: B): MultipartRequest & { readonly body: B } => ({
  type: 'multipart_request',
  xid: 0,
  flags: 0,
  body,
});

type FlowSelection = Partial<Omit<RequestBody & { readonly type: 'flow' }, 'type'>>;

/** Asks for flows, or with `aggregate` for the sums over them: for all flows in all tables, but for what is given. */
export const askForFlows = (
  given: FlowSelection = {},
  type: 'flow' | 'aggregate' = 'flow',
): MultipartRequest =>
  multipart({
    type,
    tableId: OFPTT.ALL,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    cookie: 0n,
    cookieMask: 0n,
    match: [],
    ...given,
  });

/** A message inside a bundle has the transaction id of the message around it, else OFPBFC_MSG_BAD_XID. */
export const bundleAdd = (
  xid: number,
  bundleId: number,
  flags: number,
  message: BundledMessage,
): BundleAdd => ({
  type: 'bundle_add',
  xid,
  bundleId,
  flags,
  message: { ...message, xid },
});
