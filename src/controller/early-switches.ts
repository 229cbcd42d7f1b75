import type { Effects, Stream, StreamHandlers } from './effects.js';

export interface EarlySwitchesOptions {
  readonly effects: Pick<Effects, 'defer'>;
  /** Whether this one has to wait still. */
  readonly isTooEarly: (stream: Stream) => boolean;
  /** It is to be answered, or turned away. */
  readonly accept: (stream: Stream) => StreamHandlers;
}

/** Connections that may wait at one time. */
export const mostWaiting = 2_048;
/** A switch says hello, and then waits for ours. Bytes. */
export const mostUnread = 4_096;

/**
 * Connections that are accepted and not answered yet. A switch that is sent away comes again after a second; one that waits for
 * some hundredths of it is served then. To Open vSwitch, a controller that has said no hello is not connected.
 */
export class EarlySwitches {
  readonly #options: EarlySwitchesOptions;
  readonly #waiting = new Set<Waiting>();
  #deferred = false;

  constructor(options: EarlySwitchesOptions) {
    this.#options = options;
  }

  wait(stream: Stream): StreamHandlers {
    const one = new Waiting(stream, () => this.#waiting.delete(one));
    if (this.#waiting.size >= mostWaiting) stream.destroy();
    else this.#waiting.add(one);
    return one;
  }

  /** Looks again, when what has just become known is worked in, which of them have to wait. */
  look(): void {
    if (this.#deferred || this.#waiting.size === 0) return;
    this.#deferred = true;
    this.#options.effects.defer(() => {
      this.#deferred = false;
      const { isTooEarly, accept } = this.#options;
      for (const one of [...this.#waiting]) {
        if (isTooEarly(one.stream)) continue;
        this.#waiting.delete(one);
        one.becomes(accept(one.stream));
      }
    });
  }

  /** Ends them all. */
  close(): void {
    for (const { stream } of this.#waiting) stream.destroy();
    this.#waiting.clear();
  }
}

/** Keeps what a connection says until somebody listens to it. */
class Waiting implements StreamHandlers {
  readonly stream: Stream;
  readonly #onGone: () => void;
  #said: Uint8Array[] = [];
  #size = 0;
  #listener: StreamHandlers | undefined;

  constructor(stream: Stream, onGone: () => void) {
    this.stream = stream;
    this.#onGone = onGone;
  }

  becomes(listener: StreamHandlers): void {
    this.#listener = listener;
    for (const chunk of this.#said) listener.received(chunk);
    this.#said = [];
  }

  received(chunk: Uint8Array): void {
    if (this.#listener !== undefined) {
      this.#listener.received(chunk);
      return;
    }
    this.#size += chunk.length;
    if (this.#size <= mostUnread) this.#said.push(chunk);
    else {
      this.#onGone();
      this.stream.destroy();
    }
  }

  closed(reason: string): void {
    if (this.#listener === undefined) this.#onGone();
    else this.#listener.closed(reason);
  }
}
