import type { Effects, Log, Stream, StreamHandlers, Timer } from '../../src/controller/effects.js';

interface Waiting {
  at: number;
  readonly run: () => void;
  readonly every?: number;
}

/** A clock that stands still until it is told to go on, and its timers. */
export class FakeEffects implements Effects {
  #now = 0;
  readonly #timers = new Set<Waiting>();

  now = (): number => this.#now;
  after = (ms: number, run: () => void): Timer => this.#start({ at: this.#now + ms, run });
  every = (ms: number, run: () => void): Timer => this.#start({ at: this.#now + ms, run, every: ms });
  defer = (run: () => void): void => queueMicrotask(run);
  random = (): number => 0.5;
  connect = (): Stream => {
    throw new Error('no connection is opened here');
  };

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and runs in their order the timers that fall into it. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      // The same one goes on, so that whoever started it can cancel it.
      if (next.every === undefined) this.#timers.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.#now = end;
  }

  #start(waiting: Waiting): Timer {
    this.#timers.add(waiting);
    return { cancel: () => this.#timers.delete(waiting) };
  }
}

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** A log that keeps its lines. */
export class FakeLog implements Log {
  readonly lines: Line[] = [];
  debug = (_fields: object, message: string): void => void this.lines.push({ level: 'debug', message });
  info = (_fields: object, message: string): void => void this.lines.push({ level: 'info', message });
  warn = (_fields: object, message: string): void => void this.lines.push({ level: 'warn', message });
  error = (_fields: object, message: string): void => void this.lines.push({ level: 'error', message });

  /** The lines that a person sees who asks for no more than the usual. */
  get told(): readonly string[] {
    return this.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  }
}

/** One end of a connection in memory: what was written to it is kept, and nothing is ever read. */
export class MemoryStream implements Stream {
  readonly peer: string;
  readonly writes: Uint8Array[] = [];
  /** What the peer has not taken; `hold` makes it grow with each write. */
  pending = 0;
  hold = false;
  isDestroyed = false;
  handlers: StreamHandlers | undefined;

  constructor(peer = '192.0.2.1:40000') {
    this.peer = peer;
  }

  write(bytes: Uint8Array | string): void {
    if (this.isDestroyed) return;
    if (typeof bytes === 'string') throw new Error('OpenFlow is not text');
    this.writes.push(bytes);
    if (this.hold) this.pending += bytes.length;
  }

  /** As a socket does, this tells `closed` later, when nobody wants to know any more. */
  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    queueMicrotask(() => this.handlers?.closed('closed on this side'));
  }
}

/** Lets all promises settle that need nothing but each other. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
