/** The requests that wait for an answer: ids, deadlines, and a bound on their number. */
import { badMessage } from './json.js';

interface Waiting<Tag> {
  readonly tag: Tag;
  readonly deadline: number;
}

export interface Expired<Tag> {
  readonly id: number;
  readonly tag: Tag;
}

export class PendingRequests<Tag> {
  readonly #waiting = new Map<number, Waiting<Tag>>();
  readonly #max: number;
  #lastId = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#max;
  }

  /** The earliest deadline, in the clock's milliseconds. */
  get deadline(): number | undefined {
    let earliest: number | undefined;
    for (const { deadline } of this.#waiting.values())
      if (earliest === undefined || deadline < earliest) earliest = deadline;
    return earliest;
  }

  /** Notes a request and returns the id to send it with. */
  add(tag: Tag, deadline: number): number {
    this.#waiting.set(++this.#lastId, { tag, deadline });
    return this.#lastId;
  }

  /**
   * The request that an answer belongs to, which no longer waits; undefined for the late answer to one that was given up.
   * Throws OVSDB_BAD_MESSAGE for an id that was never sent.
   */
  take(id: unknown): Tag | undefined {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > this.#lastId)
      throw badMessage('an answer to a request of ours', id);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting?.tag;
  }

  /** Those whose deadline has passed; they no longer wait. */
  expire(now: number): readonly Expired<Tag>[] {
    const expired: Expired<Tag>[] = [];
    for (const [id, { tag, deadline }] of this.#waiting) {
      if (deadline > now) continue;
      this.#waiting.delete(id);
      expired.push({ id, tag });
    }
    return expired;
  }

  /** All of them, at the end of the connection. */
  drain(): readonly Tag[] {
    const tags = [...this.#waiting.values()].map(({ tag }) => tag);
    this.#waiting.clear();
    return tags;
  }
}
