/** Which VNI each network gets, and which hand-made tunnel ports it can go on using. */
import { groupBy } from '../lib/group-by.js';
import { familyOf } from '../lib/vtep.js';
import type { Key, PlacedVxlan } from './facts.js';
import { compareNames } from './names.js';
import type { FoundNetwork } from './networks.js';
import { remoteOf, type Vteps } from './vteps.js';

export interface Numbered {
  readonly network: FoundNetwork;
  readonly vni: number;
  /** `key`: that of its tunnels. `keys`: that of most of them. `free`: none of anybody's. */
  readonly from: 'key' | 'keys' | 'free';
  /** Names of ports, for `mesh`; each is this network's on every host that has it. */
  readonly mesh: readonly string[];
  /** Its tunnel ports that `mesh` cannot name, with the reason. */
  readonly left: readonly { readonly tunnel: PlacedVxlan; readonly why: string }[];
}

const largestVni = 2 ** 24 - 1;
/** Where the free numbers begin that have no tag to go by. */
const firstFree = 1_000;

/**
 * A VNI is the key of the network's own tunnels, or is no key of any hand-made tunnel: Open vSwitch gives a frame to the port
 * that names its sender and its key before it gives it to one that takes all, and so another network's port would get it.
 *
 * @param all every hand-made tunnel of the hosts, on whatever bridge
 * @param vteps the tunnel addresses of the hosts
 * @param reserved names that `mesh` must not hold, as they are other ports' in the file
 */
export function numberNetworks(
  networks: readonly FoundNetwork[],
  all: readonly PlacedVxlan[],
  vteps: Pick<Vteps, 'owners' | 'family'>,
  reserved: ReadonlySet<string>,
): readonly Numbered[] {
  const forAll = new Set(all.filter(tunnel => isForAll(tunnel, vteps)));
  const named = groupBy(
    all.filter(tunnel => isManaged(tunnel) && !forAll.has(tunnel)),
    ({ port }) => port.name,
  );
  const meshes = networks.map(network => meshOf(network, { named, forAll, reserved, family: vteps.family }));
  const taken = new Set<number>();
  const uses = groupBy(
    all.flatMap(port => [...new Set(keysOf(port))].map(key => ({ port, key }))),
    ({ key }) => key,
  );
  const wished = meshes.map(({ ports }) => {
    const own = new Set(ports);
    const isOwn = (key: number): boolean => uses.get(key)?.every(({ port }) => own.has(port)) === true;
    return byFrequency(ports.flatMap(keysOf)).filter(key => key > 0 && isOwn(key));
  });
  const firsts = wished.map(([first]) => {
    if (first === undefined || taken.has(first)) return undefined;
    taken.add(first);
    return first;
  });
  return networks.map((network, index) => {
    const first = firsts[index];
    const { mesh = [], left = [] } = meshes[index] ?? {};
    if (first !== undefined)
      return { network, vni: first, from: wished[index]?.length === 1 ? 'key' : 'keys', mesh, left };
    const isFree = (vni: number): boolean =>
      vni > 0 && vni <= largestVni && !uses.has(vni) && !taken.has(vni);
    const tag = network.parts[0]?.vlan ?? 0;
    let vni = tag;
    for (let next = firstFree; !isFree(vni); next++) vni = next;
    taken.add(vni);
    return { network, vni, from: 'free', mesh, left };
  });
}

interface Mesh {
  readonly mesh: readonly string[];
  readonly ports: readonly PlacedVxlan[];
  readonly left: readonly { readonly tunnel: PlacedVxlan; readonly why: string }[];
}

interface Tunnels {
  /** Of the managed bridges, by name; without those that are for all networks. */
  readonly named: ReadonlyMap<string, readonly PlacedVxlan[]>;
  readonly forAll: ReadonlySet<PlacedVxlan>;
  readonly reserved: ReadonlySet<string>;
  readonly family: Vteps['family'];
}

/** `mesh` names ports by name alone, on all hosts. */
function meshOf({ parts, tunnels }: FoundNetwork, { named, forAll, reserved, family }: Tunnels): Mesh {
  const hosts = new Set(parts.map(({ host }) => host));
  const own = new Set([...tunnels, ...[...forAll].filter(({ host }) => hosts.has(host))]);
  const isOthers = (name: string): boolean => named.get(name)?.some(tunnel => !own.has(tunnel)) === true;
  const judged = [...own].map(tunnel => ({ tunnel, why: whyUnused(tunnel, isOthers, reserved, family) }));
  const good = judged.filter(({ why }) => why === undefined).map(({ tunnel }) => tunnel);
  return {
    mesh: [...new Set(good.map(({ port }) => port.name))].sort(compareNames),
    ports: good,
    left: judged.flatMap(({ tunnel, why }) => (why === undefined ? [] : [{ tunnel, why }])),
  };
}

const isManaged = ({ host, bridge }: PlacedVxlan): boolean => bridge === host.bridge;

/** With its VNI in the flows, a tunnel to another host carries whatever network's frames. */
const isForAll = (tunnel: PlacedVxlan, { owners }: Pick<Vteps, 'owners'>): boolean =>
  isManaged(tunnel) &&
  remoteOf(tunnel).some(address => owners.has(address)) &&
  tunnel.vxlan.inKey === 'flow' &&
  tunnel.vxlan.outKey === 'flow';

function whyUnused(
  { port, vxlan }: PlacedVxlan,
  isOthers: (name: string) => boolean,
  reserved: ReadonlySet<string>,
  family: Vteps['family'],
): string | undefined {
  const { remote, inKey, outKey, dstPort } = vxlan;
  if (isOthers(port.name)) return 'a port of this name is in another network, or in none';
  if (reserved.has(port.name)) return 'another port of the file has this name';
  if (/[\s*?/]/.test(port.name) || port.name === '' || port.name.length > 255)
    return 'its name has wildcards or spaces, or is too long';
  if (remote.kind !== 'one') return 'it leads to no single address';
  if (familyOf(remote.address) !== family)
    return `it is over ${familyOf(remote.address)}, and the tunnels of the file are over ${family}`;
  if (inKey === undefined || outKey === undefined) return 'its key is no VNI';
  if ((inKey === 'flow') !== (outKey === 'flow')) return 'its key is flow in one direction only';
  return dstPort === undefined ? 'its dst_port is no port' : undefined;
}

export const keysOf = ({ vxlan: { inKey, outKey } }: Pick<PlacedVxlan, 'vxlan'>): number[] =>
  [inKey, outKey].filter((key: Key | undefined) => typeof key === 'number');

/** Each once; the most frequent first, then the smallest. */
function byFrequency(numbers: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b).map(([number]) => number);
}
