import type { HypervisorConfig } from '../config/config.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { HostIntent } from '../intent/index.js';
import { backoff } from '../lib/backoff.js';
import {
  assertLock,
  configColumns,
  countedConfig,
  isConfigured,
  OvsdbSession,
  type PortEvent,
  portColumns,
  portEvents,
  portsOf,
  type Replica,
  type SessionOutput,
  type SwitchPorts,
  type WantedTables,
} from '../ovsdb/index.js';
import { type BridgeIdentity, identityOf, sameIdentity } from '../reconcile/host-bridge.js';
import { hostColumns, planHost } from '../reconcile/host.js';
import { othersOfOurs } from '../reconcile/host-controllers.js';
import { Contest } from './contest.js';
import { HostLock, hostLock, type HostLockState } from './host-lock.js';
import type { Effects, Log, Stream, Timer } from './effects.js';

export interface HypervisorLinkOptions {
  readonly config: HypervisorConfig;
  readonly effects: Effects;
  readonly log: Log;
  /** What is wanted on this host now. */
  readonly intent: () => HostIntent;
  /** The ports were read for the first time, or one of them came, moved, changed or went, or the bridge's identity did. */
  readonly onPorts: (ports: SwitchPorts, bridge: BridgeIdentity | undefined) => void;
  /** This Heddle may change the host now, or may not any more. */
  readonly onLock: () => void;
}

/** How the connection to one host's OVSDB stands, for `heddle status`. */
export type LinkState =
  | { readonly state: 'connecting'; readonly attempts: number; readonly lastError?: string }
  | { readonly state: 'reading' }
  | { readonly state: 'connected' };

/** What is followed on every host. No statistics: they change all the time. */
const monitored: WantedTables = {
  Bridge: [...new Set([...hostColumns.Bridge, ...portColumns.Bridge])],
  Port: [...new Set([...hostColumns.Port, ...portColumns.Port])],
  Interface: [...new Set([...hostColumns.Interface, ...portColumns.Interface])],
  Controller: hostColumns.Controller,
  Open_vSwitch: configColumns.Open_vSwitch,
};

/** A refused transaction is planned anew from the replica, but not in a tight circle. Milliseconds. */
const retryRefused = 2_000;
/** How long ovs-vswitchd may take to apply a change before it is a problem. Milliseconds. */
const slowToApply = 3_000;
/** How long a new connection must hold before the count of failed attempts starts again. Milliseconds. */
const settled = 5_000;

/**
 * Keeps one hypervisor's OVSDB connected and true to what is wanted there. The last replica is kept while the connection
 * is away: the host's switch goes on forwarding, and its peers must go on knowing its ports.
 */
export class HypervisorLink {
  readonly #options: HypervisorLinkOptions;
  #session: OvsdbSession | undefined;
  #stream: Stream | undefined;
  #replica: Replica | undefined;
  #ports: SwitchPorts | undefined;
  #bridge: BridgeIdentity | undefined;
  #attempts = 0;
  #lastError: string | undefined;
  #timer: Timer | undefined;
  #ticker: Timer | undefined;
  #openedAt: number | undefined;
  #planProblems: readonly string[] = [];
  #refusal: string | undefined;
  readonly #contest = new Contest();
  readonly #lock = new HostLock();
  /** Why we are closing the connection ourselves. */
  #closing: string | undefined;
  /** The configuration number of our last transaction, and when it was made. */
  #counted: { readonly config: number; readonly at: number } | undefined;
  #transactions = 0;
  #pending = false;
  #stopped = false;

