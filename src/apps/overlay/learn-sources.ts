import type { NetworkConfig } from '../../config/config.js';
import { formatVtep, type Vtep } from '../../lib/vtep.js';
import { meshKey, portKey, remoteKey, usualMacs } from './learn.js';
import type { Host, Member } from './members.js';
import { accepts } from './mesh.js';

/** Where a MAC that a switch has learned is. */
export interface Place {
  readonly network: NetworkConfig;
  /** The hypervisor whose port it is behind; left out where it is behind a VTEP that Heddle does not manage. */
  readonly hypervisor?: string;
  readonly port?: string;
  readonly vtep?: Vtep;
}

/** Something on a host that MACs of a network are learned behind. */
export interface LearnSource extends Place {
  /** So many, and no more. */
  readonly most: number;
  /** What its learned flows are known by: the key of their cookie. */
  readonly key: string;
}

export interface PortSource extends LearnSource {
  readonly member: Member;
}

export interface RemoteSource extends LearnSource {
  readonly vtep: Vtep;
}

export interface MeshSource extends LearnSource {
  readonly ofport: number;
}

/** Ports with no attached-mac, and trunks. */
export const portSources = (host: Host, network: NetworkConfig): readonly PortSource[] =>
  host.members
    .filter(member => member.network === network && member.learns)
    .map(member => ({
      ...{ network, hypervisor: host.name, port: member.port, member },
      most: member.maxMacs ?? usualMacs,
      key: portKey(network.vni, member.port, member.ofport),
    }));

/** VTEPs that Heddle does not manage, by its own tunnel port. */
export const remoteSources = (host: Host, network: NetworkConfig): readonly RemoteSource[] =>
  host.tunnelPort === undefined
    ? []
    : network.remotes.map(vtep => ({ network, vtep, most: usualMacs, key: remoteKey(network.vni, vtep) }));

/** The same, by ports that somebody made. */
export const meshSources = (host: Host, network: NetworkConfig): readonly MeshSource[] =>
  host.mesh
    .filter(mesh => !mesh.managed && accepts(mesh, network))
    .map(({ port, ofport, remote }) => ({
      ...{ network, port, ofport, vtep: remote, most: usualMacs },
      key: meshKey(network.vni, port, ofport),
    }));

const made = new WeakMap<Host, ReadonlyMap<bigint, LearnSource>>();

/** By the cookies of its learned flows, the places on a host that MACs are learned behind. */
export function placesOf(host: Host, cookieOf: (key: string) => bigint): ReadonlyMap<bigint, LearnSource> {
  let places = made.get(host);
  if (places === undefined) {
    const networks = new Set(host.members.map(({ network }) => network));
    const sources = [...networks].flatMap((network): readonly LearnSource[] => [
      ...portSources(host, network),
      ...remoteSources(host, network),
      ...meshSources(host, network),
    ]);
    made.set(host, (places = new Map(sources.map(source => [cookieOf(source.key), source]))));
  }
  return places;
}

/** Two sightings behind one foreign VTEP are one place, whichever host saw them. */
export const samePlace = (a: Place | undefined, b: Place | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.network.vni === b.network.vni &&
    a.hypervisor === b.hypervisor &&
    a.vtep === b.vtep &&
    (a.hypervisor === undefined || a.port === b.port));

export const tellPlace = ({ hypervisor, port, vtep }: Place): string =>
  hypervisor === undefined ? `VTEP ${formatVtep(vtep ?? 0)}` : `${port ?? ''} on ${hypervisor}`;
