import type { Cursor, Writer } from './buffers.js';

/** What both back ends make of a declaration. */
export interface Codec<T> {
  /**
   * Reads one value at the cursor and moves it behind that value. `rest` and `bytes` fields are views into the frame.
   * @throws WireError WIRE_TRUNCATED, WIRE_BAD_LENGTH or WIRE_BAD_VALUE; the cursor is then of no more use.
   */
  decode(cursor: Cursor): T;
  /**
   * Appends one value.
   * @throws WireError WIRE_BAD_VALUE where a value does not fit its field, WIRE_BAD_LENGTH where a length does not;
   * the writer then ends in a part of the value, which the caller takes back.
   */
  encode(writer: Writer, value: T): void;
}
