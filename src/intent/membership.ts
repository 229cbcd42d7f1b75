import type { IpAddress, NetworkConfig, PolicyConfig, PortSelector } from '../config/config.js';
import { glob } from '../lib/glob.js';
import type { HostPort } from './world.js';

/** That a port is among a network's `ports`. */
export interface Claim {
  readonly network: NetworkConfig;
  /** The VLAN of the port that is the network; left out: its untagged frames. */
  readonly vlan?: number;
  /** The service level: the selector's own, else the network's. */
  readonly policy?: PolicyConfig;
  /** What the file says that the port has there. */
  readonly addresses: readonly IpAddress[];
}

/** Decides, once per file, which networks claim a port, in the order of the file and each VLAN of each network once. */
export type Membership = (hypervisor: string, port: HostPort) => readonly Claim[];

export function membershipOf(networks: readonly NetworkConfig[]): Membership {
  const selectors = networks.flatMap(network =>
    network.ports.map(selector => ({ network, selector, pattern: glob(selector.glob) })),
  );
  return (hypervisor, port) => {
    const found: Claim[] = [];
    for (const { network, selector, pattern } of selectors) {
      const { vlan } = selector;
      const identities = identitiesFor(selector, hypervisor, port);
      if (!identities.some(identity => pattern.matches(identity))) continue;
      const { addresses = [] } = selector;
      const at = found.findIndex(one => one.network === network && one.vlan === vlan);
      const before = found[at];
      if (before !== undefined) {
        found[at] = { ...before, addresses: [...before.addresses, ...addresses] };
        continue;
      }
      const policy = selector.policy ?? network.policy;
      found.push({
        network,
        ...(vlan !== undefined && { vlan }),
        ...(policy !== undefined && { policy }),
        addresses,
      });
    }
    return found;
  };
}

function identitiesFor(selector: PortSelector, hypervisor: string, port: HostPort): readonly string[] {
  if (selector.by === 'iface-id') return port.ifaceId === undefined ? [] : [port.ifaceId];
  if (selector.on !== undefined && selector.on !== hypervisor) return [];
  return port.bond === undefined ? [port.name] : [port.name, port.bond];
}
