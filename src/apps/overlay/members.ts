import type { IpAddress, NetworkConfig } from '../../config/config.js';
import type { Claim, HostPort, HypervisorView, Problem } from '../../intent/index.js';
import type { Dpid, Mac } from '../../lib/addresses.js';
import { groupBy } from '../../lib/group-by.js';
import type { Vtep } from '../../lib/vtep.js';
import { type MeshPort, meshPort, shadowProblem } from './mesh.js';
import type { Rules } from './rules.js';
import { type Uplink, uplinkOf } from './underlay.js';

/** A port on a hypervisor that belongs to a network. */
export interface Member {
  readonly port: string;
  readonly ofport: number;
  readonly network: NetworkConfig;
  /** The VLAN that is the network; left out: its untagged frames are. */
  readonly vlan?: number;
  /** Known from OVSDB before the first packet. */
  readonly mac?: Mac;
  /** What the file says that it has; only where its MAC is known, too. */
  readonly addresses: readonly IpAddress[];
  /** Whether there may be others behind it: where no MAC is known, or it is a trunk, which has one and leads on. */
  readonly learns: boolean;
  /** How many of them, at most; left out: as many as is usual. */
  readonly maxMacs?: number;
  /** Whose interface it is, by external_ids:iface-id: a VM's has one port on each of two hosts while it migrates. */
  readonly ifaceId?: string;
  readonly age: Age;
}

/** When something became known of a port with a MAC, as numbers that grow from one change to the next (see mobility.ts). */
export interface Age {
  /**
   * When it got that MAC. Below 0: it had it when the host was first read, and who was first is not known; nor is it of those that
   * got it at once, as by a new file.
   */
  readonly since: number;
  /** When a frame of its VM was first waited for and came; 0: none has. */
  readonly heard: number;
}

export type AgeOf = (port: string, network: NetworkConfig, mac: Mac) => Age;

const noAge: Age = { since: 0, heard: 0 };

/** One hypervisor, as far as the overlay needs it. */
export interface Host {
  readonly name: string;
  readonly dpid: Dpid;
  readonly vtep: Vtep;
  /** False until its OVSDB was read: it may have any network then. */
  readonly known: boolean;
  readonly tunnelPort?: number;
  /** Where the file names one. */
  readonly uplink?: Uplink;
  /** Tunnels that somebody else made, by their names' order. */
  readonly mesh: readonly MeshPort[];
  readonly members: readonly Member[];
  readonly problems: readonly Problem[];
}

const indexed = new WeakMap<ReadonlyMap<string, Host>, ReadonlyMap<Dpid, Host>>();

/** Hosts by their datapath ids; found once for each state of them. */
export function hostsByDpid(hosts: ReadonlyMap<string, Host>): ReadonlyMap<Dpid, Host> {
  let byDpid = indexed.get(hosts);
  if (byDpid === undefined)
    indexed.set(hosts, (byDpid = new Map([...hosts.values()].map(host => [host.dpid, host]))));
  return byDpid;
}

const bondMessage = 'bonds are not served yet: this port has several interfaces, and is in no network';

/** A hypervisor, from what its OVSDB tells. A port that cannot be served is a problem, not a guess. */
export function hostOf(view: HypervisorView, rules: Rules, ageOf: AgeOf): Host {
  const { name, dpid, vtep } = view.config;
  const { uplink, problems: uplinkProblems } = uplinkOf(view);
  const members: Member[] = [];
  const mesh: MeshPort[] = [];
  const problems: Problem[] = [...uplinkProblems];
  const bonds = new Set<string>();
  // What is not known to be this host's bridge, as where the file leads to another one, has no ports to be served.
  for (const port of view.known ? view.ports.values() : []) {
    const found = portOf(port, view, rules, ageOf);
    if (port.bond !== undefined && found.problems.length > 0) {
      if (bonds.has(port.bond)) continue;
      bonds.add(port.bond);
    }
    problems.push(...found.problems);
    members.push(...found.members);
    if (found.mesh !== undefined) mesh.push(found.mesh);
  }
  mesh.sort((a, b) => (a.port < b.port ? -1 : 1));
  const tunnel = view.tunnelPort === undefined ? {} : { tunnelPort: view.tunnelPort };
  return {
    name,
    dpid,
    vtep,
    known: view.known,
    ...tunnel,
    ...(uplink !== undefined && { uplink }),
    mesh,
    members,
    problems,
  };
}

/** What a port is to the overlay, if it is anything. */
interface Found {
  readonly members: readonly Member[];
  readonly mesh?: MeshPort;
  readonly problems: readonly Problem[];
}

