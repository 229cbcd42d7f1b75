/**
 * The vocabulary of struct declarations. A declaration is data: both back ends (compile.ts, closures.ts) and the
 * TypeScript type (infer.ts) are derived from it, so that they can not drift apart.
 */
import type { Cursor, Writer } from './buffers.js';
import type {
  Spec,
  UintSpec,
  NamedSpec,
  BitsSpec,
  U64Spec,
  PadSpec,
  AlignSpec,
  BytesSpec,
  TextSpec,
  RestSpec,
  ConstantSpec,
  LengthSpec,
  SizeOfSpec,
  LengthOfSpec,
  TagSpec,
  SelectSpec,
  StructSpec,
  UnionSpec,
  ListSpec,
  LazySpec,
  CustomSpec,
} from './specs.js';
import type { Field, Hidden, Infer, InferFields, InferOnly, Struct, Tagged } from './infer.js';

const uint = <const S extends UintSpec['size']>(
  size: S,
): UintSpec & Field<number> & { readonly size: S } => ({ kind: 'uint', size });

export const u8 = uint(1);
export const u16 = uint(2);
export const u32 = uint(4);
export const u64: U64Spec & Field<bigint> = { kind: 'u64' };
/** An Ethernet address as a 48-bit number. */
export const mac = uint(6);

/** As `of`, and `value` is written where the property is left out. */
export const defaulted = (of: UintSpec, value: number): UintSpec & Field<number | undefined> => ({
  ...of,
  otherwise: value,
});

/** One of a closed set of numbers, by name in the value: any other number is an error. */
export const named = <const N extends Readonly<Record<string, number>>>(
  of: UintSpec,
  names: N,
): NamedSpec & Field<keyof N & string> => ({
  kind: 'named',
  size: of.size,
  numbers: new Map(Object.entries(names)),
  names: new Map(Object.entries(names).map(([name, number]) => [number, name])),
});

/** One field of a `packed` number: its bits; or with `value` a constant; or, where that is left out, bits that mean nothing. */
type Bits = number | { readonly width: number; readonly value?: number };

/**
 * A number whose bits are several fields, from the highest on: spread the result into a struct's fields. The widths must
 * fill the number, and each field of the value has at most 31 bits.
 */
export function packed<const B extends Readonly<Record<string, Bits>>>(
  of: UintSpec & { readonly size: 1 | 2 | 4 },
  fields: B,
): { readonly [K in keyof B]: BitsSpec & Field<B[K] extends number ? number : Hidden> } {
  let left = 8 * of.size;
  const specs = Object.entries(fields).map(([name, bits], index): [string, BitsSpec] => {
    const { width, value } = typeof bits === 'number' ? { width: bits } : { value: undefined, ...bits };
    const hidden = typeof bits !== 'number';
    left -= width;
    const place = { size: index === 0 ? of.size : 0, of: of.size, shift: left, width } as const;
    return [name, { kind: 'bits', ...place, hidden, ...(value === undefined ? {} : { value }) }];
  });
  if (left !== 0) throw new TypeError(`packed: ${left} bits are left of ${8 * of.size}`);
  // Each name has the spec made from its own bits, which TypeScript can not follow through entries.
  return Object.fromEntries(specs) as never;
}

/** Bytes that mean nothing: skipped on decode, zero on encode. */
export const pad = (size: number): PadSpec & Field<Hidden> => ({ kind: 'pad', size });

/** Padding up to a multiple of `to` bytes, counted from the struct's first byte. */
export const align = (to: number): AlignSpec & Field<Hidden> => ({ kind: 'align', to });

/** Exactly `size` bytes, as a view into the frame. */
export const bytes = (size: number): BytesSpec & Field<Uint8Array> => ({ kind: 'bytes', size });

/** UTF-8 text in `size` bytes, padded with NULs. What follows the first NUL is not kept. */
export const text = (size: number): TextSpec & Field<string> => ({ kind: 'text', size });

/**
 * All bytes to the end of the window, as a *view* into the frame (no copy): it keeps the frame's memory alive and
 * changes with it. Copy it to keep it.
 */
export const rest: RestSpec & Field<Uint8Array> = { kind: 'rest' };

/** A fixed value: checked on decode, written on encode, not part of the type. It tells the variants of a union apart. */
export const constant = (of: UintSpec, value: number): ConstantSpec & Field<Hidden> => ({
  kind: 'constant',
  size: of.size,
  value,
});

