/** Which hand-made tunnel port answers which: a tunnel works only where both ends agree. */
import { groupBy } from '../lib/group-by.js';
import { formatVtep, type Vtep } from '../lib/vtep.js';
import type { HostFacts, Key, PlacedVxlan } from './facts.js';
import { type Finding, listed } from './finding.js';
import { remoteOf, type Vteps } from './vteps.js';

export type Pair = readonly [PlacedVxlan, PlacedVxlan];

export interface Peering {
  /** Frames go both ways. */
  readonly pairs: readonly Pair[];
  /** Meant for each other, as it seems, and yet neither takes the other's frames. */
  readonly estranged: readonly (readonly [...Pair, 'key' | 'dst_port'])[];
  /** The host that it leads to has no port that leads back. */
  readonly lonely: readonly { readonly port: PlacedVxlan; readonly to: HostFacts }[];
  /** To an address of none of the imported hosts. */
  readonly outside: readonly { readonly port: PlacedVxlan; readonly address: Vtep }[];
  /** To the host that it is on. */
  readonly inward: readonly PlacedVxlan[];
}

export function findPeers(tunnels: readonly PlacedVxlan[], vteps: Vteps): Peering {
  const pairs: Pair[] = [];
  const outside: { port: PlacedVxlan; address: Vtep }[] = [];
  const inward: PlacedVxlan[] = [];
  const directions: { readonly port: PlacedVxlan; readonly to: HostFacts }[] = [];
  for (const port of tunnels) {
    for (const address of remoteOf(port)) {
      const to = vteps.owners.get(address);
      if (to === undefined) outside.push({ port, address });
      else if (to === port.host) inward.push(port);
      else directions.push({ port, to });
    }
  }
  const used = new Set<PlacedVxlan>();
  const between = groupBy(directions, ({ port, to }) => `${port.host.name} ${to.name}`);
  const back = (port: PlacedVxlan, to: HostFacts): PlacedVxlan[] =>
    (between.get(`${to.name} ${port.host.name}`) ?? [])
      .map(direction => direction.port)
      .filter(other => !used.has(other));
  const take = (...ends: Pair): Pair => {
    for (const end of ends) used.add(end);
    return ends;
  };
  for (const { port, to } of directions) {
    if (used.has(port)) continue;
    const other = back(port, to).find(one => agree(port, one));
    if (other !== undefined) pairs.push(take(port, other));
  }
  const estranged: (readonly [...Pair, 'key' | 'dst_port'])[] = [];
  const lonely: { port: PlacedVxlan; to: HostFacts }[] = [];
  for (const { port, to } of directions) {
    if (used.has(port)) continue;
    const others = back(port, to);
    const other =
      others.find(one => keysAgree(port, one)) ??
      others.find(one => sameVlan(port, one)) ??
      others.find(one => one.port.name === port.port.name);
    if (other === undefined) lonely.push({ port, to });
    else estranged.push([...take(port, other), keysAgree(port, other) ? 'dst_port' : 'key']);
  }
  return { pairs, estranged, lonely, outside, inward };
}

const agree = (a: PlacedVxlan, b: PlacedVxlan): boolean =>
  a.vxlan.dstPort !== undefined && a.vxlan.dstPort === b.vxlan.dstPort && keysAgree(a, b);

const keysAgree = (a: PlacedVxlan, b: PlacedVxlan): boolean =>
  accepts(b.vxlan.inKey, a.vxlan.outKey) && accepts(a.vxlan.inKey, b.vxlan.outKey);

/** With no flows that set it, a key of `flow` goes out as 0. */
const accepts = (inKey: Key | undefined, outKey: Key | undefined): boolean =>
  inKey !== undefined &&
  outKey !== undefined &&
  (inKey === 'flow' || inKey === (outKey === 'flow' ? 0 : outKey));

const sameVlan = (a: PlacedVxlan, b: PlacedVxlan): boolean => {
  const [one, other] = [a.port.vlan, b.port.vlan];
  if (one.kind === 'access' || other.kind === 'access')
    return one.kind === 'access' && other.kind === 'access' && one.tag === other.tag;
  return true;
};

export function peerFindings({ estranged, lonely, inward }: Peering): readonly Finding[] {
  return [
    ...estranged.map(([a, b, why]): Finding => {
      const [ours, theirs] =
        why === 'key'
          ? [`key ${formatKeys(a)}`, `key ${formatKeys(b)}`]
          : [`UDP port ${a.vxlan.dstPort ?? 'none'}`, `UDP port ${b.vxlan.dstPort ?? 'none'}`];
      const option = why === 'key' ? 'key' : 'dst_port';
      return {
        level: 'broken',
        code: why === 'key' ? 'peer-key' : 'peer-port',
        ...placed(a),
        what: `it has ${ours}, and its other end (${nameOf(b)}) ${theirs}: neither takes the other's frames`,
        todo: `give both the same options:${option}; with this file the two hosts reach each other by Heddle's own tunnel`,
      };
    }),
    ...lonely.map(({ port, to }): Finding => ({
      level: 'broken',
      code: 'peer-missing',
      ...placed(port),
      what: `it leads to ${to.name} (${listed(remoteOf(port).map(formatVtep))}), which has no port that leads back here with key ${formatKeys(port)}`,
      todo: `on ${to.name}, add the port that was forgotten, or take this one away; with this file the two hosts reach each other by Heddle's own tunnel`,
    })),
    ...inward.map((port): Finding => ({
      level: 'broken',
      code: 'tunnel',
      ...placed(port),
      what: `it leads to the host that it is on (${listed(remoteOf(port).map(formatVtep))})`,
      todo: 'take it away, or let its options:remote_ip be the other host',
    })),
  ];
}

/** `vxlan10 of kvm1` */
export const nameOf = ({ host, port }: Pick<PlacedVxlan, 'host' | 'port'>): string =>
  `${port.name} of ${host.name}`;

export const placed = ({
  host,
  bridge,
  port,
}: Pick<PlacedVxlan, 'host' | 'bridge' | 'port'>): Pick<Finding, 'host' | 'bridge' | 'port'> => ({
  host: host.name,
  bridge: bridge.name,
  port: port.name,
});

function formatKeys({ vxlan: { inKey, outKey } }: PlacedVxlan): string {
  const text = (key: Key | undefined): string => (key === undefined ? 'none that can be read' : String(key));
  return inKey === outKey ? text(inKey) : `${text(inKey)} (in) and ${text(outKey)} (out)`;
}
