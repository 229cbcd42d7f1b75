/** Fields written and copied. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { fieldByName } from '../../fields/table.js';
import type { OxmField } from '../../fields/table.js';
import { movable, notationOf, ovsName, settable } from '../fields.js';
import { formatOxmValue, unknownName } from '../match.js';
import { readOxm, readUnknownOxm, unknownHeader } from '../match-reader.js';
import type { Reader, Token } from '../reader.js';
import { formatSubfield, readBit, readSubfield } from '../subfields.js';
import type { Subfield } from '../subfields.js';
import { hex, hexOf, parseUint, readNumber, readU64 } from '../values.js';
import { entry } from './entry.js';
import type { FormatContext } from './entry.js';

function formatSetField({ oxm }: ActionOf<'set_field' | 'load2'>, context: FormatContext): string {
  if (oxm.field === 'unknown') return `set_field:0x${hexOf(oxm.body)}->${unknownName(oxm.header)}`;
  const row = fieldByName(oxm.field);
  return row ? `set_field:${formatOxmValue(row, oxm, context)}->${ovsName(row.name)}` : 'set_field';
}

/** Read back as the `set_field` or the loads that ovs-ofctl makes of its text. */
export const load2 = entry('load2', { format: formatSetField, words: {} });

export const setField = entry('set_field', {
  format: formatSetField,
  words: {
    set_field: ({ r }) => {
      if (!r.accepts(':')) r.expect('=');
      const value = r.value();
      r.expect('->');
      return readSetField(r, value, r.word());
    },
    mod_dl_src: ({ r }) => readSetField(r, r.argument(), name('eth_src')),
    mod_dl_dst: ({ r }) => readSetField(r, r.argument(), name('eth_dst')),
    mod_nw_src: ({ r }) => readSetField(r, r.argument(), name('ip_src')),
    mod_nw_dst: ({ r }) => readSetField(r, r.argument(), name('ip_dst')),
    mod_nw_ecn: ({ r }) => readSetField(r, r.argument(), name('nw_ecn')),
    mod_nw_tos: ({ r }) => {
      const token = r.argument();
      const whole = readNumber(r, token, 0xff);
      if (whole % 4 !== 0) r.mismatch('a multiple of 4', token);
      return { type: 'set_field', oxm: { field: 'ip_dscp', value: whole / 4 } };
    },
    set_mpls_label: ({ r }) => readSetField(r, r.argument(), name('mpls_label')),
    set_mpls_tc: ({ r }) => readSetField(r, r.argument(), name('mpls_tc')),
  },
});

const name = (text: string): Token => ({ text, at: 0 });

function readSetField(r: Reader, value: Token, field: Token): Action | readonly Action[] {
  const header = unknownHeader(field.text);
  if (header !== undefined) return { type: 'set_field', oxm: readUnknownOxm(r, header, field, value) };
  const row = settable.get(field.text) ?? r.unknown('field', field, settable.keys());
  const [oxm] = readOxm(r, row, notationOf(row), value);
  if (!oxm) r.mismatch('a value of which some bits count', value);
  if (oxm.mask === undefined) return { type: 'set_field', oxm };
  if (oxm.value instanceof Uint8Array || oxm.mask instanceof Uint8Array) return { type: 'load2', oxm };
  return loadsOf(row, oxm.value, oxm.mask);
}

/** OpenFlow 1.3 has no set_field with a mask: like ovs-ofctl, a load for each run of bits, the lowest first. */
function loadsOf(row: OxmField, value: number | bigint, mask: number | bigint): readonly Action[] {
  const dst = (movable.get(ovsName(row.name)) ?? row).name;
  const loads: Action[] = [];
  for (let offset = 0, rest = BigInt(mask); rest !== 0n;) {
    if ((rest & 1n) === 0n) {
      offset++;
      rest >>= 1n;
      continue;
    }
    let bits = 0;
    for (; (rest & 1n) === 1n && bits < 64; rest >>= 1n) bits++;
    loads.push({
      type: 'load',
      range: { offset, bits },
      dst,
      value: (BigInt(value) >> BigInt(offset)) & ((1n << BigInt(bits)) - 1n),
    });
    offset += bits;
  }
  return loads;
}

