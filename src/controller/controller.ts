import type { Config } from '../config/config.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { AppEvent, HostIntent, HypervisorView, Scope, SwitchView, World } from '../intent/index.js';
import { type Dpid } from '../lib/addresses.js';
import type { Message } from '../openflow/index.js';
import type { SwitchPorts } from '../ovsdb/index.js';
import { checkPart, combine, type Conflict, type Wanted } from '../reconcile/compile.js';
import type { Actual } from '../reconcile/flows.js';
import { missFlows } from '../reconcile/pipeline.js';
import { Apps, type LoadedApp, pipelineNumber } from './apps.js';
import type { Effects, Log, Stream, StreamHandlers, Timer } from './effects.js';
import { answersTo, type BridgeIdentity, sameIdentity } from '../reconcile/host-bridge.js';
import { HypervisorLink } from './hypervisor-link.js';
import { unknownHypervisor, viewOf } from './hypervisor-view.js';
import { whyLeftAlone } from './left-alone.js';
import { buildStatus, type Status } from './status.js';
import { Switches } from './switches.js';

export interface ControllerOptions {
  readonly config: Config;
  readonly apps: readonly LoadedApp[];
  readonly effects: Effects;
  readonly log: Log;
}

/**
 * Holds the world, runs the apps and keeps switches and hosts true to what they want. All I/O comes in by calls and goes
 * out through the effects that it is given.
 */
export class Controller {
  readonly #config: Config;
  readonly #effects: Effects;
  readonly #apps: Apps;
  readonly #switches: Switches;
  /** The hypervisors' names by the datapath ids of their bridges. */
  readonly #names: ReadonlyMap<Dpid, string>;
  readonly #hypervisors = new Map<string, HypervisorView>();
  /** Their bridges, as last read. */
  readonly #bridges = new Map<string, BridgeIdentity | undefined>();
  readonly #links = new Map<string, HypervisorLink>();
  readonly #world: World;
  readonly #changed = new Set<Dpid>();
  /** Flows that two apps claim, as last compiled. */
  readonly #conflicts = new Map<Dpid, readonly string[]>();
  readonly #startedAt: number;
  #deferred = false;
  #ticker: Timer | undefined;

