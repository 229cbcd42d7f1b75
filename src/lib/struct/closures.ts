/**
 * The plain back end: closures over the declaration, nothing generated. It is the oracle that compile.ts is tested
 * against: both must give the same values, bytes and errors for all input.
 */
import * as wire from './buffers.js';
import type { Cursor, Writer } from './buffers.js';
import type { Codec } from './compile.js';
import type { CustomSpec, ListSpec, SelectSpec, Spec, StructSpec, UnionSpec } from './fields.js';
import type { Field } from './infer.js';
import { checkEntry, decisionOf, layoutOf, sizeFieldOf, sizeOfFixed, tagOf } from './layout.js';
import type { Decision, FixedField } from './layout.js';

type Values = Record<string, unknown>;
interface Node {
  readonly read: (c: Cursor, given: number) => unknown;
  readonly write: (w: Writer, value: unknown, given: number) => void;
}

const max = (size: number): number => 2 ** (8 * size) - 1;

/** Makes decoder and encoder of a declaration, the slow and plain way. */
export function interpret<T>(spec: Spec & Field<T>): Codec<T> {
  const node = nodeOf(spec, 'root', new Map());
  return { decode: c => node.read(c, 0) as T, encode: (w, value) => node.write(w, value, 0) };
}

type Memo = Map<Spec, Node>;

function nodeOf(spec: Spec, what: string, memo: Memo): Node {
  const known = memo.get(spec);
  if (known) return known;
  const node = makeNode(spec, what, memo);
  if (spec.kind === 'struct' || spec.kind === 'union') memo.set(spec, node);
  return node;
}

function makeNode(spec: Spec, what: string, memo: Memo): Node {
  switch (spec.kind) {
    case 'struct':
      return structNode(spec, memo, undefined);
    case 'union':
      return unionNode(spec, memo);
    case 'select':
      return selectNode(spec, what, memo);
    case 'list':
      return listNode(spec, what, memo);
    case 'custom':
      return customNode(spec);
    case 'rest':
      return {
        read: c => {
          const view = wire.viewOf(c.bytes, c.pos, c.end - c.pos);
          c.pos = c.end;
          return view;
        },
        write: (w, value) => writeBytes(w, value, what),
      };
    case 'lazy':
      return lazyNode(() => nodeOf(spec.get(), what, memo), what);
    default:
      throw new TypeError(`${what}: ${spec.kind} stands outside a struct`);
  }
}

const customNode = (spec: CustomSpec): Node => ({
  read: (c, given) => spec.read(c, given),
  write: (w, value, given) => spec.write(w, value as never, given),
});

function writeBytes(w: Writer, value: unknown, what: string): void {
  if (!(value instanceof Uint8Array))
    throw wire.badValue(what, `${wire.shown(value)} is no Uint8Array`, w.pos - w.frame);
  w.ensure(value.length);
  w.bytes.set(value, w.pos);
  w.pos += value.length;
}

function lazyNode(get: () => Node, what: string): Node {
  return {
    read: c => {
      if (c.depth >= wire.maxDepth) throw wire.badValue(what, 'nested too deep', c.pos);
      c.depth++;
      const value = get().read(c, 0);
      c.depth--;
      return value;
    },
    write: (w, value) => {
      if (w.depth >= wire.maxDepth) throw wire.badValue(what, 'nested too deep', w.pos - w.frame);
      w.depth++;
      get().write(w, value, 0);
      w.depth--;
    },
  };
}

function listNode(spec: ListSpec, what: string, memo: Memo): Node {
  checkEntry(spec.of);
  const entry = nodeOf(spec.of, what, memo);
  return {
    read: c => {
      const values: unknown[] = [];
      while (c.pos < c.end) {
        const before = c.pos;
        values.push(entry.read(c, 0));
        if (c.pos === before) throw wire.badLength(what, 'an empty entry', before);
      }
      return values;
    },
    write: (w, value) => {
      if (!Array.isArray(value))
        throw wire.badValue(what, `${wire.shown(value)} is no list`, w.pos - w.frame);
      for (const one of value as unknown[]) entry.write(w, one, 0);
    },
  };
}

