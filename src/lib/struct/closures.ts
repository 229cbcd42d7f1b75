/**
 * The plain back end: closures over the declaration, nothing generated. It is the oracle that compile.ts is tested
 * against: both must give the same values, bytes and errors for all input.
 */
import * as wire from './buffers.js';
import type { Writer } from './buffers.js';
import type { Values } from './closures-fixed.js';
import { structNode } from './closures-struct.js';
import type { Node } from './closures-struct.js';
import type { Codec } from './codec.js';
import type { CustomSpec, ListSpec, SelectSpec, Spec, StructSpec, UnionSpec } from './specs.js';
import type { Field } from './infer.js';
import { caseDecisionsOf, checkEntry, decisionOf } from './layout.js';
import { checkUnknown, checkUnknownCase, decided, endOf } from './undeclared.js';

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
      return structOf(spec, undefined, memo);
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

const structOf = (spec: StructSpec, tagged: string | undefined, memo: Memo): Node =>
  structNode(spec, tagged, (child, what) => nodeOf(child, what, memo));

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
  const cases = spec.cases.map(({ of }) => ({ name: of.name, node: structOf(of, of.name, memo) }));
  const decisions = caseDecisionsOf(spec);
  return {
    read: (c, tag) => {
      const node = cases[decided(c.bytes, c.pos, c.end, decisions.get(tag))?.index ?? -1]?.node;
      if (node) return node.read(c, 0);
      const body = wire.viewOf(c.bytes, c.pos, c.end - c.pos);
      c.pos = c.end;
      return { type: 'unknown', typeId: tag, body };
    },
    write: (w, value) => {
      const { type, typeId, body } = value as Values; // the tag was written before, so this is an object
      if (type === 'unknown') {
        const start = w.pos;
        writeBytes(w, body, what);
        checkUnknownCase(spec, w, start, typeId as number);
      } else cases.find(one => one.name === type)?.node.write(w, value, 0);
    },
  };
}

function unionNode(spec: UnionSpec, memo: Memo): Node {
  const decision = decisionOf(spec);
  const nodes = spec.variants.map(of => structOf(of, of.name, memo));
  const unknown = structOf(spec.unknown, 'unknown', memo);
  return {
    read: c => {
      const found = decided(c.bytes, c.pos, endOf(spec, c.bytes, c.pos, c.end), decision);
      return (nodes[found?.index ?? -1] ?? unknown).read(c, 0);
    },
    write: (w, value) => {
      if (typeof value !== 'object' || value === null)
        throw wire.badValue(spec.name, `${wire.shown(value)} is no object`, w.pos - w.frame);
      const { type } = value as Values;
      const node = type === 'unknown' ? unknown : nodes[spec.variants.findIndex(v => v.name === type)];
      if (!node) throw wire.badValue(spec.name, `no variant ${wire.shown(type)}`, w.pos - w.frame);
      const start = w.pos;
      node.write(w, value, 0);
      if (node === unknown) checkUnknown(spec, w, start);
    },
  };
}
