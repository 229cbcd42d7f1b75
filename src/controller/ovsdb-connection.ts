import type { HypervisorConfig } from '../config/config.js';
import { formatOvsdbSource } from '../config/ovsdb.js';
import { backoff } from '../lib/backoff.js';
import {
  type Operation,
  OvsdbSession,
  type Replica,
  type SessionOutput,
  type WantedTables,
} from '../ovsdb/index.js';
import type { Arrival } from './arrivals.js';
import type { Effects, Log, Stream, StreamHandlers, Timer } from './effects.js';

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
  /** For the host to dial in; `lastError` is how the connection before ended. */
  | { readonly state: 'waiting'; readonly lastError?: string }
  | { readonly state: 'reading' }
  | { readonly state: 'connected' };

/** How long a new connection must hold before the count of failed attempts starts again. Milliseconds. */
const settled = 5_000;

/** How long it is told that another host has dialled in with this one's id. Milliseconds. */
const rivalRemembered = 20_000;

/**
 * A connection to an OVSDB that is tried again for ever, or that waits for the host to dial in; each one goes on from the
 * replica of the one before.
 *
 * A host that was cut off dials in anew while its old connection seems to stand still. So whoever dials in with the id of a host
 * that is connected waits until the old connection has answered an echo, and is refused, or has not, and takes its place. Two
 * hosts with one id (a copied disk has the id of its original) do not push each other out that way.
 */
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
  /** Dialled in while the connection stands, and waits for that one's sign of life. */
  #rival: Arrival | undefined;
  #refused: { readonly peer: string; readonly at: number } | undefined;

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
          ...(this.#isDialIn ? { state: 'waiting' } : { state: 'connecting', attempts: this.#attempts }),
          ...(this.#lastError !== undefined && { lastError: this.#lastError }),
        };
    }
  }

  /** Where the host has dialled in from; undefined where Heddle connects to it, and while it is not connected. */
  get peer(): string | undefined {
    return this.#isDialIn ? this.#stream?.peer : undefined;
  }

  /** Who else has lately dialled in as this host, and was refused: its address. */
  get rival(): string | undefined {
    const refused = this.#refused;
    if (refused === undefined || this.#options.effects.now() - refused.at > rivalRemembered) return undefined;
    return refused.peer;
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
    if (!this.#isDialIn) this.#connect();
    this.#ticker = effects.every(1_000, () => this.#handle(this.#session?.tick(effects.now()) ?? []));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ticker?.cancel();
    this.#stream?.destroy();
    this.#rival?.refuse();
  }

  /** The host has dialled in. */
  offer(arrival: Arrival): void {
    if (this.#stopped) {
      arrival.refuse();
      return;
    }
    if (this.#session === undefined) {
      this.#adopt(arrival);
      return;
    }
    this.#rival?.refuse();
    this.#rival = arrival;
    this.#handle(this.#session.doubt(this.#options.effects.now()));
  }

  /** Its outcome comes as a `result`. */
  transact(operations: readonly Operation[]): void {
    this.#handle(this.#session?.transact('host', operations, this.#options.effects.now()) ?? []);
  }

  get #isDialIn(): boolean {
    return this.#options.config.ovsdb.transport === 'dial-in';
  }

  #connect(): void {
    const { config, effects } = this.#options;
    if (config.ovsdb.transport === 'dial-in') return;
    this.#stream = effects.connect(config.ovsdb, this.#begin());
  }

  #adopt(arrival: Arrival): void {
    const handlers = this.#begin();
    const { stream, unfinished } = arrival.take(handlers);
    this.#stream = stream;
    handlers.opened();
    handlers.received(unfinished);
  }

  /** A session for a connection that is about to stand. */
  #begin(): StreamHandlers & { opened(): void } {
    const { effects, tables, lock, onConnecting } = this.#options;
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
    return {
      opened: () => {
        this.#openedAt = effects.now();
        own(session.opened(effects.now()));
      },
      received: chunk => {
        if (this.#session === session) this.#refuseRival();
        own(session.received(chunk, effects.now()));
      },
      closed: reason => {
        if (this.#session !== session) return;
        own(session.closed(reason));
        this.#lost(this.#closing ?? reason);
      },
    };
  }

  /** The connection that stands is alive. */
  #refuseRival(): void {
    const { config, effects, log } = this.#options;
    const rival = this.#rival;
    if (rival === undefined) return;
    this.#rival = undefined;
    if (!rival.isOpen) return;
    rival.refuse();
    const isNews = this.rival === undefined;
    this.#refused = { peer: rival.peer, at: effects.now() };
    const fields = { hypervisor: config.name, peer: rival.peer };
    log[isNews ? 'warn' : 'debug'](
      fields,
      `${config.name}: ${rival.peer} was refused: it says that it is ${rival.systemId}, which is connected`,
    );
  }

  #lost(reason: string): void {
    const { config, effects, log } = this.#options;
    this.#session = undefined;
    this.#stream = undefined;
    if (this.#stopped) return;
    if (this.#openedAt !== undefined && effects.now() - this.#openedAt > settled) this.#attempts = 0;
    this.#openedAt = undefined;
    if (this.#isDialIn) {
      this.#left(reason);
      return;
    }
    const wait = backoff(this.#attempts, effects.random());
    const news = this.#attempts === 0 || reason !== this.#lastError;
    this.#attempts += 1;
    this.#lastError = reason;
    const fields = { hypervisor: config.name, reason, attempt: this.#attempts, retryInMs: wait };
    const where = formatOvsdbSource(config.ovsdb);
    // Told once for each reason: a host that is off for a week must not fill the log.
    log[news ? 'warn' : 'debug'](fields, `${config.name}: no OVSDB at ${where}: ${reason}; trying again`);
    this.#timer = effects.after(wait, () => this.#connect());
  }

  /** A host that dials in is gone, and comes back by itself. */
  #left(reason: string): void {
    const { config, log } = this.#options;
    const rival = this.#rival;
    this.#rival = undefined;
    this.#lastError = reason;
    const fields = { hypervisor: config.name, reason };
    log.warn(fields, `${config.name}: its OVSDB connection has ended: ${reason}; waiting for it to dial in`);
    if (rival?.isOpen === true) this.#adopt(rival);
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
