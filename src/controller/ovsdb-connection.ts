import type { HypervisorConfig } from '../config/config.js';
import { formatEndpoint } from '../config/endpoint.js';
import { backoff } from '../lib/backoff.js';
import {
  type Operation,
  OvsdbSession,
  type Replica,
  type SessionOutput,
  type WantedTables,
} from '../ovsdb/index.js';
import type { Effects, Log, Stream, Timer } from './effects.js';

/** What a session tells, but for what the connection carries out by itself. */
export type OvsdbEvent = Exclude<SessionOutput, { type: 'send' | 'close' }>;

export interface OvsdbConnectionOptions {
  readonly config: Pick<HypervisorConfig, 'name' | 'ovsdb'>;
  readonly effects: Effects;
  readonly log: Log;
  /** What is followed there. */
  readonly tables: WantedTables;
  /** The lock that is asked for. */
  readonly lock: string;
  /** A connection is tried: of the one before, nothing is under way any more. */
  readonly onConnecting: () => void;
  readonly onEvent: (event: OvsdbEvent) => void;
}

/** How the connection to one host's OVSDB stands, for `heddle status`. */
export type LinkState =
  | { readonly state: 'connecting'; readonly attempts: number; readonly lastError?: string }
  | { readonly state: 'reading' }
  | { readonly state: 'connected' };

/** How long a new connection must hold before the count of failed attempts starts again. Milliseconds. */
const settled = 5_000;

/** A connection to an OVSDB that is tried again for ever; each one goes on from the replica of the one before. */
export class OvsdbConnection {
  readonly #options: OvsdbConnectionOptions;
  #session: OvsdbSession | undefined;
  #stream: Stream | undefined;
  #replica: Replica | undefined;
  #attempts = 0;
  #lastError: string | undefined;
  #timer: Timer | undefined;
  #ticker: Timer | undefined;
  #openedAt: number | undefined;
  /** Why we are closing the connection ourselves. */
  #closing: string | undefined;
  #stopped = false;

  constructor(options: OvsdbConnectionOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    switch (this.#session?.phase) {
      case 'ready':
        return { state: 'connected' };
      case 'schema':
      case 'monitoring':
        return { state: 'reading' };
      case 'connecting':
      case 'closed':
      case undefined:
        return {
          state: 'connecting',
          attempts: this.#attempts,
          ...(this.#lastError !== undefined && { lastError: this.#lastError }),
        };
    }
  }

  get isReady(): boolean {
    return !this.#stopped && this.#session?.phase === 'ready';
  }

  /** The database as last heard, also while the connection is away. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  start(): void {
    const { effects } = this.#options;
    this.#connect();
    this.#ticker = effects.every(1_000, () => this.#handle(this.#session?.tick(effects.now()) ?? []));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ticker?.cancel();
    this.#stream?.destroy();
  }

  /** Its outcome comes as a `result`. */
  transact(operations: readonly Operation[]): void {
    this.#handle(this.#session?.transact('host', operations, this.#options.effects.now()) ?? []);
  }

  #connect(): void {
    const { config, effects, tables, lock, onConnecting } = this.#options;
    const session = new OvsdbSession({
      database: 'Open_vSwitch',
      tables,
      now: effects.now(),
      lock,
      ...(this.#replica !== undefined && { previous: this.#replica }),
    });
    this.#session = session;
    this.#closing = undefined;
    onConnecting();
    const own = (outputs: readonly SessionOutput[]): void => {
      if (this.#session === session) this.#handle(outputs);
    };
    this.#stream = effects.connect(config.ovsdb, {
      opened: () => {
        this.#openedAt = effects.now();
        own(session.opened(effects.now()));
      },
      received: chunk => own(session.received(chunk, effects.now())),
      closed: reason => {
        if (this.#session !== session) return;
        own(session.closed(reason));
        this.#lost(this.#closing ?? reason);
      },
    });
  }

  #lost(reason: string): void {
    const { config, effects, log } = this.#options;
    this.#session = undefined;
    this.#stream = undefined;
    if (this.#stopped) return;
    if (this.#openedAt !== undefined && effects.now() - this.#openedAt > settled) this.#attempts = 0;
    this.#openedAt = undefined;
    const wait = backoff(this.#attempts, effects.random());
    const news = this.#attempts === 0 || reason !== this.#lastError;
    this.#attempts += 1;
    this.#lastError = reason;
    const fields = { hypervisor: config.name, reason, attempt: this.#attempts, retryInMs: wait };
    const where = formatEndpoint(config.ovsdb);
    // Told once for each reason: a host that is off for a week must not fill the log.
    log[news ? 'warn' : 'debug'](fields, `${config.name}: no OVSDB at ${where}: ${reason}; trying again`);
    this.#timer = effects.after(wait, () => this.#connect());
  }

  #handle(outputs: readonly SessionOutput[]): void {
    const { config, log, onEvent } = this.#options;
    for (const output of outputs) {
      switch (output.type) {
        case 'send':
          this.#stream?.write(output.text);
          break;
        case 'close':
          this.#closing = output.error.message;
          this.#stream?.destroy();
          break;
        case 'ready':
          this.#replica = output.replica;
          log.info({ hypervisor: config.name, method: output.method }, `${config.name}: OVSDB connected`);
          onEvent(output);
          break;
        default:
          onEvent(output);
      }
    }
  }
}
