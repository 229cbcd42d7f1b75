import * as z from 'zod';
import {
  defineApp,
  emptyProgram,
  type HypervisorView,
  type Setup,
  type Step,
  type World,
} from '../../intent/index.js';
import type { Dpid } from '../../lib/addresses.js';
import type { Vtep } from '../../lib/vtep.js';
import { type PacketIn, valueOf } from '../../openflow/index.js';
import { decodeEthernet } from '../../packet/ethernet.js';
import {
  type Departures,
  departuresAfter,
  departuresFrom,
  dpidsLeft,
  noDepartures,
  stillSentOn,
} from './departures.js';
import { differing, differingSwitches } from './differing.js';
import { agedBy, asFirstRead } from './holders.js';
import { Locations } from './locations.js';
import { macReports } from './macs.js';
import { type Host, hostOf, hostsByDpid, signatures } from './members.js';
import { heardFrom } from './mobility.js';
import { hasMarks, tunnelPort } from './ports.js';
import { overlayProgram } from './program.js';
import { mostCopies } from './copies.js';
import { type Copying, relayingOf } from './relays.js';
import { report } from './report.js';
import { type Rules, rulesOf } from './rules.js';
import { networksOn } from './segments.js';
import { noSpreads, type Spreads, spreadsAfter } from './spreads.js';
import { numbersOf, overlayTables, type TableNumbers } from './tables.js';
import { replaceable } from './ways.js';

const options = z.strictObject({
  /** Copies of one packet that a host's switch can make: where what is for all of a network takes more, it goes by relays. */
  'max-copies': z.int().min(4).max(mostCopies).optional(),
});

type Options = z.infer<typeof options>;

interface State {
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
  readonly numberMeters: Setup['numberMeters'];
  readonly rules: Rules;
  readonly copying: Copying;
  /** Of all hypervisors of the file. */
  readonly vteps: ReadonlySet<Vtep>;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Of all networks on these hosts. */
  readonly spreads: Spreads;
  /** What is still sent to where a VM was. */
  readonly departures: Departures;
  /** Where MACs are. Kept in place. */
  readonly locations: Locations;
  /** Counts changes: the age of what came with the last one (see Age). */
  readonly changes: number;
}

/** VXLAN overlays [RFC 7348]: one network is one VNI, and its ports reach each other on whatever hosts they are. */
export const overlay = defineApp<Options, State>({
  name: 'overlay',
  scope: 'hypervisors',
  options,
  tables: overlayTables,

  init: (its, { tables, learnedCookie, numberMeters }, world) => ({
    tables: numbersOf(tables),
    learnedCookie,
    numberMeters,
    rules: rulesOf(world),
    copying: copyingOf(its, world),
    vteps: vtepsOf(world),
    hosts: new Map(),
    spreads: noSpreads,
    departures: noDepartures,
    locations: new Locations({
      cookieOf: learnedCookie,
      table: tables.number('learned'),
      addressTable: tables.number('addresses'),
    }),
    changes: 0,
  }),

  reconfigure(its, _setup, state, world) {
    const next = newFile(its, state, world);
    // Every host takes frames from every other: a new address is news to all of them.
    const isSame = sameSet(state.vteps, next.vteps) && copiesAlike(state, next);
    return {
      state: next,
      changed: isSame ? differingSwitches(state.hosts, next.hosts) : world.switches.keys(),
    };
  },

  on(event, state, world): Step<State> {
    switch (event.type) {
      case 'hypervisor-changed':
        return located(onHypervisor(event.name, state, world), state, world);
      case 'switch-up':
        return { state, changed: [event.dpid, ...onSwitch(event.dpid, state)] };
      case 'switch-down':
        return { state, changed: onSwitch(event.dpid, state) };
      case 'packet-in':
        return located(onPacket(event.dpid, event.packet, state), state, world);
      case 'port-status':
      case 'flow-removed':
        return { state };
    }
  },

  onLearned: (news, state, world) => ({
    state,
    ...state.locations.onNews(news, state.hosts, world.now()),
  }),

  tick(state, world) {
    const now = world.now();
    const moved = state.locations.refresh(state.hosts, now);
    const timed = state.locations.onTime(state.hosts, now, dpidsOf(world));
    const departures = stillSentOn(state.departures, state.hosts, world);
    const isSame = departures === state.departures;
    return {
      state: isSame ? state : { ...state, departures },
      changed: new Set([...moved.changed, ...timed.changed, ...(isSame ? [] : leftHosts(state))]),
      sendTo: [...moved.sendTo, ...timed.sendTo],
      tellAnew: timed.tellAnew,
    };
  },

  desired(state, world, dpid) {
    const hosts = allHosts(state, world);
    const host = hostsByDpid(state.hosts).get(dpid);
    // Of a host that has not been read nothing is known: nothing is added, and nothing taken away.
    if (host?.known !== true) return { ...emptyProgram, keep: 'all' };
    const { spreads, copying, tables, learnedCookie, numberMeters } = state;
    const sending = world.meshSending ?? 'mesh';
    const isServed = ({ dpid }: Host): boolean => world.switches.has(dpid);
    return overlayProgram(
      {
        ...{ host, hosts, spreads, copying, sending, isServed, tables, learnedCookie, numberMeters },
        departures: departuresFrom(state.departures, host.name),
      },
      state.locations,
    );
  },

  ports(_state, world, hypervisor) {
    const vtep = world.hypervisors.get(hypervisor)?.config.vtep;
    return vtep === undefined ? [] : [tunnelPort(vtep, hasMarks(world.networks))];
  },

  replaceable(state, world, hypervisor) {
    const hosts = allHosts(state, world);
    const host = hosts.find(({ name }) => name === hypervisor);
    return host === undefined ? [] : replaceable(host, hosts);
  },

  report: (state, world) =>
    report(allHosts(state, world), state.spreads, state.copying, world, state.locations),

  macs: (state, world) => macReports(state.spreads, world, state.locations),
});

