import type { NetworkConfig } from '../../config/config.js';
import type { HostPort, HypervisorView, Problem } from '../../intent/index.js';
import { formatVtep, type Vtep } from '../../lib/vtep.js';
import type { Rules } from './rules.js';

/** A VXLAN port that somebody made by hand, and that networks name in `mesh`: it is used as it is. */
export interface MeshPort {
  readonly port: string;
  readonly ofport: number;
  /** Those that name it. With one fixed VNI there is one network. */
  readonly networks: readonly NetworkConfig[];
  /** Where it leads, and where all its frames come from. */
  readonly remote: Vtep;
  /** Whether that is a hypervisor of the file: nothing is learned from those. */
  readonly managed: boolean;
  /** The VNIs that it takes and sends with; 'flow': those of the flows, in both directions. */
  readonly keys: { readonly in: number; readonly out: number } | 'flow';
  /** UDP. */
  readonly dstPort: number;
}

/** The port that VXLAN has, and that Heddle's own tunnel has [RFC 7348 section 8]. */
const usualPort = 4789;

/** What there is to a port that networks name in `mesh`: the port, or why it cannot be used. */
export function meshPort(
  { config: { name: hypervisor, vtep } }: HypervisorView,
  port: HostPort,
  networks: readonly NetworkConfig[],
  rules: Rules,
): MeshPort | Problem {
  const [network, second] = networks;
  const about = {
    hypervisor,
    port: port.name,
    ...(second === undefined && { network: network?.name ?? '' }),
  };
  const problem = (message: string): Problem => ({ ...about, message: `named in mesh, but ${message}` });
  const { vxlan, ofport } = port;
  if (vxlan === undefined || port.bond !== undefined) return problem('it is not a port of type vxlan');
  const { remoteIp, inKey, outKey, dstPort } = vxlan;
  if (remoteIp === 'flow')
    return problem("with remote_ip=flow it leads nowhere by itself: Heddle's own port does that");
  if (remoteIp === undefined) return problem('its remote_ip is missing, or is no IP address');
  if (remoteIp === vtep) return problem(`its remote_ip ${formatVtep(vtep)} is this host's own vtep`);
  if (inKey === undefined || outKey === undefined || (inKey === 'flow') !== (outKey === 'flow'))
    return problem('its key is none that Heddle reads: give it a VNI, or flow, the same in both directions');
  if (dstPort === undefined) return problem('its dst_port is none that Heddle reads');
  if (inKey !== 'flow') {
    if (second !== undefined) {
      const names = networks.map(one => one.name).join(' and ');
      return problem(`networks ${names} all name it, and it has one VNI: it is in none of them`);
    }
    const owner = rules.networkOfVni(inKey);
    if (owner !== undefined && owner !== network && dstPort === usualPort)
      return problem(
        `its key ${inKey} is the VNI of network ${owner.name}, whose frames from ${formatVtep(remoteIp)} come in by it: give that network another VNI`,
      );
  }
  if (ofport === undefined)
    return problem(port.error ?? 'Open vSwitch has not given it an OpenFlow port yet');
  return {
    port: port.name,
    ofport,
    networks,
    remote: remoteIp,
    managed: rules.hypervisorAt(remoteIp) !== undefined,
    keys: inKey === 'flow' || outKey === 'flow' ? 'flow' : { in: inKey, out: outKey },
    dstPort,
  };
}

/**
 * A tunnel that nobody names takes what its peers send to Heddle's own port, where its VNI is that of a network: Open vSwitch
 * prefers a port that has the address [ovs-vswitchd.conf.db(5), Interface options:remote_ip].
 */
export function shadowProblem(hypervisor: string, port: HostPort, rules: Rules): readonly Problem[] {
  const { remoteIp, inKey, dstPort } = port.vxlan ?? {};
  if (remoteIp === undefined || remoteIp === 'flow' || inKey === undefined || dstPort !== usualPort)
    return [];
  const network = inKey === 'flow' ? undefined : rules.networkOfVni(inKey);
  const peer = rules.hypervisorAt(remoteIp);
  const isPeer = peer !== undefined || network?.remotes.includes(remoteIp) === true;
  if (!isPeer || (inKey !== 'flow' && network === undefined)) return [];
  const what = network === undefined ? 'all networks' : `network ${network.name}`;
  return [
    {
      hypervisor,
      port: port.name,
      message: `this VXLAN port takes the frames of ${what} that come from ${peer ?? formatVtep(remoteIp)}, and they are dropped: name it in the mesh of its network, or delete it`,
    },
  ];
}

/** Frames of a network that a peer sends with `key` come in here, by this port. */
export const takes = ({ keys, networks }: MeshPort, network: NetworkConfig, key: number): boolean =>
  keys === 'flow' ? key === network.vni : networks.includes(network) && key === keys.in;

/** Networks whose frames come in by a port: with the VNI in the flows, all that there are. */
export const accepts = (mesh: MeshPort, network: NetworkConfig): boolean =>
  mesh.networks.includes(network) ||
  (mesh.keys === 'flow' &&
    network.wire === undefined &&
    (mesh.managed || network.remotes.includes(mesh.remote)));

/** Whether VTEPs that Heddle does not manage send into a network on this host. */
export const hasForeign = (host: { readonly mesh: readonly MeshPort[] }, network: NetworkConfig): boolean =>
  network.remotes.length > 0 || host.mesh.some(mesh => !mesh.managed && accepts(mesh, network));
