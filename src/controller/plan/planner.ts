import type { Config } from '../../config/config.js';
import { formatOvsdbSource } from '../../config/ovsdb.js';
import type { HypervisorView, SwitchView, World } from '../../intent/index.js';
import { type Dpid, formatDpid } from '../../lib/addresses.js';
import { portsOf, type Replica } from '../../ovsdb/index.js';
import { readActual } from '../../reconcile/actual.js';
import { foreignRows } from '../../reconcile/foreign.js';
import { findBridge, identityOf } from '../../reconcile/host-bridge.js';
import { rowChanges } from '../../reconcile/host-changes.js';
import { disruptions, futureOf, type HostFuture } from '../../reconcile/host-future.js';
import { type HostPlan, planHost } from '../../reconcile/host.js';
import { scopeOfSwitch } from '../app-start.js';
import { Apps, type LoadedApp } from '../apps.js';
import { type Desire, hostIntent } from '../desired.js';
import type { Log } from '../effects.js';
import { asChanges } from '../learned-watch.js';
import { unknownHypervisor, viewOf } from '../hypervisor-view.js';
import { placeOf } from '../status.js';
import type { SwitchReading } from '../switch-reading.js';
import type { HostReading } from './host-reader.js';
import { countOf, hasChanges, type HostPlanned, type Plan, type Programming } from './plan.js';
import { otherSwitch, planSwitch, switchLeftAlone } from './switch-planner.js';

export interface PlanInput {
  readonly config: Config;
  readonly apps: readonly LoadedApp[];
  /** Of every hypervisor of the file, by its name. */
  readonly hosts: ReadonlyMap<string, HostReading>;
  readonly switches: readonly SwitchReading[];
  /** Why the bridge of a hypervisor was not read, by its name. */
  readonly unread: ReadonlyMap<string, string>;
  /** Why the Heddle that runs could not tell what the switches hold. */
  readonly error?: string;
}

