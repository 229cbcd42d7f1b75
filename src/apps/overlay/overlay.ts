import { z } from 'zod';
import type { NetworkConfig } from '../../config/config.js';
import {
  defineApp,
  emptyProgram,
  type Problem,
  type Report,
  type Setup,
  type Step,
  type World,
} from '../../intent/index.js';
import { type Dpid, formatIpv4, formatMac, type Ipv4 } from '../../lib/addresses.js';
import { differing, differingSwitches } from './differing.js';
import { agedBy, asFirstRead, type Claim, claimsOf } from './holders.js';
import { type Host, hostOf, type Membership, membership, signatures } from './members.js';
import { tunnelPort } from './ports.js';
import { overlayProgram } from './program.js';
import { numbersOf, overlayTables, type TableNumbers } from './tables.js';

interface State {
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
  readonly membership: Membership;
  /** Of all hypervisors of the file. */
  readonly vteps: ReadonlySet<Ipv4>;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Counts changes, from above all places in the file: the age of what came with the last one (see SinceOf). */
  readonly changes: number;
}

/** VXLAN overlays [RFC 7348]: one network is one VNI, and its ports reach each other on whatever hosts they are. */
export const overlay = defineApp<Record<string, never>, State>({
  name: 'overlay',
  scope: 'hypervisors',
  options: z.strictObject({}),
  tables: overlayTables,

  init: (_options, { tables, learnedCookie }, world) => ({
    tables: numbersOf(tables),
    learnedCookie,
    membership: membership(world.networks),
    vteps: vtepsOf(world),
    hosts: new Map(),
    changes: 0,
  }),

  reconfigure(_options, _setup, state, world) {
    const next = newFile(state, world);
    // Every host takes frames from every other: a new address is news to all of them.
    const isSame = sameSet(state.vteps, next.vteps);
    return {
      state: next,
      changed: isSame ? differingSwitches(state.hosts, next.hosts) : world.switches.keys(),
    };
  },

  on(event, state, world): Step<State> {
    switch (event.type) {
      case 'hypervisor-changed':
        return onHypervisor(event.name, state, world);
      case 'switch-up':
        return { state, changed: [event.dpid] };
      case 'switch-down':
      case 'packet-in':
      case 'port-status':
      case 'flow-removed':
        return { state };
    }
  },

  desired(state, world, dpid) {
    const hosts = allHosts(state, world);
    const host = hosts.find(one => one.dpid === dpid);
    // Of a host that has not been read nothing is known: nothing is added, and nothing taken away.
    if (host?.known !== true) return { ...emptyProgram, keep: 'all' };
    return overlayProgram({ host, hosts, tables: state.tables, learnedCookie: state.learnedCookie });
  },

  ports(_state, world, hypervisor) {
    const vtep = world.hypervisors.get(hypervisor)?.config.vtep;
    return vtep === undefined ? [] : [tunnelPort(vtep)];
  },

  report: (state, world) => report(allHosts(state, world), world),
});

function allHosts(state: State, world: World): readonly Host[] {
  return [...world.hypervisors].map(
    ([name, view]) =>
      state.hosts.get(name) ?? hostOf(view, state.membership, asFirstRead(world.hypervisors, name)),
  );
}

/**
 * Which switches have to change when a host did: itself, and those that share a network in which it looks different now.
 * All of them when it was the last to be read, since what is not wanted may be taken away from then on.
 */
function onHypervisor(name: string, state: State, world: World): Step<State> {
  const view = world.hypervisors.get(name);
  if (view === undefined) return { state };
  const before = state.hosts.get(name);
  const changes = nextAge(state, world);
  const sinceOf = before?.known === true ? agedBy(before, changes) : asFirstRead(world.hypervisors, name);
  const after = hostOf(view, state.membership, sinceOf);
  const hosts = new Map(state.hosts).set(name, after);
  const next = { ...state, hosts, changes };
  if (before === undefined && hosts.size === world.hypervisors.size)
    return { state: next, changed: world.switches.keys() };
  const changed = new Set<Dpid>([after.dpid]);
  const vnis = differing(before === undefined ? new Map() : signatures(before), signatures(after));
  for (const host of hosts.values()) {
    if (host.members.some(member => vnis.has(member.network.vni))) changed.add(host.dpid);
  }
  return { state: next, changed };
}

