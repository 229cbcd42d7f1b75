import type { CustomSpec, Spec } from './specs.js';

/** Writes the text of one function: `unit` takes what the text refers to, `name` is what the function is to be called. */
export type WriteText = (unit: Unit, name: string) => string;

/** One function of a codec, whose text is written when it is first needed. */
export interface Piece {
  readonly name: string;
  readonly write: WriteText;
}

/** All functions of one codec, by number. */
export class Pieces {
  readonly list: Piece[] = [];
  readonly #numbers = new Map<Spec, Map<string, number>>();

  /** The number of the function that does `role` for `spec`, at the place `what` where its text names the place. */
  numberOf(role: string, spec: Spec, write: WriteText, what: string): number {
    let roles = this.#numbers.get(spec);
    if (!roles) this.#numbers.set(spec, (roles = new Map<string, number>()));
    const key = `${role} ${what}`;
    const known = roles.get(key);
    if (known !== undefined) return known;
    const name = `${role}_${'name' in spec ? spec.name : what}`.replaceAll(/\W/g, '_');
    const number = this.list.push({ name, write }) - 1;
    roles.set(key, number);
    return number;
  }
}

/** The text of one function, with what it refers to. */
export class Unit {
  /** Hand-written functions that the text calls: `custom0` and on. */
  readonly customs: unknown[] = [];
  /** The numbers of the other functions that the text calls. */
  readonly references = new Set<number>();
  readonly #pieces: Pieces;

  constructor(pieces: Pieces) {
    this.#pieces = pieces;
  }

  /**
   * An expression for the function that does `role` for `spec`. The variable behind it is filled at the first call, and
   * not by a stub in its place: V8 inlines a call only where it has seen one target.
   */
  functionFor(role: string, spec: Spec, write: WriteText, what = ''): string {
    const number = this.#pieces.numberOf(role, spec, write, what);
    this.references.add(number);
    return `(f${number} ??= link(${number}))`;
  }

  /** An expression for one of a custom declaration's own functions. */
  custom(spec: CustomSpec, role: 'read' | 'write'): string {
    return this.given(spec[role]);
  }

  /** An expression for a hand-written function. */
  given(handWritten: unknown): string {
    return `custom${this.customs.push(handWritten) - 1}`;
  }

  /** The whole text around that of one function, which it returns: in parentheses, so that V8 parses it once only. */
  around(text: string): string {
    const consts = this.customs.map((_, i) => `const custom${i} = customs[${i}];\n`).join('');
    const names = [...this.references].map(number => `f${number}`);
    const links = names.length === 0 ? '' : `var ${names.join(', ')};\n`;
    return `'use strict';\n${consts}${links}return (${text});`;
  }
}

/** A quoted string for the generated text. */
export const quote = (text: string): string => JSON.stringify(text);

/** An expression for an offset: `p`, `p + 3`. */
export const plus = (base: string, offset: number): string => (offset === 0 ? base : `${base} + ${offset}`);

/** An expression for `of` rounded up to a multiple of `to`, a power of two or 1. */
export const roundUp = (of: string, to: number): string => (to === 1 ? of : `(${of} + ${to - 1} & ${-to})`);

/** An expression that reads a big-endian number of `b`. */
export function readUint(at: string, size: number): string {
  switch (size) {
    case 1:
      return `b[${at}]`;
    case 2:
      return `(b[${at}] << 8 | b[${at} + 1])`;
    case 4:
      return `(b[${at}] << 24 | b[${at} + 1] << 16 | b[${at} + 2] << 8 | b[${at} + 3]) >>> 0`;
    default:
      return `(b[${at}] << 8 | b[${at} + 1]) * 4294967296 + (${readUint(`${at} + 2`, 4)})`;
  }
}

/** Statements that write the number `value` (already checked) into `b`; typed arrays keep the low 8 bits. */
export function writeUint(at: string, size: number, value: string): string {
  switch (size) {
    case 1:
      return `b[${at}] = ${value};`;
    case 2:
      return `b[${at}] = ${value} >>> 8; b[${at} + 1] = ${value};`;
    case 4:
      return `b[${at}] = ${value} >>> 24; b[${at} + 1] = ${value} >>> 16; b[${at} + 2] = ${value} >>> 8; b[${at} + 3] = ${value};`;
    default:
      return `wire.putUint(b, ${at}, ${size}, ${value});`;
  }
}
