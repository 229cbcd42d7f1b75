import type { HypervisorConfig } from '../config/config.js';
import type { HostIntent, HypervisorView } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import { same } from '../lib/same.js';
import type { Replica, SwitchPorts } from '../ovsdb/index.js';
import { answersTo, type BridgeIdentity, sameIdentity } from '../reconcile/host-bridge.js';
import type { Arrival } from './arrivals.js';
import type { TakeoverStage } from '../reconcile/host-plan.js';
import type { Effects, Log } from './effects.js';
import { type HostHold, hostOfPeer } from './host-takeovers.js';
import { HypervisorLink } from './hypervisor-link.js';
import { unknownHypervisor, viewOf } from './hypervisor-view.js';

export interface HypervisorsOptions {
  readonly effects: Effects;
  readonly log: Log;
  /** What is wanted on a host now. */
  readonly intent: (view: HypervisorView) => HostIntent;
  /** How far a bridge is to be taken over now. */
  readonly stage: (
    config: HypervisorConfig,
    intent: HostIntent,
    rows: Replica,
    hold: HostHold,
  ) => TakeoverStage;
  /** Whether this Heddle may change a host is another matter now. @param isTakenOver as in `HypervisorLinkOptions` */
  readonly onLock: (view: HypervisorView, isTakenOver: boolean) => void;
  /** A host was read, or its ports or its bridge have changed. */
  readonly onChange: (before: HypervisorView, after: HypervisorView, sameBridge: boolean) => void;
}

/** The hypervisors of the file by their names: what is known of each, and the link to its OVSDB. */
export type HypervisorViews = ReadonlyMap<string, HypervisorView>;

/** The file's hypervisors, their links and what is known of them. */
export class Hypervisors {
  readonly #options: HypervisorsOptions;
  #views = new Map<string, HypervisorView>();
  readonly #links = new Map<string, HypervisorLink>();
  /** Their bridges, as last read. */
  readonly #bridges = new Map<string, BridgeIdentity | undefined>();
  /** The hypervisors whose bridges have, or are about to have, a datapath id: mostly one. */
  readonly #claimants = new Map<Dpid, Set<string>>();
  #names: ReadonlyMap<Dpid, string> = new Map();
  /** Made by links that a new file has replaced. */
  readonly #transactions = new Map<string, number>();
  #isStarted = false;

  constructor(options: HypervisorsOptions) {
    this.#options = options;
  }

  /** A live, read-only view, in the file's order; another one after `become`. */
  get views(): HypervisorViews {
    return this.#views;
  }

  get links(): ReadonlyMap<string, HypervisorLink> {
    return this.#links;
  }

  /** Their names by the datapath ids of their bridges. */
  get names(): ReadonlyMap<Dpid, string> {
    return this.#names;
  }

