import { enlarged, none } from './station-index.js';

/** The two ends of a list, and how long it is. */
export interface RecencyList {
  newest: number;
  oldest: number;
  size: number;
}

export const emptyList = (): RecencyList => ({ newest: none, oldest: none, size: 0 });

/** Lists of entries from the newest to the oldest, each entry in one list at most: two arrays of numbers serve them all. */
export class Recency {
  #newer = new Int32Array(16);
  #older = new Int32Array(16);

  /** The entry must be in no list. */
  add(list: RecencyList, entry: number): void {
    if (entry >= this.#newer.length) {
      const size = Math.max(entry + 1, 2 * this.#newer.length);
      this.#newer = enlarged(this.#newer, size);
      this.#older = enlarged(this.#older, size);
    }
    this.#newer[entry] = none;
    this.#older[entry] = list.newest;
    if (list.newest === none) list.oldest = entry;
    else this.#newer[list.newest] = entry;
    list.newest = entry;
    list.size += 1;
  }

  /** The entry must be in this list. */
  remove(list: RecencyList, entry: number): void {
    const newer = this.#newer[entry] ?? none;
    const older = this.#older[entry] ?? none;
    if (newer === none) list.newest = older;
    else this.#older[newer] = older;
    if (older === none) list.oldest = newer;
    else this.#newer[older] = newer;
    list.size -= 1;
  }
}
