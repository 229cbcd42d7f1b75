/**
 * The networks that hand-made bridges are: the ports of one VLAN of a bridge, and those that they reach by tunnels, patch
 * ports and cards on other hosts. Pure sorting: which VNI and which name such a network gets is said elsewhere.
 */
import { groupBy } from '../lib/group-by.js';
import { type HostFacts, type Placed, type PlacedVxlan } from './facts.js';
import { type Joint, keyOf, Partition, type Segment } from './fabric.js';
import type { Peering } from './peers.js';
import { isOpen, tagOutside, vlanInside } from './vlan.js';

export interface FoundNetwork {
  /** One for each host and VLAN that it has there; the hosts in their order, then by VLAN. */
  readonly parts: readonly Segment[];
  readonly members: readonly Member[];
  /** Tunnel ports on the managed bridges that carry this network's frames without a tag, and so this network's alone. */
  readonly tunnels: readonly PlacedVxlan[];
  /** Cards on the managed bridges that carry it, and are not the hosts' uplinks. */
  readonly cards: readonly Member[];
}

export interface Member {
  readonly placed: Placed;
  /** The tag that its frames have on the port; 0 for none. */
  readonly tag: number;
}

/** Ports with more VLANs than this are in those that others use, only. */
const manyVlans = 64;

/**
 * @param tunnels every hand-made tunnel, the very objects that the peering speaks of
 * @param uplinks by host: the card that stays the host's own
 */
export function findNetworks(
  hosts: readonly HostFacts[],
  joints: readonly Joint[],
  tunnels: readonly PlacedVxlan[],
  peering: Peering,
  uplinks: ReadonlyMap<HostFacts, string>,
): readonly FoundNetwork[] {
  const parts = hosts.flatMap(partsOf);
  const partition = new Partition();
  for (const { a, b, sure } of joints) if (sure) partition.join(keyOf(a), keyOf(b));
  for (const [a, b] of meant(peering, parts)) partition.join(keyOf(a), keyOf(b));
  for (const [a, b] of byTagAlone(parts, joints, partition)) partition.join(keyOf(a), keyOf(b));

  const groups = groupBy(parts, part => partition.find(keyOf(part)));
  const tunnelsAt = groupBy(tunnels, ({ host, bridge, port }) => {
    const vlan = vlanInside(port.vlan, 0);
    return vlan === undefined || bridge !== host.bridge ? undefined : keyOf({ host, bridge, vlan });
  });
  return [...groups.values()].map(group => ({
    parts: group,
    members: group.flatMap(part => membersOf(part)),
    tunnels: group.flatMap(part => tunnelsAt.get(keyOf(part)) ?? []),
    cards: group.flatMap(part => cardsOf(part, uplinks.get(part.host))),
  }));
}

/** The VLANs of the managed bridge that have ports, or a tunnel of their own. */
function partsOf(host: HostFacts): readonly Segment[] {
  const { bridge } = host;
  if (bridge === undefined) return [];
  const vlans = new Set<number>();
  for (const { role, vlan } of bridge.ports) {
    if (role === 'vxlan' && vlan.kind === 'access') vlans.add(vlan.tag);
    if (role !== 'member') continue;
    if (vlan.kind === 'access') vlans.add(vlan.tag);
    else if (isOpen(vlan)) vlans.add(vlan.native);
    else {
      if (vlan.native !== 0) vlans.add(vlan.native);
      if (vlan.trunks !== undefined && vlan.trunks.size <= manyVlans)
        for (const one of vlan.trunks) vlans.add(one);
    }
  }
  return [...vlans].sort((a, b) => a - b).map(vlan => ({ host, bridge, vlan }));
}

function membersOf({ host, bridge, vlan }: Segment): readonly Member[] {
  return bridge.ports.flatMap(port => {
    if (port.role !== 'member') return [];
    const tag = tagOutside(port.vlan, vlan);
    // A port with no VLANs said is a plain one: that it lets tags through is how ports are made, and not what it is for.
    if (tag === undefined || (tag !== 0 && isOpen(port.vlan))) return [];
    return [{ placed: { host, bridge, port }, tag }];
  });
}

function cardsOf({ host, bridge, vlan }: Segment, uplink: string | undefined): readonly Member[] {
  return bridge.ports.flatMap(port => {
    if ((port.role !== 'nic' && port.role !== 'bond') || port.name === uplink) return [];
    const tag = tagOutside(port.vlan, vlan);
    return tag === undefined ? [] : [{ placed: { host, bridge, port }, tag }];
  });
}

/** Tunnels that do not work, and were to join VLANs of one number: the person's wish is plain. */
function meant(
  { estranged, lonely }: Peering,
  parts: readonly Segment[],
): readonly (readonly [Segment, Segment])[] {
  const partOf = (host: HostFacts, vlan: number | undefined): Segment | undefined =>
    parts.find(part => part.host === host && part.vlan === vlan);
  const wishes = [
    ...estranged.map(([a, b]) => [a, b.host] as const),
    ...lonely.map(({ port, to }) => [port, to] as const),
  ];
  return wishes.flatMap(([port, to]) => {
    const vlan = vlanInside(port.port.vlan, 0);
    const [a, b] = [partOf(port.host, vlan), partOf(to, vlan)];
    return a === undefined || b === undefined || port.bridge !== port.host.bridge ? [] : [[a, b] as const];
  });
}

/**
 * Hosts whose cards let all VLANs through, and that have no tunnel in a VLAN: VMs with one tag on several of them can only
 * be one network of the physical switches. Where there are tunnels, the same number may well be two networks.
 */
function byTagAlone(
  parts: readonly Segment[],
  joints: readonly Joint[],
  partition: Partition,
): readonly (readonly [Segment, Segment])[] {
  const tunnelled = new Set(
    joints
      .filter(({ b }) => typeof b !== 'number')
      .flatMap(({ a, b }) => [partition.find(keyOf(a)), partition.find(keyOf(b))]),
  );
  const firsts = new Map<number, Segment>();
  const joined: (readonly [Segment, Segment])[] = [];
  const partKeys = new Map(parts.map(part => [keyOf(part), part] as const));
  for (const { a, b, sure } of joints) {
    const part = partKeys.get(keyOf(a));
    if (sure || typeof b !== 'number' || part === undefined || tunnelled.has(partition.find(keyOf(a))))
      continue;
    const first = firsts.get(b);
    if (first === undefined) firsts.set(b, part);
    else joined.push([first, part]);
  }
  return joined;
}
