import type { HypervisorConfig } from '../config/config.js';
import type { HostIntent } from '../intent/index.js';
import { same } from '../lib/same.js';
import {
  assertLock,
  countedConfig,
  isConfigured,
  type PortEvent,
  portEvents,
  portsOf,
  type Replica,
  type ReplicaJson,
  replicaToJson,
  type SwitchPorts,
  type TransactionOutcome,
} from '../ovsdb/index.js';
import { type BridgeIdentity, identityOf, sameIdentity } from '../reconcile/host-bridge.js';
import { planHost } from '../reconcile/host.js';
import type { Arrival } from './arrivals.js';
import type { TakeoverStage } from '../reconcile/host-plan.js';
import { Contest } from './contest.js';
import type { Effects, Log, Timer } from './effects.js';
import { FreshConnection } from './fresh-connection.js';
import type { HostHold } from './host-takeovers.js';
import { HostLock, hostLock, type HostLockState } from './host-lock.js';
import { doubled, failedPorts, heldElsewhere } from './hypervisor-problems.js';
import { monitored } from './monitored.js';
import { type LinkState, type OvsdbEvent, OvsdbConnection } from './ovsdb-connection.js';

export interface HypervisorLinkOptions {
  readonly config: HypervisorConfig;
  readonly effects: Effects;
  readonly log: Log;
  /** How many transactions an earlier link to this hypervisor has made. */
  readonly transactions: number;
  /** What is wanted on this host now. */
  readonly intent: () => HostIntent;
  /** How far its bridge is to be taken over now. */
  readonly stage: (intent: HostIntent, rows: Replica, hold: HostHold) => TakeoverStage;
  /** The ports were read for the first time, or one of them came, moved, changed or went, or the bridge's identity did. */
  readonly onPorts: (ports: SwitchPorts, bridge: BridgeIdentity | undefined) => void;
  /**
   * This Heddle may change the host now, or may not any more.
   *
   * @param isTakenOver it may, and another one might until now
   */
  readonly onLock: (isTakenOver: boolean) => void;
}

/** A refused transaction is planned anew from the replica, but not in a tight circle. Milliseconds. */
const retryRefused = 2_000;
/** How long ovs-vswitchd may take to apply a change before it is a problem. Milliseconds. */
const slowToApply = 3_000;

/**
 * Keeps one hypervisor's OVSDB connected and true to what is wanted there. The last replica is kept while the connection
 * is away: the host's switch goes on forwarding, and its peers must go on knowing its ports.
 */
export class HypervisorLink {
  readonly #options: HypervisorLinkOptions;
  readonly #connection: OvsdbConnection;
  #ports: SwitchPorts | undefined;
  #bridge: BridgeIdentity | undefined;
  #planProblems: readonly string[] = [];
  /** What was wanted when the rows as they are were last found to be just that; undefined: they have to be compared. */
  #planned: HostIntent | undefined;
  #refusal: string | undefined;
  readonly #contest = new Contest();
  readonly #lock = new HostLock();
  /** The configuration number of our last transaction, and when it was made. */
  #counted: { readonly config: number; readonly at: number } | undefined;
  #transactions: number;
  #pending = false;
  #retry: Timer | undefined;
  readonly #fresh: FreshConnection;
  /** What is under way asks ovs-vswitchd to look again, and changes no row that says anything. */
  #isSettling = false;