  constructor(options: HypervisorLinkOptions) {
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

  /** Who may change this host. */
  get lock(): HostLockState {
    return this.#lock.state;
  }

  /** Transactions that changed something, since the start. */
  get transactions(): number {
    return this.#transactions;
  }

  /** The configured bridge, as its OVSDB says; undefined while that is not connected, or has no such bridge. */
  get bridge(): BridgeIdentity | undefined {
    return this.#session?.phase === 'ready' ? this.#bridge : undefined;
  }

  /** What keeps this host from being as it should be. */
  get problems(): readonly string[] {
    const contest = this.#contest.problem(this.#options.effects.now());
    const own = [this.#heldElsewhere(), this.#refusal, contest, this.#unapplied()].filter(
      text => text !== undefined,
    );
    return [...this.#planProblems, ...own];
  }

  start(): void {
    this.#connect();
    this.#ticker = this.#options.effects.every(1_000, () => {
      this.#handle(this.#session?.tick(this.#options.effects.now()) ?? []);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ticker?.cancel();
    this.#stream?.destroy();
  }

  /** What is wanted may have changed: compares, and sends the difference if there is one. */
  reconcile(): void {
    const { effects, intent, log, config } = this.#options;
    const session = this.#session;
    if (this.#stopped || this.#pending || session?.phase !== 'ready' || session.replica === undefined) return;
    const { operations, changes: all, problems } = planHost(intent(), session.replica);
    this.#tell(problems);
    if (operations.length === 0) {
      this.#refusal = undefined;
      return;
    }
    if (!this.#lock.isHeld) return;
    const now = effects.now();
    const changes = all.join('; ');
    const fields = { hypervisor: config.name, changes: all };
    const contested = this.#contest.problem(now) !== undefined;
    if (this.#contest.repeats(changes, now)) {
      if (!contested) log.warn(fields, `${config.name}: ${this.#contest.problem(now) ?? ''}`);
      this.#later();
      return;
    }
    // What is tried again and again was told the first time.
    const level = this.#refusal === undefined && !contested ? 'info' : 'debug';
    log[level](fields, `${config.name}: ${changes}`);
    this.#pending = true;
    this.#handle(session.transact('host', [assertLock(hostLock), ...operations], now));
  }

  #connect(): void {
    const { config, effects } = this.#options;
    const session = new OvsdbSession({
      database: 'Open_vSwitch',
      tables: monitored,
      now: effects.now(),
      lock: hostLock,
      ...(this.#replica !== undefined && { previous: this.#replica }),
    });
    this.#session = session;
    this.#pending = false;
    this.#contest.forget();
    this.#lock.reconnect();
    this.#closing = undefined;
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
    const { config, log } = this.#options;
    for (const output of outputs) {
      switch (output.type) {
        case 'send':
          this.#stream?.write(output.text);
          break;
        case 'ready':
          this.#replica = output.replica;
          log.info({ hypervisor: config.name, method: output.method }, `${config.name}: OVSDB connected`);
          this.#onRows(output.replica);
          break;
        case 'lock':
          this.#onLock(output.held);
          break;
        case 'changes':
          if (this.#replica !== undefined) this.#onRows(this.#replica);
          break;
        case 'result':
          this.#onResult(output.outcome);
          break;
        case 'close':
          this.#closing = output.error.message;
          this.#stream?.destroy();
          break;
      }
    }
  }

  #onLock(held: boolean): void {
    const { config, log, onLock } = this.#options;
    const before = this.#lock.state;
    if (this.#lock.told(held)) {
      const fields = { hypervisor: config.name };
      if (!held) log.warn(fields, `${config.name}: another Heddle holds this host: nothing is changed there`);
      else if (before === 'elsewhere')
        log.info(fields, `${config.name}: the other Heddle let go, taken over`);
      onLock();
    }
    this.reconcile();
  }

  /** Of the other one nothing is known but where it tells the bridge to go. */
  #heldElsewhere(): string | undefined {
    if (this.#lock.state !== 'elsewhere') return undefined;
    const { config, intent } = this.#options;
    const targets = this.#replica ? othersOfOurs(config.bridge, intent().controller, this.#replica) : [];
    const where = targets.length === 0 ? '' : ` (its controller is ${targets.join(', ')})`;
    return `another Heddle holds this host${where}: this one changes nothing there, and takes over when that one stops. If both are to run, name each host in one file only`;
  }

  #onResult(outcome: Extract<SessionOutput, { type: 'result' }>['outcome']): void {
    const { config, log } = this.#options;
    this.#pending = false;
    if (this.#session?.phase !== 'ready') return;
    if (outcome.ok) {
      this.#transactions += 1;
      this.#refusal = undefined;
      const counted = countedConfig(outcome.results);
      if (counted !== undefined) this.#counted = { config: counted, at: this.#options.effects.now() };
      this.reconcile();
      return;
    }
    const refusal = `OVSDB refused a transaction: ${outcome.error.message}`;
    const level = refusal === this.#refusal ? 'debug' : 'warn';
    log[level]({ hypervisor: config.name, err: outcome.error }, `${config.name}: ${refusal}`);
    this.#refusal = refusal;
    this.#later();
  }

  /** Plans anew in a while, from the replica as it is then. */
  #later(): void {
    const { effects } = this.#options;
    const session = this.#session;
    this.#pending = true;
    this.#contest.forget();
    this.#timer = effects.after(retryRefused, () => {
      if (this.#session !== session) return;
      this.#pending = false;
      this.reconcile();
    });
  }

  /** Told when ovs-vswitchd takes too long to carry out what was written. */
  #unapplied(): string | undefined {
    const counted = this.#counted;
    if (counted === undefined || this.#session?.phase !== 'ready') return undefined;
    if (this.#options.effects.now() - counted.at < slowToApply) return undefined;
    return `ovs-vswitchd has not carried out configuration ${counted.config} yet: is it running?`;
  }

  #onRows(replica: Replica): void {
    if (this.#counted !== undefined && isConfigured(replica, this.#counted.config)) this.#counted = undefined;
    this.#readPorts(replica);
    this.reconcile();
  }

  #readPorts(replica: Replica): void {
    const { config, log, onPorts } = this.#options;
    const before = this.#ports;
    this.#ports = portsOf(replica);
    const events = portEvents(before ?? new Map(), this.#ports);
    const bridge = identityOf(config.bridge, replica);
    const same = sameIdentity(this.#bridge, bridge);
    this.#bridge = bridge;
    if (before !== undefined && events.length === 0 && same) return;
    for (const event of before === undefined ? [] : events) {
      log.debug({ hypervisor: config.name, event: event.type }, `${config.name}: ${tell(event)}`);
    }
    onPorts(this.#ports, bridge);
  }

  #tell(problems: readonly string[]): void {
    const { config, log } = this.#options;
    for (const problem of problems) {
      if (!this.#planProblems.includes(problem))
        log.warn({ hypervisor: config.name }, `${config.name}: ${problem}`);
    }
    this.#planProblems = problems;
  }
}

function tell(event: PortEvent): string {
  const { name, bridge, ofport } = event.type === 'gone' ? event.before : event.port;
  return `port ${name} of ${bridge} (${ofport === null ? 'no ofport' : `ofport ${ofport}`}): ${event.type}`;
}
