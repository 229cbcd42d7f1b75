import { appOfCookie, type Flow, type Group, groupIds, type Keep } from '../intent/index.js';
import type { Vtep } from '../lib/vtep.js';
import type { Bucket } from '../openflow/index.js';
import { type Actual, copyOf, type Holdings } from './actual.js';
import type { Wanted } from './compile.js';
import { canBeSent, splitGroup } from './group-parts.js';
import { sameGroup, withOldBuckets } from './groups.js';
import { tunnelOf, tunnelOfFlow } from './tunnel.js';

/** The difference, in no order yet (order.ts). */
export interface FlowPlan {
  /** Doubled ones that are wanted: all that bears them is deleted before they are added. */
  readonly cookiesToClear: readonly bigint[];
  readonly groupsToPut: readonly Group[];
  /** Those that are there as they should be, as the objects by which that is seen at once the next time. */
  readonly groupsAsWanted: readonly Group[];
  /** Of those to put, and of their parts, those that are there already, by their ids. */
  readonly groupsReplaced: ReadonlySet<number>;
  readonly flowsToAdd: readonly (readonly [cookie: bigint, flow: Flow])[];
  readonly cookiesToDelete: readonly bigint[];
  /** Those that go with no message of their own: what is added takes their places. */
  readonly cookiesReplaced: readonly bigint[];
  readonly groupsToDelete: readonly number[];
  /** Parts of groups that are of no use any more, by their ids (group-parts.ts). */
  readonly partsToDelete: readonly number[];
  /** Cookies under which the switch may learn when it is done. */
  readonly learned: ReadonlySet<bigint>;
  /** Cookies of flows that differ, and of which nothing is done: refused, or not wanted and kept. */
  readonly leftOut: readonly bigint[];
  /**
   * Flows stay that are not wanted: one that is added may have the match of one of them and take its place, which a
   * cookie does not say. What the switch holds then is no more than a guess.
   */
  readonly keepsStale: boolean;
}

/**
 * Compares by cookie and by group. A changed flow has a new cookie: its ADD replaces the old one, whose deletion by
 * cookie then finds nothing, and is left out where that is known. What an app may want after all (`keep`) stays.
 *
 * @param refused cookies and group ids that the switch would not take: left out until they are tried again
 * @param differing the cookies of all static flows that may differ: others are not looked at
 * @param successors the flows whose places those that are wanted take, as far as that is known (WantedTables)
 */
export function planFlows(
  wanted: Wanted,
  actual: Actual,
  refused: Pick<ReadonlySet<bigint | number>, 'has'>,
  differing: Iterable<bigint> = differingFlows(wanted, actual),
  successors: ReadonlyMap<bigint, bigint> = noSuccessors,
): FlowPlan {
  const flowsToAdd: (readonly [bigint, Flow])[] = [];
  const cookiesToClear: bigint[] = [];
  const flowsToDelete: bigint[] = [];
  const cookiesReplaced: bigint[] = [];
  const leftOut: bigint[] = [];
  let keepsStale = false;
  for (const cookie of differing) {
    const flow = wanted.flows.get(cookie);
    const isDoubled = actual.doubled.has(cookie);
    const isThere = actual.flows.has(cookie);
    if (flow !== undefined) {
      if (isThere && !isDoubled) continue;
      if (refused.has(cookie)) {
        leftOut.push(cookie);
        continue;
      }
      flowsToAdd.push([cookie, flow]);
      if (isDoubled) cookiesToClear.push(cookie);
    } else if (isThere) {
      const successor = successors.get(cookie);
      const isReplaced =
        successor !== undefined &&
        !isDoubled &&
        wanted.flows.has(successor) &&
        !actual.flows.has(successor) &&
        !refused.has(successor);
      const goes =
        !refused.has(cookie) && !stays(wanted.keep.get(appOfCookie(cookie)), actual.towards.get(cookie));
      if (isReplaced) cookiesReplaced.push(cookie);
      else if (goes) flowsToDelete.push(cookie);
      else {
        leftOut.push(cookie);
        keepsStale = true;
      }
    }
  }
  const groupsToPut: Group[] = [];
  const groupsAsWanted: Group[] = [];
  for (const group of wanted.groups.values()) {
    const there = actual.groups.get(group.id);
    const merged = there === undefined ? group : withOldBuckets(group, there, oldBucketsOf(group, wanted));
    // What the app wants was looked at; what a switch holds beside it may be anything.
    const put = merged === group || canBeSent(merged) ? merged : group;
    if (there === undefined || !sameGroup(put, there)) {
      if (!refused.has(group.id)) groupsToPut.push(put);
    } else if (put === group && there !== group) groupsAsWanted.push(group);
  }
  const learnedToDelete = [...actual.learned].filter(
    cookie =>
      !wanted.learned.has(cookie) &&
      !refused.has(cookie) &&
      !stays(wanted.keep.get(appOfCookie(cookie)), undefined),
  );
  // A group does not say whose it is.
  const groupsStay = [...wanted.keep.values()].includes('all');
  const groupsToDelete = [...actual.groups.keys()].filter(
    id => !groupsStay && !wanted.groups.has(id) && !refused.has(id),
  );

  const split = new Map(groupsToPut.map(group => [group.id, splitGroup(group).map(({ id }) => id)]));
  const deleted = new Set(groupsToDelete);
  const partsToDelete = [...actual.parts].flatMap(([part, isInUse]) => {
    const whole = groupIds.wholeOf(part);
    const stays =
      groupsStay ||
      refused.has(whole) ||
      (split.get(whole)?.includes(part) ?? (isInUse && !deleted.has(whole)));
    return stays ? [] : [part];
  });
  return {
    cookiesToClear,
    groupsToPut,
    groupsAsWanted,
    groupsReplaced: new Set(
      [...split.values()].flat().filter(id => actual.groups.has(id) || actual.parts.has(id)),
    ),
    flowsToAdd,
    cookiesToDelete: [...flowsToDelete, ...learnedToDelete],
    cookiesReplaced,
    groupsToDelete,
    partsToDelete,
    learned: wanted.learned,
    leftOut,
    keepsStale,
  };
}

