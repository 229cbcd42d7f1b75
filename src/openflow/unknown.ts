import { length, rest, struct, u16 } from '../lib/struct/index.js';

/**
 * Parts of messages that are not known here: what other versions and vendors add. Each keeps its bytes, so that it is
 * written as it was read.
 */

/** An action or another element of a list that we do not know: `body` is all that follows its length [OF1.3.5 7.2.4, 7.2.5]. */
export const unknownElement = struct('unknown', {
  /** The type as it came. */
  typeId: u16,
  _length: length(u16),
  /** All bytes behind its length. */
  body: rest,
});

/** A property that we do not know: its length leaves out the zeros that fill it up to 8 bytes [OF1.3.5 7.3.5.5.2]. */
export const unknownProperty = struct('unknown', {
  /** The type as it came. */
  typeId: u16,
  _length: length(u16, { padTo: 8 }),
  /** All bytes behind its length, without those zeros. */
  body: rest,
});
