/** Reads a text in ovs-ofctl's notation from the left to the right, and says where it can not be read. */
import { TextError } from '../../lib/errors.js';
import { nearMiss } from '../../lib/near-miss.js';
import { maxDepth } from '../../lib/struct/buffers.js';

/** A piece of the text, and where it begins. */
export interface Token {
  readonly text: string;
  readonly at: number;
}

/** Turns a port's name into its number; undefined where the switch has no such port. */
export type PortNumber = (name: string) => number | undefined;

/** How text is read. */
export interface ReaderOptions {
  /** The number of a port that is named. */
  readonly portNumber?: PortNumber | undefined;
  /** The line that the text is, where it is one of many; 1 otherwise. */
  readonly line?: number;
}

const separators = /[,\s]*/y;
const spaces = /\s*/y;
const words = /[A-Za-z_][A-Za-z0-9_]*/y;
// A value ends before a separator, a parenthesis or the arrow of `load:1->reg0`.
const values = /(?:(?!->)[^,\s()])*/y;
const quoted = /"[^"]*"/y;

export class Reader {
  readonly text: string;
  readonly portNumber: PortNumber;
  readonly line: number;
  #pos = 0;
  #depth = 0;

  constructor(text: string, options: ReaderOptions = {}) {
    // What is handed in may come from plain JavaScript.
    if (typeof (text as unknown) !== 'string')
      throw new TextError('OF_BAD_TEXT', `expected a text, not ${typeof text}`, { line: 1, column: 1 });
    this.text = text;
    this.portNumber = options.portNumber ?? (() => undefined);
    this.line = options.line ?? 1;
  }

  get at(): number {
    return this.#pos;
  }

  get isAtEnd(): boolean {
    return this.#pos >= this.text.length;
  }

  /** Whether an item ends here. */
  get isAtBreak(): boolean {
    return this.isAtEnd || /[,\s)]/.test(this.text[this.#pos] ?? '');
  }

  /** Passes commas and white space, which both stand between items. */
  skipSeparators(): void {
    this.#take(separators);
  }

  /** Passes the separators, and says whether something follows them. */
  hasNext(): boolean {
    this.skipSeparators();
    return !this.isAtEnd;
  }

  skipSpace(): void {
    this.#take(spaces);
  }

  sees(token: string): boolean {
    return this.text.startsWith(token, this.#pos);
  }

  /** Whether `pattern`, which must be sticky, matches here. */
  looksAt(pattern: RegExp): boolean {
    pattern.lastIndex = this.#pos;
    return pattern.test(this.text);
  }

  /** Passes `token`, where it stands here. */
  accepts(token: string): boolean {
    const found = this.sees(token);
    if (found) this.#pos += token.length;
    return found;
  }

  expect(token: string): void {
    if (!this.accepts(token)) this.fail(`expected ${token} ${this.#found()}`);
  }

  /** A name: letters, digits and `_`; empty where there is none. */
  word(): Token {
    return this.#take(words);
  }

  /** All up to the next separator, parenthesis or arrow; what stands in quotes is taken whole. May be empty. */
  value(): Token {
    return this.sees('"') ? this.#take(quoted) : this.#take(values);
  }

  /** Goes back to where `token` begins. */
  back(token: Token): void {
    this.#pos = token.at;
  }

  /** All that `pattern`, which must be sticky, finds here. */
  matching(pattern: RegExp): Token {
    return this.#take(pattern);
  }

  /** A value that may follow `:` or `=`, or stand in parentheses. */
  argument(): Token {
    if (this.accepts('(')) {
      const found = this.value();
      this.expect(')');
      return found;
    }
    if (!this.accepts(':')) this.expect('=');
    return this.value();
  }

  /** Reads the items between parentheses, `read` one each, where `(` stands here. */
  list(read: () => void): void {
    this.expect('(');
    if (++this.#depth > maxDepth) this.fail(`at most ${maxDepth} parentheses may be open`);
    while (this.hasNext() && !this.sees(')')) read();
    this.expect(')');
    this.#depth--;
  }

  /** Refuses a word that is none of `candidates`, with the nearest of them. */
  unknown(what: string, { text, at }: Token, candidates: Iterable<string>): never {
    if (text === '') return this.fail(`expected ${what} ${this.#found(at)}`, at);
    const near = nearMiss(text, candidates);
    return this.fail(
      `unknown ${what} ${shortened(text)}${near === undefined ? '' : `; did you mean ${near}?`}`,
      at,
    );
  }

  /** Refuses what was found in the place of `expected`. */
  mismatch(expected: string, { text, at }: Token): never {
    return this.fail(`expected ${expected}, found ${text === '' ? 'nothing' : shortened(text)}`, at);
  }

  fail(message: string, at = this.#pos): never {
    throw new TextError('OF_BAD_TEXT', message, placeOf(this.text, at, this.line));
  }

  #found(at = this.#pos): string {
    return at >= this.text.length ? 'where the text ends' : `before ${shortened(this.text.slice(at))}`;
  }

  #take(pattern: RegExp): Token {
    pattern.lastIndex = this.#pos;
    const text = pattern.exec(this.text)?.[0] ?? '';
    const at = this.#pos;
    this.#pos += text.length;
    return { text, at };
  }
}

const shortened = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function placeOf(text: string, at: number, line: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: line + before.length - 1, column: (before.at(-1)?.length ?? 0) + 1 };
}
