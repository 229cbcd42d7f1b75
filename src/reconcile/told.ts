import { WireError } from '../lib/errors.js';

/**
 * What `write` makes of something that a switch has told, or undefined where no message can say it. The decoder takes what the
 * encoder refuses, such as a field whose prerequisite is missing [OF1.3.5 7.2.3.8]: nothing that Heddle wants is like it.
 */
export function tryToWrite<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  }
}
