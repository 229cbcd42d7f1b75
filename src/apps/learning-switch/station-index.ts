/** No entry has this number. */
export const none = -1;

const smallest = 16;

/**
 * Finds a station's entry by its key, two numbers of 32 bits. Open addressing with linear probing in arrays of numbers: looking
 * up, putting in and taking out leave no garbage. Entries are numbered by the caller, from 0 on without great gaps.
 */
export class StationIndex {
  /** So that nobody can choose MACs that all fall into one place. */
  readonly #seed: number;
  /** Keys, by entry. */
  #high = new Int32Array(smallest);
  #low = new Int32Array(smallest);
  /** Entries by the place that a key falls into, and 1 more, as 0 is a free slot; at most half of them are taken. */
  #slots = new Int32Array(2 * smallest);

  constructor(seed = Math.floor(Math.random() * 2 ** 32)) {
    this.#seed = seed | 0;
  }

  highOf(entry: number): number {
    return this.#high[entry] ?? 0;
  }

  lowOf(entry: number): number {
    return this.#low[entry] ?? 0;
  }

  /** @returns `none` where the key is not known */
  find(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    for (let at = this.#home(high, low); ; at = (at + 1) & mask) {
      const entry = (this.#slots[at] ?? 0) - 1;
      if (entry < 0) return none;
      if (this.#low[entry] === (low | 0) && this.#high[entry] === (high | 0)) return entry;
    }
  }

  /** @param entry its number, which must be free, as must be the key */
  put(entry: number, high: number, low: number): void {
    if (entry >= this.#high.length) this.#grow(entry);
    this.#high[entry] = high;
    this.#low[entry] = low;
    this.#place(entry);
  }

  /** Forgets the key of an entry that has one. */
  take(entry: number): void {
    const mask = this.#slots.length - 1;
    let free = this.#home(this.highOf(entry), this.lowOf(entry));
    while (this.#slots[free] !== entry + 1) free = (free + 1) & mask;
    // What stands behind it without a gap moves up, unless that would bring it before its own place.
    for (let at = (free + 1) & mask; ; at = (at + 1) & mask) {
      const next = (this.#slots[at] ?? 0) - 1;
      if (next < 0) break;
      const home = this.#home(this.highOf(next), this.lowOf(next));
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      this.#slots[free] = next + 1;
      free = at;
    }
    this.#slots[free] = 0;
  }

  #home(high: number, low: number): number {
    let hash = Math.imul(low ^ this.#seed, 0x85eb_ca6b) ^ Math.imul(high, 0xc2b2_ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
    return (hash ^ (hash >>> 13)) & (this.#slots.length - 1);
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let at = this.#home(this.highOf(entry), this.lowOf(entry));
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = entry + 1;
  }

  #grow(entry: number): void {
    const taken = this.#slots.filter(slot => slot !== 0);
    let size = this.#high.length;
    while (size <= entry) size *= 2;
    this.#high = enlarged(this.#high, size);
    this.#low = enlarged(this.#low, size);
    this.#slots = new Int32Array(2 * size);
    for (const slot of taken) this.#place(slot - 1);
  }
}

/** The same numbers, with room for more. */
export function enlarged(numbers: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(numbers);
  return larger;
}
