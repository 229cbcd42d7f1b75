import type { NetworkConfig } from '../../config/config.js';
import type { HostPort, HypervisorView, Problem } from '../../intent/index.js';
import type { Dpid, Ipv4, Mac } from '../../lib/addresses.js';
import { type MeshPort, meshPort, shadowProblem } from './mesh.js';
import type { Rules } from './rules.js';
import { type Uplink, uplinkOf } from './underlay.js';

/** A port on a hypervisor that belongs to a network. */
export interface Member {
  readonly port: string;
  readonly ofport: number;
  readonly network: NetworkConfig;
  /** Known from OVSDB before the first packet; undefined: the switch learns what is behind this port. */
  readonly mac?: Mac;
  /** Since when it has that MAC (see SinceOf): a smaller number is earlier. */
  readonly since: number;
}

/**
 * When ports of a host got the MACs that they have: a number that grows from claim to claim. Of several ports with one MAC
 * in one network, the one that had it first holds it, and gets its frames until it goes. A VM that migrates has a port on
 * the destination for as long as its memory is copied, and runs at the source all that time.
 */
export type SinceOf = (port: string, network: NetworkConfig, mac: Mac) => number;

/** One hypervisor, as far as the overlay needs it. */
export interface Host {
  readonly name: string;
  readonly dpid: Dpid;
  readonly vtep: Ipv4;
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

const bondMessage = 'bonds are not served yet: this port has several interfaces, and is in no network';

/** A hypervisor, from what its OVSDB tells. A port that cannot be served is a problem, not a guess. */
export function hostOf(view: HypervisorView, rules: Rules, sinceOf: SinceOf): Host {
  const { name, dpid, vtep } = view.config;
  const { uplink, problems: uplinkProblems } = uplinkOf(view);
  const members: Member[] = [];
  const mesh: MeshPort[] = [];
  const problems: Problem[] = [...uplinkProblems];
  const bonds = new Set<string>();
  // What is not known to be this host's bridge, as where the file leads to another one, has no ports to be served.
  for (const port of view.known ? view.ports.values() : []) {
    const found = portOf(port, view, rules, sinceOf);
    if (port.bond !== undefined && found.problems.length > 0) {
      if (bonds.has(port.bond)) continue;
      bonds.add(port.bond);
    }
    problems.push(...found.problems);
    if (found.member !== undefined) members.push(found.member);
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
  readonly member?: Member;
  readonly mesh?: MeshPort;
  readonly problems: readonly Problem[];
}

function portOf(port: HostPort, view: HypervisorView, rules: Rules, sinceOf: SinceOf): Found {
  const { name: hypervisor, uplink } = view.config;
  const networks = rules.networksOf(hypervisor, port);
  const named = rules.meshOf(port);
  const about = { hypervisor, port: port.bond ?? port.name };
  const problem = (message: string): Found => ({ problems: [{ ...about, message }] });
  if (uplink !== undefined && (port.name === uplink || port.bond === uplink)) {
    const names = [...new Set([...networks, ...named])].map(network => network.name);
    return names.length === 0
      ? { problems: [] }
      : problem(
          `claimed by ${listOf(names)}, and it is this host's uplink: it is in no network until the selector is narrowed`,
        );
  }
  if (named.length > 0) {
    if (networks.length > 0)
      return problem(
        `named in the mesh of ${listOf(namesOf(named))}, and claimed as a port by ${listOf(namesOf(networks))}: it is neither until one selector is narrowed`,
      );
    const mesh = meshPort(view, port, named, rules);
    return 'message' in mesh ? { problems: [mesh] } : { mesh, problems: [] };
  }
  const member = memberOf(port, hypervisor, networks, sinceOf);
  const problems = member.member === undefined ? shadowProblem(hypervisor, port, rules) : [];
  return { ...member, problems: [...member.problems, ...problems] };
}

function memberOf(
  port: HostPort,
  hypervisor: string,
  networks: readonly NetworkConfig[],
  sinceOf: SinceOf,
): Found {
  const about = { hypervisor, port: port.bond ?? port.name };
  const [network, second] = networks;
  if (network === undefined) return { problems: [] };
  // Each of its interfaces as a port of its own would give what is at the other end every broadcast twice, and a loop.
  if (port.bond !== undefined)
    return { problems: [{ ...about, network: network.name, message: bondMessage }] };
  if (second !== undefined) {
    const message = `claimed by ${listOf(namesOf(networks))}: it is in neither until one selector is narrowed`;
    return { problems: [{ ...about, message }] };
  }
  const { name, ofport, attachedMac: mac } = port;
  if (ofport === undefined) {
    const message = port.error ?? 'Open vSwitch has not given it an OpenFlow port yet';
    return { problems: [{ ...about, network: network.name, message }] };
  }
  const since = mac === undefined ? 0 : sinceOf(name, network, mac);
  return {
    member: { port: name, ofport, network, since, ...(mac !== undefined && { mac }) },
    problems: [],
  };
}

const namesOf = (networks: readonly NetworkConfig[]): readonly string[] => networks.map(({ name }) => name);

const listOf = (names: readonly string[]): string =>
  `${names.length === 1 ? 'network' : 'networks'} ${names.join(' and ')}`;

/**
 * What peers program from a host: two equal signatures mean that no peer has anything to change. The age of a MAC is part
 * of it, since another host's port may hold it instead.
 */
export function signatures(host: Host): ReadonlyMap<number, string> {
  const byVni = new Map<number, string[]>();
  for (const { network, mac, since } of host.members) {
    const macs = byVni.get(network.vni) ?? [];
    if (mac !== undefined) macs.push(`${mac.toString(16)}@${since}`);
    byVni.set(network.vni, macs);
  }
  return new Map([...byVni].map(([vni, macs]) => [vni, macs.sort().join(' ')]));
}
