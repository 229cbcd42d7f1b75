/** What was done is undone in the opposite order, once, whatever single steps say. */
import { messageOf } from '../src/lib/errors.js';

export interface CleanupFailure {
  readonly step: string;
  readonly message: string;
}

export class Cleanup {
  #steps: { readonly name: string; readonly undo: () => unknown }[] = [];
  #running: Promise<readonly CleanupFailure[]> | undefined;
  readonly #begun = new AbortController();

  /** Aborted as soon as the clean-up begins, so that what still waits for something can stop. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** Adds a step; the function that comes back takes it off again, for what was undone earlier by itself. */
  add(name: string, undo: () => unknown): () => void {
    const step = { name, undo };
    this.#steps.push(step);
    return () => {
      this.#steps = this.#steps.filter(other => other !== step);
    };
  }

  /** Runs all steps, last first. A second call waits for the first and does nothing else. */
  run(): Promise<readonly CleanupFailure[]> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<readonly CleanupFailure[]> {
    this.#begun.abort();
    const failures: CleanupFailure[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (thrown) {
        failures.push({ step: step.name, message: messageOf(thrown) });
      }
    }
    return failures;
  }
}

const signals = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Runs the clean-up when the process is told to end, then ends it with the code that shells expect (128 + the
 * signal's number). A second signal changes nothing: half a clean-up is the worst of ends.
 * @returns a function that takes the hooks off again
 */
export function cleanUpOnSignals(
  cleanup: Pick<Cleanup, 'run'>,
  exit: (code: number) => unknown = code => process.exit(code),
): () => void {
  const hooks = Object.entries(signals).map(([signal, number]) => {
    const hook = (): void => {
      void cleanup.run().then(() => exit(128 + number));
    };
    process.on(signal, hook);
    return () => process.off(signal, hook);
  });
  return () => {
    for (const unhook of hooks) unhook();
  };
}
