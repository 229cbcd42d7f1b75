/**
 * Loops: two ways from one bridge to another within a VLAN. Frames carry no number of hops, so that a broadcast goes round
 * for ever, as many times as the links allow [IEEE 802.1D has STP for this].
 */
import { groupBy } from '../lib/group-by.js';
import { type BridgeFacts, forwardsByItself, type Placed } from './facts.js';
import { type Joint, keyOf, Partition } from './fabric.js';
import { type Finding, listed, some } from './finding.js';
import { compareNames } from './names.js';

export function loopFindings(joints: readonly Joint[]): readonly Finding[] {
  const certain = joints.filter(({ sure }) => sure);
  const loops = loopsIn(certain);
  const closed = new Set(loops.flatMap(({ members }) => [...members]));
  // What could loop as well, if the network behind the cards carries those VLANs: told where nothing is certain.
  const possible = loopsIn(joints).filter(({ members }) => ![...members].some(key => closed.has(key)));
  return [...merged(loops).map(loop => told(loop, true)), ...merged(possible).map(loop => told(loop, false))];
}

interface Loop {
  /** The shortest way round. */
  readonly round: readonly Joint[];
  /** Of the bridges' VLANs that the whole of it reaches. */
  readonly members: ReadonlySet<string>;
  /** How many joints could go with everything still joined. */
  readonly spare: number;
  readonly joints: number;
  readonly vlans: readonly number[];
}

/** One for each set of nodes that are joined in more ways than one. */
function loopsIn(joints: readonly Joint[]): readonly Loop[] {
  const partition = new Partition();
  const tree: Joint[] = [];
  const spare: Joint[] = [];
  for (const joint of joints) (partition.join(keyOf(joint.a), keyOf(joint.b)) ? tree : spare).push(joint);
  if (spare.length === 0) return [];
  const rootOf = ({ a }: Joint): string => partition.find(keyOf(a));
  const trees = groupBy(tree, rootOf);
  return [...groupBy(spare, rootOf)].map(([root, extra]) => {
    const whole = trees.get(root) ?? [];
    const all = [...whole, ...extra];
    const members = new Set(all.flatMap(({ a, b }) => [keyOf(a), keyOf(b)]));
    const round = extra
      .slice(0, mostTried)
      .map(joint => [joint, ...wayBetween(joint, whole)])
      .reduce((best, one) => (one.length < best.length ? one : best));
    const vlans = [...new Set(all.map(({ a }) => a.vlan))].sort((x, y) => x - y);
    return { round, members, spare: extra.length, joints: all.length, vlans };
  });
}

/** For a good example of a loop, a few will do. */
const mostTried = 50;

/** The joints of a tree that lead from one end of a joint to the other. */
function wayBetween(joint: Joint, tree: readonly Joint[]): readonly Joint[] {
  const at = new Map<string, { joint: Joint; to: string }[]>();
  const add = (from: string, to: string, one: Joint): void => {
    const list = at.get(from);
    if (list === undefined) at.set(from, [{ joint: one, to }]);
    else list.push({ joint: one, to });
  };
  for (const one of tree) {
    add(keyOf(one.a), keyOf(one.b), one);
    add(keyOf(one.b), keyOf(one.a), one);
  }
  const [start, goal] = [keyOf(joint.a), keyOf(joint.b)];
  const came = new Map<string, { joint: Joint; from: string }>();
  const queue = [start];
  for (let next = queue.shift(); next !== undefined && next !== goal; next = queue.shift()) {
    for (const { joint: one, to } of at.get(next) ?? []) {
      if (to === start || came.has(to)) continue;
      came.set(to, { joint: one, from: next });
      queue.push(to);
    }
  }
  const way: Joint[] = [];
  for (let step = came.get(goal); step !== undefined; step = came.get(step.from)) way.push(step.joint);
  return way;
}