const noSuccessors: ReadonlyMap<bigint, bigint> = new Map();

/** What the switch holds when all of a plan is done: at the cost of the plan, and not of what is there. */
export function carryOut(
  plan: FlowPlan,
  { flows, towards, doubled, learned, groups, parts }: Holdings,
): void {
  for (const cookie of plan.learned) learned.add(cookie);
  for (const [cookie, { instructions }] of plan.flowsToAdd) {
    flows.add(cookie);
    doubled.delete(cookie);
    const tunnel = tunnelOfFlow(instructions);
    if (tunnel !== undefined) towards.set(cookie, tunnel);
  }
  for (const cookie of [...plan.cookiesToDelete, ...plan.cookiesReplaced]) {
    flows.delete(cookie);
    towards.delete(cookie);
    doubled.delete(cookie);
    learned.delete(cookie);
  }
  for (const group of plan.groupsAsWanted) groups.set(group.id, group);
  for (const group of plan.groupsToPut) {
    groups.set(group.id, group);
    for (const { id } of splitGroup(group)) if (id !== group.id) parts.set(id, true);
  }
  for (const id of plan.groupsToDelete) groups.delete(id);
  for (const id of plan.partsToDelete) parts.delete(id);
}

/** The same for a value that must stay as it is. */
export function carriedOut(plan: FlowPlan, actual: Actual): Actual {
  const after = copyOf(actual);
  carryOut(plan, after);
  return after;
}

/**
 * The cookies of all static flows that are wanted and not there, or there and not wanted, or there in several places: a look
 * at every flow. Those to be added come in the order of `wanted`.
 */
export function differingFlows(wanted: Pick<Wanted, 'flows'>, actual: Actual): Set<bigint> {
  const cookies = new Set(actual.doubled);
  for (const cookie of wanted.flows.keys()) if (!actual.flows.has(cookie)) cookies.add(cookie);
  for (const cookie of actual.flows) if (!wanted.flows.has(cookie)) cookies.add(cookie);
  return cookies;
}

const stays = (keep: Keep | undefined, towards: Vtep | undefined): boolean =>
  keep === 'all' || (towards !== undefined && keep?.has(towards) === true);

/** Buckets towards hosts that have not been read stay; a host's own ports are known as soon as it is. */
function oldBucketsOf(
  { id }: Group,
  { groupOwners, keep }: Wanted,
): ((bucket: Bucket) => boolean) | undefined {
  const owner = groupOwners.get(id);
  const kept = owner === undefined ? undefined : keep.get(owner);
  if (kept === undefined || (kept !== 'all' && kept.size === 0)) return undefined;
  return bucket => stays(kept, tunnelOf(bucket.actions));
}

export const isEmpty = (plan: FlowPlan): boolean =>
  plan.groupsToPut.length === 0 &&
  plan.flowsToAdd.length === 0 &&
  plan.cookiesToDelete.length === 0 &&
  plan.groupsToDelete.length === 0 &&
  plan.partsToDelete.length === 0;
