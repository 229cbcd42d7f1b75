import type { NetworkConfig, PortSelector } from '../../config/config.js';
import type { HostPort, World } from '../../intent/index.js';
import type { Ipv4 } from '../../lib/addresses.js';
import { glob } from '../../lib/glob.js';

/** What the file says of ports and addresses, made ready once for all ports. */
export interface Rules {
  /** Which networks' `ports` a port is among, and by which of its VLANs. */
  networksOf(hypervisor: string, port: HostPort): readonly Claimed[];
  /** Which networks' `mesh` names a port. */
  meshOf(port: HostPort): readonly NetworkConfig[];
  networkOfVni(vni: number): NetworkConfig | undefined;
  /** The hypervisor whose tunnel address this is. */
  hypervisorAt(vtep: Ipv4): string | undefined;
}

export interface Claimed {
  readonly network: NetworkConfig;
  /** Left out: its untagged frames. */
  readonly vlan?: number;
}

export function rulesOf({ networks, hypervisors }: Pick<World, 'networks' | 'hypervisors'>): Rules {
  const selectors = networks.flatMap(network =>
    network.ports.map(selector => ({ network, selector, pattern: glob(selector.glob) })),
  );
  const mesh = networks.flatMap(network =>
    network.mesh.map(pattern => ({ network, pattern: glob(pattern) })),
  );
  const byVni = new Map(networks.map(network => [network.vni, network]));
  const byVtep = new Map([...hypervisors].map(([name, { config }]) => [config.vtep, name]));
  return {
    networksOf(hypervisor, port) {
      const found: Claimed[] = [];
      for (const { network, selector, pattern } of selectors) {
        const { vlan } = selector;
        const identities = identitiesFor(selector, hypervisor, port);
        if (!identities.some(identity => pattern.matches(identity))) continue;
        if (!found.some(one => one.network === network && one.vlan === vlan))
          found.push({ network, ...(vlan !== undefined && { vlan }) });
      }
      return found;
    },
    meshOf: ({ name }) => [
      ...new Set(mesh.filter(({ pattern }) => pattern.matches(name)).map(({ network }) => network)),
    ],
    networkOfVni: vni => byVni.get(vni),
    hypervisorAt: vtep => byVtep.get(vtep),
  };
}

function identitiesFor(selector: PortSelector, hypervisor: string, port: HostPort): readonly string[] {
  if (selector.by === 'iface-id') return port.ifaceId === undefined ? [] : [port.ifaceId];
  if (selector.on !== undefined && selector.on !== hypervisor) return [];
  return port.bond === undefined ? [port.name] : [port.name, port.bond];
}