/** Loops through the same ports are one mistake, however many VLANs have it. */
function merged(loops: readonly Loop[]): readonly Loop[] {
  const byPorts = new Map<string, Loop>();
  for (const loop of loops) {
    const key = portsOf(loop).map(name).sort().join('\n');
    const known = byPorts.get(key);
    const vlans = [...new Set([...(known?.vlans ?? []), ...loop.vlans])].sort((a, b) => a - b);
    byPorts.set(key, { ...(known ?? loop), vlans });
  }
  return [...byPorts.values()];
}

const portsOf = ({ round }: Loop): readonly Placed[] => round.flatMap(({ ports }) => ports);

const name = ({ host, port }: Placed): string => `${port.name} of ${host.name}`;

function told(loop: Loop, certain: boolean): Finding {
  const ports = [...new Map(portsOf(loop).map(placed => [name(placed), placed])).values()];
  const cards = ports.filter(isCard);
  const links = loop.round.filter(({ ports: [first] }) => first !== undefined && !isCard(first));
  const ways = [
    ...links.map(linkName).sort(compareNames),
    ...(cards.length === 0 ? [] : [namesByHost(cards)]),
  ];
  const hosts = new Set(ports.map(({ host }) => host.name));
  const [only] = hosts;
  const place = hosts.size === 1 && only !== undefined ? { host: only } : {};
  const vlans = loop.vlans.map(vlan => (vlan === 0 ? 'frames without a tag' : `VLAN ${vlan}`));
  const more =
    loop.spare > 1
      ? `; in all there are ${loop.joints} links, where ${loop.joints - loop.spare} would do`
      : '';
  const condition =
    cards.length === 0
      ? ''
      : `, if the physical network between ${namesByHost(cards)} carries ${certain ? 'them' : 'that'}`;
  const round = `${some(vlans)} can go round for ever: by ${some(ways, 5)}${more}`;
  const guard = guardOf(new Set(ports.map(({ bridge }) => bridge)));
  if (guard !== undefined)
    return {
      level: 'note',
      code: certain ? 'loop' : 'possible-loop',
      ...place,
      what: `${round}: ${guard}`,
      todo: heals,
    };
  return {
    level: certain ? 'broken' : 'note',
    code: certain ? 'loop' : 'possible-loop',
    ...place,
    what: `${certain ? 'a loop: ' : ''}${round}${condition}`,
    todo:
      cards.length === 0
        ? `take a link away, or turn RSTP on; ${heals}`
        : `keep the VLANs of tunnels and cards apart, as by ovs-vsctl set Port ${cards[0]?.port.name ?? ''} trunks=0; ${heals}`,
  };
}

const heals =
  "under Heddle it is none: nothing goes from one tunnel into another, and an uplink carries no VM's frames";

const isCard = ({ port: { role } }: Placed): boolean => role === 'nic' || role === 'bond';

/** `vxlan10 between kvm1 and kvm2` */
function linkName({ ports }: Joint): string {
  const names = [...new Set(ports.map(({ port }) => port.name))];
  const hosts = [...new Set(ports.map(({ host }) => host.name))].sort(compareNames);
  if (hosts.length === 1) return `${listed(names)} on ${listed(hosts)}`;
  return names.length === 1 ? `${listed(names)} between ${listed(hosts)}` : listed(ports.map(name));
}

/** `eth0 of kvm1 and kvm2` */
function namesByHost(cards: readonly Placed[]): string {
  const byName = new Map<string, string[]>();
  for (const { host, port } of cards) byName.set(port.name, [...(byName.get(port.name) ?? []), host.name]);
  return listed([...byName].map(([card, hosts]) => `${card} of ${some([...hosts].sort(compareNames))}`));
}

/** What may keep a loop open. */
function guardOf(bridges: ReadonlySet<BridgeFacts>): string | undefined {
  const protocols = new Set([...bridges].map(({ spanningTree }) => spanningTree));
  if (!protocols.has(undefined)) return `${[...protocols].join(' and ')} keeps that loop open`;
  return [...bridges].every(forwardsByItself)
    ? undefined
    : 'whether they do is for the flows to say, which OVSDB does not show';
}
