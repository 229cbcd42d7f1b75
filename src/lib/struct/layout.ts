/**
 * What both back ends derive from a declaration in the same way: runs of fixed-size fields that share one bounds check,
 * and the decisions that tell the variants of a union apart. A declaration that contradicts itself is found here.
 */
import type { ConstantSpec, LengthSpec, SelectSpec, Spec, StructSpec, UnionSpec } from './specs.js';

type FixedSpec = Extract<
  Spec,
  {
    kind:
      | 'uint'
      | 'named'
      | 'bits'
      | 'u64'
      | 'pad'
      | 'bytes'
      | 'text'
      | 'constant'
      | 'length'
      | 'sizeOf'
      | 'lengthOf'
      | 'tag';
  }
>;

export interface FixedField {
  readonly name: string;
  readonly spec: FixedSpec;
  /** Bytes from the run's first byte. */
  readonly at: number;
}

export type Step =
  | { readonly op: 'run'; readonly size: number; readonly fields: readonly FixedField[] }
  /** Opens the struct's window: `at` is where its length stands, from the struct's first byte. */
  | { readonly op: 'open'; readonly at: number; readonly spec: LengthSpec }
  | { readonly op: 'field'; readonly name: string; readonly spec: VariableSpec };

export type VariableSpec = Exclude<Spec, FixedSpec>;

export interface Layout {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Where the constants stand that come before anything of variable size: a union decides by them. */
  readonly constants: readonly { readonly at: number; readonly spec: ConstantSpec }[];
  readonly length: { readonly at: number; readonly spec: LengthSpec } | undefined;
  /** Names in the value, in order; `optional` ones may be absent. */
  readonly visible: readonly { readonly name: string; readonly optional: boolean }[];
  readonly minSize: number;
}

const wrong = (name: string, message: string): TypeError =>
  new TypeError(`declaration of ${name}: ${message}`);

export function sizeOfFixed(spec: FixedSpec): number {
  return spec.kind === 'u64' ? 8 : spec.size;
}

function isFixed(spec: Spec): spec is FixedSpec {
  switch (spec.kind) {
    case 'uint':
    case 'named':
    case 'bits':
    case 'u64':
    case 'pad':
    case 'bytes':
    case 'text':
    case 'constant':
    case 'length':
    case 'sizeOf':
    case 'lengthOf':
    case 'tag':
      return true;
    default:
      return false;
  }
}

const isHidden = (spec: Spec): boolean =>
  (spec.kind === 'bits' && spec.hidden) ||
  ['pad', 'align', 'constant', 'length', 'sizeOf', 'lengthOf', 'tag'].includes(spec.kind);

const cache = new WeakMap<StructSpec, Layout>();

export function layoutOf(struct: StructSpec): Layout {
  const known = cache.get(struct);
  if (known) return known;
  const layout = makeLayout(struct);
  cache.set(struct, layout);
  return layout;
}

function makeLayout(struct: StructSpec): Layout {
  // Names stand in the compiled text (compile.ts).
  if (!/^[\w .-]+$/.test(struct.name)) throw wrong(JSON.stringify(struct.name), 'no name for a struct');
  const steps: Step[] = [];
  const constants: Layout['constants'][number][] = [];
  let length: Layout['length'];
  let run: FixedField[] = [];
  let runSize = 0;
  let offset = 0;
  let fixedSoFar = true;

  const closeRun = (): void => {
    if (run.length > 0) steps.push({ op: 'run', size: runSize, fields: run });
    run = [];
    runSize = 0;
  };

  for (const [name, spec] of struct.fields) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw wrong(struct.name, `${JSON.stringify(name)} is no name`);
    checkSizes(struct.name, spec);
    if (name === 'type') throw wrong(struct.name, 'the name "type" is the union\'s own');
    if (!isFixed(spec)) {
      closeRun();
      fixedSoFar = false;
      steps.push({ op: 'field', name, spec });
      continue;
    }
    if (fixedSoFar && spec.kind === 'constant') constants.push({ at: offset, spec });
    run.push({ name, spec, at: runSize });
    runSize += sizeOfFixed(spec);
    if (spec.kind === 'length') {
      if (!fixedSoFar || length)
        throw wrong(struct.name, 'one length at most, before anything of variable size');
      length = { at: offset, spec };
      closeRun();
      steps.push({ op: 'open', at: offset, spec });
    }
    offset += sizeOfFixed(spec);
  }
  closeRun();
  checkLinks(struct);

  const visible = struct.fields
    .filter(([, spec]) => !isHidden(spec))
    .map(([name, spec]) => ({ name, optional: spec.kind === 'custom' && spec.optional }));
  if (struct.only !== undefined && (visible.length !== 1 || visible[0]?.name !== struct.only))
    throw wrong(struct.name, 'a transparent struct has exactly one visible field');
  return { name: struct.name, steps, constants, length, visible, minSize: offset };
}

