import type { Config, HypervisorConfig } from '../config/config.js';
import { difference, isEmpty, tellDifference } from '../config/difference.js';
import type { AppEvent, HypervisorView, LearnedNews, SwitchView, World } from '../intent/index.js';
import { type Dpid } from '../lib/addresses.js';
import type { Message } from '../openflow/index.js';
import type { ReplicaJson } from '../ovsdb/index.js';
import type { CheckedPart } from '../reconcile/check.js';
import type { Actual } from '../reconcile/actual.js';
import { scopeOfSwitch as scopeOf } from './app-start.js';
import { Apps, type LoadedApp, type Told } from './apps.js';
import { Arrivals } from './arrivals.js';
import { ChangedSwitches } from './changed-switches.js';
import { type Desire, hostIntent, partsIn } from './desired.js';
import { EarlySwitches } from './early-switches.js';
import type { Effects, Log, Stream, StreamHandlers, Timer } from './effects.js';
import { HostTakeovers, hostOfPeer } from './host-takeovers.js';
import { Hypervisors } from './hypervisors.js';
import { asChanges } from './learned-watch.js';
import { whyLeftAlone } from './left-alone.js';
import { buildMacs, type MacTable } from './mac-status.js';
import { MeshReplacing } from './mesh-replacing.js';
import { qosStatus, type QosStatus } from './qos-status.js';
import { SwitchQuestions } from './switch-questions.js';
import type { SwitchReading } from './switch-reading.js';
import { buildStatus, type ReloadOutcome, type Status } from './status.js';
import { Switches } from './switches.js';

export interface ControllerOptions {
  readonly config: Config;
  readonly apps: readonly LoadedApp[];
  readonly effects: Effects;
  readonly log: Log;
  /** Bridges that forward by themselves are taken over so that no packet is lost; it takes some seconds for each. */
  readonly gentle?: boolean;
  /** VXLAN ports that somebody made, and that networks name in `mesh`, give way to Heddle's own. */
  readonly replaceMesh?: boolean;
}

/** How long a switch has to wait at the start while its host has not been read. Milliseconds. */
const patienceAtStart = 2_000;

/**
 * Holds the world, runs the apps and keeps switches and hosts true to what they want. All I/O comes in by calls and goes
 * out through the effects that it is given.
 */
export class Controller {
  readonly #effects: Effects;
  readonly #apps: Apps;
  readonly #switches: Switches;
  readonly #hypervisors: Hypervisors;
  readonly #arrivals: Arrivals;
  readonly #takeovers: HostTakeovers;
  readonly #early: EarlySwitches;
  #config: Config;
  #world: World;
  readonly #questions: SwitchQuestions;
  readonly #changed: ChangedSwitches;
  /** Switches that another Heddle had until now, by the reading that is under way: what it left there is not known before. */
  readonly #unread = new Map<Dpid, object>();
  readonly #startedAt: number;
  readonly #replacing: MeshReplacing | undefined;
  #reload: ReloadOutcome | undefined;
  #ticker: Timer | undefined;

