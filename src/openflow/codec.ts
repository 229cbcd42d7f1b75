import { messageOf, WireError } from '../lib/errors.js';
import { badLength, badValue, compile, cursorOver, shown, Writer } from '../lib/struct/index.js';
import type { Codec } from '../lib/struct/index.js';
import { maxFrame, OFP_VERSION } from './constants.js';
import { message } from './messages/index.js';
import type { Message } from './messages/index.js';

const lastAnyVersionType = 1; // HELLO and ERROR

/**
 * Decodes one whole frame. `data`, `body` and the like are *views* into `frame`: they keep its memory alive.
 * A hello and an error are decoded whatever their version [OF1.3.5 6.3.1], all else in version 4 only.
 * @throws WireError with the byte's offset in the frame
 */
export const decode = (frame: Uint8Array): Message => decodeWith(compiled, frame);

/**
 * Encodes one message into memory of its own.
 * @throws WireError where a value does not fit its field, or the message 65,535 bytes; the offset is where it would stand
 */
export function encode(value: Message): Uint8Array {
  const writer = new Writer(256);
  encodeInto(writer, value);
  return writer.toBytes();
}

/** Appends one message, so that many leave in one write. A message that is refused leaves nothing behind. */
export const encodeInto = (writer: Writer, value: Message): void => encodeWith(compiled, writer, value);

const compiled: Codec<Message> = compile(message);

/** `decode` with any back end: for tests and the benchmark. */
export function decodeWith(codec: Codec<Message>, frame: Uint8Array): Message {
  // Plain JavaScript may hand in anything.
  if (!((frame as unknown) instanceof Uint8Array))
    throw badValue('message', `${shown(frame)} is no Uint8Array`, 0);
  if (frame.length > maxFrame) throw badLength('message', `${frame.length} bytes`, 0);
  const version = frame[0] ?? 0;
  const type = frame[1] ?? 0;
  if (version !== OFP_VERSION && type > lastAnyVersionType)
    throw badValue('message', `version ${version}`, 0);
  const cursor = cursorOver(frame);
  const value = codec.decode(cursor);
  if (cursor.pos !== frame.length)
    throw badLength('message', `${frame.length - cursor.pos} bytes too many`, 2);
  return value;
}

/** `encodeInto` with any back end. */
export function encodeWith(codec: Codec<Message>, writer: Writer, value: Message): void {
  const start = writer.pos;
  writer.frame = start;
  writer.depth = 0;
  try {
    codec.encode(writer, value);
  } catch (thrown) {
    const at = writer.pos - start;
    writer.pos = start;
    // Plain JavaScript may hand in anything: what the checks of single fields did not foresee is a bad value too.
    throw thrown instanceof WireError ? thrown : badValue('message', messageOf(thrown), at);
  }
}
