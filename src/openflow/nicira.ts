/**
 * Open vSwitch's own actions (nicira-ext): `type 0xffff, length, experimenter 0x2320, subtype`, then the subtype's body.
 * What is not here decodes as an unknown action and encodes back to the same bytes.
 */
import {
  align,
  badValue,
  constant,
  custom,
  getU16,
  length,
  need,
  optional,
  pad,
  putUint,
  rest,
  shown,
  struct,
  u16,
  u32,
  u64,
  u8,
} from '../lib/struct/index.js';
import { Experimenter, LearnFlag } from './constants.js';
import { learnSpecs } from './learn.js';
import { fieldRef } from './oxm.js';
import type { FieldRef } from './oxm.js';

/** The header of a Nicira action. */
export const nicira = (subtype: number) =>
  ({
    _type: constant(u16, 0xffff),
    _length: length(u16),
    _experimenter: constant(u32, Experimenter.NICIRA),
    _subtype: constant(u16, subtype),
  }) as const;

/** `bits` bits of a field from bit `offset` on, 0 being the lowest. */
export interface BitRange {
  readonly offset: number;
  readonly bits: number;
}

/** Packed as `offset:10 (bits - 1):6`. */
const bitRange = custom<BitRange>({
  name: 'range',
  read: c => {
    need(c, 'range', 2);
    const packed = getU16(c.bytes, c.pos);
    c.pos += 2;
    return { offset: packed >> 6, bits: (packed & 0x3f) + 1 };
  },
  write: (w, range) => {
    const { offset, bits } = range as Partial<BitRange>;
    if (!isIn(offset, 0, 0x3ff) || !isIn(bits, 1, 64))
      throw badValue('range', `${shown(bits)} bits from ${shown(offset)} on`, w.pos - w.frame);
    w.ensure(2);
    putUint(w.bytes, w.pos, 2, (offset << 6) | (bits - 1));
    w.pos += 2;
  },
});

const isIn = (value: unknown, low: number, high: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;

/** Runs a port's packet through its own table again, as if it came in at `inPort` (subtype 1). */
export const resubmitPort = struct('resubmit_port', { ...nicira(1), inPort: u16, _pad: pad(4) });

/** Looks the packet up in `tableId` and comes back (subtype 14); `inPort` 0xfff8 keeps the port as it is. */
export const resubmit = struct('resubmit', { ...nicira(14), inPort: u16, tableId: u8, _pad: pad(3) });

/** Copies `bits` bits of one field to another. */
export const move = struct('move', {
  ...nicira(6),
  bits: u16,
  srcOffset: u16,
  dstOffset: u16,
  src: fieldRef,
  dst: fieldRef,
});

/** Writes a constant into some bits of a field. */
export const load = struct('load', { ...nicira(7), range: bitRange, dst: fieldRef, value: u64 });

/** Bytes that mean nothing to the switch; it pads them with zeros to a multiple of 8, and gives the zeros back. */
export const note = struct('note', { ...nicira(8), note: rest, _pad: align(8) });

/** Outputs to the port whose number stands in a field. */
export const outputReg = struct('output_reg', {
  ...nicira(15),
  range: bitRange,
  src: fieldRef,
  maxLen: u16,
  _pad: pad(6),
});

const learned = {
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  cookie: u64,
  flags: u16,
  tableId: u8,
  _pad1: pad(1),
  finIdleTimeout: u16,
  finHardTimeout: u16,
} as const;

/** Adds or replaces a flow made from the packet at hand. */
export const learn = struct('learn', { ...nicira(16), ...learned, specs: learnSpecs, _pad: align(8) });

/** Where learn2 writes 1 or 0 (learned, or over the limit): there where flags has WRITE_RESULT, and only then. */
const learnResult = optional<FieldRef | undefined>({
  name: 'result',
  given: 'flags',
  read: (c, flags) =>
    (flags & LearnFlag.WRITE_RESULT) !== 0 ? (fieldRef.read(c, 0) as FieldRef) : undefined,
  write: (w, ref, flags) => {
    if (((flags & LearnFlag.WRITE_RESULT) !== 0) !== (ref !== undefined))
      throw badValue('result', 'WRITE_RESULT and result go together', w.pos - w.frame);
    if (ref !== undefined) fieldRef.write(w, ref as never, 0);
  },
});

/** As `learn`, with at most `limit` flows of this cookie in the table; 0 is no limit. */
export const learn2 = struct('learn2', {
  ...nicira(45),
  ...learned,
  limit: u32,
  resultOffset: u16,
  _pad2: pad(2),
  result: learnResult,
  specs: learnSpecs,
  _pad: align(8),
});

/** Sends the packet to one controller connection by id. */
export const controller = struct('controller', {
  ...nicira(20),
  maxLen: u16,
  controllerId: u16,
  reason: u8,
  _pad: pad(1),
});

/** Ties this flow to the conjunctive flow `id`, as clause `clause` (from 0) of `clauses`. */
export const conjunction = struct('conjunction', { ...nicira(34), clause: u8, clauses: u8, id: u32 });

/** Outputs the first `maxLen` bytes of the packet. */
export const outputTrunc = struct('output_trunc', { ...nicira(39), port: u16, maxLen: u32 });
