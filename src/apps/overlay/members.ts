import type { NetworkConfig, PortSelector } from '../../config/config.js';
import type { HostPort, HypervisorView, Problem } from '../../intent/index.js';
import type { Dpid, Ipv4, Mac } from '../../lib/addresses.js';
import { glob } from '../../lib/glob.js';

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
  readonly members: readonly Member[];
  readonly problems: readonly Problem[];
}

/** Decides, once per file, which network a port belongs to. */
export type Membership = (hypervisor: string, port: HostPort) => readonly NetworkConfig[];

export function membership(networks: readonly NetworkConfig[]): Membership {
  const rules = networks.flatMap(network =>
    network.ports.map(selector => ({ network, selector, pattern: glob(selector.glob) })),
  );
  return (hypervisor, port) => {
    const found = new Set<NetworkConfig>();
    for (const { network, selector, pattern } of rules) {
      const identities = identitiesFor(selector, hypervisor, port);
      if (identities.some(identity => pattern.matches(identity))) found.add(network);
    }
    return [...found];
  };
}

function identitiesFor(selector: PortSelector, hypervisor: string, port: HostPort): readonly string[] {
  if (selector.by === 'iface-id') return port.ifaceId === undefined ? [] : [port.ifaceId];
  if (selector.on !== undefined && selector.on !== hypervisor) return [];
  return port.bond === undefined ? [port.name] : [port.name, port.bond];
}

const bondMessage = 'bonds are not served yet: this port has several interfaces, and is in no network';

/** A hypervisor's members, from what its OVSDB tells. A port that cannot be served is a problem, not a guess. */
export function hostOf(view: HypervisorView, networksOf: Membership, sinceOf: SinceOf): Host {
  const { name, dpid, vtep } = view.config;
  const members: Member[] = [];
  const problems: Problem[] = [];
  const bonds = new Set<string>();
  // What is not known to be this host's bridge, as where the file leads to another one, has no ports to be served.
  for (const port of view.known ? view.ports.values() : []) {
    const networks = networksOf(name, port);
    const [network, second] = networks;
    const about = { hypervisor: name, port: port.bond ?? port.name };
    if (network === undefined) continue;
    if (port.bond !== undefined) {
      // Each of its interfaces as a port of its own would give what is at the other end every broadcast twice, and a loop.
      if (!bonds.has(port.bond)) problems.push({ ...about, network: network.name, message: bondMessage });
      bonds.add(port.bond);
    } else if (second !== undefined) {
      const claims = networks.map(claim => claim.name).join(' and ');
      problems.push({
        ...about,
        message: `claimed by networks ${claims}: it is in neither until one selector is narrowed`,
      });
    } else if (port.ofport === undefined) {
      const why = port.error ?? 'Open vSwitch has not given it an OpenFlow port yet';
      problems.push({ ...about, network: network.name, message: why });
    } else {
      const { name: its, ofport, attachedMac: mac } = port;
      const since = mac === undefined ? 0 : sinceOf(its, network, mac);
      members.push({ port: its, ofport, network, since, ...(mac !== undefined && { mac }) });
    }
  }
  const tunnel = view.tunnelPort === undefined ? {} : { tunnelPort: view.tunnelPort };
  return { name, dpid, vtep, known: view.known, ...tunnel, members, problems };
}

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
