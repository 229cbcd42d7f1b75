/** What declarations are made of: plain data, which layout.ts and both back ends read. fields.ts is the way to write them. */
import type { Cursor, Writer } from './buffers.js';

export type Spec =
  | UintSpec
  | NamedSpec
  | BitsSpec
  | U64Spec
  | PadSpec
  | AlignSpec
  | BytesSpec
  | TextSpec
  | RestSpec
  | ConstantSpec
  | LengthSpec
  | SizeOfSpec
  | LengthOfSpec
  | TagSpec
  | SelectSpec
  | StructSpec
  | UnionSpec
  | ListSpec
  | LazySpec
  | CustomSpec;

export interface UintSpec {
  readonly kind: 'uint';
  readonly size: 1 | 2 | 4 | 6;
  /** What is written where the value has no such property. */
  readonly otherwise?: number;
}
export interface NamedSpec {
  readonly kind: 'named';
  readonly size: 1 | 2 | 4 | 6;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}
export interface BitsSpec {
  readonly kind: 'bits';
  /** Bytes that this field takes: the whole number's for the first of its fields, 0 for the others. */
  readonly size: 0 | 1 | 2 | 4;
  /** Bytes of the number that the bits are a part of. */
  readonly of: 1 | 2 | 4;
  /** How many lower bits follow. */
  readonly shift: number;
  readonly width: number;
  /** Not in the value: `value` is checked on decode and written on encode; without it the bits mean nothing. */
  readonly hidden: boolean;
  readonly value?: number;
}
export interface U64Spec {
  readonly kind: 'u64';
}
export interface PadSpec {
  readonly kind: 'pad';
  readonly size: number;
}
export interface AlignSpec {
  readonly kind: 'align';
  readonly to: number;
}
export interface BytesSpec {
  readonly kind: 'bytes';
  readonly size: number;
}
export interface TextSpec {
  readonly kind: 'text';
  readonly size: number;
}
export interface RestSpec {
  readonly kind: 'rest';
}
export interface ConstantSpec {
  readonly kind: 'constant';
  readonly size: 1 | 2 | 4 | 6;
  readonly value: number;
}
export interface LengthSpec {
  readonly kind: 'length';
  readonly size: 1 | 2 | 4 | 6;
  readonly padTo: number;
}
export interface SizeOfSpec {
  readonly kind: 'sizeOf';
  readonly size: 1 | 2 | 4 | 6;
  readonly field: string;
}
export interface LengthOfSpec {
  readonly kind: 'lengthOf';
  readonly size: 1 | 2 | 4 | 6;
  readonly field: string;
}
export interface TagSpec {
  readonly kind: 'tag';
  readonly size: 1 | 2 | 4 | 6;
  readonly field: string;
}
export interface SelectSpec {
  readonly kind: 'select';
  readonly name: string;
  readonly cases: readonly { readonly tag: number; readonly of: StructSpec }[];
}
export interface StructSpec {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly (readonly [name: string, spec: Spec])[];
  /** The one visible field that stands for the whole struct, where the struct is transparent. */
  readonly only?: string;
}
export interface UnionSpec {
  readonly kind: 'union';
  readonly name: string;
  readonly variants: readonly StructSpec[];
  readonly unknown: StructSpec;
}
export interface ListSpec {
  readonly kind: 'list';
  readonly of: Spec;
}
export interface LazySpec {
  readonly kind: 'lazy';
  readonly get: () => Spec;
}
export interface CustomSpec {
  readonly kind: 'custom';
  readonly name: string;
  readonly optional: boolean;
  readonly given: string | undefined;
  readonly read: (cursor: Cursor, given: number) => unknown;
  readonly write: (writer: Writer, value: never, given: number) => void;
}
