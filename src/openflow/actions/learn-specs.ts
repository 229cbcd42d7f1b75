/**
 * The flow_mod_specs of a learn action (Open vSwitch, nicira-ext "learn"): each copies bits of the packet at hand, or a
 * constant, into the match or the actions of the flow to be learned. A header of 16 bits leads each:
 * `0:2 src:1 dst:2 n_bits:11`; a header of 0 ends the list.
 */
import { badValue, custom, getU16, getUint, need, putUint, shown } from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { fieldRef } from '../fields/oxm.js';
import type { FieldRef } from '../fields/oxm.js';

/** Some bits of a field: `bits` of them (told by the spec) from bit `offset` on, 0 being the lowest. */
export interface LearnField {
  /** The field. */
  readonly field: FieldRef;
  /** The lowest bit, 0 being the lowest of the field. */
  readonly offset: number;
}

/** Where the bits come from: a field of the packet, or a constant. */
export type LearnSource = LearnField | { readonly immediate: bigint };

/** One part of a learned flow: a condition, a load, or an output to the port that `src` is. `bits` is 1 to 2047. */
export type LearnSpec =
  | { readonly type: 'match'; readonly bits: number; readonly src: LearnSource; readonly dst: LearnField }
  | { readonly type: 'load'; readonly bits: number; readonly src: LearnSource; readonly dst: LearnField }
  | { readonly type: 'output'; readonly bits: number; readonly src: LearnSource };

const kinds = ['match', 'load', 'output'] as const;
const immediateBit = 0x2000;
const maxBits = 0x7ff;

function readSpecs(c: Cursor): readonly LearnSpec[] {
  const specs: LearnSpec[] = [];
  while (c.end - c.pos >= 2 && getU16(c.bytes, c.pos) !== 0) specs.push(readSpec(c));
  // What is left is the terminator and padding.
  for (; c.pos < c.end; c.pos++)
    if (c.bytes[c.pos] !== 0) throw badValue('learn', 'padding that is not 0', c.pos);
  return specs;
}

function readSpec(c: Cursor): LearnSpec {
  const at = c.pos;
  const header = getU16(c.bytes, at);
  c.pos += 2;
  const bits = header & maxBits;
  const type = kinds[(header >> 11) & 3];
  if (header >= 0x4000 || type === undefined || bits === 0)
    throw badValue('learn', `a spec of ${header}`, at);
  const src = (header & immediateBit) !== 0 ? readImmediate(c, bits) : readField(c);
  return type === 'output' ? { type, bits, src } : { type, bits, src, dst: readField(c) };
}

function readField(c: Cursor): LearnField {
  need(c, 'learn', 6);
  const field = fieldRef.read(c, 0) as FieldRef;
  const offset = getU16(c.bytes, c.pos);
  c.pos += 2;
  return { field, offset };
}

/** Constants fill whole 16-bit words, aligned to the right. */
const immediateSize = (bits: number): number => 2 * Math.ceil(bits / 16);

function readImmediate(c: Cursor, bits: number): LearnSource {
  const size = immediateSize(bits);
  need(c, 'learn', size);
  let immediate = 0n;
  for (let i = 0; i < size; i += 2) immediate = (immediate << 16n) | BigInt(getUint(c.bytes, c.pos + i, 2));
  if (immediate >> BigInt(bits) !== 0n)
    throw badValue('learn', `a constant of more than ${bits} bits`, c.pos);
  c.pos += size;
  return { immediate };
}

function writeSpecs(w: Writer, specs: readonly LearnSpec[]): void {
  if (!(specs instanceof Array)) throw badValue('learn', `${shown(specs)} is no list`, w.pos - w.frame);
  for (const spec of specs) writeSpec(w, spec);
}

function writeSpec(w: Writer, spec: LearnSpec): void {
  const { bits, src } = spec;
  const kind = kinds.indexOf(spec.type);
  if (kind < 0 || !(bits >= 1 && bits <= maxBits))
    throw badValue('learn', 'a spec of no known kind or width', w.pos - w.frame);
  writeU16(w, ('immediate' in src ? immediateBit : 0) | (kind << 11) | bits);
  if ('immediate' in src) writeImmediate(w, src.immediate, bits);
  else writeField(w, src);
  if (spec.type !== 'output') writeField(w, spec.dst);
}

function writeField(w: Writer, { field, offset }: LearnField): void {
  fieldRef.write(w, field as never, 0);
  writeU16(w, offset);
}

function writeImmediate(w: Writer, value: bigint, bits: number): void {
  if (typeof value !== 'bigint' || BigInt.asUintN(bits, value) !== value)
    throw badValue('learn', `${shown(value)} does not fit ${bits} bits`, w.pos - w.frame);
  for (let i = immediateSize(bits) / 2 - 1; i >= 0; i--)
    writeU16(w, Number((value >> BigInt(16 * i)) & 0xffffn));
}

function writeU16(w: Writer, value: number): void {
  if ((value & 0xffff) !== value)
    throw badValue('learn', `${shown(value)} does not fit 16 bits`, w.pos - w.frame);
  w.ensure(2);
  putUint(w.bytes, w.pos, 2, value);
  w.pos += 2;
}

export const learnSpecs = custom<readonly LearnSpec[]>({ name: 'learn', read: readSpecs, write: writeSpecs });