export const load = entry('load', {
  format: ({ value, dst, range }) => `load:${hex(value)}->${formatSubfield(dst, range.offset, range.bits)}`,
  words: {
    load: ({ r }) => {
      if (!r.accepts(':')) r.expect('=');
      const token = r.value();
      const value = parseUint(token.text) ?? r.mismatch('a number', token);
      r.expect('->');
      const { field, offset, bits } = readSubfield(r);
      if (value >> BigInt(bits) !== 0n) r.mismatch(`a number of at most ${bits} bits`, token);
      return { type: 'load', range: { offset, bits }, dst: field, value };
    },
  },
});

const formatMove = (one: ActionOf<'move' | 'copy_field'>): string =>
  `move:${formatSubfield(one.src, one.srcOffset, one.bits)}->${formatSubfield(one.dst, one.dstOffset, one.bits)}`;

/** Is read back as a `move`, which does the same. */
export const copyField = entry('copy_field', { format: formatMove, words: {} });

export const move = entry('move', {
  format: formatMove,
  words: {
    move: ({ r }) => {
      if (!r.accepts(':')) r.expect('=');
      const from = readSubfield(r);
      r.expect('->');
      const { at } = r;
      const to = readSubfield(r);
      if (from.bits !== to.bits) r.fail(`${from.bits} bits do not fit ${to.bits}`, at);
      return {
        type: 'move',
        bits: from.bits,
        srcOffset: from.offset,
        dstOffset: to.offset,
        src: from.field,
        dst: to.field,
      };
    },
  },
});

export const setTunnel = entry('set_tunnel', {
  format: ({ tunnelId }) => `set_tunnel:${hex(tunnelId)}`,
  words: {
    set_tunnel: ({ r }) => ({ type: 'set_tunnel', tunnelId: readNumber(r, r.argument(), 0xffffffff) }),
  },
});

export const setTunnel64 = entry('set_tunnel64', {
  format: ({ tunnelId }) => `set_tunnel64:${hex(tunnelId)}`,
  words: { set_tunnel64: ({ r }) => ({ type: 'set_tunnel64', tunnelId: readU64(r, r.argument()) }) },
});

const formatStacked = ({ field, offset, bits }: Subfield): string => formatSubfield(field, offset, bits);

function readStacked(r: Reader): Subfield {
  if (!r.accepts(':')) r.expect('=');
  return readSubfield(r);
}

export const stackPush = entry('stack_push', {
  format: one => `push:${formatStacked(one)}`,
  words: { push: ({ r }) => ({ type: 'stack_push', ...readStacked(r) }) },
});

export const stackPop = entry('stack_pop', {
  format: one => `pop:${formatStacked(one)}`,
  words: { pop: ({ r }) => ({ type: 'stack_pop', ...readStacked(r) }) },
});

export const checkPktLarger = entry('check_pkt_larger', {
  format: ({ pktLen, dst, offset }) => `check_pkt_larger(${pktLen})->${formatSubfield(dst, offset, 1)}`,
  words: {
    check_pkt_larger: ({ r }) => {
      const pktLen = readNumber(r, r.argument(), 0xffff, 'bytes');
      r.expect('->');
      const { field, offset } = readBit(r);
      return { type: 'check_pkt_larger', pktLen, offset, dst: field };
    },
  },
});

export const deleteField = entry('delete_field', {
  format: ({ field }) => `delete_field:${typeof field === 'string' ? ovsName(field) : hex(field.header)}`,
  words: {
    delete_field: ({ r }) => {
      if (!r.accepts(':')) r.expect('=');
      return { type: 'delete_field', field: readSubfield(r).field };
    },
  },
});