  start(): void {
    this.#isStarted = true;
    for (const link of this.#links.values()) link.start();
  }

  stop(): void {
    for (const link of this.#links.values()) link.stop();
  }

  /** What is known of the hypervisors of a file, before any of them is asked. Nothing is changed by it. */
  next(configs: readonly HypervisorConfig[]): Map<string, HypervisorView> {
    return new Map(
      configs.map(config => {
        const before = this.#views.get(config.name);
        const stays = before !== undefined && sameHost(before.config, config);
        return [config.name, stays ? { ...before, config } : unknownHypervisor(config)];
      }),
    );
  }

  /** Takes over what `next` gave: links go, come, and stay where they lead to the same bridge as before. */
  become(views: Map<string, HypervisorView>): void {
    const before = this.#views;
    this.#views = views;
    this.#names = new Map([...views].map(([name, { config }]) => [config.dpid, name]));
    for (const [name, { config }] of before) {
      const now = views.get(name)?.config;
      if (now !== undefined && sameHost(config, now)) continue;
      const link = this.#links.get(name);
      link?.stop();
      this.#transactions.set(name, link?.transactions ?? 0);
      this.#links.delete(name);
      this.#keepBridge(name, undefined);
    }
    for (const { config } of views.values()) if (!this.#links.has(config.name)) this.#connect(config);
  }

  /** Whether the file has this host, with the same bridge. */
  has(config: HypervisorConfig): boolean {
    const now = this.#views.get(config.name)?.config;
    return now !== undefined && sameHost(now, config);
  }

  /** A host has dialled in. @returns false where the file has none of this id */
  offer(arrival: Arrival): boolean {
    const link = this.dialledIn(arrival.systemId);
    link?.offer(arrival);
    return link !== undefined;
  }

  /** The link of a host that dials in with this id. */
  dialledIn(systemId: string): HypervisorLink | undefined {
    for (const [name, { config }] of this.#views)
      if (config.ovsdb.transport === 'dial-in' && config.ovsdb.systemId === systemId)
        return this.#links.get(name);
    return undefined;
  }

  reconcile(dpid: Dpid): void {
    this.#links.get(this.#names.get(dpid) ?? '')?.reconcile();
  }

  /** @param isNew as in `HypervisorLink.switchConnected` */
  switchConnected(name: string, isNew: boolean): void {
    this.#links.get(name)?.switchConnected(isNew);
  }

  reconcileAll(): void {
    for (const link of this.#links.values()) link.reconcile();
  }

  /**
   * Whether it is known which switch has this hypervisor's datapath id, and which ports are there. Another host's bridge
   * that has taken the same id may be the one that is connected.
   */
  isCertain(name: string, dpid: Dpid): boolean {
    if (this.#views.get(name)?.known !== true) return false;
    const own = this.#links.get(name)?.bridge;
    for (const other of this.#claimants.get(dpid) ?? []) {
      // What it says counts for as long as it is connected.
      const bridge = this.#links.get(other)?.bridge;
      if (other !== name && bridge !== undefined && bridge.uuid !== own?.uuid && answersTo(bridge, dpid))
        return false;
    }
    return true;
  }

  /** Whether all that the file names have been read, and have their bridges' datapath ids. */
  get areAllKnown(): boolean {
    return [...this.#views.values()].every(({ known }) => known);
  }

  /** Those whose OVSDB has not told anything yet, since the start or since it was last lost. */
  get unread(): readonly HypervisorConfig[] {
    return [...this.#views.values()]
      .map(({ config }) => config)
      .filter(({ name }) => this.#links.get(name)?.state.state !== 'connected');
  }

  /** Where its OVSDB is, as an address; undefined while that is not known, or is this machine. */
  addressOf(name: string): string | undefined {
    const ovsdb = this.#views.get(name)?.config.ovsdb;
    if (ovsdb?.transport === 'tcp') return ovsdb.host;
    const peer = this.#links.get(name)?.peer;
    return peer === undefined ? undefined : hostOfPeer(peer);
  }

  /** Whether another Heddle holds this host. */
  isElsewhere(name: string): boolean {
    return this.#links.get(name)?.lock === 'elsewhere';
  }

  /** The hypervisor whose OVSDB says that its bridge has this datapath id, or is about to have it. */
  answering(dpid: Dpid): HypervisorConfig | undefined {
    for (const [name, { config }] of this.#views) {
      const bridge = this.#links.get(name)?.bridge;
      if (bridge !== undefined && answersTo(bridge, dpid)) return config;
    }
    return undefined;
  }

  #connect(config: HypervisorConfig): void {
    const { effects, log, intent, stage } = this.#options;
    const { name } = config;
    const link: HypervisorLink = new HypervisorLink({
      config,
      effects,
      log,
      transactions: this.#transactions.get(name) ?? 0,
      intent: () => intent(this.#views.get(name) ?? unknownHypervisor(config)),
      stage: (...host) => stage(this.#views.get(name)?.config ?? config, ...host),
      onPorts: (ports, bridge) => {
        if (this.#links.get(name) === link) this.#onPorts(name, ports, bridge);
      },
      onLock: isTakenOver => {
        const view = this.#views.get(name);
        if (this.#links.get(name) === link && view !== undefined) this.#options.onLock(view, isTakenOver);
      },
    });
    this.#links.set(name, link);
    if (this.#isStarted) link.start();
  }

  #onPorts(name: string, ports: SwitchPorts, bridge: BridgeIdentity | undefined): void {
    const before = this.#views.get(name);
    if (before === undefined) return;
    const after = viewOf(before.config, ports, bridge);
    const sameBridge = sameIdentity(this.#bridges.get(name), bridge);
    this.#views.set(name, after);
    if (!sameBridge) this.#keepBridge(name, bridge);
    this.#options.onChange(before, after, sameBridge);
  }

  #keepBridge(name: string, bridge: BridgeIdentity | undefined): void {
    const before = this.#bridges.get(name);
    for (const dpid of [before?.pinned, before?.actual])
      if (dpid !== undefined) this.#claim(dpid, name, false);
    for (const dpid of [bridge?.pinned, bridge?.actual])
      if (dpid !== undefined) this.#claim(dpid, name, true);
    if (bridge === undefined) this.#bridges.delete(name);
    else this.#bridges.set(name, bridge);
  }

  #claim(dpid: Dpid, name: string, isThere: boolean): void {
    const claimants = this.#claimants.get(dpid) ?? new Set();
    if (isThere) this.#claimants.set(dpid, claimants.add(name));
    else if (claimants.delete(name) && claimants.size === 0) this.#claimants.delete(dpid);
  }
}

/** Whether what was read by one entry of the file is true by another: the address of its tunnels is not read there. */
const sameHost = (a: HypervisorConfig, b: HypervisorConfig): boolean =>
  a.bridge === b.bridge && a.dpid === b.dpid && same(a.ovsdb, b.ovsdb);
