import type { AppEvent, LearnedNews, PacketBytes, SwitchView } from '../intent/index.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import { messageOf } from '../lib/errors.js';
import type { Message, PortStatus, Writer } from '../openflow/index.js';
import type { SwitchInfo } from '../openflow/session/session.js';
import type { CheckedPart } from '../reconcile/check.js';
import type { Actual, LooseFlows } from '../reconcile/actual.js';
import { Takeovers } from './contest.js';
import { type ConnectedSwitch, connectSwitch, nameOf } from './connected-switch.js';
import { asChanges } from './learned-watch.js';
import type { Effects, Log, Stream, StreamHandlers } from './effects.js';
import { PastMods, type SentMods } from './sent-mods.js';
import { flowsPerAudit } from './switch-audit.js';
import type { Commit } from './switch-changes.js';
import { SwitchConnection, type SwitchEvents } from './switch-connection.js';
import { dumpRequests } from './switch-dump.js';

export interface SwitchesOptions {
  readonly effects: Effects;
  readonly log: Log;
  /** The hypervisor whose bridge has this datapath id, by the file. */
  readonly hypervisorOf: (dpid: Dpid) => string | undefined;
  /** Why a switch must not be touched; asked when it connects, when it has been read, and by `judge`. */
  readonly leaveAlone: (view: SwitchView, holds: Actual | undefined) => string | undefined;
  readonly wanted: (view: SwitchView) => readonly CheckedPart[] | undefined;
  /** Whether its bridge is being taken over from its own way of forwarding. */
  readonly isTakenOver: (dpid: Dpid) => boolean;
  /** @returns messages to send to that switch at once */
  readonly onEvent: (event: AppEvent, view: SwitchView) => readonly Message[];
  /** @returns whether all is done that there is to do for it; otherwise it comes as an event */
  readonly onPacketBytes?: (packet: PacketBytes, view: SwitchView, out: Writer) => boolean;
  /** What switches learn by themselves; left out: nobody wants to know. */
  readonly learning?: {
    /** Tables of this switch that apps want to know what it learns into. */
    tables(view: SwitchView): readonly number[];
    /** Told before `switch-up`, and of switches that are up. */
    onNews(news: LearnedNews, view: SwitchView): void;
  };
}

/** Handshakes under way at one time: a flood of connections costs only itself. */
export const maxGreeting = 2_048;

/** All OpenFlow connections: from the stream that a switch opens to the known switch with its ports and flows. */
export class Switches {
  readonly #options: SwitchesOptions;
  readonly #connections = new Map<SwitchConnection, ConnectedSwitch | undefined>();
  readonly #byDpid = new Map<Dpid, ConnectedSwitch>();
  readonly #views = new Map<Dpid, SwitchView>();
  readonly #takeovers = new Takeovers();
  readonly #pastMods = new PastMods();
  #greeting = 0;

  constructor(options: SwitchesOptions) {
    this.#options = options;
  }

  /** A live, read-only view of all that are connected. */
  get views(): ReadonlyMap<Dpid, SwitchView> {
    return this.#views;
  }

