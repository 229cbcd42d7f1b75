/**
 * Whether the other end still lives. Any byte from it is a sign of life, so that a server which is busy sending a large
 * reply is not taken for dead; after a quiet while it is asked with `echo` [RFC 7047 4.1.11].
 */
export interface LivenessLimits {
  /** Quiet for this long: ask. */
  readonly idleMs: number;
  /** Asked, and quiet for this long again: dead. */
  readonly echoTimeoutMs: number;
}

export class Liveness {
  readonly #limits: LivenessLimits;
  #heardAt: number;
  #askedAt: number | undefined;

  constructor(limits: LivenessLimits, now: number) {
    this.#limits = limits;
    this.#heardAt = now;
  }

  get deadline(): number {
    return this.#askedAt === undefined
      ? this.#heardAt + this.#limits.idleMs
      : this.#askedAt + this.#limits.echoTimeoutMs;
  }

  heard(now: number): void {
    this.#heardAt = now;
    this.#askedAt = undefined;
  }

  /** It is to be asked now, or soon enough has been. @returns whether the caller sends an echo now */
  doubt(now: number): boolean {
    if (this.#askedAt !== undefined) return false;
    this.#askedAt = now;
    return true;
  }

  /** `ask` means that the caller sends an echo now. */
  check(now: number): 'alive' | 'ask' | 'dead' {
    if (now < this.deadline) return 'alive';
    if (this.#askedAt !== undefined) return 'dead';
    this.#askedAt = now;
    return 'ask';
  }
}
