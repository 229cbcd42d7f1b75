import type { NetworkConfig } from '../../config/config.js';
import { type HostPort, type Membership, membershipOf, type World } from '../../intent/index.js';
import { glob } from '../../lib/glob.js';
import type { Vtep } from '../../lib/vtep.js';

/** What the file says of ports and addresses, made ready once for all ports. */
export interface Rules {
  /** Which networks' `ports` a port is among, and by which of its VLANs. */
  readonly networksOf: Membership;
  /** Which networks' `mesh` names a port. */
  meshOf(port: HostPort): readonly NetworkConfig[];
  networkOfVni(vni: number): NetworkConfig | undefined;
  /** The hypervisor whose tunnel address this is. */
  hypervisorAt(vtep: Vtep): string | undefined;
}

export function rulesOf({ networks, hypervisors }: Pick<World, 'networks' | 'hypervisors'>): Rules {
  const membership = membershipOf(networks);
  const mesh = networks.flatMap(network =>
    network.mesh.map(pattern => ({ network, pattern: glob(pattern) })),
  );
  const byVni = new Map(networks.map(network => [network.vni, network]));
  const byVtep = new Map<Vtep, string>([...hypervisors].map(([name, { config }]) => [config.vtep, name]));
  return {
    networksOf: membership,
    meshOf: ({ name }) => [
      ...new Set(mesh.filter(({ pattern }) => pattern.matches(name)).map(({ network }) => network)),
    ],
    networkOfVni: vni => byVni.get(vni),
    hypervisorAt: vtep => byVtep.get(vtep),
  };
}