function selectNode(spec: SelectSpec, what: string, memo: Memo): Node {
  const cases = spec.cases.map(({ tag, of }) => ({
    tag,
    name: of.name,
    node: structNode(of, memo, of.name),
  }));
  return {
    read: (c, tag) => {
      const found = cases.find(one => one.tag === tag);
      if (found) return found.node.read(c, 0);
      const body = wire.viewOf(c.bytes, c.pos, c.end - c.pos);
      c.pos = c.end;
      return { type: 'unknown', typeId: tag, body };
    },
    write: (w, value) => {
      const { type, body } = value as Values; // the tag was written before, so this is an object
      if (type === 'unknown') writeBytes(w, body, what);
      else cases.find(one => one.name === type)?.node.write(w, value, 0);
    },
  };
}

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

function unionNode(spec: UnionSpec, memo: Memo): Node {
  const decision = decisionOf(spec);
  const nodes = spec.variants.map(of => structNode(of, memo, of.name));
  const unknown = structNode(spec.unknown, memo, 'unknown');
  const { length } = layoutOf(spec.unknown);
  return {
    read: c => {
      let end = c.end;
      if (length && c.end - c.pos >= length.at + length.spec.size)
        end = Math.min(end, c.pos + wire.getUint(c.bytes, c.pos + length.at, length.spec.size));
      let at: Decision = decision;
      while (at.op === 'test')
        at =
          (end - c.pos >= at.at + at.size
            ? at.cases.get(wire.getUint(c.bytes, c.pos + at.at, at.size))
            : undefined) ?? at.otherwise;
      return (at.op === 'variant' ? (nodes[at.index] ?? unknown) : unknown).read(c, 0);
    },
    write: (w, value) => {
      if (typeof value !== 'object' || value === null)
        throw wire.badValue(spec.name, `${wire.shown(value)} is no object`, w.pos - w.frame);
      const { type } = value as Values;
      const node = type === 'unknown' ? unknown : nodes[spec.variants.findIndex(v => v.name === type)];
      if (!node) throw wire.badValue(spec.name, `no variant ${wire.shown(type)}`, w.pos - w.frame);
      node.write(w, value, 0);
    },
  };
}

