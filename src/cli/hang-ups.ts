/**
 * SIGHUP, which ends a process that does not listen for it: heard from the start, and told as soon as there is somebody to tell.
 */
export class HangUps {
  #tell: (() => void) | undefined;
  #isMissed = false;

  constructor() {
    process.on('SIGHUP', this.#heard);
  }

  /** @param heard is called for each one from now on, and once for those that have come already */
  tell(heard: () => void): void {
    this.#tell = heard;
    if (this.#isMissed) heard();
    this.#isMissed = false;
  }

  close(): void {
    process.off('SIGHUP', this.#heard);
  }

  readonly #heard = (): void => {
    if (this.#tell === undefined) this.#isMissed = true;
    else this.#tell();
  };
}