/** Both back ends round up by different means, which agree for powers of two only. */
function checkSizes(name: string, spec: Spec): void {
  const to = spec.kind === 'align' ? spec.to : spec.kind === 'length' ? spec.padTo : 1;
  if (to < 1 || (to & (to - 1)) !== 0) throw wrong(name, `${to} is no power of two`);
}

/** Every `tag`, `sizeOf`, `lengthOf` and `given` must name a field of the same struct, on the right side of it. */
function checkLinks(struct: StructSpec): void {
  const names = struct.fields.map(([name]) => name);
  struct.fields.forEach(([, spec], index) => {
    if (spec.kind === 'bits' && spec.size === 0) {
      const before = struct.fields[index - 1]?.[1];
      if (before?.kind !== 'bits' || before.of !== spec.of || before.shift !== spec.shift + spec.width)
        throw wrong(struct.name, 'the fields of a packed number stand together');
    }
    const isLink = spec.kind === 'tag' || spec.kind === 'sizeOf' || spec.kind === 'lengthOf';
    if (isLink && names.indexOf(spec.field) <= index)
      throw wrong(struct.name, `${spec.kind} must name a later field, not ${spec.field}`);
    if (spec.kind === 'lengthOf' && ownLengthOf(struct, spec.field)?.spec.size !== spec.size)
      throw wrong(struct.name, `${spec.field} says no length of itself in ${spec.size} bytes`);
    if (spec.kind === 'select' && !tagOf(struct, names[index] ?? ''))
      throw wrong(struct.name, 'a select needs a tag');
    if (spec.kind !== 'custom' || spec.given === undefined) return;
    const at = names.indexOf(spec.given);
    if (at < 0 || at >= index || !['uint', 'bits'].includes(struct.fields[at]?.[1].kind ?? ''))
      throw wrong(struct.name, `${spec.name} must be given an earlier number`);
  });
}

/** The name of the tag that selects `field`. */
export const tagOf = (struct: StructSpec, field: string): string | undefined =>
  struct.fields.find(([, spec]) => spec.kind === 'tag' && spec.field === field)?.[0];

/** The name of the field that says the size of `field`. */
export const sizeFieldOf = (struct: StructSpec, field: string): string | undefined =>
  struct.fields.find(([, spec]) => spec.kind === 'sizeOf' && spec.field === field)?.[0];

/** The name of the field that repeats the length of `field`. */
export const lengthFieldOf = (struct: StructSpec, field: string): string | undefined =>
  struct.fields.find(([, spec]) => spec.kind === 'lengthOf' && spec.field === field)?.[0];

/** Where `field`, a struct, says its own length. */
export function ownLengthOf(struct: StructSpec, field: string): Layout['length'] {
  const spec = struct.fields.find(([name]) => name === field)?.[1];
  return spec?.kind === 'struct' ? layoutOf(spec).length : undefined;
}

/** Refuses a list whose entries could be empty: it would never end. */
export function checkEntry(spec: Spec): void {
  if (spec.kind === 'struct' && layoutOf(spec).minSize === 0)
    throw wrong(spec.name, 'an empty struct in a list');
}