function portOf(port: HostPort, view: HypervisorView, rules: Rules, ageOf: AgeOf): Found {
  const { name: hypervisor, uplink } = view.config;
  const claims = rules.networksOf(hypervisor, port);
  const named = rules.meshOf(port);
  const about = { hypervisor, port: port.bond ?? port.name };
  const problem = (message: string): Found => ({ members: [], problems: [{ ...about, message }] });
  if (uplink !== undefined && (port.name === uplink || port.bond === uplink)) {
    const networks = [...claims.map(({ network }) => network), ...named];
    return networks.length === 0
      ? { members: [], problems: [] }
      : problem(
          `claimed by ${listOf(networks)}, and it is this host's uplink: it is in no network until the selector is narrowed`,
        );
  }
  if (named.length > 0) {
    if (claims.length > 0)
      return problem(
        `named in the mesh of ${listOf(named)}, and claimed as a port by ${listOf(claims.map(({ network }) => network))}: it is neither until one selector is narrowed`,
      );
    const mesh = meshPort(view, port, named, rules);
    return 'message' in mesh ? { members: [], problems: [mesh] } : { mesh, members: [], problems: [] };
  }
  const found = membersOf(port, hypervisor, claims, ageOf);
  const problems = claims.length === 0 ? shadowProblem(hypervisor, port, rules) : [];
  return { ...found, problems: [...found.problems, ...problems] };
}

function membersOf(port: HostPort, hypervisor: string, claims: readonly Claim[], ageOf: AgeOf): Found {
  const about = { hypervisor, port: port.bond ?? port.name };
  const [first] = claims;
  if (first === undefined) return { members: [], problems: [] };
  const problem = (message: string, network?: NetworkConfig): Problem => ({
    ...about,
    ...(network !== undefined && { network: network.name }),
    message,
  });
  const { name, ofport, ifaceId, attachedMac: mac } = port;
  // Each of its interfaces as a port of its own would give what is at the other end every broadcast twice, and a loop.
  if (port.bond !== undefined) return { members: [], problems: [problem(bondMessage, first.network)] };
  if (ofport === undefined) {
    const why = port.error ?? 'Open vSwitch has not given it an OpenFlow port yet';
    return { members: [], problems: [problem(why, first.network)] };
  }
  const learns = mac === undefined || claims.some(({ vlan }) => vlan !== undefined);
  const { clear, problems } = settle(claims);
  const members = clear.map(({ network, vlan, maxMacs, addresses }): Member => ({
    port: name,
    ofport,
    network,
    ...(vlan !== undefined && { vlan }),
    ...(ifaceId !== undefined && { ifaceId }),
    age: mac === undefined ? noAge : ageOf(name, network, mac),
    ...(mac !== undefined && { mac }),
    addresses: mac === undefined ? [] : addresses,
    learns,
    ...(maxMacs !== undefined && { maxMacs }),
  }));
  return { members, problems: problems.map(message => problem(message)) };
}

/**
 * A VLAN of a port is one network, and a network has one VLAN of it: what is sent to a port says the network and the port, and
 * Open vSwitch sends nothing back to the port that it came from.
 */
function settle(claims: readonly Claim[]): {
  readonly clear: readonly Claim[];
  readonly problems: readonly string[];
} {
  const byVlan = groupBy(claims, ({ vlan }) => vlan);
  const byNetwork = groupBy(claims, ({ network }) => network);
  const problems = [
    ...[...byVlan]
      .filter(([, rivals]) => rivals.length > 1)
      .map(([vlan, rivals]) => {
        const what = vlan === undefined ? '' : `VLAN ${vlan} of it is `;
        return `${what}claimed by ${listOf(rivals.map(({ network }) => network))}: it is in neither until one selector is narrowed`;
      }),
    ...[...byNetwork]
      .filter(([, its]) => its.length > 1)
      .map(
        ([network, its]) =>
          `claimed by network ${network.name} with ${its.map(({ vlan }) => (vlan === undefined ? 'no VLAN' : `VLAN ${vlan}`)).join(' and ')}: a network has one VLAN of a port, so it has none of it`,
      ),
  ];
  const clear = claims.filter(
    ({ network, vlan }) => byVlan.get(vlan)?.length === 1 && byNetwork.get(network)?.length === 1,
  );
  return { clear, problems };
}

function listOf(networks: readonly NetworkConfig[]): string {
  const names = [...new Set(networks.map(({ name }) => name))];
  return `${names.length === 1 ? 'network' : 'networks'} ${names.join(' and ')}`;
}

/**
 * What peers program from a host: two equal signatures mean that no peer has anything to change. The age of a MAC is part
 * of it, since another host's port may hold it instead.
 */
export function signatures(host: Host): ReadonlyMap<number, string> {
  const byVni = new Map<number, string[]>();
  for (const { network, mac, ifaceId, age, addresses } of host.members) {
    const macs = byVni.get(network.vni) ?? [];
    if (mac !== undefined)
      macs.push(
        JSON.stringify([mac, age.since, age.heard, ifaceId, ...addresses.map(({ value }) => String(value))]),
      );
    byVni.set(network.vni, macs);
  }
  return new Map([...byVni].map(([vni, macs]) => [vni, macs.sort().join(' ')]));
}