function structNode(spec: StructSpec, memo: Memo, tagged: string | undefined): Node {
  const layout = layoutOf(spec);
  const nodes = new Map<string, Node>();
  for (const step of layout.steps)
    if (step.op === 'field' && step.spec.kind !== 'align')
      nodes.set(step.name, nodeOf(step.spec, `${spec.name}.${step.name}`, memo));
  const child = (name: string): Node => {
    const node = nodes.get(name);
    if (!node) throw new TypeError(`${spec.name} has no field ${name}`);
    return node;
  };

  const read = (c: Cursor): unknown => {
    const start = c.pos;
    const outer = c.end;
    let window = outer;
    const hidden: Record<string, number> = {};
    const values: Values = {};
    for (const step of layout.steps) {
      if (step.op === 'run') {
        wire.need(c, spec.name, step.size);
        for (const field of step.fields) readFixed(c, field, spec.name, values, hidden);
        c.pos += step.size;
      } else if (step.op === 'open') {
        const size = wire.getUint(c.bytes, start + step.at, step.spec.size);
        const padded = Math.ceil(size / step.spec.padTo) * step.spec.padTo;
        if (size < step.at + step.spec.size || start + padded > outer)
          throw wire.badLength(spec.name, `a length of ${size}`, start + step.at);
        window = start + size;
        c.end = window;
      } else if (step.spec.kind === 'align') {
        const gap = -(c.pos - start) & (step.spec.to - 1);
        wire.need(c, `${spec.name}.${step.name}`, gap);
        c.pos += gap;
      } else {
        const sizeField = sizeFieldOf(spec, step.name);
        if (sizeField !== undefined) {
          const size = hidden[sizeField] ?? 0;
          if (c.pos + size > c.end)
            throw wire.badLength(`${spec.name}.${sizeField}`, `a size of ${size}`, c.pos);
          c.end = c.pos + size;
        }
        const tagField = tagOf(spec, step.name);
        const givenField = step.spec.kind === 'custom' ? step.spec.given : tagField;
        const given = givenField === undefined ? 0 : (hidden[givenField] ?? (values[givenField] as number));
        const value = child(step.name).read(c, given);
        if (!(step.spec.kind === 'custom' && step.spec.optional && value === undefined))
          values[step.name] = value;
        if (sizeField !== undefined) {
          if (c.pos !== c.end)
            throw wire.badLength(`${spec.name}.${step.name}`, `${c.end - c.pos} bytes left over`, c.pos);
          c.end = window;
        }
      }
    }
    if (layout.length) {
      if (c.pos !== window) throw wire.badLength(spec.name, `${window - c.pos} bytes left over`, c.pos);
      c.end = outer;
      const { padTo } = layout.length.spec;
      c.pos = start + Math.ceil((window - start) / padTo) * padTo;
    }
    if (spec.only !== undefined) return values[spec.only];
    return tagged === undefined ? values : { type: tagged, ...values };
  };

  const write = (w: Writer, given: unknown): void => {
    const start = w.pos;
    if (spec.only === undefined && (typeof given !== 'object' || given === null))
      throw wire.badValue(spec.name, `${wire.shown(given)} is no object`, start - w.frame);
    const values = spec.only === undefined ? (given as Values) : { [spec.only]: given };
    const patches: Record<string, number> = {};
    for (const step of layout.steps) {
      if (step.op === 'run') {
        w.ensure(step.size);
        for (const field of step.fields) writeFixed(w, field, spec, values, patches);
        w.pos += step.size;
      } else if (step.op === 'field' && step.spec.kind === 'align') {
        zeros(w, -(w.pos - start) & (step.spec.to - 1));
      } else if (step.op === 'field') {
        const before = w.pos;
        const from = step.spec.kind === 'custom' ? step.spec.given : undefined;
        child(step.name).write(w, values[step.name], from === undefined ? 0 : (values[from] as number));
        const sizeField = sizeFieldOf(spec, step.name);
        const link = spec.fields.find(([name]) => name === sizeField)?.[1];
        if (sizeField === undefined || link?.kind !== 'sizeOf') continue;
        const size = w.pos - before;
        const at = patches[sizeField] ?? 0;
        if (size > max(link.size))
          throw wire.badLength(`${spec.name}.${step.name}`, `${size} bytes`, at - w.frame);
        wire.putUint(w.bytes, at, link.size, size);
      }
    }
    if (!layout.length) return;
    const { at, spec: length } = layout.length;
    const size = w.pos - start;
    if (size > max(length.size)) throw wire.badLength(spec.name, `${size} bytes`, start + at - w.frame);
    wire.putUint(w.bytes, start + at, length.size, size);
    zeros(w, Math.ceil(size / length.padTo) * length.padTo - size);
  };

  return { read, write };
}

function zeros(w: Writer, count: number): void {
  w.ensure(count);
  w.bytes.fill(0, w.pos, w.pos + count);
  w.pos += count;
}

function readFixed(
  c: Cursor,
  { name, spec, at }: FixedField,
  struct: string,
  values: Values,
  hidden: Record<string, number>,
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
      return;
  }
}

function writeFixed(
  w: Writer,
  { name, spec, at }: FixedField,
  struct: StructSpec,
  values: Values,
  patches: Record<string, number>,
): void {
  const pos = w.pos + at;
  const what = `${struct.name}.${name}`;
  const refuse = (value: unknown): Error =>
    wire.badValue(what, `${wire.shown(value)} does not fit`, pos - w.frame);
  const number = (value: unknown, size: number): void => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max(size))
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
    case 'length':
      patches[name] = pos;
      return;
    case 'pad':
      w.bytes.fill(0, pos, pos + sizeOfFixed(spec));
      return;
  }
}
