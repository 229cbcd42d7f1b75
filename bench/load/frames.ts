/** Cuts a stream of bytes into OpenFlow frames, with no copy but of what is cut off at the end of a chunk. */
export class Frames {
  readonly #onFrame: (bytes: Uint8Array, at: number, length: number) => void;
  #rest = new Uint8Array(0);

  constructor(onFrame: (bytes: Uint8Array, at: number, length: number) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Uint8Array): void {
    // A Buffer's slices are no copies.
    let bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let at = 0;
    while (bytes.length - at >= 8) {
      const length = u16(bytes, at + 2);
      if (length < 8) throw new Error(`a frame of ${length} bytes`);
      if (bytes.length - at < length) break;
      this.#onFrame(bytes, at, length);
      at += length;
    }
    this.#rest = bytes.slice(at);
  }
}

export const u16 = (b: Uint8Array, at: number): number => ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
export const u32 = (b: Uint8Array, at: number): number => ((u16(b, at) << 16) | u16(b, at + 2)) >>> 0;

export function putU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}