/** By the hosts of a state: all of the file, those that have not been read too. */
const listed = new WeakMap<
  State['hosts'],
  { readonly hosts: readonly Host[]; readonly unread: readonly HypervisorView[] }
>();

/** With what follows from it for MACs that have been learned. */
function located(step: Step<State>, before: State, world: World): Step<State> {
  if (step.state === before) return step;
  const { changed, sendTo } = step.state.locations.refresh(step.state.hosts, world.now());
  return {
    ...step,
    sendTo,
    changed: new Set([...(step.changed ?? []), ...changed, ...leftHosts(step.state)]),
  };
}

/** The same list while nothing has changed, and in it the same hosts. */
function allHosts(state: State, world: World): readonly Host[] {
  const before = listed.get(state.hosts);
  if (before?.unread.every(view => world.hypervisors.get(view.config.name) === view) === true)
    return before.hosts;
  const unread = [...world.hypervisors.values()].filter(({ config: { name } }) => !state.hosts.has(name));
  const hosts = [...world.hypervisors].map(
    ([name, view]) => state.hosts.get(name) ?? unreadHost(view, state, world),
  );
  listed.set(state.hosts, { hosts, unread });
  return hosts;
}

/** A view is a value, replaced and never edited. */
const unreadHosts = new WeakMap<HypervisorView, Host>();

function unreadHost(view: HypervisorView, { rules }: State, { hypervisors }: World): Host {
  const known = view.known ? undefined : unreadHosts.get(view);
  if (known !== undefined) return known;
  const host = hostOf(view, rules, asFirstRead(hypervisors, view.config.name));
  unreadHosts.set(view, host);
  return host;
}

/**
 * Which switches have to change when a host did: itself, those that share a network in which it looks different now, and those
 * that have a tunnel of somebody's making to it, whose use depends on both ends.
 * All of them when it was the last to be read, since what is not wanted may be taken away from then on.
 */
function onHypervisor(name: string, state: State, world: World): Step<State> {
  const view = world.hypervisors.get(name);
  if (view === undefined) return { state };
  const before = state.hosts.get(name);
  const changes = state.changes + 1;
  const ageOf = before?.known === true ? agedBy(before, changes) : asFirstRead(world.hypervisors, name);
  const after = hostOf(view, state.rules, ageOf);
  const hosts = new Map(state.hosts).set(name, after);
  const departures = departuresAfter(state.departures, before, after, state.spreads, world.now());
  const next = { ...withHosts(state, hosts), departures, changes };
  if (before === undefined && hosts.size === world.hypervisors.size)
    return { state: next, changed: world.switches.keys() };
  const changed = new Set<Dpid>([after.dpid]);
  const vnis = differing(before === undefined ? new Map() : signatures(before), signatures(after));
  for (const host of hosts.values()) {
    const leadsThere = host.mesh.some(({ remote }) => remote === after.vtep);
    if (leadsThere || host.members.some(member => vnis.has(member.network.vni))) changed.add(host.dpid);
  }
  return { state: next, changed };
}