  get all(): readonly ConnectedSwitch[] {
    return [...this.#byDpid.values()];
  }

  /** What was sent to a switch that is connected, since Heddle's start. */
  modsOf({ view: { dpid }, connection }: ConnectedSwitch): SentMods {
    return this.#pastMods.with(dpid, connection.mods);
  }

  /** A switch has dialled in. */
  accept(stream: Stream): StreamHandlers {
    if (this.#greeting >= maxGreeting) {
      stream.destroy();
      return { received: () => undefined, closed: () => undefined };
    }
    this.#greeting += 1;
    const events: SwitchEvents = {
      ready: info => this.#onReady(connection, info),
      asynchronous: message => this.#onAsynchronous(connection, message),
      packetBytes: (bytes, start, end, out) => {
        const connected = this.#connections.get(connection);
        // Apps hear of a switch first when it has been read.
        if (connected?.isUp !== true) return false;
        const { view } = connected;
        return this.#options.onPacketBytes?.({ dpid: view.dpid, bytes, start, end }, view, out) === true;
      },
      portStatus: (message, info) => this.#onPortStatus(connection, message, info),
      closed: reason => this.#onClosed(connection, reason),
    };
    const { effects } = this.#options;
    const connection: SwitchConnection = new SwitchConnection(stream, effects, events, dumpRequests);
    this.#connections.set(connection, undefined);
    connection.open();
    return connection;
  }

  /** What this switch holds of ours, as far as it has been read. */
  holdings(dpid: Dpid): Actual | undefined {
    return this.#byDpid.get(dpid)?.sync.actual;
  }

  /**
   * The connection that counts for this datapath id, told by another object each time. `inSync`: all that is wanted is there; a
   * switch that has refused something goes on with the rest, and is not.
   */
  session(dpid: Dpid): { readonly id: object; readonly peer: string; readonly inSync: boolean } | undefined {
    const connected = this.#byDpid.get(dpid);
    if (connected === undefined) return undefined;
    const { connection, sync } = connected;
    const inSync = sync.phase === 'in sync' && sync.refusals.length === 0;
    return { id: connection, peer: connection.peer, inSync };
  }

  /** Whether a switch holds all that is wanted of it, but for what it has refused. */
  isSettled(dpid: Dpid): boolean {
    return this.#byDpid.get(dpid)?.sync.isSettled === true;
  }

  /** Reads a switch anew and sends what it lacks. @returns whether it then holds all that is wanted */
  async restore(dpid: Dpid): Promise<boolean> {
    const isDone = await this.#byDpid.get(dpid)?.sync.restore();
    return isDone === true && this.session(dpid)?.inSync === true;
  }

  /** Sends all that is wanted in a switch as bundles to be committed later. @returns what commits one each */
  async stage(dpid: Dpid, bundles: number): Promise<readonly Commit[]> {
    return (await this.#byDpid.get(dpid)?.sync.stage(bundles)) ?? [];
  }

  tick(): void {
    for (const connection of [...this.#connections.keys()]) connection.tick();
    const now = this.#options.effects.now();
    for (const { view, sync, watch, learning } of this.all) {
      // A take-over sends flows by a connection of its own, and is not to wait for an answer that nobody needs.
      if (sync.phase === 'in sync' && !this.#options.isTakenOver(view.dpid)) {
        watch.begin();
        learning.begin();
      }
      watch.tick(now);
      learning.tick(now);
      sync.tick(now);
    }
  }

  /** What is wanted in this switch may have changed. */
  reconcile(dpid: Dpid): void {
    const connected = this.#byDpid.get(dpid);
    if (connected?.leftAlone === undefined) connected?.sync.reconcile();
  }

  /** Looks again which switches must not be touched: more is known now. What was left alone stays so. */
  judge(): void {
    for (const connected of this.all) this.#judge(connected, undefined);
  }

  /**
   * The file has changed: a switch that is another hypervisor's now, or was left alone for what may not be so any more, has
   * to connect anew, and is judged then. Its flows stay meanwhile.
   */
  reassign(): void {
    for (const { view, connection, leftAlone } of this.all)
      if (leftAlone !== undefined || this.#options.hypervisorOf(view.dpid) !== view.hypervisor)
        connection.close('what the file says of this switch has changed');
  }

  /** What a switch that is up holds, by a new reading; undefined where its connection ends before that. */
  async readAgain(
    dpid: Dpid,
  ): Promise<{ readonly view: SwitchView; readonly holds: LooseFlows } | undefined> {
    const connected = this.#byDpid.get(dpid);
    const holds = await connected?.sync.read();
    return holds !== undefined && connected?.isUp === true && this.#byDpid.get(dpid) === connected
      ? { view: connected.view, holds }
      : undefined;
  }

  /** Messages of apps, to a switch that they know. */
  send(dpid: Dpid, messages: readonly Message[]): void {
    const connected = this.#byDpid.get(dpid);
    if (connected?.isUp === true) this.#send(connected, messages);
  }

  /** Has a switch tell anew what it has learned. */
  tellAnew(dpid: Dpid): void {
    this.#byDpid.get(dpid)?.learning.again();
  }

  /** Datapath ids that two switches have, and what there is to say of each. */
  contested(): ReadonlyMap<Dpid, string> {
    return this.#takeovers.problems(this.#options.effects.now());
  }

  closeAll(reason: string): void {
    for (const connection of [...this.#connections.keys()]) connection.close(reason);
  }

  #onReady(connection: SwitchConnection, info: SwitchInfo): void {
    const { effects, hypervisorOf, log } = this.#options;
    const { dpid } = info;
    this.#greeting -= 1;
    const old = this.#byDpid.get(dpid);
    if (old !== undefined) {
      const fields = { dpid: formatDpid(dpid), peer: connection.peer, old: old.connection.peer };
      const again = this.#takeovers.took(dpid, old.connection.peer, connection.peer, effects.now());
      log[again ? 'debug' : 'warn'](
        fields,
        'a second connection with this datapath id: the newer one counts',
      );
      old.connection.close('the same switch has connected anew');
    }
    const hypervisor = hypervisorOf(dpid);
    const view: SwitchView = {
      dpid,
      peer: connection.peer,
      ports: info.ports,
      features: info.features,
      ...(hypervisor !== undefined && { hypervisor }),
    };
    const early = connection.takeEarly();
    const { learning } = this.#options;
    const connected = connectSwitch({
      ...{ view, connection, effects, log },
      // What another connection has sent since then would not be in it.
      ...(old === undefined && early !== undefined && { firstDump: early }),
      wanted: () => this.#wanted(connected.view),
      flowsPerAudit: () => flowsPerAudit(this.#byDpid.size),
      learnedTables: () => learning?.tables(connected.view) ?? [],
      onLearned: news => learning?.onNews(news, connected.view),
    });
    this.#connections.set(connection, connected);
    this.#byDpid.set(dpid, connected);
    this.#views.set(dpid, view);
    const name = nameOf(view);
    const fields = { switch: name, dpid: formatDpid(dpid), peer: connection.peer, ports: info.ports.size };
    log.info({ ...fields, is: info.description }, `${name} connected`);
    if (!this.#judge(connected, undefined)) void this.#adopt(connected);
  }

  /** @returns whether the switch is left alone, from now on if not before */
  #judge(connected: ConnectedSwitch, holds: Actual | undefined): boolean {
    if (connected.leftAlone !== undefined) return true;
    const { view, sync } = connected;
    const why = this.#options.leaveAlone(view, holds);
    if (why === undefined) return false;
    connected.leftAlone = why;
    sync.close();
    connected.learning.close();
    this.#views.delete(view.dpid);
    const fields = { switch: nameOf(view), dpid: formatDpid(view.dpid), peer: view.peer };
    this.#options.log.warn(fields, `${nameOf(view)}: ${why}`);
    if (connected.isUp) {
      connected.isUp = false;
      this.#tell(connected, { type: 'switch-down', dpid: view.dpid });
    }
    return true;
  }

  /** What the switch has of ours is read, and told to the apps, before anything is sent. */
  async #adopt(connected: ConnectedSwitch): Promise<void> {
    const holds = await connected.sync.read();
    if (holds === undefined || this.#byDpid.get(connected.view.dpid) !== connected) return;
    if (this.#judge(connected, connected.sync.actual)) return;
    const { meters } = connected.sync.features;
    const features = { ...connected.view.features, ...(meters && { meters }) };
    connected.view = { ...connected.view, features };
    this.#views.set(connected.view.dpid, connected.view);
    connected.isUp = true;
    const { dpid } = connected.view;
    const changes = asChanges(holds.learned, this.#options.effects.now());
    this.#options.learning?.onNews({ dpid, whole: true, changes }, connected.view);
    this.#tell(connected, { type: 'switch-up', dpid, reactive: holds.reactive });
    connected.sync.reconcile();
  }

  /** What an app makes of its program may be a flow that cannot be written; the switch then stays as it is. */
  #wanted(view: SwitchView): readonly CheckedPart[] | undefined {
    try {
      return this.#options.wanted(view);
    } catch (thrown) {
      const text = `cannot tell what is wanted in ${nameOf(view)}: ${messageOf(thrown)}`;
      this.#options.log.error({ switch: nameOf(view), err: thrown }, text);
      return undefined;
    }
  }

  #onAsynchronous(connection: SwitchConnection, message: Message): void {
    const connected = this.#connections.get(connection);
    // Apps hear of a switch first when it has been read.
    if (connected?.isUp !== true) return;
    const { dpid } = connected.view;
    switch (message.type) {
      case 'packet_in':
        this.#tell(connected, { type: 'packet-in', dpid, packet: message });
        break;
      case 'flow_removed':
        this.#tell(connected, { type: 'flow-removed', dpid, flow: message });
        break;
      case 'multipart_reply':
        connected.watch.heard(message);
        connected.learning.heard(message);
        break;
      case 'error': {
        const fields = { switch: nameOf(connected.view), errorType: message.errorType, code: message.code };
        this.#options.log.debug(fields, 'an error that belongs to no request');
        break;
      }
      default:
        break;
    }
  }

  #onPortStatus(connection: SwitchConnection, message: PortStatus, info: SwitchInfo): void {
    const connected = this.#connections.get(connection);
    if (connected === undefined) return;
    connected.view = { ...connected.view, ports: info.ports };
    if (connected.leftAlone === undefined) this.#views.set(info.dpid, connected.view);
    if (!connected.isUp) return;
    this.#tell(connected, {
      type: 'port-status',
      dpid: info.dpid,
      reason: message.reason,
      port: message.desc,
    });
  }

  #onClosed(connection: SwitchConnection, reason: string): void {
    const { log } = this.#options;
    const connected = this.#connections.get(connection);
    this.#connections.delete(connection);
    if (connected === undefined) {
      this.#greeting -= 1;
      log.warn({ peer: connection.peer, reason }, `closed ${connection.peer}: ${reason}`);
      return;
    }
    const { view } = connected;
    this.#pastMods.add(view.dpid, connection.mods);
    if (this.#byDpid.get(view.dpid) === connected) {
      this.#byDpid.delete(view.dpid);
      this.#views.delete(view.dpid);
    }
    connected.sync.close();
    connected.learning.close();
    log.warn({ switch: nameOf(view), reason }, `${nameOf(view)} disconnected: ${reason}`);
    if (connected.isUp) this.#tell(connected, { type: 'switch-down', dpid: view.dpid });
  }

  #tell(connected: ConnectedSwitch, event: AppEvent): void {
    this.#send(connected, this.#options.onEvent(event, connected.view));
  }

  #send(connected: ConnectedSwitch, messages: readonly Message[]): void {
    if (messages.length === 0) return;
    try {
      connected.connection.send(messages);
    } catch (thrown) {
      // An app made a message that cannot be encoded: that message is lost, and said.
      this.#options.log.error({ switch: nameOf(connected.view), err: thrown }, messageOf(thrown));
    }
  }
}
