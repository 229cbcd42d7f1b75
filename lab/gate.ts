/**
 * A host whose door can be shut. Taking a lab down while it is still being built must not race with the builder: once
 * the gate is closed no command starts, those that run are ended, and only then do namespaces go.
 */
import { HeddleError } from '../src/lib/errors.js';
import type { Host } from './host.js';

export interface Gate {
  readonly host: Host;
  /** Refuses further commands, ends those that run to an end, and waits until none does. */
  readonly close: () => Promise<void>;
}

export function gate(host: Host): Gate {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const track = <T>(begin: () => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) {
      return Promise.reject(new HeddleError('LAB_FAILED', 'the lab is being taken down'));
    }
    const promise = begin();
    running.add(promise);
    const done = (): unknown => running.delete(promise);
    promise.then(done, done);
    return promise;
  };

  return {
    host: {
      name: host.name,
      run: (argv, options = {}) => {
        const signals = options.signal ? [closing.signal, options.signal] : [closing.signal];
        return track(() => host.run(argv, { ...options, signal: AbortSignal.any(signals) }));
      },
      start: (argv, options) => track(() => host.start(argv, options)),
    },
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}
