import { type Group, groupIds, maxGroupParts } from '../intent/index.js';
import { bucket, type Bucket, group as toGroup, maxFrame } from '../openflow/index.js';
import { bucketSize } from './groups.js';

/** What a bundle puts around each message of its own: the header of a BUNDLE_ADD_MESSAGE [ONF EXT-230]. Bytes. */
export const envelope = 24;

/** The header of a GROUP_MOD [OF1.3.5 7.3.4.2]. Bytes. */
const groupHeader = 16;

/** What one message has room for. Bytes of buckets. */
const room = maxFrame - envelope - groupHeader;

/**
 * The groups that stand for one: itself, or where no message has room for it, its parts, and behind them the group that
 * sends a copy of each packet to each of them. In a group of type all every bucket has a copy of its own anyhow [OF1.3.5 5.6.1].
 * One that cannot be taken apart stays whole, and cannot be sent.
 */
export function splitGroup(group: Group): readonly Group[] {
  const lists = listsOf(group.buckets);
  if (lists.length === 1 || !isSmallEnough(group, lists)) return [group];
  const parts = lists.map((buckets, index) => ({ ...group, id: groupIds.part(group.id, index), buckets }));
  return [...parts, { ...group, buckets: parts.map(({ id }) => bucket([toGroup(id)])) }];
}

/** Whether messages have room for a group, in parts if need be. */
export const canBeSent = (group: Group): boolean => isSmallEnough(group, listsOf(group.buckets));

const isSmallEnough = ({ groupType }: Group, lists: readonly (readonly Bucket[])[]): boolean =>
  lists.length <= (groupType === 'all' ? maxGroupParts : 1) &&
  lists.every(([first]) => first === undefined || bucketSize(first) <= room);

/** As many buckets in each list as a message has room for; one that is larger than a message is the first of its list. */
function listsOf(buckets: readonly Bucket[]): readonly (readonly Bucket[])[] {
  const lists: Bucket[][] = [[]];
  let used = 0;
  for (const one of buckets) {
    const size = bucketSize(one);
    if (used > 0 && used + size > room) {
      lists.push([]);
      used = 0;
    }
    lists.at(-1)?.push(one);
    used += size;
  }
  return lists;
}

/** Groups as they are meant, whatever parts they are made of. */
export interface JoinedGroups {
  readonly groups: Map<number, Group>;
  /** The parts that are there, by their ids, and whether their group leads to them. */
  readonly parts: Map<number, boolean>;
}

/** @param groups as a switch tells them; those that are not ours are left out */
export function joinGroups(groups: readonly Group[]): JoinedGroups {
  const ours = groups.filter(({ id }) => groupIds.isOurs(id));
  const byId = new Map(ours.filter(({ id }) => groupIds.isPart(id)).map(part => [part.id, part]));
  const parts = new Map([...byId.keys()].map(id => [id, false]));
  const whole = ours
    .filter(({ id }) => !groupIds.isPart(id))
    .map((group): Group => {
      const leadsTo = group.buckets.map(({ actions: [first, ...more] }) =>
        first?.type === 'group' && more.length === 0 && groupIds.isPart(first.groupId)
          ? byId.get(first.groupId)
          : undefined,
      );
      if (leadsTo.every(part => part === undefined)) return group;
      for (const part of leadsTo) if (part !== undefined) parts.set(part.id, true);
      return { ...group, buckets: group.buckets.flatMap((one, index) => leadsTo[index]?.buckets ?? [one]) };
    });
  return { groups: new Map(whole.map(group => [group.id, group])), parts };
}
