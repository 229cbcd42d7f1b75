/**
 * OVSDB's stream is JSON texts one after another, with no framing [RFC 7047 4]. The scanner looks at each byte once, to
 * find where a text ends, and leaves the rest to JSON.parse: counting depth is enough, since a text with mismatched
 * brackets is refused by the parser. UTF-8 is never cut, because only whole texts are decoded.
 */
import { HeddleError, messageOf } from '../lib/errors.js';

export interface JsonStreamLimits {
  /** Of one text, in bytes. */
  readonly maxBytes: number;
  /** Nesting of arrays and objects: JSON.parse recurses. */
  readonly maxDepth: number;
}

export const defaultLimits: JsonStreamLimits = { maxBytes: 64 * 2 ** 20, maxDepth: 64 };

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const smallest = 64 * 1024;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export class JsonStream {
  readonly #limits: JsonStreamLimits;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** None before the first bytes: who says nothing holds no memory. */
  #buffer = Buffer.alloc(0);
  /** The unfinished text begins here; what is before it has been handed out. */
  #start = 0;
  /** Bytes before this one have been looked at. */
  #next = 0;
  /** The buffer is filled up to here. */
  #end = 0;
  #depth = 0;
  #inString = false;
  #failure: HeddleError | undefined;

  constructor(limits: Partial<JsonStreamLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /**
   * Takes the next bytes and returns the texts that they complete, parsed, in order.
   * Throws OVSDB_BAD_JSON or OVSDB_TOO_LARGE; the stream has then no way back, and each later call throws the same.
   */
  push(chunk: Uint8Array): unknown[] {
    if (this.#failure !== undefined) throw this.#failure;
    this.#append(chunk);
    const texts: unknown[] = [];
    for (let text = this.#scan(); text !== undefined; text = this.#scan()) texts.push(this.#parse(text));
    this.#release();
    return texts;
  }

  /** The bytes of the text that is not whole yet. */
  get unfinished(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#buffer, this.#start, this.#end);
  }

  /** Grows by doubling and moves what is unfinished to the front, so that every byte is copied a bounded number of times. */
  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const kept = this.#end - this.#start;
      const needed = kept + chunk.length;
      const target = needed * 2 > this.#buffer.length ? Buffer.allocUnsafe(needed * 2) : this.#buffer;
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#next -= this.#start;
      this.#start = 0;
      this.#end = kept;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Gives a large buffer back as soon as it holds nothing. */
  #release(): void {
    if (this.#start < this.#end) return;
    this.#start = this.#next = this.#end = 0;
    if (this.#buffer.length > 16 * smallest) this.#buffer = Buffer.allocUnsafe(smallest);
  }

  /** The bytes of the next whole text, or undefined when more are needed. */
  #scan(): Buffer | undefined {
    const bytes = this.#buffer.subarray(0, this.#end);
    let at = this.#next;
    while (at < bytes.length) {
      if (this.#inString) {
        at = this.#skipString(bytes, at);
        continue;
      }
      if (this.#depth === 0) {
        if (isSpace(bytes[at])) {
          this.#start = ++at;
          continue;
        }
        this.#start = at;
        if (bytes[at] !== openBrace && bytes[at] !== openBracket)
          throw this.#fail('OVSDB_BAD_JSON', `a JSON text begins with byte ${bytes[at] ?? 0}`);
      }
      switch (bytes[at++]) {
        case quote:
          this.#inString = true;
          break;
        case openBrace:
        case openBracket:
          if (++this.#depth > this.#limits.maxDepth)
            throw this.#fail('OVSDB_TOO_LARGE', `JSON nested deeper than ${this.#limits.maxDepth}`);
          break;
        case closeBrace:
        case closeBracket:
          if (--this.#depth > 0) break;
          this.#checkSize(at);
          this.#next = at;
          return bytes.subarray(this.#start, at);
        default:
      }
    }
    this.#next = at;
    this.#checkSize(at);
    return undefined;
  }

  /** From inside a string to the byte after its closing quote, or to the end of what is there. */
  #skipString(bytes: Buffer, from: number): number {
    const at = bytes.indexOf(quote, from);
    if (at === -1) return bytes.length;
    // A quote is escaped by an odd run of backslashes; the run cannot reach past the opening quote.
    let run = at;
    while (bytes[run - 1] === backslash) run--;
    this.#inString = (at - run) % 2 === 1;
    return at + 1;
  }

  #checkSize(end: number): void {
    if (end - this.#start > this.#limits.maxBytes)
      throw this.#fail('OVSDB_TOO_LARGE', `a JSON text of more than ${this.#limits.maxBytes} bytes`);
  }

  #parse(text: Buffer): unknown {
    this.#start = this.#next;
    try {
      return JSON.parse(this.#utf8.decode(text)) as unknown;
    } catch (thrown) {
      throw this.#fail('OVSDB_BAD_JSON', messageOf(thrown), { cause: thrown });
    }
  }

  #fail(code: 'OVSDB_BAD_JSON' | 'OVSDB_TOO_LARGE', message: string, options?: ErrorOptions): HeddleError {
    this.#failure = new HeddleError(code, message, options);
    this.#buffer = Buffer.alloc(0);
    return this.#failure;
  }
}
