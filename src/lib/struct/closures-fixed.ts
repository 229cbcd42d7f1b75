/** Fields of fixed size, for the plain back end. */
import * as wire from './buffers.js';
import type { Cursor, Writer } from './buffers.js';
import type { SelectSpec, StructSpec } from './specs.js';
import { sizeOfFixed } from './layout.js';
import type { FixedField } from './layout.js';

export type Values = Record<string, unknown>;
/** Numbers that are on the wire and not in the value, by the names of their fields. */
export type HiddenValues = Record<string, number>;

export const maxOf = (size: number): number => 2 ** (8 * size) - 1;

/** The wire value that tells which case of a select this value is. */
function tagFor(spec: SelectSpec, value: unknown, what: string, offset: number): unknown {
  if (typeof value !== 'object' || value === null)
    throw wire.badValue(what, `${wire.shown(value)} is no object`, offset);
  const { type, typeId } = value as Values;
  if (type === 'unknown') return typeId;
  const found = spec.cases.find(one => one.of.name === type);
  if (!found) throw wire.badValue(what, `no variant ${wire.shown(type)}`, offset);
  return found.tag;
}

/** Reads one field of a run that begins at the cursor. */
export function readFixed(
  c: Cursor,
  { name, spec, at }: FixedField,
  struct: string,
  values: Values,
  hidden: HiddenValues,
): void {
  const pos = c.pos + at;
  switch (spec.kind) {
    case 'uint':
      values[name] = wire.getUint(c.bytes, pos, spec.size);
      return;
    case 'named': {
      const number = wire.getUint(c.bytes, pos, spec.size);
      const found = spec.names.get(number);
      if (found === undefined) throw wire.badValue(`${struct}.${name}`, `${number} has no name`, pos);
      values[name] = found;
      return;
    }
    case 'bits': {
      const from = pos - (spec.of - spec.size);
      const value = wire.getBits(c.bytes, from, spec.of, spec.shift, spec.width);
      if (!spec.hidden) values[name] = value;
      else if (spec.value !== undefined && value !== spec.value)
        throw wire.badValue(`${struct}.${name}`, `${value} in place of ${spec.value}`, from);
      return;
    }
    case 'u64':
      values[name] = wire.getU64(c.bytes, pos);
      return;
    case 'bytes':
      values[name] = wire.viewOf(c.bytes, pos, spec.size);
      return;
    case 'text':
      values[name] = wire.getText(c.bytes, pos, spec.size);
      return;
    case 'sizeOf':
    case 'tag':
      hidden[name] = wire.getUint(c.bytes, pos, spec.size);
      return;
    case 'constant': {
      const value = wire.getUint(c.bytes, pos, spec.size);
      if (value !== spec.value)
        throw wire.badValue(`${struct}.${name}`, `${value} in place of ${spec.value}`, pos);
      return;
    }
    case 'pad':
    case 'length':
    case 'lengthOf':
      return;
  }
}

/** Writes one field of a run that begins at the writer's place; `patches` takes places to be filled in later. */
export function writeFixed(
  w: Writer,
  { name, spec, at }: FixedField,
  struct: StructSpec,
  values: Values,
  patches: HiddenValues,
): void {
  const pos = w.pos + at;
  const what = `${struct.name}.${name}`;
  const refuse = (value: unknown): Error =>
    wire.badValue(what, `${wire.shown(value)} does not fit`, pos - w.frame);
  const number = (value: unknown, size: number): void => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maxOf(size))
      throw refuse(value);
    wire.putUint(w.bytes, pos, size, value);
  };
  const value = values[name];
  switch (spec.kind) {
    case 'uint':
      number(value === undefined ? spec.otherwise : value, spec.size);
      return;
    case 'named': {
      const found = spec.numbers.get(value as string);
      if (found === undefined) throw refuse(value);
      wire.putUint(w.bytes, pos, spec.size, found);
      return;
    }
    case 'bits': {
      const bits = spec.hidden ? (spec.value ?? 0) : value;
      if (typeof bits !== 'number' || !Number.isInteger(bits) || bits < 0 || bits >= 2 ** spec.width)
        throw wire.badValue(what, `${wire.shown(bits)} does not fit`, pos - (spec.of - spec.size) - w.frame);
      wire.putBits(w.bytes, pos - (spec.of - spec.size), spec.of, spec.shift, spec.size > 0, bits);
      return;
    }
    case 'u64':
      if (typeof value !== 'bigint' || value < 0n || value > 0xffffffffffffffffn) throw refuse(value);
      wire.putU64(w.bytes, pos, value);
      return;
    case 'bytes':
      if (!(value instanceof Uint8Array) || value.length !== spec.size) throw refuse(value);
      w.bytes.set(value, pos);
      return;
    case 'text': {
      const encoded = typeof value === 'string' ? wire.utf8(value) : undefined;
      if (!encoded || encoded.length > spec.size) throw refuse(value);
      w.bytes.fill(0, pos, pos + spec.size).set(encoded, pos);
      return;
    }
    case 'constant':
      wire.putUint(w.bytes, pos, spec.size, spec.value);
      return;
    case 'tag': {
      const select = struct.fields.find(([other]) => other === spec.field)?.[1];
      if (select?.kind === 'select')
        number(tagFor(select, values[spec.field], what, pos - w.frame), spec.size);
      return;
    }
    case 'sizeOf':
    case 'lengthOf':
    case 'length':
      patches[name] = pos;
      return;
    case 'pad':
      w.bytes.fill(0, pos, pos + sizeOfFixed(spec));
      return;
  }
}