/** Numbers below that of the hypervisors are of first reads. */
const nextAge = ({ changes }: State, { hypervisors }: World): number =>
  Math.max(changes, hypervisors.size) + 1;

/** Hosts that have to be read first, since the file leads elsewhere now, are as before their first reading. */
function newFile(state: State, world: World): State {
  const changes = nextAge(state, world);
  const networksOf = membership(world.networks);
  const hosts = new Map<string, Host>();
  for (const [name, view] of world.hypervisors) {
    const before = state.hosts.get(name);
    if (before !== undefined && before.known === view.known)
      hosts.set(name, hostOf(view, networksOf, agedBy(before, changes)));
  }
  return { ...state, membership: networksOf, vteps: vtepsOf(world), hosts, changes };
}

const vtepsOf = ({ hypervisors }: World): ReadonlySet<Ipv4> =>
  new Set([...hypervisors.values()].map(({ config }) => config.vtep));

const sameSet = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every(one => b.has(one));

function report(hosts: readonly Host[], world: World): Report {
  const members = hosts.flatMap(host => host.members.map(member => ({ host, ...member })));
  const networkOf = new Map(members.map(({ host, port, network }) => [`${host.name} ${port}`, network.name]));
  return {
    networks: world.networks.map(({ name, vni, remotes }) => {
      const its = members.filter(member => member.network.name === name);
      return {
        name,
        vni,
        hypervisors: [...new Set(its.map(({ host }) => host.name))],
        ports: its.length,
        remotes: remotes.map(formatIpv4),
      };
    }),
    ports: [...world.hypervisors].flatMap(([hypervisor, view]) =>
      [...view.ports.values()].map(port => {
        const network = networkOf.get(`${hypervisor} ${port.name}`);
        return {
          hypervisor,
          port: port.name,
          ...(network !== undefined && { network }),
          ...(port.ofport !== undefined && { ofport: port.ofport }),
          ...(port.ifaceId !== undefined && { ifaceId: port.ifaceId }),
          ...(port.attachedMac !== undefined && { mac: formatMac(port.attachedMac) }),
          ...(port.error !== undefined && { error: port.error }),
        };
      }),
    ),
    problems: [
      ...hosts.flatMap(host => [...host.problems, ...tunnelProblems(host, world)]),
      ...world.networks.flatMap(network => duplicateMacs(network, hosts)),
      ...waiting(hosts),
    ],
  };
}

function tunnelProblems(host: Host, world: World): readonly Problem[] {
  if (!host.known || host.tunnelPort !== undefined) return [];
  const error = world.hypervisors.get(host.name)?.tunnelError;
  const why = error === undefined ? '' : ` (${error})`;
  return [
    {
      hypervisor: host.name,
      message: `its VXLAN port is not there yet${why}: no traffic to or from other hosts`,
    },
  ];
}

/** Two ports with one MAC in one network: frames to it can reach one of them only. */
function duplicateMacs(network: NetworkConfig, hosts: readonly Host[]): readonly Problem[] {
  return [...claimsOf(network, hosts)].flatMap(([mac, [holder, ...others]]) =>
    others.map(other => ({
      network: network.name,
      message: `MAC ${formatMac(mac)} is attached twice, to ${placeOf(holder)} and to ${placeOf(other)}: the first gets its frames until its port goes`,
    })),
  );
}

const placeOf = ({ host, member }: Claim): string => `${member.port} on ${host.name}`;

function waiting(hosts: readonly Host[]): readonly Problem[] {
  const unknown = hosts.filter(({ known }) => !known).map(({ name }) => name);
  if (unknown.length === 0) return [];
  return [
    {
      app: 'overlay',
      message: `${unknown.join(', ')} ${unknown.length === 1 ? 'has' : 'have'} not been read since the start: until then, what is sent to them stays as it is`,
    },
  ];
}