/** A host that was read, and what would become of it. */
interface Read {
  readonly rows: Replica;
  readonly plan: HostPlan;
  readonly future: HostFuture;
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The ports that an app wants may depend on those that are there: so often are they asked for anew. */
const maxRounds = 4;

/**
 * What a Heddle that starts with this file would do, given what was read: its own apps and comparisons decide, and nothing
 * is sent. What the databases need is taken as done when it comes to flows, with stand-ins for port numbers that are not
 * known before.
 *
 * @throws HeddleError APP_THREW, APP_INVALID where an app cannot start with this file
 */
export function makePlan({ config, apps: loaded, hosts, switches, unread, error }: PlanInput): Plan {
  const views = new Map<string, HypervisorView>(
    config.hypervisors.map(one => [one.name, unknownHypervisor(one)]),
  );
  const names = new Map<Dpid, string>(config.hypervisors.map(({ dpid, name }) => [dpid, name]));
  const switchViews = new Map<Dpid, SwitchView>();
  const world: World = { networks: config.networks, hypervisors: views, switches: switchViews, now: () => 0 };
  const apps = new Apps(loaded, world, silent);
  const desire: Desire = { apps, world, names, advertise: config.openflow.advertise };

  const read = settleHosts(hosts, views, desire);
  const readings = new Map(switches.map(reading => [reading.dpid, reading]));
  const readingFor = new Map<string, SwitchReading>();
  for (const { config: one } of views.values()) {
    const actual = identityIn(read.get(one.name)?.rows, one.bridge)?.actual;
    const reading = readings.get(one.dpid) ?? (actual === undefined ? undefined : readings.get(actual));
    if (reading === undefined) continue;
    readingFor.set(one.name, reading);
    readings.delete(reading.dpid);
  }
  // What is left is of no hypervisor.
  for (const [name, { config: one }] of views)
    if (read.has(name)) switchViews.set(one.dpid, viewOfSwitch(one.dpid, readingFor.get(name), name));
  const others = [...readings.values()].map(reading => otherSwitch(reading, [...read], config, apps));
  for (const { reading, untouched } of others)
    if (untouched === undefined) switchViews.set(reading.dpid, viewOfSwitch(reading.dpid, reading));
  // What one switch has learned may be wanted in another.
  for (const [dpid, view] of switchViews) {
    const reading = view.hypervisor === undefined ? readings.get(dpid) : readingFor.get(view.hypervisor);
    if (reading === undefined) continue;
    const { learned } = readActual(reading.flows, []).loose;
    apps.learned({ dpid, whole: true, changes: asChanges(learned, 0) }, scopeOfSwitch(view), world);
  }

  const planOf = (dpid: Dpid, reading: SwitchReading | undefined, future?: HostFuture) => {
    const view = switchViews.get(dpid);
    return planSwitch(view, reading, desire, future?.standIns);
  };
  const planned = config.hypervisors.map((one): HostPlanned => {
    const host = read.get(one.name);
    const reading = readingFor.get(one.name);
    const about = { name: one.name, ovsdb: formatOvsdbSource(one.ovsdb), bridge: one.bridge };
    if (host === undefined) return { ...about, ...nothingOf(whyNot(hosts.get(one.name))) };
    const isKnown = views.get(one.name)?.known === true;
    const { notes, ...entries } = isKnown
      ? planOf(one.dpid, reading, host.future)
      : { ...noEntries, notes: ['its flows can be planned when what is in the way has been set right'] };
    const rows = rowChanges(host.rows, host.future.written);
    const notRead =
      findBridge(one.bridge, host.rows) === undefined
        ? undefined
        : reading === undefined
          ? (unread.get(one.name) ?? 'it is not connected to Heddle')
          : reading.refusal && `it does not tell them: ${reading.refusal}`;
    return {
      ...about,
      count: countOf(rows, entries.groups, entries.meters, entries.flows),
      rows,
      ...entries,
      ...(notRead !== undefined && { notRead }),
      leftAlone: { ...foreignRows(one.bridge, host.rows), ...switchLeftAlone(reading) },
      disrupts: disruptions(one.bridge, host.rows, host.future.written),
      problems: host.plan.problems,
      notes: [...notes, ...standInNotes(host.future, entries)],
    };
  });
  const plan = {
    hosts: planned,
    switches: others.map(({ reading, untouched }) => {
      const { notes, ...entries } =
        untouched === undefined ? planOf(reading.dpid, reading) : { ...noEntries, notes: [] };
      return {
        dpid: formatDpid(reading.dpid),
        count: countOf(entries.groups, entries.meters, entries.flows),
        ...entries,
        ...(untouched !== undefined && { untouched }),
        leftAlone: switchLeftAlone(reading),
        notes,
      };
    }),
    problems: apps
      .report(world)
      .flatMap(({ problems = [] }) => problems)
      .map(({ message, ...about }) => `${placeOf(about)}: ${message}`),
  };
  const isWell =
    error === undefined && planned.every(host => host.error === undefined && host.problems.length === 0);
  return {
    ok: isWell && plan.problems.length === 0 && !hasChanges(plan),
    ...(error !== undefined && { error }),
    ...plan,
  };
}

const noEntries = { groups: [], meters: [], flows: [] };

const nothingOf = (error: string): Omit<HostPlanned, 'name' | 'ovsdb' | 'bridge'> => ({
  error,
  count: countOf(),
  rows: [],
  ...noEntries,
  leftAlone: { ports: [], qos: [], groups: [], meters: [] },
  disrupts: [],
  problems: [],
  notes: [],
});

const whyNot = (reading: HostReading | undefined): string =>
  reading?.ok === false ? reading.why : 'it was not read';

const identityIn = (rows: Replica | undefined, bridge: string) =>
  rows === undefined ? undefined : identityOf(bridge, rows);

/** Plans every host that was read, tells the apps of its ports as they will be, and does so again where that changes plans. */
function settleHosts(
  hosts: ReadonlyMap<string, HostReading>,
  views: Map<string, HypervisorView>,
  desire: Desire,
): ReadonlyMap<string, Read> {
  const read = new Map<string, Read>();
  for (let round = 0, isNew = true; isNew && round < maxRounds; round += 1) {
    isNew = false;
    for (const [name, view] of views) {
      const reading = hosts.get(name);
      if (reading?.ok !== true) continue;
      const { rows } = reading;
      const plan = planHost(hostIntent(view, desire), rows);
      if (read.get(name)?.plan.changes.join() === plan.changes.join()) continue;
      isNew = true;
      const future = futureOf(plan, rows);
      read.set(name, { rows, plan, future });
      const { carriedOut } = future;
      const identity = identityOf(view.config.bridge, carriedOut);
      views.set(name, viewOf(view.config, portsOf(carriedOut), identity));
      desire.apps.dispatch({ type: 'hypervisor-changed', name }, 'hypervisors', desire.world);
    }
  }
  return read;
}

const viewOfSwitch = (dpid: Dpid, reading: SwitchReading | undefined, hypervisor?: string): SwitchView => ({
  dpid,
  peer: '',
  ports: new Map((reading?.ports ?? []).map(port => [port.portNo, port])),
  ...(reading && { features: reading.features }),
  ...(hypervisor !== undefined && { hypervisor }),
});

/** Of those that are to be seen in what is shown. */
function standInNotes({ standIns }: HostFuture, { groups, flows }: Programming): readonly string[] {
  const shown = [...groups, ...flows].map(({ text }) => text);
  return [...standIns].flatMap(([number, name]) => {
    const hex = `0x${number.toString(16)}`;
    return shown.some(text => [name, String(number), hex].some(one => text.includes(one)))
      ? [`Open vSwitch gives ${name} its port number when it is made: ${number} (${hex}) stands for it here`]
      : [];
  });
}
