/**
 * The places for what one switch has learned, shared by its networks: while all are taken, the network that has the most gives one
 * up to one that has fewer, so that a network with very many MACs takes nothing from the others.
 */
export class Shares<T extends { readonly vni: number }> {
  readonly #places: number;
  readonly #byVni = new Map<number, Set<T>>();
  #size = 0;
  #isWanting = false;
  #askedAt: number | undefined;

  constructor(places: number) {
    this.#places = places;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether something was left out, or had to give way, since `begin`. */
  get isWanting(): boolean {
    return this.#isWanting;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const its of this.#byVni.values()) yield* its;
  }

  /** All that there is comes now. */
  begin(): void {
    this.#isWanting = false;
  }

  has(one: T): boolean {
    return this.#byVni.get(one.vni)?.has(one) === true;
  }

  /**
   * Whether there is a place for one more of a network.
   *
   * @param giveUp what has to go for it: to be taken out by `delete`
   */
  isFree(vni: number, giveUp: (one: T) => void): boolean {
    if (this.#size < this.#places) return true;
    this.#isWanting = true;
    let most: Set<T> | undefined;
    for (const its of this.#byVni.values()) if (its.size > (most?.size ?? 0)) most = its;
    if (most === undefined || most.size <= (this.#byVni.get(vni)?.size ?? 0) + 1) return false;
    const [first] = most;
    if (first !== undefined) giveUp(first);
    return this.#size < this.#places;
  }

  add(one: T): void {
    let its = this.#byVni.get(one.vni);
    if (its === undefined) this.#byVni.set(one.vni, (its = new Set()));
    if (its.has(one)) return;
    its.add(one);
    this.#size += 1;
  }

  delete(one: T): void {
    const its = this.#byVni.get(one.vni);
    if (its?.delete(one) !== true) return;
    this.#size -= 1;
    if (its.size === 0) this.#byVni.delete(one.vni);
  }

  /** Whether to ask for what was left out: there is room again, and it was not asked for just now. @param now in milliseconds */
  isToAsk(now: number): boolean {
    if (!this.#isWanting || this.#size > this.#places * roomy) return false;
    if (this.#askedAt !== undefined && now < this.#askedAt + askEvery) return false;
    this.#askedAt = now;
    return true;
  }
}

/** Of all places, so many taken leave room that is worth a question. */
const roomy = 0.9;
/** A switch with very many MACs is asked for all of them no more often than this. Milliseconds. */
const askEvery = 60_000;
