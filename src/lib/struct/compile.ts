/**
 * The fast back end: source text from a declaration, made into functions when the module loads. One bounds check per run
 * of fixed-size fields, reads and writes in line, one function per struct. The text comes from declarations alone (names
 * are checked in layout.ts), never from input.
 */
import * as wire from './buffers.js';
import type { Cursor, Writer } from './buffers.js';
import { decoderSource } from './decoder-source.js';
import { encoderSource } from './encoder-source.js';
import type { Spec } from './fields.js';
import type { Field } from './infer.js';
import { Module } from './source.js';

export interface Codec<T> {
  /**
   * Reads one value at the cursor and moves it behind that value. `rest` and `bytes` fields are views into the frame.
   * @throws WireError WIRE_TRUNCATED, WIRE_BAD_LENGTH or WIRE_BAD_VALUE; the cursor is then of no more use.
   */
  decode(cursor: Cursor): T;
  /**
   * Appends one value.
   * @throws WireError WIRE_BAD_VALUE where a value does not fit its field, WIRE_BAD_LENGTH where a length does not;
   * the writer then ends in a part of the value, which the caller takes back.
   */
  encode(writer: Writer, value: T): void;
}

/** Makes decoder and encoder of a declaration. */
export function compile<T>(spec: Spec & Field<T>): Codec<T> {
  const module = new Module();
  const decode = decoderSource(module, spec);
  const encode = encoderSource(module, spec);
  const source = `'use strict';\n${module.text()}\nreturn { decode: c => ${decode}, encode: (w, v) => { ${encode} } };`;
  const make = new Function('wire', 'customs', source) as (
    runtime: typeof wire,
    customs: unknown,
  ) => Codec<T>;
  return make(wire, module.customs);
}
