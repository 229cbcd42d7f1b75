import type { Endpoint } from '../config/config.js';

/**
 * All that the controller does to the outside goes through here: `src/io` gives the real thing, tests give their own.
 */
export interface Stream {
  /** The other end, for people: `10.98.0.1:41234`. */
  readonly peer: string;
  /** Bytes that were written and that the peer has not taken yet. */
  readonly pending: number;
  /** Nothing that was written is looked at any more: its memory is the caller's again. Left out: it may be kept. */
  readonly isDrained?: boolean;
  /** This end's address, once the connection stands; a Unix socket has none. */
  readonly local?: string | undefined;
  write(bytes: Uint8Array | string): void;
  /** Ends the connection now; `closed` is told once, later. */
  destroy(): void;
}

export interface StreamHandlers {
  received(chunk: Uint8Array): void;
  closed(reason: string): void;
}

export interface Timer {
  cancel(): void;
}

export interface Effects {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  every(ms: number, run: () => void): Timer;
  after(ms: number, run: () => void): Timer;
  /** Runs when the input that is at hand has been worked through. */
  defer(run: () => void): void;
  /** 0 <= n < 1 */
  random(): number;
  /** Opens a connection; `opened` or `closed` comes first, and `closed` comes once. */
  connect(endpoint: Endpoint, handlers: StreamHandlers & { opened(): void }): Stream;
}

/** A subset of pino's interface: objects first, then the text. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
