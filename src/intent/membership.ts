import type { IpAddress, NetworkConfig, PolicyConfig, PortSelector } from '../config/config.js';
import { type Glob, glob } from '../lib/glob.js';
import { groupBy } from '../lib/group-by.js';
import type { HostPort } from './world.js';

/** That a port is among a network's `ports`. */
export interface Claim {
  readonly network: NetworkConfig;
  /** The VLAN of the port that is the network; left out: its untagged frames. */
  readonly vlan?: number;
  /** The service level: the selector's own, else the network's. */
  readonly policy?: PolicyConfig;
  /** How many MACs may be learned behind it: of several selectors, the first one that says it. */
  readonly maxMacs?: number;
  /** What the file says that the port has there. */
  readonly addresses: readonly IpAddress[];
}

/** Decides, once per file, which networks claim a port, in the order of the file and each VLAN of each network once. */
export type Membership = (hypervisor: string, port: HostPort) => readonly Claim[];

export function membershipOf(networks: readonly NetworkConfig[]): Membership {
  const rules = networks.flatMap(network =>
    network.ports.map(selector => ({ network, selector, pattern: glob(selector.glob) })),
  );
  const candidates = byPrefix(rules.map((rule, order) => ({ ...rule, order })));
  return (hypervisor, port) => {
    const found: Claim[] = [];
    for (const { network, selector, pattern } of candidates([port.ifaceId, port.name, port.bond])) {
      const { vlan } = selector;
      const identities = identitiesFor(selector, hypervisor, port);
      if (!identities.some(identity => pattern.matches(identity))) continue;
      const { addresses = [], maxMacs } = selector;
      const at = found.findIndex(one => one.network === network && one.vlan === vlan);
      const before = found[at];
      if (before !== undefined) {
        found[at] = {
          ...(maxMacs !== undefined && { maxMacs }),
          ...before,
          addresses: [...before.addresses, ...addresses],
        };
        continue;
      }
      const policy = selector.policy ?? network.policy;
      found.push({
        network,
        ...(vlan !== undefined && { vlan }),
        ...(policy !== undefined && { policy }),
        ...(maxMacs !== undefined && { maxMacs }),
        addresses,
      });
    }
    return found;
  };
}

interface Rule {
  readonly network: NetworkConfig;
  readonly selector: PortSelector;
  readonly pattern: Glob;
  /** Its place in the file. */
  readonly order: number;
}

/**
 * Finds the rules whose text before the first wildcard a name begins with: of hundreds of networks, mostly one.
 *
 * @returns those that may match one of the names, in the order of the file
 */
function byPrefix(rules: readonly Rule[]): (names: readonly (string | undefined)[]) => readonly Rule[] {
  const groups = groupBy(rules, ({ pattern }) => pattern.prefix);
  const lengths = [...new Set([...groups.keys()].map(({ length }) => length))];
  return names => {
    const found = new Set<Rule>();
    for (const name of names) {
      if (name === undefined) continue;
      for (const length of lengths)
        for (const rule of groups.get(name.slice(0, length)) ?? []) found.add(rule);
    }
    return [...found].sort((a, b) => a.order - b.order);
  };
}

function identitiesFor(selector: PortSelector, hypervisor: string, port: HostPort): readonly string[] {
  if (selector.by === 'iface-id') return port.ifaceId === undefined ? [] : [port.ifaceId];
  if (selector.on !== undefined && selector.on !== hypervisor) return [];
  return port.bond === undefined ? [port.name] : [port.name, port.bond];
}