/**
 * The length of the whole struct, from its first byte: opens the window that no later read of this struct may leave, and
 * is computed on encode. With `padTo`, zeros that the length does not count follow, up to a multiple of `padTo`.
 */
export const length = (of: UintSpec, options: { padTo?: number } = {}): LengthSpec & Field<Hidden> => ({
  kind: 'length',
  size: of.size,
  padTo: options.padTo ?? 1,
});

/** The size in bytes of one later field: opens that field's window, and is computed on encode. */
export const sizeOf = (of: UintSpec, field: string): SizeOfSpec & Field<Hidden> => ({
  kind: 'sizeOf',
  size: of.size,
  field,
});

/**
 * The length that one later struct says of itself, once more: skipped on decode, since the struct's own holds, and
 * computed on encode. What a `padTo` adds is not counted.
 */
export const lengthOf = (of: UintSpec, field: string): LengthOfSpec & Field<Hidden> => ({
  kind: 'lengthOf',
  size: of.size,
  field,
});

/** Says which case of the later `select` field follows. */
export const tag = (of: UintSpec, field: string): TagSpec & Field<Hidden> => ({
  kind: 'tag',
  size: of.size,
  field,
});

/** What a `select` yields for a tag that has no case. */
export interface UnknownCase {
  /** Always that. */
  readonly type: 'unknown';
  /** The tag as it came. */
  readonly typeId: number;
  /** All bytes of it, as a view into the frame. */
  readonly body: Uint8Array;
}

/**
 * A value whose shape is told by an earlier `tag`; it extends to the end of the window. Cases of one tag are told apart
 * by their own constants, as the variants of a union are.
 */
export function select<const C extends readonly (readonly [tag: number, of: Struct<string, object>])[]>(
  name: string,
  cases: C,
): SelectSpec & Field<Tagged<C[number][1]> | UnknownCase> {
  return { kind: 'select', name, cases: cases.map(([value, of]) => ({ tag: value, of })) };
}

type Fields = Readonly<Record<string, Spec & Field<unknown>>>;

/**
 * A structure. Fields are read and written in the order of the declaration.
 * A declaration that contradicts itself is a TypeError where it is first compiled or interpreted (layout.ts).
 */
export function struct<const N extends string, const F extends Fields>(
  name: N,
  fields: F,
): Struct<N, InferFields<F>> {
  return { kind: 'struct', name, fields: Object.entries(fields) };
}

/** A structure with one visible field, whose value stands for the whole: `match` is its list of fields. */
export function transparent<const F extends Fields>(
  name: string,
  only: keyof F & string,
  fields: F,
): StructSpec & Field<InferOnly<F>> {
  return { kind: 'struct', name, fields: Object.entries(fields), only };
}

/**
 * One of several structs, told apart by their own constants. The value is the variant's, with `type` = the variant's
 * name. `unknown` must fit all that the variants do not, and encodes back to the same bytes; one whose bytes are those of
 * a variant is refused on encode.
 */
export function union<const S extends Struct<string, object>, const U extends Struct<'unknown', object>>(
  name: string,
  variants: readonly S[],
  unknown: U,
): UnionSpec & Field<Tagged<S> | Tagged<U>> {
  return { kind: 'union', name, variants, unknown };
}

/** As many as fit until the end of the window. */
export const listOf = <S extends Spec & Field<unknown>>(of: S): ListSpec & Field<readonly Infer<S>[]> => ({
  kind: 'list',
  of,
});

/** A declaration that is known later: for recursion, which is bounded (buffers.ts, maxDepth). */
export const lazy = <T>(get: () => Spec & Field<T>): LazySpec & Field<T> => ({ kind: 'lazy', get });

export interface Custom<T> {
  readonly name: string;
  /** Reads at the cursor and moves it; must stay inside its window. `given` is 0 unless an earlier field is named. */
  readonly read: (cursor: Cursor, given: number) => T;
  readonly write: (writer: Writer, value: T, given: number) => void;
  /** An earlier numeric field of the same struct that both functions are handed. */
  readonly given?: string;
}

/** For what the vocabulary can not say: hand-written functions. */
export const custom = <T>(of: Custom<T>): CustomSpec & Field<T> => ({
  kind: 'custom',
  name: of.name,
  optional: false,
  given: of.given,
  read: of.read,
  write: of.write,
});

/** As `custom`; where `read` gives undefined the value has no such property. */
export const optional = <T>(of: Custom<T | undefined>): CustomSpec & Field<T | undefined> => ({
  ...custom(of),
  optional: true,
});
