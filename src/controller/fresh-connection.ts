import { comment, countConfig, type Operation, type Replica, rootOf } from '../ovsdb/index.js';
import type { Effects, Timer } from './effects.js';

/** A switch that connects gets its flows first. Milliseconds. */
const settleAfter = 1_000;

/**
 * Open vSwitch before 3.1.3 gives a connection its settings, of which Heddle wants `max_backoff`, only when it is configured
 * once more after it has made it: by any transaction that asks for that.
 */
export class FreshConnection {
  readonly #effects: Pick<Effects, 'after'>;
  readonly #onDue: () => void;
  /** Something was written since the bridge connected: it may have brought a controller, with a connection of its own. */
  #hasWritten = false;
  #timer: Timer | undefined;
  #isDue = false;

  constructor(effects: Pick<Effects, 'after'>, onDue: () => void) {
    this.#effects = effects;
    this.#onDue = onDue;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /**
   * The bridge has connected to this Heddle.
   *
   * @param isNew it held nothing of ours: its ovs-vswitchd, or its controller, has just come
   */
  connected(isNew: boolean): void {
    if (!isNew && !this.#hasWritten) return;
    this.#hasWritten = false;
    this.#timer?.cancel();
    this.#timer = this.#effects.after(settleAfter, () => {
      this.#isDue = true;
      this.#onDue();
    });
  }

  /** A transaction is sent, which makes ovs-vswitchd configure all anew. */
  wrote(): void {
    this.#hasWritten = true;
    this.#isDue = false;
  }

  /** What is to be sent now, where nothing else is; it is taken as sent. */
  take(replica: Replica): readonly Operation[] {
    const root = rootOf(replica);
    if (!this.#isDue || root === undefined) return [];
    this.#isDue = false;
    return [comment('heddle: apply the settings of the new connection'), ...countConfig(root)];
  }
}
