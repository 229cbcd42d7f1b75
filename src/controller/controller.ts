import type { Config } from '../config/config.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { AppEvent, HostIntent, HypervisorView, Scope, SwitchView, World } from '../intent/index.js';
import { type Dpid } from '../lib/addresses.js';
import type { Message } from '../openflow/index.js';
import type { SwitchPorts } from '../ovsdb/index.js';
import { checkPart, combine, type Conflict, type Wanted } from '../reconcile/compile.js';
import { missFlows } from '../reconcile/pipeline.js';
import { Apps, type LoadedApp, pipelineNumber } from './apps.js';
import type { Effects, Log, Stream, StreamHandlers, Timer } from './effects.js';
import { HypervisorLink } from './hypervisor-link.js';
import { unknownHypervisor, viewOf } from './hypervisor-view.js';
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
        onPorts: ports => this.#onPorts(hypervisor.name, ports),
      });
      this.#links.set(hypervisor.name, link);
    }
    this.#apps = new Apps(apps, config, log);
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

  #onPorts(name: string, ports: SwitchPorts): void {
    const before = this.#hypervisors.get(name);
    if (before === undefined) return;
    this.#hypervisors.set(name, viewOf(before.config, ports));
    const { changed } = this.#apps.dispatch({ type: 'hypervisor-changed', name }, 'hypervisors', this.#world);
    // Its switch may have waited for this, whatever the apps say.
    this.#reconcileSoon(before.known ? changed : [...changed, before.config.dpid]);
  }

  #hostIntent(name: string): HostIntent {
    const view = this.#hypervisors.get(name);
    if (view === undefined) throw new TypeError(`no hypervisor ${name}`);
    const { bridge, datapath, dpid } = view.config;
    return {
      bridge,
      datapathType: datapath === 'netdev' ? 'netdev' : '',
      dpid,
      controller: formatEndpoint(this.#config.openflow.advertise),
      ...this.#apps.ports(name, this.#world),
    };
  }

  /** Of a hypervisor that has not been read nothing is known, so nothing is sent to its switch. */
  #wanted(view: SwitchView): Wanted | undefined {
    if (view.hypervisor !== undefined && this.#hypervisors.get(view.hypervisor)?.known !== true)
      return undefined;
    const scope = scopeOf(view);
    const flows = missFlows(this.#apps.pipeline(scope));
    const program = { flows, groups: [], learned: new Set<bigint>(), complete: true };
    const wanted = combine([
      checkPart({ app: 'pipeline', number: pipelineNumber, program }),
      ...this.#apps.desired(view.dpid, scope, this.#world),
    ]);
    if (this.#switches.views.has(view.dpid))
      this.#conflicts.set(view.dpid, wanted.conflicts.map(tellConflict));
    return wanted;
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