/** How a union tells its variants apart: look at some bytes, go on by their value. */
export type Decision =
  | { readonly op: 'variant'; readonly of: StructSpec; readonly index: number }
  | { readonly op: 'unknown' }
  | {
      readonly op: 'test';
      readonly at: number;
      readonly size: ConstantSpec['size'];
      readonly cases: ReadonlyMap<number, Decision>;
      readonly otherwise: Decision;
    };

interface Candidate {
  readonly of: StructSpec;
  readonly index: number;
  readonly constants: Layout['constants'];
}

export const decisionOf = ({ name, variants }: UnionSpec): Decision =>
  decide(
    distinct(
      name,
      variants.map((of, index) => withConstants({ of, index })),
      false,
    ),
    new Set(),
  );

/**
 * How a select tells the cases of each tag apart: `index` counts all its cases. The only case of a tag is not looked at:
 * it may be one that is never met.
 */
export function caseDecisionsOf({ name, cases }: SelectSpec): ReadonlyMap<number, Decision> {
  const decisions = new Map<number, Decision>();
  for (const tag of new Set(cases.map(one => one.tag))) {
    const [only, ...more] = cases.flatMap((one, index) => (one.tag === tag ? [{ of: one.of, index }] : []));
    if (only && more.length === 0) decisions.set(tag, { op: 'variant', ...only });
    else if (only)
      decisions.set(tag, decide(distinct(name, [only, ...more].map(withConstants), true), new Set()));
  }
  return decisions;
}

const withConstants = (one: { readonly of: StructSpec; readonly index: number }): Candidate => ({
  ...one,
  constants: layoutOf(one.of).constants,
});

/** The candidates, where no two have the same constants; one of them may have none, if something else told it already. */
function distinct(
  name: string,
  candidates: readonly Candidate[],
  mayHaveNone: boolean,
): readonly Candidate[] {
  const seen = new Set<string>();
  for (const { of, constants } of candidates) {
    const key = constants.map(c => `${c.at}=${c.spec.value}`).join();
    if ((key === '' && !mayHaveNone) || seen.has(key))
      throw wrong(name, `${of.name} can not be told from another variant`);
    seen.add(key);
  }
  return candidates;
}

function decide(candidates: readonly Candidate[], tested: ReadonlySet<number>): Decision {
  const test = nextTest(candidates, tested);
  if (!test) {
    // All constants of these candidates hold: the one that says most wins (bundle_add before experimenter).
    const [best] = [...candidates].sort((a, b) => b.constants.length - a.constants.length);
    return best ? { op: 'variant', of: best.of, index: best.index } : { op: 'unknown' };
  }
  const { at } = test;
  const other = candidates.find(c => c.constants.some(k => k.at === at && k.spec.size !== test.spec.size));
  if (other) throw wrong(other.of.name, `a constant of another size at byte ${at}`);
  const valueIn = (c: Candidate): number | undefined => c.constants.find(k => k.at === at)?.spec.value;
  const anyValue = candidates.filter(c => valueIn(c) === undefined);
  const now = new Set(tested).add(at);
  const cases = new Map<number, Decision>();
  for (const value of candidates.map(valueIn)) {
    if (value === undefined || cases.has(value)) continue;
    cases.set(
      value,
      decide(
        candidates.filter(c => (valueIn(c) ?? value) === value),
        now,
      ),
    );
  }
  return { op: 'test', at, size: test.spec.size, cases, otherwise: decide(anyValue, now) };
}

/** The constant that most candidates have, the first of these by position. */
function nextTest(
  candidates: readonly Candidate[],
  tested: ReadonlySet<number>,
): Layout['constants'][number] | undefined {
  const open = candidates.flatMap(c => c.constants).filter(k => !tested.has(k.at));
  const votes = (at: number): number => open.filter(k => k.at === at).length;
  return open.sort((a, b) => votes(b.at) - votes(a.at) || a.at - b.at)[0];
}
