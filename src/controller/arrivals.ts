import { Introduction, type IntroductionOutput } from '../ovsdb/index.js';
import type { Effects, Log, Stream, StreamHandlers, Timer } from './effects.js';

/** A host that has dialled in with its OVSDB, and has said who it is. */
export interface Arrival {
  readonly systemId: string;
  /** Where it dialled in from: `10.98.0.1:41234`. */
  readonly peer: string;
  /** False as soon as the connection has ended. */
  readonly isOpen: boolean;
  /** From now on, all that comes is for these handlers; `unfinished` is what has come already. */
  take(handlers: StreamHandlers): { readonly stream: Stream; readonly unfinished: Uint8Array };
  /** Ends the connection. */
  refuse(): void;
}

export interface ArrivalsOptions {
  readonly effects: Pick<Effects, 'after' | 'now'>;
  readonly log: Log;
  /** Takes or refuses it, now or later; false: no host of the file is known by this id. */
  readonly onArrival: (arrival: Arrival) => boolean;
}

/** A host that is not in the file, for `heddle status`. */
export interface Stranger {
  readonly systemId: string;
  /** The address that it last dialled in from. */
  readonly from: string;
  /** When, by the effects' clock. */
  readonly at: number;
}

/** Connections that nobody has taken yet. A thousand hosts may well come at once. */
const maxPending = 1_024;
/** Of those, from one address: somebody who opens many takes no place from others. */
const maxPendingFrom = 16;
/** How long one may take to say who it is, and to be taken. Milliseconds. */
const patience = 10_000;
/** Strangers that are remembered, the latest ones. */
const maxStrangers = 64;

/** Finds out who dials in. What cannot say it costs no more than its own connection. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #pending = new Set<Newcomer>();
  readonly #pendingFrom = new Map<string, number>();
  /** By their ids, the latest ones last. */
  readonly #strangers = new Map<string, Stranger>();
  /** What was told of peers once already: they try again for ever. */
  readonly #told = new Set<string>();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** Those who have dialled in lately and are not in the file. */
  get strangers(): readonly Stranger[] {
    return [...this.#strangers.values()];
  }

  accept(stream: Stream): StreamHandlers {
    const from = addressOf(stream.peer);
    const many = this.#pendingFrom.get(from) ?? 0;
    if (this.#pending.size >= maxPending || many >= maxPendingFrom) {
      this.#tell(from, 'too many OVSDB connections that have not said whose they are: one is closed');
      stream.destroy();
      return { received: () => undefined, closed: () => undefined };
    }
    this.#pendingFrom.set(from, many + 1);
    const newcomer = new Newcomer(stream, this.#options.effects, {
      known: systemId => this.#onKnown(newcomer, systemId, from),
      failed: why => this.#tell(from, why),
      left: () => this.#forget(newcomer, from),
    });
    this.#pending.add(newcomer);
    newcomer.start();
    return newcomer;
  }

  /** Ends the connections that nobody has taken. */
  stop(): void {
    for (const newcomer of [...this.#pending]) newcomer.refuse();
  }

  #onKnown(newcomer: Newcomer, systemId: string, from: string): void {
    const arrival: Arrival = newcomer.arrival(systemId);
    if (this.#options.onArrival(arrival)) {
      this.#strangers.delete(systemId);
      return;
    }
    newcomer.refuse();
    this.#strangers.delete(systemId);
    this.#strangers.set(systemId, { systemId, from, at: this.#options.effects.now() });
    const [oldest] = this.#strangers.keys();
    if (this.#strangers.size > maxStrangers && oldest !== undefined) this.#strangers.delete(oldest);
    this.#tell(from, `a host with system-id ${JSON.stringify(systemId)}, which is not in the file`);
  }

  #forget(newcomer: Newcomer, from: string): void {
    if (!this.#pending.delete(newcomer)) return;
    const left = (this.#pendingFrom.get(from) ?? 1) - 1;
    if (left > 0) this.#pendingFrom.set(from, left);
    else this.#pendingFrom.delete(from);
  }

  #tell(from: string, what: string): void {
    const text = `${from} dialled in: ${what}`;
    const isNews = !this.#told.has(text);
    if (this.#told.size >= 1_000) this.#told.clear();
    this.#told.add(text);
    this.#options.log[isNews ? 'warn' : 'debug']({ from }, text);
  }
}

interface NewcomerEvents {
  readonly known: (systemId: string) => void;
  readonly failed: (why: string) => void;
  /** It was taken, or its connection ended. */
  readonly left: () => void;
}

/** A connection until somebody takes it. */
class Newcomer implements StreamHandlers {
  readonly #stream: Stream;
  readonly #introduction = new Introduction();
  readonly #events: NewcomerEvents;
  readonly #deadline: Timer;
  #taker: StreamHandlers | undefined;
  #isKnown = false;
  #isOpen = true;

  constructor(stream: Stream, effects: Pick<Effects, 'after'>, events: NewcomerEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#deadline = effects.after(patience, () => {
      if (!this.#isKnown) events.failed(`it did not say who it is within ${patience / 1000} s`);
      this.refuse();
    });
  }

  start(): void {
    this.#handle(this.#introduction.opened());
  }

  received(chunk: Uint8Array): void {
    if (this.#taker !== undefined) this.#taker.received(chunk);
    else if (this.#isOpen) this.#handle(this.#introduction.received(chunk));
  }

  closed(reason: string): void {
    this.#leave();
    this.#taker?.closed(reason);
  }

  refuse(): void {
    this.#leave();
    this.#stream.destroy();
  }

  arrival(systemId: string): Arrival {
    const isOpen = (): boolean => this.#isOpen;
    return {
      systemId,
      peer: this.#stream.peer,
      get isOpen() {
        return isOpen();
      },
      take: handlers => {
        this.#taker = handlers;
        this.#deadline.cancel();
        this.#events.left();
        return { stream: this.#stream, unfinished: this.#introduction.unfinished };
      },
      refuse: () => this.refuse(),
    };
  }

  #leave(): void {
    this.#isOpen = false;
    this.#deadline.cancel();
    this.#events.left();
  }

  #handle(outputs: readonly IntroductionOutput[]): void {
    for (const output of outputs) {
      if (!this.#isOpen) return;
      switch (output.type) {
        case 'send':
          this.#stream.write(output.text);
          break;
        case 'known':
          this.#onAnswer(output.systemId);
          break;
        case 'close':
          this.#events.failed(`it sent what is none of OVSDB: ${output.error.message}`);
          this.refuse();
          break;
      }
    }
  }

  #onAnswer(systemId: string | undefined): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    if (systemId !== undefined) {
      this.#events.known(systemId);
      return;
    }
    this.#events.failed('its Open_vSwitch row has no external_ids:system-id yet');
    this.refuse();
  }
}

/** Without the port, which is another one each time. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');
