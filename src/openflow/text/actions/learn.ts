/** The learn actions: options first, then what the learned flow matches and does. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { LearnFlag } from '../../constants.js';
import type { LearnSource, LearnSpec } from '../../actions/learn-specs.js';
import type { OxmField } from '../../fields/table.js';
import { movable, notationOf, ovsName } from '../fields.js';
import { readOxm } from '../match-reader.js';
import type { Reader, Token } from '../reader.js';
import { formatSubfield, readBit, readSubfield, rowOf, subfieldOf } from '../subfields.js';
import type { Subfield } from '../subfields.js';
import { bigintOf, hex, parseUint, readNumber, readU64 } from '../values.js';
import { entry, optionValue } from './entry.js';

/** What a flow has where nothing else is said. */
const usualPriority = 0x8000;

const timeouts = [
  ['idle_timeout', 'idleTimeout'],
  ['hard_timeout', 'hardTimeout'],
  ['fin_idle_timeout', 'finIdleTimeout'],
  ['fin_hard_timeout', 'finHardTimeout'],
] as const;

function formatLearn(action: ActionOf<'learn'> | ActionOf<'learn2'>): string {
  return `learn(${[
    `table=${action.tableId}`,
    ...timeouts.filter(([, key]) => action[key] !== 0).map(([name, key]) => `${name}=${action[key]}`),
    ...(action.priority === usualPriority ? [] : [`priority=${action.priority}`]),
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

/** A whole field and the value it must have, as in set_field. */
function formatConstant(dst: Omit<Subfield, 'bits'>, bits: number, value: bigint): string | undefined {
  const row = rowOf(dst.field);
  if (!row || dst.offset !== 0 || bits !== row.bits) return undefined;
  const name = ovsName(row.name);
  return movable.get(name) === row ? `${name}=${notationOf(row).format({ value }, row, {})}` : undefined;
}

/** Without a limit and a result it is read back as the `learn` that it is. */
export const learn2 = entry('learn2', { format: formatLearn, words: {} });

export const learn = entry('learn', { format: formatLearn, words: { learn: ({ r }) => readLearn(r) } });

interface Learning {
  tableId: number;
  idleTimeout: number;
  hardTimeout: number;
  finIdleTimeout: number;
  finHardTimeout: number;
  priority: number;
  cookie: bigint;
  flags: number;
}

function readLearn(r: Reader): Action {
  const learning: Learning = {
    tableId: 1,
    idleTimeout: 0,
    hardTimeout: 0,
    finIdleTimeout: 0,
    finHardTimeout: 0,
    priority: usualPriority,
    cookie: 0n,
    flags: 0,
  };
  const specs: LearnSpec[] = [];
  let limit = 0;
  let result: Subfield | undefined;
  const options: Record<string, () => void> = {
    ...optionsOf(r, learning),
    limit: () => (limit = readNumber(r, optionValue(r), 0xffffffff, 'a limit')),
    result_dst: () => (result = readResult(r)),
    load: () => specs.push(readLoad(r)),
    output: () => specs.push(readOutput(r)),
  };
  r.list(() => {
    const name = r.word();
    const read = Object.hasOwn(options, name.text) ? options[name.text] : undefined;
    if (read) read();
    else specs.push(readMatch(r, name, options));
  });
  if (limit === 0 && result === undefined) return { type: 'learn', ...learning, specs };
  const where = result === undefined ? {} : { result: result.field };
  const flags = learning.flags | (result === undefined ? 0 : LearnFlag.WRITE_RESULT);
  return { type: 'learn2', ...learning, flags, limit, resultOffset: result?.offset ?? 0, ...where, specs };
}

function optionsOf(r: Reader, learning: Learning): Record<string, () => void> {
  const u16 = (): number => readNumber(r, optionValue(r), 0xffff);
  return {
    table: () => (learning.tableId = readNumber(r, optionValue(r), 254, 'a table')),
    ...Object.fromEntries(timeouts.map(([name, key]) => [name, () => (learning[key] = u16())])),
    priority: () => (learning.priority = u16()),
    cookie: () => (learning.cookie = readU64(r, optionValue(r))),
    send_flow_rem: () => (learning.flags |= LearnFlag.SEND_FLOW_REM),
    delete_learned: () => (learning.flags |= LearnFlag.DELETE_LEARNED),
  };
}

function readResult(r: Reader): Subfield {
  if (!r.accepts(':')) r.expect('=');
  return readBit(r);
}

const sourceOf = ({ field, offset }: Subfield): LearnSource => ({ field, offset });

/** `load:value->field[…]` or `load:field[…]->field[…]`. */
function readLoad(r: Reader): LearnSpec {
  if (!r.accepts(':')) r.expect('=');
  const token = r.value();
  const immediate = parseUint(token.text);
  if (immediate === undefined) r.back(token);
  const from = immediate === undefined ? readSubfield(r) : undefined;
  r.expect('->');
  const { at } = r;
  const { field, offset, bits } = readSubfield(r);
  if (from && from.bits !== bits) r.fail(`${from.bits} bits do not fit ${bits}`, at);
  if (immediate !== undefined && immediate >> BigInt(bits) !== 0n)
    r.mismatch(`a number of at most ${bits} bits`, token);
  const src = from ? sourceOf(from) : { immediate: immediate ?? 0n };
  return { type: 'load', bits, src, dst: { field, offset } };
}

function readOutput(r: Reader): LearnSpec {
  if (!r.accepts(':')) r.expect('=');
  const from = readSubfield(r);
  return { type: 'output', bits: from.bits, src: sourceOf(from) };
}

/** `field[…]`, `field[…]=field[…]`, `field[…]=number` or `field=value`. */
function readMatch(r: Reader, name: Token, options: Readonly<Record<string, unknown>>): LearnSpec {
  const start = r.at;
  const to = subfieldOf(r, name);
  if (!to) return r.unknown('option or field', name, [...Object.keys(options), ...movable.keys()]);
  const { field, offset, bits } = to;
  const isWhole = r.at === start;
  const dst = { field, offset };
  if (!r.accepts('=')) return { type: 'match', bits, src: dst, dst };
  const token = r.value();
  const row = rowOf(field);
  if (movable.has(token.text.replace(/\[.*/, ''))) {
    r.back(token);
    const from = readSubfield(r);
    if (from.bits !== bits) r.fail(`${from.bits} bits do not fit ${bits}`, token.at);
    return { type: 'match', bits, src: sourceOf(from), dst };
  }
  const immediate = isWhole && row ? readConstant(r, row, token) : readBits(r, bits, token);
  return { type: 'match', bits, src: { immediate }, dst };
}

function readConstant(r: Reader, row: OxmField, token: Token): bigint {
  const [oxm] = readOxm(r, row, notationOf(row), token);
  // `trk` is all flags of a connection, of which the others have no meaning: that is no mask that was written.
  if (!oxm || (oxm.mask !== undefined && /[/+-]/.test(token.text)))
    return r.mismatch('a value with no mask', token);
  return bigintOf(oxm.value);
}

function readBits(r: Reader, bits: number, token: Token): bigint {
  const value = parseUint(token.text);
  if (value === undefined || value >> BigInt(bits) !== 0n)
    return r.mismatch(`a number of at most ${bits} bits, or a field`, token);
  return value;
}
