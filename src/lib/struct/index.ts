/** Binary structures, declared once: decoder, encoder and TypeScript type come from one declaration. */
export {
  badLength,
  badValue,
  cursorOver,
  getU16,
  getU32,
  getU64,
  getUint,
  need,
  putU32,
  putU64,
  putUint,
  shown,
  viewOf,
  Writer,
} from './buffers.js';
export type { Cursor } from './buffers.js';
export { compile } from './compile.js';
export type { Codec } from './codec.js';
export {
  align,
  bytes,
  constant,
  custom,
  defaulted,
  lazy,
  length,
  lengthOf,
  listOf,
  mac,
  named,
  optional,
  packed,
  pad,
  rest,
  select,
  sizeOf,
  struct,
  tag,
  text,
  transparent,
  u16,
  u32,
  u64,
  u8,
  union,
} from './fields.js';
export type { Custom, UnknownCase } from './fields.js';
export type { Spec, UnionSpec } from './specs.js';
export type { Field, Infer, Struct } from './infer.js';
