import type { ActionOf } from '../actions.js';
import { LearnFlag } from '../constants.js';
import type { LearnField, LearnSpec } from '../learn.js';
import { fieldByName } from '../oxm-fields.js';
import type { FieldRef } from '../oxm.js';
import { formatSubfield, ovsName } from './fields.js';
import { formatValue, hex } from './values.js';

/** A learn action as ovs-ofctl reads it. */
export function formatLearn(action: ActionOf<'learn'> | ActionOf<'learn2'>): string {
  const options: readonly (readonly [name: string, value: number])[] = [
    ['idle_timeout', action.idleTimeout],
    ['hard_timeout', action.hardTimeout],
    ['fin_idle_timeout', action.finIdleTimeout],
    ['fin_hard_timeout', action.finHardTimeout],
  ];
  return `learn(${[
    `table=${action.tableId}`,
    ...options.filter(([, value]) => value !== 0).map(([name, value]) => `${name}=${value}`),
    `priority=${action.priority}`,
    ...((action.flags & LearnFlag.SEND_FLOW_REM) !== 0 ? ['send_flow_rem'] : []),
    ...((action.flags & LearnFlag.DELETE_LEARNED) !== 0 ? ['delete_learned'] : []),
    ...(action.cookie === 0n ? [] : [`cookie=0x${action.cookie.toString(16)}`]),
    ...(action.type === 'learn2' ? formatLimit(action) : []),
    ...action.specs.map(formatSpec),
  ].join(',')})`;
}

function formatLimit({ limit, result, resultOffset }: ActionOf<'learn2'>): string[] {
  const place = result === undefined ? [] : [`result_dst=${formatSubfield(result, resultOffset, 1)}`];
  return [...(limit === 0 ? [] : [`limit=${limit}`]), ...place];
}

function formatSpec(spec: LearnSpec): string {
  const { bits, src } = spec;
  const from = 'immediate' in src ? hex(src.immediate) : formatSubfield(src.field, src.offset, bits);
  if (spec.type === 'output') return `output:${from}`;
  const to = formatSubfield(spec.dst.field, spec.dst.offset, bits);
  if (spec.type === 'load') return `load:${from}->${to}`;
  if ('immediate' in src) return formatConstant(spec.dst, bits, src.immediate) ?? `${to}=${from}`;
  return from === to ? to : `${to}=${from}`;
}

/** A whole field and the value it must have, as in a match. */
function formatConstant({ field, offset }: LearnField, bits: number, value: bigint): string | undefined {
  const row = rowOf(field);
  if (!row || offset !== 0 || bits !== row.bits) return undefined;
  return `${ovsName(row.name)}=${formatValue(row, row.size >= 8 ? value : Number(value))}`;
}

const rowOf = (ref: FieldRef) => (typeof ref === 'string' ? fieldByName(ref) : undefined);
