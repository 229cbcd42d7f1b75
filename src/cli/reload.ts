import { printable } from '../config/mistake.js';
import type { Controller } from '../controller/controller.js';
import type { Log } from '../controller/effects.js';
import { fileStamp } from '../io/watch-file.js';
import { HeddleError } from '../lib/errors.js';
import type { Door, Move } from './door.js';
import { type CheckedFile, readConfig } from './read-config.js';

export interface ReloaderOptions {
  readonly file: string;
  /** What `fileStamp` said of it when it was read first. */
  readonly stamp: string | undefined;
  readonly controller: Pick<Controller, 'reload' | 'refuse'>;
  readonly openflow: Pick<Door, 'move'>;
  readonly ovsdb: Pick<Door, 'move'>;
  readonly api: Pick<Door, 'move'>;
  readonly log: Log;
}

/** Takes the file anew while Heddle runs: all of it, or nothing where any of it is wrong. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #stamp: string | undefined;
  #running: Promise<void> | undefined;
  #wanted: 'no' | 'if changed' | 'yes' = 'no';

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#stamp = options.stamp;
  }

  /**
   * Reads the file now, or, while that is under way, once more after it. Never rejects.
   *
   * @param when whether a file that has not changed since the last time is read again, too
   */
  request(when: 'if changed' | 'yes'): Promise<void> {
    if (this.#wanted !== 'yes') this.#wanted = when;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted !== 'no') {
      const isAsked = this.#wanted === 'yes';
      this.#wanted = 'no';
      const stamp = await fileStamp(this.#options.file);
      if (!isAsked && stamp === this.#stamp) continue;
      this.#stamp = stamp;
      await this.#once();
    }
  }

  async #once(): Promise<void> {
    const { file, controller, log } = this.#options;
    try {
      const changes = await this.#apply(await readConfig(file));
      log.info({ changes }, `${file} was read again: ${changes.join('; ') || 'it says nothing new'}`);
    } catch (thrown) {
      const mistakes = thrown instanceof HeddleError ? thrown.message.split('\n') : [String(thrown)];
      controller.refuse(mistakes);
      log.error(
        thrown instanceof HeddleError ? { mistakes } : { err: thrown },
        `${file} was refused, and all stays as it is:\n${mistakes.map(printable).join('\n')}`,
      );
    }
  }

  async #apply(checked: CheckedFile): Promise<readonly string[]> {
    const { controller, openflow, ovsdb, api } = this.#options;
    const moves: Move[] = [];
    try {
      moves.push(await openflow.move(checked.config.openflow.listen));
      moves.push(await ovsdb.move(checked.config.ovsdb?.listen));
      moves.push(await api.move(checked.config.api.listen));
      const changes = controller.reload(checked);
      for (const move of moves) move.done();
      return changes;
    } catch (thrown) {
      for (const move of moves) await move.undo();
      throw thrown;
    }
  }
}
