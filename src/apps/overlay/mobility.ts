/**
 * Where a VM is whose interface has several ports. While it migrates it has one on the destination for as long as its memory is
 * copied, and runs at the source all that time; then it wakes up at the destination and says so at once (QEMU sends RARP
 * [RFC 903] for it, guests a gratuitous ARP [RFC 5227 3]). So the port that came last takes the VM's frames over with its
 * first frame, and one that came before never has them back while that is there: no late frame of the source counts.
 * Ports of different interfaces with one MAC are a mistake: the first one keeps it.
 */
import type { Dpid, Mac } from '../../lib/addresses.js';
import type { Age, Host, Member } from './members.js';

/** What is needed of a claim (holders.ts). */
interface Rival {
  readonly host: Host;
  readonly member: Member;
}

/** The last that is known of it. */
const latest = ({ since, heard }: Age): number => Math.max(since, heard);
const isFirstRead = ({ since }: Age): boolean => since < 0;

export const isSameInterface = ({ member: a }: Rival, { member: b }: Rival): boolean =>
  a.ifaceId !== undefined && a.ifaceId === b.ifaceId;

/** Puts the holder of a MAC first, then its interface's other ports, then those of others. */
export function inOrder(rivals: Rival[]): void {
  rivals.sort(byAge);
  const [first] = rivals;
  if (first === undefined) return;
  const rank = (rival: Rival): number => (rival === first ? 0 : isSameInterface(first, rival) ? 1 : 2);
  const lastHeard = rivals
    .filter(rival => rank(rival) < 2 && rival.member.age.heard > 0)
    .reduce((last, rival) => (rival.member.age.heard > last.member.age.heard ? rival : last), first);
  rivals.sort((a, b) =>
    a === lastHeard ? -1 : b === lastHeard ? 1 : Number(rank(a) === 2) - Number(rank(b) === 2) || byAge(a, b),
  );
}

/** Ports that came at once go by their hosts' names and their own, which are the same in whatever order they are read. */
const byAge = (a: Rival, b: Rival): number =>
  a.member.age.since - b.member.age.since ||
  byName(a.host.name, b.host.name) ||
  byName(a.member.port, b.member.port);

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The VM has been heard elsewhere since this port came: it is not here any more. */
export const hasLeft = (holder: Rival, other: Rival): boolean =>
  isSameInterface(holder, other) && latest(other.member.age) < holder.member.age.heard;

/**
 * A frame from this port would say that the VM is here. Of ports that were there when their hosts were first read, as when Heddle
 * was restarted while a VM migrates, and of those that one new file has brought in, the VM is where the first frame comes from;
 * until then frames for it go to all of them.
 */
export function isAwaited(claims: readonly Rival[], claim: Rival): boolean {
  const [holder] = claims;
  const { age } = claim.member;
  if (holder === undefined || age.heard > 0) return false;
  if (claim !== holder)
    return (
      isSameInterface(holder, claim) &&
      (age.since > latest(holder.member.age) || isUndecided(holder.member.age, age))
    );
  return claims.some(
    other => other !== claim && isSameInterface(holder, other) && isUndecided(age, other.member.age),
  );
}

/**
 * Ports of the holder's interface of which each may be where the VM is, as nobody has seen which one came last: the holder is the first
 * of them. One alone, or none of which that can be said: the holder is it.
 */
export const candidatesOf = <T extends Rival>(claims: readonly T[]): readonly T[] =>
  claims.length === 1 ? claims : claims.filter(claim => claim === claims[0] || isGuessed(claims, claim));

const isGuessed = <T extends Rival>([holder]: readonly T[], claim: T): boolean =>
  holder !== undefined && isSameInterface(holder, claim) && isUndecided(holder.member.age, claim.member.age);

const isUndecided = (a: Age, b: Age): boolean =>
  (a.since === b.since || (isFirstRead(a) && isFirstRead(b))) && a.heard === 0 && b.heard === 0;

/** A frame has come from this port, which was waited for there. */
export interface Sign {
  readonly dpid: Dpid;
  readonly ofport: number;
  readonly mac: Mac;
}

/**
 * The hosts as they are known after a sign of life, and those of them that have to change, in the order in which they should: where
 * the VM is now, where it was, and then all others of its networks.
 *
 * @param now above all ages so far
 * @param rivalsOf all that claim a port's MAC, the holder first
 * @returns undefined: it says nothing new
 */
export function heardFrom(
  hosts: ReadonlyMap<string, Host>,
  { dpid, ofport, mac }: Sign,
  now: number,
  rivalsOf: (member: Member) => readonly Rival[],
): { readonly hosts: ReadonlyMap<string, Host>; readonly changed: ReadonlySet<Dpid> } | undefined {
  const here = [...hosts.values()].find(host => host.dpid === dpid);
  if (here === undefined) return undefined;
  const ages = new Map<string, Age>();
  const left = new Set<Dpid>();
  const networks = new Set<Member['network']>();
  for (const member of here.members) {
    if (member.ofport !== ofport || member.mac !== mac) continue;
    const rivals = rivalsOf(member);
    const claim = rivals.find(rival => keyOf(rival) === keyOf({ host: here, member }));
    if (claim === undefined || !isAwaited(rivals, claim)) continue;
    for (const rival of rivals.filter(other => other !== claim && isSameInterface(claim, other))) {
      // Which of those that nobody has seen come was there first is still not known: it may come to life yet.
      if (isUndecided(member.age, rival.member.age)) ages.set(keyOf(rival), { since: now + 1, heard: 0 });
      left.add(rival.host.dpid);
    }
    ages.set(keyOf(claim), { since: member.age.since, heard: now });
    networks.add(member.network);
  }
  if (ages.size === 0) return undefined;
  const aged = [...hosts].map(([name, host]): [string, Host] => [name, withAges(host, ages)]);
  const others = [...hosts.values()].filter(({ members }) => members.some(one => networks.has(one.network)));
  return { hosts: new Map(aged), changed: new Set([dpid, ...left, ...others.map(host => host.dpid)]) };
}

/** What is known of a claim may be another object by now. */
const keyOf = ({ host, member: { network, port } }: Rival): string => `${host.name} ${network.vni} ${port}`;

function withAges(host: Host, ages: ReadonlyMap<string, Age>): Host {
  if (!host.members.some(member => ages.has(keyOf({ host, member })))) return host;
  const members = host.members.map(member => {
    const age = ages.get(keyOf({ host, member }));
    return age === undefined ? member : { ...member, age };
  });
  return { ...host, members };
}
