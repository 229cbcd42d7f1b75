/** Declarations as data: which there are, and where their fields stand on the wire. */
import type { Spec, StructSpec } from '../../src/lib/struct/specs.js';

export type ChoiceSpec = Extract<Spec, { kind: 'union' | 'select' }>;

/** Structs with this name and these fields can not be told apart. */
export const keyOf = (name: string, fields: readonly string[]): string => `${name} ${fields.join()}`;

/** All structs and choices that hang on what a module exports, the nearest first. */
export function specsIn(module: object): readonly (StructSpec | ChoiceSpec)[] {
  const found = new Set<StructSpec | ChoiceSpec>();
  let layer: unknown[] = Object.values(module);
  while (layer.length > 0) {
    const next: unknown[] = [];
    for (const value of layer) {
      if (!isSpec(value)) {
        if (isContainer(value)) next.push(...(Object.values(value) as unknown[]));
        continue;
      }
      if (value.kind === 'struct' || value.kind === 'union' || value.kind === 'select') {
        if (found.has(value)) continue;
        found.add(value);
      }
      next.push(...childrenOf(value));
    }
    layer = next;
  }
  return [...found];
}

const isSpec = (value: unknown): value is Spec =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';

// Lists and tables of declarations; a module's other objects hold none.
const isContainer = (value: unknown): value is object =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && Object.values(value).some(isSpec));

export function childrenOf(spec: Spec): readonly Spec[] {
  switch (spec.kind) {
    case 'struct':
      return spec.fields.map(([, field]) => field);
    case 'union':
      return [...spec.variants, spec.unknown];
    case 'select':
      return spec.cases.map(one => one.of);
    case 'list':
      return [spec.of];
    case 'lazy':
      return [spec.get()];
    default:
      return [];
  }
}

/** The size of a field in bytes; undefined where it varies. */
export function sizeOfSpec(spec: Spec): number | undefined {
  switch (spec.kind) {
    case 'uint':
    case 'named':
    case 'bits':
    case 'pad':
    case 'bytes':
    case 'text':
    case 'constant':
    case 'length':
    case 'sizeOf':
    case 'lengthOf':
    case 'tag':
      return spec.size;
    case 'u64':
      return 8;
    case 'struct': {
      let sum = 0;
      for (const [, field] of spec.fields) {
        const size = sizeOfSpec(field);
        if (size === undefined || field.kind === 'length') return undefined;
        sum += size;
      }
      return sum;
    }
    case 'custom':
      return customSizes.get(spec.name);
    default:
      return undefined;
  }
}

/** Hand-written fields of a fixed size. */
const customSizes: ReadonlyMap<string, number> = new Map([
  ['ipv6', 16],
  ['range', 2],
]);

/** Where one field stands. */
export interface Place {
  readonly name: string;
  readonly spec: Spec;
  /** `4`, or nothing behind a field whose size varies. */
  readonly offset: string;
  readonly size: string;
}

export function placesOf(struct: StructSpec): readonly Place[] {
  let offset: number | undefined = 0;
  return struct.fields.map(([name, spec]) => {
    const size = sizeOfSpec(spec);
    // The parts of one number share its place; only the first of them counts its bytes.
    const at = spec.kind === 'bits' && offset !== undefined ? offset - (spec.of - spec.size) : offset;
    offset = offset === undefined || size === undefined ? undefined : offset + size;
    const shown = spec.kind === 'bits' ? `${spec.width} bit${spec.width === 1 ? '' : 's'}` : (size ?? '…');
    return { name, spec, offset: at === undefined ? '' : String(at), size: String(shown) };
  });
}

/** The constants of a variant: what tells it from others. */
export const constantsOf = (struct: StructSpec): readonly number[] =>
  struct.fields.flatMap(([, spec]) => (spec.kind === 'constant' ? [spec.value] : []));
