import type { CustomSpec, Spec } from './specs.js';

/** The functions of one compiled codec, gathered while they are written. */
export class Module {
  readonly customs: CustomSpec[] = [];
  readonly #functions: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<Spec, number>();

  /**
   * The name of the function that does `role` for `spec`; `write` gives its text, the first time it is asked for. Where
   * the text names the place in its errors, `what` is that place.
   */
  functionFor(role: string, spec: Spec, write: (name: string) => string, what = ''): string {
    const key = `${role} ${this.#idOf(spec)} ${what}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `${role}${this.#names.size}`;
    this.#names.set(key, name); // before its text is made, for recursion
    this.#functions.push(write(name));
    return name;
  }

  /** An expression for a custom declaration's own functions. */
  custom(spec: CustomSpec): string {
    const found = this.customs.indexOf(spec);
    return `customs[${found >= 0 ? found : this.customs.push(spec) - 1}]`;
  }

  text(): string {
    return this.#functions.join('\n');
  }

  #idOf(spec: Spec): number {
    const id = this.#ids.get(spec) ?? this.#ids.size;
    this.#ids.set(spec, id);
    return id;
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
