import type { NetworkConfig } from '../../config/config.js';
import type { World } from '../../intent/index.js';
import { compareVteps, type Vtep } from '../../lib/vtep.js';
import type { Host } from './members.js';
import { type MeshPort, takes } from './mesh.js';

/** How a host sends a network's frames to a VTEP. */
export interface Way {
  /** Left out: by the uplink, into the physical network. */
  readonly vtep?: Vtep;
  /** The OpenFlow port. What it is told of where to and with which VNI, one of fixed settings does not read. */
  readonly ofport: number;
}

export type MeshSending = NonNullable<World['meshSending']>;

/**
 * To all VTEPs that a network's broadcasts go to: hosts with ports in it, and those that Heddle does not manage. A host that
 * has not been read is one of them where a mesh port leads to it: who made that said so.
 */
export function waysOf(
  host: Host,
  network: NetworkConfig,
  others: readonly Host[],
  sending: MeshSending,
): readonly Way[] {
  if (network.wire !== undefined)
    return host.uplink?.ofport === undefined ? [] : [{ ofport: host.uplink.ofport }];
  const meshed = new Set<Vtep>(
    host.mesh.filter(mesh => mesh.networks.includes(network)).map(({ remote }) => remote),
  );
  const peers = others.filter(peer =>
    peer.known ? peer.members.some(member => member.network === network) : meshed.has(peer.vtep),
  );
  const managed = new Set(others.map(({ vtep }) => vtep));
  const foreign = new Set<Vtep>([...network.remotes, ...[...meshed].filter(remote => !managed.has(remote))]);
  const ways = [
    ...peers.map(peer => [peer.vtep, wayTo(host, network, peer, sending)] as const),
    ...[...foreign].map(vtep => [vtep, wayToForeign(host, network, vtep)] as const),
  ];
  return ways
    .flatMap(([vtep, ofport]) => (ofport === undefined ? [] : [{ vtep, ofport }]))
    .sort((a, b) => compareVteps(a.vtep, b.vtep));
}

/** The port to a managed host: one that somebody made where it is answered, else Heddle's own; the uplink for what is on the wire. */
export function wayTo(
  host: Host,
  network: NetworkConfig,
  peer: Host,
  sending: MeshSending,
): number | undefined {
  if (network.wire !== undefined) return host.uplink?.ofport;
  const isReplaced = sending === 'flow' && host.tunnelPort !== undefined && peer.tunnelPort !== undefined;
  const mesh = isReplaced ? undefined : meshTo(host, network, peer);
  return mesh?.ofport ?? host.tunnelPort;
}

/** Of several that lead to one host, one gets the frames: the first by name, for all hosts alike. */
const meshTo = (host: Host, network: NetworkConfig, peer: Host): MeshPort | undefined =>
  host.mesh.find(
    mesh =>
      mesh.networks.includes(network) && mesh.remote === peer.vtep && isAnswered(host, mesh, network, peer),
  );

/** Whether what a mesh port sends is taken at its other end. Of a host that has not been read, that is believed. */
export function isAnswered(host: Host, mesh: MeshPort, network: NetworkConfig, peer: Host): boolean {
  if (!peer.known) return true;
  const key = mesh.keys === 'flow' ? network.vni : mesh.keys.out;
  const isUsual = mesh.dstPort === 4789;
  return (
    peer.mesh.some(
      other => other.remote === host.vtep && other.dstPort === mesh.dstPort && takes(other, network, key),
    ) ||
    (isUsual && key === network.vni && peer.tunnelPort !== undefined)
  );
}

const wayToForeign = (host: Host, network: NetworkConfig, vtep: Vtep): number | undefined =>
  host.mesh.find(mesh => mesh.networks.includes(network) && mesh.remote === vtep)?.ofport ?? host.tunnelPort;

/** Mesh ports that nobody needs once all hosts send by Heddle's own: not those to VTEPs that Heddle does not manage. */
export function replaceable({ mesh, tunnelPort }: Host, hosts: readonly Host[]): readonly string[] {
  if (tunnelPort === undefined) return [];
  const isReached = (remote: Vtep): boolean =>
    hosts.some(peer => peer.vtep === remote && peer.known && peer.tunnelPort !== undefined);
  return mesh.filter(({ remote }) => isReached(remote)).map(({ port }) => port);
}