/** The first frame of a VM where it was waited for. All others that apps have asked for are none of the overlay's. */
function onPacket(dpid: Dpid, { tableId, match, data }: PacketIn, state: State): Step<State> {
  const ofport = valueOf(match, 'in_port');
  if (tableId !== state.tables.learn || ofport === undefined || data.length < ethernetLength)
    return { state };
  const now = state.changes + 1;
  const found = heardFrom(state.hosts, { dpid, ofport, mac: decodeEthernet(data).src }, now, member =>
    member.mac === undefined ? [] : (state.spreads.get(member.network)?.claims.get(member.mac) ?? []),
  );
  if (found === undefined) return { state };
  return { state: { ...withHosts(state, found.hosts), changes: now + 1 }, changed: found.changed };
}

/** The shortest that has a source [IEEE 802.3 3.1.1]. Bytes. */
const ethernetLength = 14;

/** Switches that go by whether this one is connected. */
const onSwitch = (dpid: Dpid, state: State): readonly Dpid[] => [
  ...formerHosts(dpid, state),
  ...leftHosts(state),
  ...relayedBy(dpid, state),
];

/** Hosts that may send by this one as a relay. */
const relayedBy = (dpid: Dpid, { hosts, spreads, copying }: State): readonly Dpid[] => {
  const here = [...hosts.values()].find(host => host.dpid === dpid);
  return networksOn(here, spreads).flatMap(([network, spread]) =>
    relayingOf(network, spread, copying)?.isInUse === true
      ? [...spread.parts.values()].map(({ host }) => host.dpid)
      : [],
  );
};

/** Whether no network goes, or comes to go, by relays in another way. */
const copiesAlike = (before: State, after: State): boolean =>
  before.copying === after.copying ||
  (before.copying.most === after.copying.most && !hasRelays(before) && !hasRelays(after));

const hasRelays = ({ spreads, copying }: State): boolean =>
  [...spreads].some(([network, spread]) => relayingOf(network, spread, copying) !== undefined);

const leftHosts = ({ departures, hosts }: State): readonly Dpid[] => dpidsLeft(departures, hosts);

/** Hosts that a VM has left for this one send it what still comes for it, while this one is served. */
function formerHosts(dpid: Dpid, { hosts }: State): readonly Dpid[] {
  const here = hostsByDpid(hosts).get(dpid);
  const arrived = new Set(
    here?.members.filter(({ age }) => age.heard > 0).map(({ ifaceId }) => ifaceId) ?? [],
  );
  if (arrived.size === 0) return [];
  return [...hosts.values()]
    .filter(host => host !== here && host.members.some(({ ifaceId }) => arrived.has(ifaceId)))
    .map(host => host.dpid);
}

/** Hosts that have to be read first, since the file leads elsewhere now, are as before their first reading. */
function newFile(its: Options, state: State, world: World): State {
  const changes = state.changes + 1;
  const rules = rulesOf(world);
  const hosts = new Map<string, Host>();
  for (const [name, view] of world.hypervisors) {
    const before = state.hosts.get(name);
    if (before !== undefined && before.known === view.known)
      hosts.set(name, hostOf(view, rules, agedBy(before, changes)));
  }
  return {
    ...withHosts(state, hosts),
    rules,
    copying: copyingOf(its, world, state.copying),
    vteps: vtepsOf(world),
    changes,
  };
}

const withHosts = (state: State, hosts: State['hosts']): State => ({
  ...state,
  hosts,
  spreads: spreadsAfter(state.spreads, state.hosts, hosts),
});

/** @param before kept, where it says the same */
function copyingOf(
  { 'max-copies': most = mostCopies }: Options,
  { networks }: World,
  before?: Copying,
): Copying {
  const vnis = new Set(networks.map(({ vni }) => vni));
  return before?.most === most && sameSet(before.vnis, vnis) ? before : { most, vnis };
}

const vtepsOf = ({ hypervisors }: World): ReadonlySet<Vtep> =>
  new Set([...hypervisors.values()].map(({ config }) => config.vtep));

const dpidsOf = ({ hypervisors }: World): ReadonlySet<Dpid> =>
  new Set([...hypervisors.values()].map(({ config }) => config.dpid));

const sameSet = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every(one => b.has(one));
