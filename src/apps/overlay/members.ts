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
}

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
      const identity = identityFor(selector, hypervisor, port);
      if (identity !== undefined && pattern.matches(identity)) found.add(network);
    }
    return [...found];
  };
}

function identityFor(selector: PortSelector, hypervisor: string, port: HostPort): string | undefined {
  if (selector.by === 'iface-id') return port.ifaceId;
  return selector.on === undefined || selector.on === hypervisor ? port.name : undefined;
}

/** A hypervisor's members, from what its OVSDB tells. A port that cannot be served is a problem, not a guess. */
export function hostOf(view: HypervisorView, networksOf: Membership): Host {
  const { name, dpid, vtep } = view.config;
  const members: Member[] = [];
  const problems: Problem[] = [];
  for (const port of view.ports.values()) {
    const networks = networksOf(name, port);
    const [network, second] = networks;
    const about = { hypervisor: name, port: port.name };
    if (network === undefined) continue;
    if (second !== undefined) {
      const claims = networks.map(claim => claim.name).join(' and ');
      problems.push({
        ...about,
        message: `claimed by networks ${claims}: it is in neither until one selector is narrowed`,
      });
    } else if (port.ofport === undefined) {
      const why = port.error ?? 'Open vSwitch has not given it an OpenFlow port yet';
      problems.push({ ...about, network: network.name, message: why });
    } else {
      const mac = port.attachedMac === undefined ? {} : { mac: port.attachedMac };
      members.push({ port: port.name, ofport: port.ofport, network, ...mac });
    }
  }
  const tunnel = view.tunnelPort === undefined ? {} : { tunnelPort: view.tunnelPort };
  return { name, dpid, vtep, known: view.known, ...tunnel, members, problems };
}

/** What peers program from a host: two equal signatures mean that no peer has anything to change. */
export function signatures(host: Host): ReadonlyMap<number, string> {
  const byVni = new Map<number, string[]>();
  for (const { network, mac } of host.members) {
    const macs = byVni.get(network.vni) ?? [];
    if (mac !== undefined) macs.push(mac.toString(16));
    byVni.set(network.vni, macs);
  }
  return new Map([...byVni].map(([vni, macs]) => [vni, macs.sort().join(' ')]));
}
