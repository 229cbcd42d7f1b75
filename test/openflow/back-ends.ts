/** Both back ends side by side, on frames that lie between bytes of which no result may depend. */
import { inspect } from 'node:util';
import { WireError } from '../../src/lib/errors.js';
import { interpret } from '../../src/lib/struct/closures.js';
import { type Codec, compile } from '../../src/lib/struct/index.js';
import { decodeWith, encodeWith } from '../../src/openflow/codec.js';
import { type Message, Writer } from '../../src/openflow/index.js';
import { message } from '../../src/openflow/messages/index.js';
import { hexOf } from './fixtures.js';
import { isSame } from './same.js';

export const compiled: Codec<Message> = compile(message);
export const closures: Codec<Message> = interpret(message);

/** What came of it: a value, or a typed error in a form that can be compared. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly message: string; readonly offset: number } };

/** @throws whatever is no WireError: nothing else may ever be thrown */
export function outcomeOf<T>(act: () => T): Outcome<T> {
  try {
    return { value: act() };
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    return { error: { code: thrown.code, message: thrown.message, offset: thrown.offset } };
  }
}

const margin = 64;

/** The frame in the middle of a larger buffer that is filled with `poison`. */
function surrounded(frame: Uint8Array, poison: number): Uint8Array {
  const around = new Uint8Array(frame.length + 2 * margin).fill(poison);
  around.set(frame, margin);
  return around.subarray(margin, margin + frame.length);
}

export function encoded(codec: Codec<Message>, value: Message): Uint8Array {
  const writer = new Writer(16);
  encodeWith(codec, writer, value);
  return writer.toBytes();
}

/** For messages about failures: whatever the value is. */
export function shownValue(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? hexOf(part) : part,
    );
  } catch {
    return inspect(value, { depth: 12, getters: false });
  }
}

/**
 * Decodes with both back ends, in different surroundings, and compares: values, codes, offsets and messages.
 * @throws Error with the frame in hex, where they differ, or an offset lies outside the frame
 */
export function decodeBoth(frame: Uint8Array): Outcome<Message> {
  const one = outcomeOf(() => decodeWith(compiled, surrounded(frame, 0xa5)));
  const other = outcomeOf(() => decodeWith(closures, surrounded(frame, 0xff)));
  if (!isSame(one, other))
    throw new Error(`${hexOf(frame)}: compiled ${shownValue(one)}, closures ${shownValue(other)}`);
  if ('error' in one && !(one.error.offset >= 0 && one.error.offset <= frame.length))
    throw new Error(`${hexOf(frame)}: an offset of ${one.error.offset} outside the frame`);
  return one;
}

/**
 * Encodes with both back ends and compares.
 * @throws Error with the value, where they differ
 */
export function encodeBoth(value: Message): Outcome<Uint8Array> {
  const one = outcomeOf(() => encoded(compiled, value));
  const other = outcomeOf(() => encoded(closures, value));
  if (!isSame(one, other))
    throw new Error(`${shownValue(value)}: compiled ${shownValue(one)}, closures ${shownValue(other)}`);
  return one;
}

/**
 * What is to be true of any frame: it is refused with a WireError, or it decodes to a value that encodes, and decodes
 * to itself then (or is refused for a match that no switch may be sent). A frame that is not canonical (padding that is not zero) may encode to other bytes.
 * @throws Error where it is not true
 */
export function checkFrame(frame: Uint8Array): Outcome<Message> {
  const decoded = decodeBoth(frame);
  if ('error' in decoded) return decoded;
  const again = encodeBoth(decoded.value);
  const value = 'error' in again ? again : outcomeOf(() => decodeWith(compiled, again.value));
  if (isSame(value, decoded)) return decoded;
  // Names that are no UTF-8 have become U+FFFD, which may be longer than what it stands for.
  if (shownValue(decoded.value).includes('\ufffd')) return decoded;
  // A match is read leniently and written strictly.
  if ('error' in again && again.error.code === 'WIRE_BAD_MATCH') return decoded;
  throw new Error(
    'error' in again
      ? `${hexOf(frame)}: decodes, and is refused on encode: ${again.error.message}`
      : `${hexOf(frame)}: becomes ${hexOf(again.value)}, ${shownValue(value)}`,
  );
}