  constructor(options: HypervisorLinkOptions) {
    this.#options = options;
    this.#transactions = options.transactions;
    this.#fresh = new FreshConnection(options.effects, () => this.reconcile());
    this.#connection = new OvsdbConnection({
      ...options,
      tables: monitored,
      lock: hostLock,
      onConnecting: () => this.#forget(),
      onEvent: event => this.#onEvent(event),
    });
  }

  get state(): LinkState {
    return this.#connection.state;
  }

  /** Who may change this host. */
  get lock(): HostLockState {
    return this.#lock.state;
  }

  /** Where the host has dialled in from; undefined where Heddle connects to it, and while it is not connected. */
  get peer(): string | undefined {
    return this.#connection.peer;
  }

  /** What is followed of its database; undefined while that is not connected. */
  get database(): ReplicaJson | undefined {
    const { isReady, replica } = this.#connection;
    return isReady && replica !== undefined ? replicaToJson(replica) : undefined;
  }

  /** The host has dialled in. */
  offer(arrival: Arrival): void {
    this.#connection.offer(arrival);
  }

  /** Transactions that changed what is configured, since the start. */
  get transactions(): number {
    return this.#transactions;
  }

  /** The configured bridge, as its OVSDB says; undefined while that is not connected, or has no such bridge. */
  get bridge(): BridgeIdentity | undefined {
    return this.#connection.state.state === 'connected' ? this.#bridge : undefined;
  }

  /** What keeps this host from being as it should be. */
  get problems(): readonly string[] {
    const { config, effects, intent } = this.#options;
    const { replica, rival } = this.#connection;
    const own = [
      this.#lock.state === 'elsewhere'
        ? heldElsewhere(config.bridge, intent().controller, replica)
        : undefined,
      rival === undefined ? undefined : doubled(rival),
      this.#refusal,
      this.#contest.problem(effects.now()),
      this.#unapplied(),
    ].filter(text => text !== undefined);
    return [...this.#planProblems, ...failedPorts(config, this.#ports ?? new Map()), ...own];
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#retry?.cancel();
    this.#fresh.stop();
    this.#connection.stop();
  }

  /** The bridge has connected to this Heddle. @param isNew as in `FreshConnection.connected` */
  switchConnected(isNew: boolean): void {
    this.#fresh.connected(isNew);
  }

  /** What is wanted may have changed: compares, and sends the difference if there is one. */
  reconcile(): void {
    const { effects, log, config, stage } = this.#options;
    const { replica, isReady } = this.#connection;
    if (!isReady || this.#pending || replica === undefined) return;
    const intent = this.#options.intent();
    if (this.#planned !== undefined && sameIntent(this.#planned, intent)) {
      if (this.#lock.isHeld) this.#settle(replica);
      return;
    }
    const hold = { isHeld: this.#lock.isHeld, isApplied: this.#counted === undefined };
    const reached = stage(intent, replica, hold);
    const { operations, changes: all, problems } = planHost(intent, replica, reached);
    this.#tell(problems);
    if (operations.length === 0) {
      if (reached === 'whole') this.#planned = intent;
      this.#refusal = undefined;
      if (this.#lock.isHeld) this.#settle(replica);
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
    this.#fresh.wrote();
    this.#isSettling = false;
    this.#connection.transact([assertLock(hostLock), ...operations]);
  }

  #settle(replica: Replica): void {
    const operations = this.#fresh.take(replica);
    if (operations.length === 0) return;
    this.#pending = true;
    this.#isSettling = true;
    this.#connection.transact([assertLock(hostLock), ...operations]);
  }

  /** A new connection: what was under way on the one before is not any more. */
  #forget(): void {
    this.#planned = undefined;
    this.#pending = false;
    this.#retry?.cancel();
    this.#contest.forget();
    this.#lock.reconnect();
  }

  #onEvent(event: OvsdbEvent): void {
    switch (event.type) {
      case 'lock':
        this.#onLock(event.held);
        break;
      case 'ready':
      case 'changes':
        this.#onRows();
        break;
      case 'result':
        this.#onResult(event.outcome);
        break;
    }
  }

  #onLock(held: boolean): void {
    const { config, log, onLock } = this.#options;
    const before = this.#lock.state;
    if (this.#lock.told(held)) {
      const fields = { hypervisor: config.name };
      if (!held) log.warn(fields, `${config.name}: another Heddle holds this host: nothing is changed there`);
      const isTakenOver = held && before === 'elsewhere';
      if (isTakenOver) log.info(fields, `${config.name}: the other Heddle let go, taken over`);
      onLock(isTakenOver);
    }
    this.reconcile();
  }

  #onResult(outcome: TransactionOutcome): void {
    const { config, log } = this.#options;
    this.#pending = false;
    if (!this.#connection.isReady) return;
    if (outcome.ok) {
      if (!this.#isSettling) this.#transactions += 1;
      this.#refusal = undefined;
      const counted = countedConfig(outcome.results);
      const { replica } = this.#connection;
      if (counted !== undefined && replica !== undefined && !isConfigured(replica, counted))
        this.#counted = { config: counted, at: this.#options.effects.now() };
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
    this.#pending = true;
    this.#contest.forget();
    this.#retry = this.#options.effects.after(retryRefused, () => {
      this.#pending = false;
      this.reconcile();
    });
  }

  /** Told when ovs-vswitchd takes too long to carry out what was written. */
  #unapplied(): string | undefined {
    const counted = this.#counted;
    if (counted === undefined || !this.#connection.isReady) return undefined;
    if (this.#options.effects.now() - counted.at < slowToApply) return undefined;
    return `ovs-vswitchd has not carried out configuration ${counted.config} yet: is it running?`;
  }

  #onRows(): void {
    const { replica } = this.#connection;
    this.#planned = undefined;
    if (replica === undefined) return;
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

/** The names are one object for all hosts of a file. */
const sameIntent = ({ names: aNames, ...a }: HostIntent, { names: bNames, ...b }: HostIntent): boolean =>
  aNames === bNames && same(a, b);

function tell(event: PortEvent): string {
  const { name, bridge, ofport } = event.type === 'gone' ? event.before : event.port;
  return `port ${name} of ${bridge} (${ofport === null ? 'no ofport' : `ofport ${ofport}`}): ${event.type}`;
}
