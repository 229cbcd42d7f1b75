/**
 * The fast back end: source text from a declaration, made into functions. One bounds check per run of fixed-size fields,
 * reads and writes in line, one function per struct. The text comes from declarations alone (names are checked in
 * layout.ts), never from input.
 *
 * A function is made when it is first called: a protocol has hundreds of structures, of which a program meets some.
 */
import * as wire from './buffers.js';
import type { Codec } from './codec.js';
import { decoderSource } from './decoder-source.js';
import { encoderSource } from './encoder-source.js';
import type { Spec } from './specs.js';
import type { Field } from './infer.js';
import { Pieces, Unit } from './source.js';
import type { WriteText } from './source.js';

type Compiled = (...of: never[]) => unknown;

/**
 * Makes decoder and encoder of a declaration.
 *
 * @param options.eager makes all functions now, which finds every declaration that contradicts itself; else each is made,
 * and such a declaration found, when it is first needed
 * @throws TypeError where a declaration contradicts itself
 */
export function compile<T>(spec: Spec & Field<T>, options: { eager?: boolean } = {}): Codec<T> {
  const pieces = new Pieces();
  const made: Compiled[] = [];
  const link = (number: number): Compiled => (made[number] ??= make(pieces, number, link));
  const root = (write: WriteText, name: string): number => pieces.list.push({ name, write }) - 1;
  const decode = root(
    (unit, name) => `function ${name}(c) { return ${decoderSource(unit, spec)}; }`,
    'decode',
  );
  const encode = root((unit, name) => `function ${name}(w, v) { ${encoderSource(unit, spec)} }`, 'encode');
  const codec = { decode: link(decode), encode: link(encode) } as Codec<T>;
  if (options.eager) for (let number = 0; number < pieces.list.length; number++) link(number);
  return codec;
}

function make(pieces: Pieces, number: number, link: (number: number) => Compiled): Compiled {
  const piece = pieces.list[number];
  if (!piece) throw new RangeError(`no function ${number}`);
  const unit = new Unit(pieces);
  const text = unit.around(piece.write(unit, piece.name));
  const factory = new Function('wire', 'link', 'customs', text) as (
    runtime: typeof wire,
    linker: typeof link,
    customs: readonly unknown[],
  ) => Compiled;
  return factory(wire, link, unit.customs);
}
