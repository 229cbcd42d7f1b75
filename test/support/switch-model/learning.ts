/** The flow that a learn action makes of the frame at hand (Open vSwitch, nicira-ext "learn"). */
import {
  type Action,
  type ActionOf,
  applyActions,
  type FieldName,
  type FieldRef,
  type FlowMod,
  formatInstructions,
  type LearnSource,
  match,
  type MatchFields,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
} from '../../../src/openflow/index.js';
import { fieldByName } from '../../../src/openflow/fields/table.js';
import type { Fields } from './fields.js';
import { keyOf, type Tables } from './tables.js';

export type LearnAction = ActionOf<'learn'> | ActionOf<'learn2'>;

export function learnedFlow(action: LearnAction, fields: Fields): FlowMod {
  const conditions = new Map<FieldName, { value: bigint; mask: bigint }>();
  const actions: Action[] = [];
  for (const spec of action.specs) {
    const value = read(spec.src, fields, spec.bits);
    switch (spec.type) {
      case 'match': {
        const name = nameOf(spec.dst.field);
        const old = conditions.get(name) ?? { value: 0n, mask: 0n };
        const shift = BigInt(spec.dst.offset);
        const mask = ((1n << BigInt(spec.bits)) - 1n) << shift;
        conditions.set(name, { value: old.value | (value << shift), mask: old.mask | mask });
        break;
      }
      case 'load':
        actions.push({
          type: 'load',
          range: { offset: spec.dst.offset, bits: spec.bits },
          dst: spec.dst.field,
          value,
        });
        break;
      case 'output':
        actions.push({ type: 'output', port: Number(value), maxLen: 0 });
        break;
    }
  }
  return {
    type: 'flow_mod',
    xid: 0,
    cookie: action.cookie,
    cookieMask: 0n,
    tableId: action.tableId,
    command: 'add',
    idleTimeout: action.idleTimeout,
    hardTimeout: action.hardTimeout,
    priority: action.priority,
    bufferId: OFP_NO_BUFFER,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    flags: action.flags & 1,
    match: match(Object.fromEntries([...conditions].map(([name, one]) => [name, typed(name, one)]))),
    instructions: actions.length === 0 ? [] : [applyActions(actions)],
  };
}

/**
 * With a limit (learn2), a flow is not made where the table has as many of its cookie; nor is one of them changed then,
 * as where a source moves. One that says the same already is always renewed.
 */
export function learn(tables: Tables, action: LearnAction, flow: FlowMod): void {
  const key = keyOf(flow);
  const old = tables.flows.get(key);
  const limit = action.type === 'learn2' ? action.limit : 0;
  const isRenewed = old !== undefined && old.cookie === flow.cookie && sameActions(old, flow);
  if (limit !== 0 && !isRenewed) {
    const same = [...tables.flows.values()].filter(
      ({ tableId, cookie }) => tableId === flow.tableId && cookie === flow.cookie,
    );
    if (same.length >= limit) return;
  }
  tables.flows.set(key, { ...flow, packetCount: old?.packetCount ?? 0n });
}

const sameActions = (a: FlowMod, b: FlowMod): boolean =>
  formatInstructions(a.instructions) === formatInstructions(b.instructions);

const read = (src: LearnSource, fields: Fields, bits: number): bigint =>
  'immediate' in src ? src.immediate : fields.get(src.field, src.offset, bits);

function nameOf(ref: FieldRef): FieldName {
  if (typeof ref !== 'string') throw new Error('the model learns known fields only');
  return ref;
}

/** Values of 64 and 128 bits are bigints, all others numbers. */
function typed(name: FieldName, { value, mask }: { value: bigint; mask: bigint }): MatchFields[FieldName] {
  const isWide = (fieldByName(name)?.bits ?? 0) >= 64;
  return isWide ? { value, mask } : { value: Number(value), mask: Number(mask) };
}
