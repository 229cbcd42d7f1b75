import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { quoted, type Finding, type KeyPath } from './mistake.js';
import type { SourceMember, SourceNode } from './source.js';

/** A finding at an offset of the text: the tree that could locate a path is only being made. */
export type OffsetFinding = Finding & { readonly offset: number };

interface Grown extends SourceNode {
  /** How many values a walk over this one meets, and how deep it goes, with aliases followed. */
  readonly size: number;
  readonly depth: number;
}

interface Growth {
  readonly findings: OffsetFinding[];
  /** The node that each anchor stands for so far: an anchor may be given again [YAML 1.2.2 section 7.1]. */
  readonly anchors: Map<string, Node>;
  readonly grown: Map<Node, Grown>;
  readonly lineOf: (offset: number) => number;
  readonly isText: (path: KeyPath) => boolean;
  aliased: number;
}

/** A walk over the value costs no more than this above the file's own size: "billion laughs" end here. */
const mostAliased = 100_000;
/** A chain of aliases nests values deeper than their text is nested. */
const deepest = 100;

/**
 * Plain values out of YAML nodes, with the place of each. Our own and not `Document.toJS`, since that knows no places, sets
 * `__proto__`, and looks for duplicate keys in quadratic time. Where something is wrong, the rest still grows.
 *
 * `isText` names the paths whose scalars are taken as they are written, whatever YAML would make of them.
 */
export function growTree(
  root: Node | null,
  lineOf: (offset: number) => number,
  isText: (path: KeyPath) => boolean,
): { root: SourceNode; findings: OffsetFinding[] } {
  const growth: Growth = { findings: [], anchors: new Map(), grown: new Map(), lineOf, isText, aliased: 0 };
  const grown = grow(root, [], root?.range?.[0] ?? 0, growth);
  return { root: grown, findings: growth.findings };
}

const leaf = (value: unknown, offset: number): Grown => ({
  value,
  offset,
  members: new Map(),
  size: 1,
  depth: 1,
});

function grow(node: Node | null, path: KeyPath, keyOffset: number, growth: Growth): Grown {
  if (node === null) return leaf(null, keyOffset);
  if (isAlias(node)) return growAlias(node.source, path, node.range?.[0] ?? keyOffset, growth);
  if (node.anchor !== undefined) growth.anchors.set(node.anchor, node);
  const grown = isMap(node)
    ? growMap(node, path, growth)
    : isSeq(node)
      ? growList(node, path, growth)
      : growScalar(node, path, keyOffset, growth);
  growth.grown.set(node, grown);
  return grown;
}

function growScalar(node: Scalar, path: KeyPath, keyOffset: number, growth: Growth): Grown {
  const { value, source } = node;
  // YAML puts a value that is left out behind its key, at times on a later line.
  const offset = value === null && !source ? keyOffset : (node.range?.[0] ?? keyOffset);
  if (source && growth.isText(path)) return leaf(source, offset);
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return leaf(plain ? value : null, offset);
}

function growAlias(anchor: string, path: KeyPath, offset: number, growth: Growth): Grown {
  const refuse = (message: string) => {
    growth.findings.push({ path, offset, message });
    return leaf(null, offset);
  };
  const target = growth.anchors.get(anchor);
  if (target === undefined) return refuse(`the alias *${anchor} has no anchor &${anchor} above it`);
  const grown = growth.grown.get(target);
  if (grown === undefined)
    return refuse(`the alias *${anchor} stands inside the very value that it stands for`);
  const alreadyTold = growth.aliased > mostAliased;
  growth.aliased += grown.size;
  if (alreadyTold) return leaf(null, offset);
  if (growth.aliased > mostAliased) return refuse(`aliases stand for more than ${mostAliased} values`);
  if (path.length + grown.depth > deepest) return refuse(`aliases nest values deeper than ${deepest} levels`);
  return grown;
}

function growMap(node: YAMLMap, path: KeyPath, growth: Growth): Grown {
  const value: Record<string, unknown> = {};
  const members = new Map<string, SourceMember>();
  for (const pair of node.items) {
    const offset = (pair.key as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0;
    const key = keyText(pair.key);
    const wrong = key === undefined ? 'expected a text as a key' : wrongKey(key, members.get(key), growth);
    if (wrong !== undefined) {
      growth.findings.push({ path: key === undefined ? path : [...path, key], offset, message: wrong });
    }
    if (key === undefined || key === '__proto__' || members.has(key)) continue;
    const member = grow(pair.value as Node | null, [...path, key], offset, growth);
    value[key] = member.value;
    members.set(key, { keyOffset: offset, node: member });
  }
  return branch(value, node.range?.[0] ?? 0, members);
}

function growList(node: YAMLSeq, path: KeyPath, growth: Growth): Grown {
  const value: unknown[] = [];
  const members = new Map<number, SourceMember>();
  let offset = node.range?.[0] ?? 0;
  for (const [index, item] of node.items.entries()) {
    const member = grow(item as Node | null, [...path, index], offset, growth);
    offset = member.offset;
    value.push(member.value);
    members.set(index, { keyOffset: offset, node: member });
  }
  return branch(value, node.range?.[0] ?? 0, members);
}

function branch(value: unknown, offset: number, members: Grown['members']): Grown {
  let size = 1;
  let depth = 0;
  for (const member of members.values()) {
    const grown = member.node as Grown;
    size += grown.size;
    depth = Math.max(depth, grown.depth);
  }
  return { value, offset, members, size, depth: depth + 1 };
}

/** A key as it is written: `5` and `true` name things too. */
function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}

function wrongKey(key: string, earlier: SourceMember | undefined, growth: Growth): string | undefined {
  if (key === '__proto__') return 'cannot be used as a key';
  if (key === '<<') return 'merge keys are not read: write the keys out, or use an alias for a whole value';
  if (earlier === undefined) return undefined;
  return `the key ${quoted(key)} is already in this map, on line ${growth.lineOf(earlier.keyOffset)}`;
}
