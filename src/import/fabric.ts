/**
 * What the hosts' bridges are together, VLAN by VLAN, as long as they forward by themselves: a graph whose nodes are a VLAN of
 * a bridge, and a VLAN of the physical network, and whose joints are tunnels, patch ports and network cards.
 */
import type { BridgeFacts, HostFacts, Placed } from './facts.js';
import type { Pair } from './peers.js';
import { isOpen, tagOutside, vlanInside } from './vlan.js';

/** A VLAN of one bridge. 0: frames without a tag. */
export interface Segment {
  readonly host: HostFacts;
  readonly bridge: BridgeFacts;
  readonly vlan: number;
}

export interface Joint {
  readonly a: Segment;
  /** A number: the physical network's VLAN of this tag, which is taken to be the same one for all hosts. */
  readonly b: Segment | number;
  readonly ports: readonly Placed[];
  /** False for a card that carries each and every VLAN: nobody has said that the network behind it does. */
  readonly sure: boolean;
}

/** A port with more VLANs than these was not told them for the sake of each. */
const manyVlans = 64;

/** The VLANs that somebody uses on some host, and 0. */
export function vlansInUse(hosts: readonly HostFacts[]): readonly number[] {
  const vlans = new Set([0]);
  for (const { bridges } of hosts) {
    for (const { role, vlan } of bridges.flatMap(({ ports }) => ports)) {
      if (role === 'own' || role === 'heddle') continue;
      if (vlan.kind === 'access') vlans.add(vlan.tag);
      else {
        vlans.add(vlan.native);
        if (vlan.trunks !== undefined && vlan.trunks.size <= manyVlans)
          for (const one of vlan.trunks) vlans.add(one);
      }
    }
  }
  return [...vlans].sort((a, b) => a - b);
}

export function jointsOf(hosts: readonly HostFacts[], pairs: readonly Pair[]): readonly Joint[] {
  const vlans = vlansInUse(hosts);
  return [
    ...pairs.flatMap(([a, b]) => between(a, b, vlans)),
    ...patches(hosts).flatMap(([a, b]) => between(a, b, vlans)),
    ...hosts.flatMap(host => cardsOf(host).flatMap(card => outside(card, vlans))),
  ];
}

const cardsOf = (host: HostFacts): Placed[] =>
  host.bridges.flatMap(bridge =>
    bridge.ports
      .filter(({ role }) => role === 'nic' || role === 'bond')
      .map(port => ({ host, bridge, port })),
  );

/** What goes out by one port comes in by the other, with the tag that the first one gave it. */
function between(a: Placed, b: Placed, vlans: readonly number[]): Joint[] {
  return carried(a, vlans).flatMap(([vlan, tag]) => {
    const there = vlanInside(b.port.vlan, tag);
    return there === undefined
      ? []
      : [{ a: segment(a, vlan), b: segment(b, there), ports: [a, b], sure: true }];
  });
}

const outside = (card: Placed, vlans: readonly number[]): Joint[] =>
  carried(card, vlans).map(([vlan, tag]) => ({
    a: segment(card, vlan),
    b: tag,
    ports: [card],
    sure: tag === 0 || !isOpen(card.port.vlan),
  }));

/** VLAN of the bridge and tag outside, of those that the port carries. */
function carried({ port }: Placed, vlans: readonly number[]): [number, number][] {
  const possible = port.vlan.kind === 'access' ? [port.vlan.tag] : vlans;
  return possible.flatMap((vlan): [number, number][] => {
    const tag = tagOutside(port.vlan, vlan);
    return tag === undefined ? [] : [[vlan, tag]];
  });
}

const segment = ({ host, bridge }: Placed, vlan: number): Segment => ({ host, bridge, vlan });

/** Pairs of patch ports, each once. */
function patches(hosts: readonly HostFacts[]): [Placed, Placed][] {
  return hosts.flatMap(host => {
    const all = host.bridges.flatMap(bridge =>
      bridge.ports.filter(({ role }) => role === 'patch').map(port => ({ host, bridge, port })),
    );
    const byName = new Map(all.map(placed => [placed.port.name, placed] as const));
    return all.flatMap((placed): [Placed, Placed][] => {
      const other = byName.get(placed.port.peer ?? '');
      return other?.port.peer === placed.port.name && placed.port.name < other.port.name
        ? [[placed, other]]
        : [];
    });
  });
}

/** A text that is the same for the same node. */
export const keyOf = (node: Segment | number): string =>
  typeof node === 'number' ? `${node}` : `${node.host.name} ${node.bridge.name} ${node.vlan}`;

/** Sets that grow together: which nodes are one, after some of them have been joined. */
export class Partition {
  readonly #parents = new Map<string, string>();

  find(node: string): string {
    let root = node;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root))
      root = parent;
    for (let at = node; at !== root;) {
      const parent = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = parent;
    }
    return root;
  }

  /** @returns false where they were one before */
  join(a: string, b: string): boolean {
    const [one, other] = [this.find(a), this.find(b)];
    if (one === other) return false;
    this.#parents.set(one, other);
    return true;
  }
}
