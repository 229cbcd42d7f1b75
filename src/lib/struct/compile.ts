/**
 * The fast back end: source text from a declaration, made into functions when the module loads. One bounds check per run
 * of fixed-size fields, reads and writes in line, one function per struct. The text comes from declarations alone (names
 * are checked in layout.ts), never from input.
 */
import * as wire from './buffers.js';
import type { Codec } from './codec.js';
import { decoderSource } from './decoder-source.js';
import { encoderSource } from './encoder-source.js';
import type { Spec } from './specs.js';
import type { Field } from './infer.js';
import { Module } from './source.js';

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
