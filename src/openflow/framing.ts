import { WireError } from '../lib/errors.js';
import { getU16 } from '../lib/struct/index.js';

const headerSize = 8;
const highestVersion = 6; // OpenFlow 1.5
const highestType = 29; // OpenFlow 1.3: METER_MOD

/**
 * Cuts a byte stream into frames, wherever the stream itself is cut [OF1.3.5 7.1]. A frame that lies in one chunk is a
 * view of that chunk; any other is put together in memory of its own, which is exactly as large as the frame says and
 * never used again, so that no frame is ever overwritten. Holds 65,535 bytes at most.
 */
export class FrameSplitter {
  readonly #header = new Uint8Array(headerSize);
  /** The frame that is being put together: its header first, then memory for the whole of it. */
  #partial: Uint8Array = this.#header;
  #filled = 0;
  #begun = false;
  #failure: WireError | undefined;

  /**
   * The frames that are whole now, in order. The chunk is taken in as the caller iterates: iterate to the end.
   * @throws WireError WIRE_BAD_LENGTH or WIRE_BAD_VALUE at a header that is not OpenFlow's, after the frames before it;
   * the stream can not be read on from there, and every later push throws the same.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (this.#failure) throw this.#failure;
    let pos = 0;
    while (pos < chunk.length) {
      if (this.#filled === 0 && chunk.length - pos >= headerSize) {
        const size = this.#check(chunk, pos);
        if (chunk.length - pos >= size) {
          yield new Uint8Array(chunk.buffer, chunk.byteOffset + pos, size);
          pos += size;
          continue;
        }
      }
      pos += this.#take(chunk, pos);
      const whole = this.#grow();
      if (whole) yield whole;
    }
  }

  /**
   * As `push`, by calls, and with no view made of each frame: it is `bytes` from `start` to before `end`. Ends early where `visit` returns
   * false; the rest of the chunk is lost then.
   */
  forEach(chunk: Uint8Array, visit: (bytes: Uint8Array, start: number, end: number) => boolean): void {
    if (this.#failure) throw this.#failure;
    let pos = 0;
    while (pos < chunk.length) {
      if (this.#filled === 0 && chunk.length - pos >= headerSize) {
        const size = this.#check(chunk, pos);
        if (chunk.length - pos >= size) {
          if (!visit(chunk, pos, pos + size)) return;
          pos += size;
          continue;
        }
      }
      pos += this.#take(chunk, pos);
      const whole = this.#grow();
      if (whole && !visit(whole, 0, whole.length)) return;
    }
  }

  /** Adds to the partial frame what there is of it. @returns how many bytes */
  #take(chunk: Uint8Array, pos: number): number {
    const taken = Math.min(this.#partial.length - this.#filled, chunk.length - pos);
    this.#partial.set(chunk.subarray(pos, pos + taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** The partial frame, where it is whole now; where only its header is, makes room for the rest. */
  #grow(): Uint8Array | undefined {
    if (this.#filled < this.#partial.length) return undefined;
    if (this.#partial === this.#header) {
      const size = this.#check(this.#header, 0);
      this.#partial = new Uint8Array(size);
      this.#partial.set(this.#header);
      if (size > headerSize) return undefined;
    }
    const whole = this.#partial;
    this.#partial = this.#header;
    this.#filled = 0;
    return whole;
  }

  /** The length that the header at `pos` says. */
  #check(bytes: Uint8Array, pos: number): number {
    const version = bytes[pos] ?? 0;
    const type = bytes[pos + 1] ?? 0;
    const size = getU16(bytes, pos + 2);
    if (version < 1 || version > highestVersion)
      throw this.#fail('WIRE_BAD_VALUE', `no OpenFlow: a version of ${version}`, 0);
    // Later frames may be of types that we do not know, and cost nothing but themselves.
    if (!this.#begun && type > highestType)
      throw this.#fail('WIRE_BAD_VALUE', `no OpenFlow: a type of ${type}`, 1);
    if (size < headerSize) throw this.#fail('WIRE_BAD_LENGTH', `a frame of ${size} bytes`, 2);
    this.#begun = true;
    return size;
  }

  #fail(code: 'WIRE_BAD_LENGTH' | 'WIRE_BAD_VALUE', message: string, offset: number): WireError {
    this.#failure = new WireError(code, message, offset);
    return this.#failure;
  }
}
