/** What has to be written again so soon after it was written does not stay. Milliseconds. */
const soon = 10_000;

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
