/**
 * Which questions are open. Each slot has one at a time, and its numbers go up by the count of slots: a number says its slot,
 * so that nothing needs to be searched, and no number is used twice.
 */
export class Slots {
  readonly #open: Float64Array;
  readonly #since: Float64Array;
  /** Given up, and not answered since. */
  readonly #lost = new Set<number>();
  #late = 0;
  #stray = 0;

  constructor(count: number) {
    // All numbers are below 2^32, as they stand in the packets.
    this.#open = Float64Array.from({ length: count }, (_, slot) => slot);
    this.#since = new Float64Array(count).fill(Infinity);
  }

  get count(): number {
    return this.#open.length;
  }

  /** Questions without an answer, the ones that were given up. */
  get lost(): number {
    return this.#lost.size;
  }

  /** Answers to those. */
  get late(): number {
    return this.#late;
  }

  /** Answers to what was not asked, or has been answered. */
  get stray(): number {
    return this.#stray;
  }

  /** The number of the question that a slot asks now. */
  ask(slot: number, now: number): number {
    this.#since[slot] = now;
    return this.#open[slot] ?? 0;
  }

  /** @returns the slot that is free again; undefined where the answer counts for nothing */
  answer(number: number): number | undefined {
    const slot = number % this.#open.length;
    if (this.#open[slot] !== number || this.#since[slot] === Infinity) {
      if (this.#lost.delete(number)) this.#late += 1;
      else this.#stray += 1;
      return undefined;
    }
    this.#free(slot);
    return slot;
  }

  /** Gives up what was asked before a time. @returns the slots that are free again */
  giveUp(before: number): number[] {
    const freed: number[] = [];
    for (const [slot, since] of this.#since.entries()) {
      if (since >= before) continue;
      this.#lost.add(this.#open[slot] ?? 0);
      this.#free(slot);
      freed.push(slot);
    }
    return freed;
  }

  /** How many questions are open. */
  get open(): number {
    return this.#since.reduce((sum, since) => sum + Number(since !== Infinity), 0);
  }

  #free(slot: number): void {
    this.#since[slot] = Infinity;
    this.#open[slot] = (this.#open[slot] ?? 0) + this.#open.length;
  }
}