  /** @throws HeddleError APP_THREW, APP_INVALID */
  constructor({ config, apps, effects, log, gentle = false, replaceMesh = false }: ControllerOptions) {
    this.#config = config;
    this.#effects = effects;
    this.#startedAt = effects.now();
    if (replaceMesh)
      this.#replacing = new MeshReplacing({
        log,
        isSettled: () => this.#isSettled,
        onSwitch: () => {
          this.#world = { ...this.#world, meshSending: 'flow' };
          this.#changed.add(this.#switches.views.keys());
        },
        onDelete: () => this.#hypervisors.reconcileAll(),
      });
    // A host's ports may have changed with its switch.
    this.#changed = new ChangedSwitches(effects, dpid => {
      this.#switches.reconcile(dpid);
      this.#hypervisors.reconcile(dpid);
    });
    this.#switches = new Switches({
      effects,
      log,
      hypervisorOf: dpid => this.#hypervisors.names.get(dpid),
      leaveAlone: (view, holds) => this.#leaveAlone(view, holds),
      wanted: view => this.#wanted(view),
      isTakenOver: dpid => this.#takeovers.isTaking(dpid),
      onEvent: (event, view) => this.#onEvent(event, view),
      onPacketBytes: (packet, view, out) =>
        view.hypervisor === undefined && this.#apps.answerPacket(packet, 'others', out),
      learning: {
        tables: view => this.#apps.learnedTables(scopeOf(view)),
        onNews: (news, view) => this.#onLearned(news, view),
      },
    });
    this.#questions = new SwitchQuestions(
      () => this.#switches.all,
      () => effects.now(),
    );
    this.#takeovers = new HostTakeovers({
      effects,
      log,
      gentle,
      isComplete: dpid => this.#hypervisors.areAllKnown && !this.#apps.awaits(dpid),
      session: dpid => this.#switches.session(dpid),
      restore: dpid => this.#switches.restore(dpid),
      stage: (dpid, bundles) => this.#switches.stage(dpid, bundles),
      reconcile: dpid => this.#hypervisors.reconcile(dpid),
      onMayProgram: dpid => this.#changed.add([dpid]),
    });
    this.#hypervisors = new Hypervisors({
      effects,
      log,
      intent: view => hostIntent(view, this.#desire),
      stage: (...host) => this.#takeovers.stage(...host),
      onChange: (...change) => this.#onHypervisor(...change),
      onLock: ({ config: { dpid } }, isTakenOver) => {
        if (isTakenOver) void this.#readLeft(dpid);
        this.#changed.add([dpid]);
      },
    });
    this.#early = new EarlySwitches({
      effects,
      isTooEarly: stream => this.#isTooEarly(stream),
      accept: stream => this.accept(stream),
    });
    this.#arrivals = new Arrivals({
      effects,
      log,
      onArrival: arrival => this.#hypervisors.offer(arrival),
    });
    const hypervisors = this.#hypervisors.next(config.hypervisors);
    this.#world = {
      networks: config.networks,
      hypervisors,
      switches: this.#switches.views,
      now: () => effects.now(),
      isSettled: dpid => this.#switches.isSettled(dpid),
    };
    this.#apps = new Apps(apps, this.#world, log);
    this.#hypervisors.become(hypervisors);
  }

  start(): void {
    this.#hypervisors.start();
    this.#ticker = this.#effects.every(1_000, () => {
      this.#switches.tick();
      this.#early.look();
      this.#replacing?.look();
      this.#take(this.#apps.tick(this.#world));
    });
  }

  /** Lets go of every switch and host, and leaves their flows and rows as they are. */
  stop(): void {
    this.#ticker?.cancel();
    this.#takeovers.stop();
    this.#hypervisors.stop();
    this.#arrivals.stop();
    this.#early.close();
    this.#switches.closeAll('Heddle stops');
  }

  /** A host has dialled in with its OVSDB. */
  acceptOvsdb(stream: Stream): StreamHandlers {
    return this.#arrivals.accept(stream);
  }

  /** A switch has dialled in. One that a take-over turns away comes again within seconds. */
  accept(stream: Stream): StreamHandlers {
    if (this.#isTooEarly(stream)) return this.#early.wait(stream);
    if (!this.#takeovers.turnsAway(hostOfPeer(stream.peer), this.#addressOf))
      return this.#switches.accept(stream);
    stream.destroy();
    return { received: () => undefined, closed: () => undefined };
  }

  /** A bridge whose host has not been read yet may have been left in the middle of a take-over. */
  #isTooEarly({ peer }: Stream): boolean {
    const hasJustStarted = this.#effects.now() - this.#startedAt < patienceAtStart;
    return hasJustStarted && this.#hypervisors.unread.some(one => this.#addressOf(one) === hostOfPeer(peer));
  }

  readonly #addressOf = ({ name }: HypervisorConfig): string | undefined => this.#hypervisors.addressOf(name);

  /** All hosts and switches are as they should be: no frame is on a way that is about to go. */
  get #isSettled(): boolean {
    const { hypervisors } = this.#config;
    return (
      hypervisors.length > 0 &&
      this.#hypervisors.areAllKnown &&
      hypervisors.every(
        ({ dpid }) => !this.#takeovers.isTaking(dpid) && this.#switches.session(dpid)?.inSync === true,
      )
    );
  }

  /**
   * Takes a new file as a difference: what it says as before is not touched, and apps that stay keep their state. What it
   * says of the places where Heddle listens is its caller's affair.
   *
   * @returns what is different, in a few words each
   * @throws HeddleError APP_THREW, APP_INVALID; all is as it was then
   */
  reload({ config, apps }: Pick<ControllerOptions, 'config' | 'apps'>): readonly string[] {
    const changes = difference(this.#config, config);
    const sameWorld = isEmpty(changes.hypervisors) && isEmpty(changes.networks);
    const hypervisors = this.#hypervisors.next(config.hypervisors);
    const world = sameWorld
      ? this.#world
      : {
          ...{ networks: config.networks, hypervisors },
          ...{ switches: this.#world.switches, now: this.#world.now },
          isSettled: (dpid: Dpid) => this.#switches.isSettled(dpid),
        };
    const run = this.#apps.prepare(apps, world, !sameWorld);
    // Nothing can fail from here on.
    this.#config = config;
    this.#world = world;
    if (!sameWorld) this.#hypervisors.become(hypervisors);
    if (!sameWorld && this.#replacing !== undefined) {
      this.#replacing.restart();
      this.#changed.add(this.#switches.views.keys());
    }
    this.#takeovers.keep(one => this.#hypervisors.has(one));
    const { changed, scopes } = run();
    this.#apps.keep(dpid => this.#hypervisors.names.has(dpid) || this.#switches.views.has(dpid));
    if (!sameWorld || scopes.size > 0) this.#switches.reassign();
    this.#changed.add(changed);
    for (const { view, isUp } of this.#switches.all)
      if (isUp && scopes.has(scopeOf(view))) void this.#greet(view);
    this.#hypervisors.reconcileAll();
    const told = tellDifference(changes);
    this.#reload = { at: this.#effects.now(), changes: told, mistakes: [] };
    return told;
  }

  /** A new file was refused, for these reasons: all stays as it is, and `status` says so. */
  refuse(mistakes: readonly string[]): void {
    this.#reload = { at: this.#effects.now(), changes: [], mistakes };
  }

  /** What each connected switch holds, by a new reading; without those whose connection ends before they have told it. */
  readings(): Promise<readonly SwitchReading[]> {
    return this.#questions.readings();
  }

  /** What service levels let pass: each switch that has limits is asked, at most about once a second. */
  async qos(): Promise<QosStatus> {
    const reports = this.#apps.report(this.#world);
    const limits = reports.flatMap(report => report.limits ?? []);
    const queues = reports.flatMap(report => report.queues ?? []);
    const hosts = new Set([...limits, ...queues].map(({ hypervisor }) => hypervisor));
    return qosStatus({ limits, queues }, await this.#questions.counters(hosts), this.#hypervisors.views);
  }

  /** The database of a host that dials in, as last heard; undefined while it is not connected. */
  hostOf(systemId: string): ReplicaJson | undefined {
    return this.#hypervisors.dialledIn(systemId)?.database;
  }

  status(): Status {
    return buildStatus({
      now: this.#effects.now(),
      startedAt: this.#startedAt,
      config: this.#config,
      switches: this.#switches.all,
      modsOf: connected => this.#switches.modsOf(connected),
      contested: this.#switches.contested(),
      hypervisors: this.#hypervisors.views,
      links: this.#hypervisors.links,
      strangers: this.#arrivals.strangers,
      takeover: dpid => this.#takeovers.phase(dpid),
      ...(this.#replacing !== undefined && { meshReplacement: this.#replacing.phase }),
      reports: this.#apps.report(this.#world),
      ...(this.#reload !== undefined && { reload: this.#reload }),
    });
  }

  /** Where each MAC is that is known; of one network, where that is named. Undefined: there is no such network. */
  macs(network?: string): MacTable | undefined {
    const isThere = network === undefined || this.#world.networks.some(({ name }) => name === network);
    return isThere ? buildMacs(this.#apps.macs(this.#world), this.#effects.now(), network) : undefined;
  }

  #onEvent(event: AppEvent, view: SwitchView): readonly Message[] {
    if (event.type === 'switch-down') {
      this.#changed.forget(view.dpid);
      // A hypervisor's switch comes back, and is not to wait until all that it lacks has been made once more.
      if (!this.#hypervisors.names.has(view.dpid)) this.#apps.forget(view.dpid);
    }
    if (event.type === 'switch-up' && view.hypervisor !== undefined) {
      const holds = this.#switches.holdings(view.dpid);
      this.#hypervisors.switchConnected(view.hypervisor, holds?.flows.size === 0);
    }
    const told = this.#apps.dispatch(event, scopeOf(view), this.#world);
    this.#take(told);
    return this.#isElsewhere(view) ? [] : told.send;
  }

  #onLearned(news: LearnedNews, view: SwitchView): void {
    const told = this.#apps.learned(news, scopeOf(view), this.#world);
    this.#take(told);
    this.#sendTo(view.dpid, told.send);
  }

  /** What apps have answered, but for what is for the switch that they were told of. */
  #take({ sendTo, changed, tellAnew }: Told): void {
    for (const [dpid, messages] of sendTo) this.#sendTo(dpid, messages);
    for (const dpid of tellAnew) this.#switches.tellAnew(dpid);
    this.#changed.add(changed);
  }

  #sendTo(dpid: Dpid, messages: readonly Message[]): void {
    const view = this.#switches.views.get(dpid);
    if (messages.length > 0 && view !== undefined && !this.#isElsewhere(view))
      this.#switches.send(dpid, messages);
  }

  /** Apps that have come while this switch was up are told of it, and of what it holds. */
  async #greet({ dpid }: SwitchView): Promise<void> {
    const held = await this.#switches.readAgain(dpid);
    if (held === undefined) return;
    const { view, holds } = held;
    const news = { dpid, whole: true, changes: asChanges(holds.learned, this.#effects.now()) };
    const told = this.#apps.greet(dpid, holds.reactive, scopeOf(view), this.#world, news);
    this.#take(told);
    this.#sendTo(dpid, told.send);
  }

  /**
   * Another Heddle has let go of a switch that has been connected meanwhile: what it left there is read, and what the switch has
   * learned told to the apps, before anything is sent.
   */
  async #readLeft(dpid: Dpid): Promise<void> {
    const reading = {};
    this.#unread.set(dpid, reading);
    const held = await this.#switches.readAgain(dpid);
    // Let go and taken over once more: what counts is in a later reading.
    if (this.#unread.get(dpid) !== reading) return;
    this.#unread.delete(dpid);
    if (held !== undefined) {
      const changes = asChanges(held.holds.learned, this.#effects.now());
      this.#onLearned({ dpid, whole: true, changes }, held.view);
    }
    this.#changed.add([dpid]);
  }

  #onHypervisor(before: HypervisorView, after: HypervisorView, sameBridge: boolean): void {
    this.#switches.judge();
    this.#early.look();
    const { name, dpid } = after.config;
    // Switches may have waited for this, and what may be taken away from others depends on it, whatever the apps say.
    if (!sameBridge || before.known !== after.known)
      this.#changed.add([dpid, ...this.#switches.views.keys()]);
    if (!before.known && !after.known) return;
    this.#take(this.#apps.dispatch({ type: 'hypervisor-changed', name }, 'hypervisors', this.#world));
  }

  get #desire(): Desire {
    return {
      apps: this.#apps,
      world: this.#world,
      names: this.#hypervisors.names,
      advertise: this.#config.openflow.advertise,
      replaceMesh: this.#replacing?.phase === 'deleting' && this.#isSettled,
    };
  }

  /** Of a hypervisor that has not been read nothing is known, so nothing is sent to its switch. */
  #wanted(view: SwitchView): readonly CheckedPart[] | undefined {
    const { dpid, hypervisor } = view;
    if (hypervisor !== undefined && !this.#hypervisors.isCertain(hypervisor, dpid)) return undefined;
    if (this.#apps.awaits(dpid) || this.#unread.has(dpid) || this.#isElsewhere(view)) return undefined;
    if (!this.#takeovers.mayProgram(dpid)) return undefined;
    return partsIn(view, this.#desire);
  }

  /** What another Heddle holds, it programs alone. */
  #isElsewhere({ hypervisor }: SwitchView): boolean {
    return hypervisor !== undefined && this.#hypervisors.isElsewhere(hypervisor);
  }

  #leaveAlone({ dpid, hypervisor }: SwitchView, holds: Actual | undefined): string | undefined {
    if (hypervisor !== undefined) return undefined;
    const claim = this.#hypervisors.answering(dpid);
    return whyLeftAlone({
      dpid,
      ...(claim !== undefined && { bridge: { name: claim.bridge, hypervisor: claim.name } }),
      ...(holds !== undefined && {
        holds: { cookies: [...holds.flows.keys(), ...holds.learned], groups: holds.groups.size },
      }),
      scopeOf: app => this.#apps.scopeOf(app),
    });
  }
}
