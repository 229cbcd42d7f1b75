/**
 * `held`: this Heddle is the one that changes this host. `elsewhere`: another one is. `unknown`: the host has not said.
 */
export type HostLockState = 'held' | 'elsewhere' | 'unknown';

/** The lock in each host's OVSDB that keeps two Heddles from undoing each other's work there. All Heddles ask for it. */
export const hostLock = 'heddle';

/** Who may change a host, as far as its OVSDB has said. */
export class HostLock {
  #state: HostLockState = 'unknown';
  #isAsked = false;

  /** As last told, also while the connection is away: what another one had, it may well have still. */
  get state(): HostLockState {
    return this.#state;
  }

  /** Whether this connection holds it: only then is anything written. */
  get isHeld(): boolean {
    return this.#isAsked && this.#state === 'held';
  }

  /** A new connection has to ask anew. */
  reconnect(): void {
    this.#isAsked = false;
  }

  /** @returns whether the state is another one now */
  told(held: boolean): boolean {
    const before = this.#state;
    this.#isAsked = true;
    this.#state = held ? 'held' : 'elsewhere';
    return before !== this.#state;
  }
}
