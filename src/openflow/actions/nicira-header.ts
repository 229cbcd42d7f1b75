import {
  badValue,
  constant,
  custom,
  getU16,
  length,
  need,
  putUint,
  shown,
  u16,
  u32,
} from '../../lib/struct/index.js';
import { Experimenter } from '../constants.js';

/** The header of one of Open vSwitch's own actions: `type 0xffff, length, experimenter 0x2320, subtype`. */
export const nicira = (subtype: number) =>
  ({
    _type: constant(u16, 0xffff),
    _length: length(u16),
    _experimenter: constant(u32, Experimenter.NICIRA),
    _subtype: constant(u16, subtype),
  }) as const;

/** `bits` bits (1 to 64) of a field from bit `offset` on (0 to 1023), 0 being the lowest. */
export interface BitRange {
  /** The lowest bit, 0 to 1023. */
  readonly offset: number;
  /** How many bits, 1 to 64. */
  readonly bits: number;
}

const isIn = (value: unknown, low: number, high: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;

/** A range in 16 bits: `offset:10 (bits - 1):6`. */
export const unpackRange = (packed: number): BitRange => ({ offset: packed >> 6, bits: (packed & 0x3f) + 1 });

/** @throws WireError at `at`, where `range` is none */
export function packRange(range: unknown, at: number): number {
  const { offset, bits } = (range ?? {}) as Partial<BitRange>;
  if (!isIn(offset, 0, 0x3ff) || !isIn(bits, 1, 64))
    throw badValue('range', `${shown(bits)} bits from ${shown(offset)} on`, at);
  return (offset << 6) | (bits - 1);
}

export const bitRange = custom<BitRange>({
  name: 'range',
  read: c => {
    need(c, 'range', 2);
    c.pos += 2;
    return unpackRange(getU16(c.bytes, c.pos - 2));
  },
  write: (w, range) => {
    const packed = packRange(range, w.pos - w.frame);
    w.ensure(2);
    putUint(w.bytes, w.pos, 2, packed);
    w.pos += 2;
  },
});

/** Numbers of 16 bits whose count stands in the two bytes that begin `back` bytes before the first of them. */
export const countedU16 = (name: string, back: number) =>
  custom<readonly number[]>({
    name,
    read: c => {
      const count = getU16(c.bytes, c.pos - back);
      need(c, name, 2 * count);
      const values = Array.from({ length: count }, (_, i) => getU16(c.bytes, c.pos + 2 * i));
      c.pos += 2 * count;
      return values;
    },
    write: (w, values) => {
      if (!Array.isArray(values) || values.length > 0xffff)
        throw badValue(name, `${shown(values)} is no list of that kind`, w.pos - w.frame);
      putUint(w.bytes, w.pos - back, 2, values.length);
      for (const value of values as unknown[]) {
        if (!isIn(value, 0, 0xffff))
          throw badValue(name, `${shown(value)} does not fit 16 bits`, w.pos - w.frame);
        w.ensure(2);
        putUint(w.bytes, w.pos, 2, value);
        w.pos += 2;
      }
    },
  });
