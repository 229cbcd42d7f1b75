import type { Edit } from '../reconcile/edits.js';
import type { Attempt } from './switch-refusals.js';

/** Flows that an audit has found to be edited, from the time when they are sent anew until it is known who wrote them. */
export class SwitchRepairs {
  #edits: readonly Edit[] = [];
  /** What the switch has taken since then: cookies, and ids of groups and meters. */
  readonly #made = new Set<bigint | number>();

  get areUnderWay(): boolean {
    return this.#edits.length > 0;
  }

  begin(edits: readonly Edit[]): void {
    this.#edits = edits;
    this.#made.clear();
  }

  carriedOut(made: readonly Attempt[]): void {
    if (this.areUnderWay) for (const { about } of made) this.#made.add(about);
  }

  /** Ends them. @returns those that were taken: what was refused, or not sent, reads as before whoever wrote it */
  end(): readonly Edit[] {
    const taken = this.#edits.filter(({ cookie }) => this.#made.has(cookie));
    this.#edits = [];
    return taken;
  }
}
