/** Some bits of a field: `NXM_NX_REG1[0..15]`, `NXM_NX_REG0[3]`, `NXM_OF_ETH_SRC[]` for all of it. */
import { fieldByHeader, fieldByName } from '../fields/table.js';
import type { FieldRef } from '../fields/oxm.js';
import { movable } from './fields.js';
import type { Reader, Token } from './reader.js';

export interface Subfield {
  readonly field: FieldRef;
  /** The lowest bit, counted from 0. */
  readonly offset: number;
  readonly bits: number;
}

export const rowOf = (ref: FieldRef) => (typeof ref === 'string' ? fieldByName(ref) : undefined);

export function formatSubfield(field: FieldRef, offset: number, bits: number): string {
  const row = rowOf(field);
  const name = row?.nxm ?? (typeof field === 'string' ? field : `0x${field.header.toString(16)}`);
  if (row && offset === 0 && bits === row.bits) return `${name}[]`;
  return bits === 1 ? `${name}[${offset}]` : `${name}[${offset}..${offset + bits - 1}]`;
}

const names = /0x[0-9a-f]{1,8}|[A-Za-z_][A-Za-z0-9_]*/iy;
const ranges = /\[(?:([0-9]{1,4})(?:\.\.([0-9]{1,4}))?)?\]/y;

/** Reads bits of a field, by any of its names; without brackets, or with empty ones, all of them. */
export function readSubfield(r: Reader): Subfield {
  const name = r.matching(names);
  return subfieldOf(r, name) ?? r.unknown('field', name, movable.keys());
}

/** Reads one bit of a field. */
export function readBit(r: Reader): Subfield {
  const { at } = r;
  const found = readSubfield(r);
  if (found.bits !== 1) r.fail(`expected one bit of a field, found ${found.bits}`, at);
  return found;
}

/** The bits of the field that was named just before; undefined where there is no such field. */
export function subfieldOf(r: Reader, name: Token): Subfield | undefined {
  const header = /^0x/i.test(name.text) ? Number.parseInt(name.text, 16) : undefined;
  const row = header === undefined ? movable.get(name.text) : undefined;
  const field = row?.name ?? (header === undefined || fieldByHeader(header) ? undefined : { header });
  if (field === undefined) return undefined;
  const range = r.matching(ranges);
  if (range.text === '' && r.sees('[')) r.fail('expected [], [bit] or [first..last]');
  const whole = row?.bits ?? 8 * ((header ?? 0) & 0xff);
  const [first = 0, last = range.text.length > 2 ? first : whole - 1] = numbersIn(range.text);
  if (last < first || last >= whole) r.fail(`${name.text} has the bits 0 to ${whole - 1}`, range.at);
  return { field, offset: first, bits: last - first + 1 };
}

const numbersIn = (text: string): readonly number[] => text.match(/[0-9]+/g)?.map(Number) ?? [];