  /** @throws HeddleError APP_THREW, APP_INVALID */
  constructor({ config, apps, effects, log }: ControllerOptions) {
    this.#config = config;
    this.#effects = effects;
    this.#startedAt = effects.now();
    this.#names = new Map(config.hypervisors.map(({ dpid, name }) => [dpid, name]));
    this.#switches = new Switches({
      effects,
      log,
      hypervisorOf: dpid => this.#names.get(dpid),
      leaveAlone: (view, holds) => this.#leaveAlone(view, holds),
      wanted: view => this.#wanted(view),
      onEvent: (event, view) => this.#onEvent(event, view),
    });
    this.#world = {
      networks: config.networks,
      hypervisors: this.#hypervisors,
      switches: this.#switches.views,
    };
    for (const hypervisor of config.hypervisors) {
      this.#hypervisors.set(hypervisor.name, unknownHypervisor(hypervisor));
      const link = new HypervisorLink({
        config: hypervisor,
        effects,
        log,
        intent: () => this.#hostIntent(hypervisor.name),
        onPorts: (ports, bridge) => this.#onPorts(hypervisor.name, ports, bridge),
      });
      this.#links.set(hypervisor.name, link);
    }
    this.#apps = new Apps(apps, this.#world, log);
  }

  start(): void {
    for (const link of this.#links.values()) link.start();
    this.#ticker = this.#effects.every(1_000, () => this.#switches.tick());
  }

  /** Lets go of every switch and host, and leaves their flows and rows as they are. */
  stop(): void {
    this.#ticker?.cancel();
    for (const link of this.#links.values()) link.stop();
    this.#switches.closeAll('Heddle stops');
  }

  /** A switch has dialled in. */
  accept(stream: Stream): StreamHandlers {
    return this.#switches.accept(stream);
  }

  status(): Status {
    return buildStatus({
      now: this.#effects.now(),
      startedAt: this.#startedAt,
      config: this.#config,
      switches: this.#switches.all,
      contested: this.#switches.contested(),
      conflicts: this.#conflicts,
      hypervisors: this.#hypervisors,
      links: this.#links,
      reports: this.#apps.report(this.#world),
    });
  }

  #onEvent(event: AppEvent, view: SwitchView): readonly Message[] {
    if (event.type === 'switch-down') {
      this.#changed.delete(view.dpid);
      this.#conflicts.delete(view.dpid);
      this.#apps.forget(view.dpid);
    }
    const { send, changed } = this.#apps.dispatch(event, scopeOf(view), this.#world);
    this.#reconcileSoon(changed);
    return send;
  }

  #onPorts(name: string, ports: SwitchPorts, bridge: BridgeIdentity | undefined): void {
    this.#switches.judge();
    const before = this.#hypervisors.get(name);
    if (before === undefined) return;
    const after = viewOf(before.config, ports, bridge);
    this.#hypervisors.set(name, after);
    const same = sameIdentity(this.#bridges.get(name), bridge) && before.known === after.known;
    this.#bridges.set(name, bridge);
    // Switches may have waited for this, and what may be taken away from others depends on it, whatever the apps say.
    if (!same) this.#reconcileSoon([before.config.dpid, ...this.#switches.views.keys()]);
    if (!before.known && !after.known) return;
    const { changed } = this.#apps.dispatch({ type: 'hypervisor-changed', name }, 'hypervisors', this.#world);
    this.#reconcileSoon(changed);
  }

  #hostIntent(name: string): HostIntent {
    const view = this.#hypervisors.get(name);
    if (view === undefined) throw new TypeError(`no hypervisor ${name}`);
    const { bridge, datapath, dpid } = view.config;
    return {
      bridge,
      datapathType: datapath === 'netdev' ? 'netdev' : '',
      dpid,
      names: this.#names,
      controller: formatEndpoint(this.#config.openflow.advertise),
      ...this.#apps.ports(name, this.#world),
    };
  }

  /** Of a hypervisor that has not been read nothing is known, so nothing is sent to its switch. */
  #wanted(view: SwitchView): Wanted | undefined {
    if (view.hypervisor !== undefined && !this.#isCertain(view.hypervisor, view.dpid)) return undefined;
    const scope = scopeOf(view);
    const flows = missFlows(this.#apps.pipeline(scope));
    const program = { flows, groups: [], learned: new Set<bigint>() };
    const wanted = combine([
      checkPart({ app: 'pipeline', number: pipelineNumber, program }),
      ...this.#apps.desired(view.dpid, scope, this.#world),
    ]);
    if (this.#switches.views.has(view.dpid))
      this.#conflicts.set(view.dpid, wanted.conflicts.map(tellConflict));
    return wanted;
  }

  /**
   * Whether it is known which switch has this hypervisor's datapath id, and which ports are there. Another host's bridge
   * that has taken the same id may be the one that is connected.
   */
  #isCertain(name: string, dpid: Dpid): boolean {
    const own = this.#links.get(name)?.bridge;
    const isElsewhere = [...this.#links].some(
      ([other, { bridge }]) =>
        other !== name && bridge !== undefined && bridge.uuid !== own?.uuid && answersTo(bridge, dpid),
    );
    return !isElsewhere && this.#hypervisors.get(name)?.known === true;
  }

  #leaveAlone({ dpid, hypervisor }: SwitchView, holds: Actual | undefined): string | undefined {
    if (hypervisor !== undefined) return undefined;
    const claim = this.#config.hypervisors.find(({ name }) => {
      const bridge = this.#links.get(name)?.bridge;
      return bridge !== undefined && answersTo(bridge, dpid);
    });
    return whyLeftAlone({
      dpid,
      ...(claim !== undefined && { bridge: { name: claim.bridge, hypervisor: claim.name } }),
      ...(holds !== undefined && {
        holds: { cookies: [...holds.flows.keys(), ...holds.learned], groups: holds.groups.size },
      }),
      scopeOf: app => this.#apps.scopeOf(app),
    });
  }

  /** Changes that come together are worked in once; a host's ports may have changed with its switch. */
  #reconcileSoon(changed: Iterable<Dpid>): void {
    for (const dpid of changed) this.#changed.add(dpid);
    if (this.#deferred || this.#changed.size === 0) return;
    this.#deferred = true;
    this.#effects.defer(() => {
      this.#deferred = false;
      const dpids = [...this.#changed];
      this.#changed.clear();
      for (const dpid of dpids) {
        this.#switches.reconcile(dpid);
        this.#links.get(this.#names.get(dpid) ?? '')?.reconcile();
      }
    });
  }
}

const tellConflict = ({ first, second, what }: Conflict): string =>
  first === second
    ? `app ${first} claims ${what} twice: the first is kept`
    : `apps ${first} and ${second} both claim ${what}: ${first} keeps it`;

const scopeOf = (view: SwitchView): Scope => (view.hypervisor === undefined ? 'others' : 'hypervisors');
