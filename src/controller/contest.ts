import type { Dpid } from '../lib/addresses.js';

/** What has to be written again so soon after it was written does not stay. Milliseconds. */
const soon = 10_000;

/** How long it is told that two switches push each other out. Milliseconds. */
const toldFor = 60_000;

interface Takeover {
  readonly at: number;
  readonly told?: { readonly message: string; readonly at: number };
}

/** Notices when two switches have one datapath id: each new connection then ends the other's. */
export class Takeovers {
  readonly #last = new Map<Dpid, Takeover>();

  /** @returns whether this is the second time, or more, within a moment: not a switch that has come back */
  took(dpid: Dpid, old: string, peer: string, now: number): boolean {
    const last = this.#last.get(dpid);
    this.#forget(now);
    const again = last !== undefined && now - last.at < soon;
    const message = `two switches have this datapath id and push each other out: ${[old, peer].sort().join(' and ')}; give one of them another (\`other_config:datapath-id\`)`;
    this.#last.set(dpid, again ? { at: now, told: { message, at: now } } : { ...last, at: now });
    return again;
  }

  problems(now: number): ReadonlyMap<Dpid, string> {
    const found = new Map<Dpid, string>();
    for (const [dpid, { told }] of this.#last)
      if (told !== undefined && now - told.at < toldFor) found.set(dpid, told.message);
    return found;
  }

  #forget(now: number): void {
    for (const [dpid, { at }] of this.#last) if (now - at > toldFor) this.#last.delete(dpid);
  }
}

/** Notices when somebody else sets back what Heddle sets, so that two writers do not chase each other without a pause. */
export class Contest {
  #last: { readonly changes: string; readonly at: number } | undefined;
  #found: { readonly message: string; readonly at: number } | undefined;

  /** @returns whether these very changes were written a moment ago; they are taken as written now, if not */
  repeats(changes: string, now: number): boolean {
    if (this.#last?.changes === changes && now - this.#last.at < soon) {
      this.#found = { message: `this does not stay as Heddle sets it: ${changes}`, at: now };
      return true;
    }
    this.#last = { changes, at: now };
    return false;
  }

  /** What was written is to be tried again, or is unknown: the next time is no repetition. */
  forget(): void {
    this.#last = undefined;
  }

  /** What does not stay, for as long as it was seen not to a moment ago. */
  problem(now: number): string | undefined {
    return this.#found !== undefined && now - this.#found.at < soon ? this.#found.message : undefined;
  }
}
