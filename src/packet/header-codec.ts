/** One header by itself, exactly as it is given: no length, checksum or number is computed. */
import { messageOf, WireError } from '../lib/errors.js';
import { badValue, cursorOver, shown, Writer } from '../lib/struct/index.js';
import { compiledHeaders, isHeaderName } from './headers.js';
import type { Header, HeaderName, HeaderOf } from './headers.js';

/**
 * Reads the header `name` at the beginning of `bytes`; what follows it may be anything. Fields of many bytes are views.
 * @throws WireError with the byte's offset
 */
export function decodeHeader<const N extends HeaderName>(name: N, bytes: Uint8Array): HeaderOf<N> {
  // Each codec gives the value of its own declaration, which TypeScript can not follow through the name.
  return { type: name, ...compiledHeaders(name).decode(cursorOver(bytes)) } as unknown as HeaderOf<N>;
}

/**
 * Writes one header.
 * @throws WireError where a value does not fit its field; the offset is where it would stand
 */
export function encodeHeader(header: Header): Uint8Array {
  const w = new Writer(64);
  try {
    const { type } = header;
    if (!isHeaderName(type)) throw badValue('packet', `no header ${shown(type)}`, 0);
    compiledHeaders(type).encode(w, header);
  } catch (thrown) {
    throw thrown instanceof WireError ? thrown : badValue('packet', messageOf(thrown), w.pos);
  }
  return w.toBytes();
}
