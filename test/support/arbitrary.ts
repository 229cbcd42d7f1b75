/**
 * Random values of any declaration, made by walking the declaration itself: what is declared is tested, with no list to
 * keep beside it. What a declaration can not say (which port numbers exist, which fields go together) is a `Choice`.
 */
import fc from './fast-check.js';
import type { Spec, StructSpec } from '../../src/lib/struct/specs.js';

/** Makes values; `depth` is how many lists of structs stand around. */
export type Choice = (depth: number) => fc.Arbitrary<unknown>;

/**
 * By place: `union variant` for one variant as a whole, `union variant.field` for one field of it, `struct` and
 * `struct.field` where the struct stands in no union, and the name of a `custom` field.
 */
export type Choices = Readonly<Record<string, Choice | Adjust | typeof never>>;

/** For variants that are not to be drawn. */
export const never = 'never';

/** Changes a value that the walk has drawn, where its fields have to go together. */
export interface Adjust {
  readonly adjust: (value: never) => unknown;
}

const plain = { noNullPrototype: true } as const;
/** Lists this deep are empty, so that values that hold themselves end. */
const maxDepth = 3;

export const unsigned = (bits: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.maxSafeNat().map(value => value % 2 ** bits),
    fc.constantFrom(0, 1, 2 ** bits - 1),
  );

export const unsigned64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n),
);

/** Text that fits `size` bytes with no NUL in it. */
const shortText = (size: number): fc.Arbitrary<string> =>
  fc.string({ minLength: 0, maxLength: Math.min(size - 1, 12), unit: 'grapheme-ascii' });

/**
 * @throws Error where the walk meets a `custom` field that no choice is named for: a new one must not go untested.
 */
export function arbitraryOf(spec: Spec, choices: Choices, place = '', depth = 0): fc.Arbitrary<unknown> {
  const chosen = choiceAt(choices, place);
  if (chosen) return chosen(depth);
  switch (spec.kind) {
    case 'uint':
      return unsigned(8 * spec.size);
    case 'named':
      return fc.constantFrom(...spec.numbers.keys());
    case 'bits':
      return unsigned(spec.width);
    case 'u64':
      return unsigned64;
    case 'bytes':
      return fc.uint8Array({ minLength: spec.size, maxLength: spec.size });
    case 'text':
      return shortText(spec.size);
    case 'rest':
      return fc.uint8Array({ maxLength: 40 });
    case 'struct':
      return choiceAt(choices, spec.name)?.(depth) ?? arbitraryOfStruct(spec, choices, spec.name, depth);
    case 'union':
      return fc.oneof(
        ...spec.variants.flatMap(variant => arbitraryOfVariant(spec.name, variant, choices, depth)),
        ...unknownOf(choices, spec.name, depth),
      );
    case 'select':
      return fc.oneof(
        ...spec.cases.flatMap(({ of }) => arbitraryOfVariant(spec.name, of, choices, depth)),
        ...unknownOf(choices, spec.name, depth),
      );
    case 'list':
      return depth >= maxDepth
        ? fc.constant([])
        : fc.array(arbitraryOf(spec.of, choices, '', depth + 1), { maxLength: depth === 0 ? 4 : 2 });
    case 'lazy':
      return arbitraryOf(spec.get(), choices, '', depth);
    case 'custom': {
      const custom = choiceAt(choices, spec.name);
      if (!custom) throw new Error(`no choice for the custom field ${JSON.stringify(spec.name)} at ${place}`);
      return custom(depth);
    }
    default:
      throw new Error(`${spec.kind} is not in a value`);
  }
}

function choiceAt(choices: Choices, place: string): Choice | undefined {
  const choice = choices[place];
  return typeof choice === 'function' ? choice : undefined;
}

function adjusted(choices: Choices, place: string, drawn: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const choice = choices[place];
  return typeof choice === 'object' ? drawn.map(value => choice.adjust(value as never)) : drawn;
}

/** Unknown variants are drawn where a choice says how: `union unknown`. */
const unknownOf = (choices: Choices, union: string, depth: number): fc.Arbitrary<unknown>[] => {
  const choice = choiceAt(choices, `${union} unknown`);
  return choice ? [choice(depth)] : [];
};

/** None where it is never to be drawn. */
function arbitraryOfVariant(
  union: string,
  variant: StructSpec,
  choices: Choices,
  depth: number,
): fc.Arbitrary<unknown>[] {
  const place = `${union} ${variant.name}`;
  if (choices[place] === never) return [];
  const chosen = choiceAt(choices, place);
  if (chosen) return [chosen(depth)];
  return [
    arbitraryOfStruct(variant, choices, place, depth).map(value => ({
      type: variant.name,
      ...(value as object),
    })),
  ];
}

const hidden: ReadonlySet<Spec['kind']> = new Set([
  'pad',
  'align',
  'constant',
  'length',
  'lengthOf',
  'sizeOf',
  'tag',
]);

const isHidden = (spec: Spec): boolean => hidden.has(spec.kind) || (spec.kind === 'bits' && spec.hidden);

function arbitraryOfStruct(
  spec: StructSpec,
  choices: Choices,
  place: string,
  depth: number,
): fc.Arbitrary<unknown> {
  const visible = spec.fields.filter(([, field]) => !isHidden(field));
  const values = visible.map(
    ([name, field]) => [name, arbitraryOf(field, choices, `${place}.${name}`, depth)] as const,
  );
  const only = values.find(([name]) => name === spec.only);
  if (only) return only[1];
  const isOptional = (name: string): boolean =>
    visible.some(([other, field]) => other === name && field.kind === 'custom' && field.optional);
  const drawn = fc
    .record(Object.fromEntries(values), plain)
    .map(
      value =>
        Object.fromEntries(
          Object.entries(value).filter(([name, one]) => one !== undefined || !isOptional(name)),
        ) as unknown,
    );
  return adjusted(choices, place, drawn);
}
