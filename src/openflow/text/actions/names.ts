/** Numbers of an action that have words. */
import type { Reader, Token } from '../reader.js';
import { bytesOf, readNumber } from '../values.js';

/** The word of a value, or its number where it has none. */
export const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);

/** The value of a word, or a number from 0 to `most`. */
export function readNamed(
  r: Reader,
  names: Readonly<Record<string, number>>,
  token: Token,
  most: number,
): number {
  const word = token.text.toLowerCase();
  const value = Object.hasOwn(names, word) ? names[word] : undefined;
  return value ?? readNumber(r, token, most, `${Object.keys(names).join(', ')}, or a number`);
}

/** Reads a fixed sequence of items in parentheses. */
export function readSequence(r: Reader, ...items: readonly (() => void)[]): void {
  r.expect('(');
  items.forEach((read, index) => {
    if (index > 0 && !r.accepts(',')) r.expect(',');
    r.skipSpace();
    read();
    r.skipSpace();
  });
  r.expect(')');
}

/** `(type,bytes)`: what we do not know. */
export function readUnknown(r: Reader): { readonly typeId: number; readonly body: Uint8Array } {
  r.expect('(');
  const typeId = readNumber(r, r.value(), 0xffff, 'a type');
  r.expect(',');
  const token = r.value();
  const body = bytesOf(token.text) ?? r.mismatch('bytes in hexadecimal', token);
  r.expect(')');
  return { typeId, body };
}
