/** Structs, for the plain back end: step by step as layout.ts has them. */
import * as wire from './buffers.js';
import type { Cursor, Writer } from './buffers.js';
import { maxOf, readFixed, writeFixed } from './closures-fixed.js';
import type { HiddenValues, Values } from './closures-fixed.js';
import type { Spec, StructSpec } from './specs.js';
import { layoutOf, lengthFieldOf, ownLengthOf, sizeFieldOf, tagOf } from './layout.js';
import type { Layout, Step } from './layout.js';

/** The reader and writer of one declaration; `given` is an earlier field's value, where the declaration asks for it. */
export interface Node {
  readonly read: (c: Cursor, given: number) => unknown;
  readonly write: (w: Writer, value: unknown, given: number) => void;
}

type FieldStep = Extract<Step, { op: 'field' }>;

interface Parts {
  readonly spec: StructSpec;
  readonly layout: Layout;
  readonly child: (name: string) => Node;
}

/** `tagged` is the value's `type`, where the struct is a variant. */
export function structNode(
  spec: StructSpec,
  tagged: string | undefined,
  nodeOf: (child: Spec, what: string) => Node,
): Node {
  const layout = layoutOf(spec);
  const nodes = new Map<string, Node>();
  for (const step of layout.steps)
    if (step.op === 'field' && step.spec.kind !== 'align')
      nodes.set(step.name, nodeOf(step.spec, `${spec.name}.${step.name}`));
  const child = (name: string): Node => {
    const node = nodes.get(name);
    if (!node) throw new TypeError(`${spec.name} has no field ${name}`);
    return node;
  };
  const parts = { spec, layout, child };
  return {
    read: c => {
      const values = readStruct(parts, c);
      if (spec.only !== undefined) return values[spec.only];
      return tagged === undefined ? values : { type: tagged, ...values };
    },
    write: (w, value) => {
      writeStruct(parts, w, value);
    },
  };
}

const roundUp = (size: number, to: number): number => Math.ceil(size / to) * to;

function readStruct(parts: Parts, c: Cursor): Values {
  const { spec, layout } = parts;
  const start = c.pos;
  const outer = c.end;
  const hidden: HiddenValues = {};
  const values: Values = {};
  for (const step of layout.steps) {
    if (step.op === 'run') {
      wire.need(c, spec.name, step.size);
      for (const field of step.fields) readFixed(c, field, spec.name, values, hidden);
      c.pos += step.size;
    } else if (step.op === 'open') {
      c.end = start + lengthAt(c, start, spec.name, step);
    } else if (step.spec.kind === 'align') {
      const gap = roundUp(c.pos - start, step.spec.to) - (c.pos - start);
      wire.need(c, `${spec.name}.${step.name}`, gap);
      c.pos += gap;
    } else {
      readSized(parts, step, c, values, hidden);
    }
  }
  if (!layout.length) return values;
  if (c.pos !== c.end) throw leftOver(spec.name, c);
  c.end = outer;
  c.pos = start + roundUp(c.pos - start, layout.length.spec.padTo);
  return values;
}

const leftOver = (what: string, c: Cursor): Error =>
  wire.badLength(what, `${c.end - c.pos} bytes left over`, c.pos);

/** The struct's own length, which must hold itself and stay, with its padding, in the window around it. */
function lengthAt(
  c: Cursor,
  start: number,
  name: string,
  { at, spec }: Extract<Step, { op: 'open' }>,
): number {
  const size = wire.getUint(c.bytes, start + at, spec.size);
  if (size < at + spec.size || start + roundUp(size, spec.padTo) > c.end)
    throw wire.badLength(name, `a length of ${size}`, start + at);
  return size;
}

/** A field of variable size, in a window of its own where an earlier field says its size. */
function readSized(parts: Parts, step: FieldStep, c: Cursor, values: Values, hidden: HiddenValues): void {
  const { spec } = parts;
  const sizeField = sizeFieldOf(spec, step.name);
  if (sizeField === undefined) {
    readField(parts, step, c, values, hidden);
    return;
  }
  const window = c.end;
  const size = hidden[sizeField] ?? 0;
  if (c.pos + size > window) throw wire.badLength(`${spec.name}.${sizeField}`, `a size of ${size}`, c.pos);
  c.end = c.pos + size;
  readField(parts, step, c, values, hidden);
  if (c.pos !== c.end) throw leftOver(`${spec.name}.${step.name}`, c);
  c.end = window;
}

function readField(
  { spec, child }: Parts,
  step: FieldStep,
  c: Cursor,
  values: Values,
  hidden: HiddenValues,
): void {
  const from = step.spec.kind === 'custom' ? step.spec.given : tagOf(spec, step.name);
  const given = from === undefined ? 0 : (hidden[from] ?? (values[from] as number));
  const value = child(step.name).read(c, given);
  if (step.spec.kind === 'custom' && step.spec.optional && value === undefined) return;
  values[step.name] = value;
}

function writeStruct(parts: Parts, w: Writer, value: unknown): void {
  const { spec, layout } = parts;
  const start = w.pos;
  if (spec.only === undefined && (typeof value !== 'object' || value === null))
    throw wire.badValue(spec.name, `${wire.shown(value)} is no object`, start - w.frame);
  const values = spec.only === undefined ? (value as Values) : { [spec.only]: value };
  const patches: HiddenValues = {};
  for (const step of layout.steps) {
    if (step.op === 'run') {
      w.ensure(step.size);
      for (const field of step.fields) writeFixed(w, field, spec, values, patches);
      w.pos += step.size;
    } else if (step.op === 'field' && step.spec.kind === 'align') {
      zeros(w, roundUp(w.pos - start, step.spec.to) - (w.pos - start));
    } else if (step.op === 'field') {
      writeField(parts, step, w, values, patches);
    }
  }
  if (!layout.length) return;
  const { at, spec: length } = layout.length;
  const size = w.pos - start;
  patch(w, spec.name, start + at, length.size, size);
  zeros(w, roundUp(size, length.padTo) - size);
}

function writeField(
  { spec, child }: Parts,
  step: FieldStep,
  w: Writer,
  values: Values,
  patches: HiddenValues,
): void {
  const before = w.pos;
  const from = step.spec.kind === 'custom' ? step.spec.given : undefined;
  child(step.name).write(w, values[step.name], from === undefined ? 0 : (values[from] as number));
  const repeated = lengthFieldOf(spec, step.name);
  const own = ownLengthOf(spec, step.name);
  if (repeated !== undefined && own) {
    const { size } = own.spec;
    wire.putUint(w.bytes, patches[repeated] ?? 0, size, wire.getUint(w.bytes, before + own.at, size));
  }
  const sizeField = sizeFieldOf(spec, step.name);
  const link = spec.fields.find(([name]) => name === sizeField)?.[1];
  if (sizeField !== undefined && link?.kind === 'sizeOf')
    patch(w, `${spec.name}.${step.name}`, patches[sizeField] ?? 0, link.size, w.pos - before);
}

/** Fills in a size that was not known when its place was passed. */
function patch(w: Writer, what: string, at: number, width: number, size: number): void {
  if (size > maxOf(width)) throw wire.badLength(what, `${size} bytes`, at - w.frame);
  wire.putUint(w.bytes, at, width, size);
}

function zeros(w: Writer, count: number): void {
  w.ensure(count);
  w.bytes.fill(0, w.pos, w.pos + count);
  w.pos += count;
}
