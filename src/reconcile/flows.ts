import {
  appOfCookie,
  classOfCookie,
  type Flow,
  type Group,
  groupIds,
  type Keep,
  type Meter,
  meterIds,
} from '../intent/index.js';
import type { Ipv4 } from '../lib/addresses.js';
import type { Bucket, FlowStats } from '../openflow/index.js';
import type { Wanted } from './compile.js';
import { sameGroup, withOldBuckets } from './groups.js';
import { tunnelOf, tunnelOfFlow } from './tunnel.js';

/** What a switch holds of ours. */
export interface Actual {
  /** Cookies of static flows. */
  readonly flows: ReadonlySet<bigint>;
  /** Of these, those that send into a tunnel: to which address. */
  readonly towards: ReadonlyMap<bigint, Ipv4>;
  /** Of these, those that several flows bear: somebody else has sent one under a cookie of ours. */
  readonly doubled: ReadonlySet<bigint>;
  /** Cookies under which its own `learn` actions have written, or may have. */
  readonly learned: ReadonlySet<bigint>;
  readonly groups: ReadonlyMap<number, Group>;
  readonly meters: ReadonlyMap<number, Meter>;
}

/** The difference, in no order yet (order.ts). */
export interface FlowPlan {
  /** Doubled ones that are wanted: all that bears them is deleted before they are added. */
  readonly cookiesToClear: readonly bigint[];
  readonly groupsToPut: readonly Group[];
  readonly flowsToAdd: readonly (readonly [cookie: bigint, flow: Flow])[];
  readonly cookiesToDelete: readonly bigint[];
  readonly groupsToDelete: readonly number[];
  /** What the switch holds when all of it is done. */
  readonly after: Actual;
  /**
   * Flows stay that are not wanted: one that is added may have the match of one of them and take its place, which a
   * cookie does not say. `after` is then no more than a guess.
   */
  readonly keepsStale: boolean;
}

/** Sorts a dump of the flows under our cookies; `reactive` ones belong to the apps that sent them. */
export function readActual(
  flows: readonly FlowStats[],
  groups: readonly Group[],
  meters: readonly Meter[] = [],
): { readonly actual: Actual; readonly reactive: readonly FlowStats[] } {
  const cookies = new Set<bigint>();
  const towards = new Map<bigint, Ipv4>();
  const doubled = new Set<bigint>();
  const learned = new Set<bigint>();
  const reactive: FlowStats[] = [];
  for (const flow of flows) {
    switch (classOfCookie(flow.cookie)) {
      case 'static':
        if (cookies.has(flow.cookie)) doubled.add(flow.cookie);
        cookies.add(flow.cookie);
        setIfGiven(towards, flow.cookie, tunnelOfFlow(flow.instructions));
        break;
      case 'learned':
        learned.add(flow.cookie);
        break;
      case 'reactive':
        reactive.push(flow);
        break;
      case undefined:
        break;
    }
  }
  // Which of them was ours cannot be told: none is worth keeping for where it sends to.
  for (const cookie of doubled) towards.delete(cookie);
  const ours = groups.filter(group => groupIds.isOurs(group.id));
  const byId = new Map(ours.map(group => [group.id, group]));
  const ourMeters = meters.filter(meter => meterIds.isOurs(meter.id));
  const actual: Actual = {
    flows: cookies,
    towards,
    doubled,
    learned,
    groups: byId,
    meters: new Map(ourMeters.map(meter => [meter.id, meter])),
  };
  return { actual, reactive };
}

/**
 * Compares by cookie and by group. A changed flow has a new cookie: its ADD replaces the old one, whose deletion by
 * cookie then finds nothing. What an app may want after all (`keep`) stays.
 *
 * @param refused cookies and group ids that the switch would not take: left out until they are tried again
 */
export function planFlows(
  wanted: Wanted,
  actual: Actual,
  refused: Pick<ReadonlySet<bigint | number>, 'has'>,
): FlowPlan {
  const flowsToAdd = [...wanted.flows].filter(
    ([cookie]) => (!actual.flows.has(cookie) || actual.doubled.has(cookie)) && !refused.has(cookie),
  );
  const cookiesToClear = flowsToAdd.map(([cookie]) => cookie).filter(cookie => actual.doubled.has(cookie));
  const groupsToPut: Group[] = [];
  for (const group of wanted.groups.values()) {
    const there = actual.groups.get(group.id);
    const put = there === undefined ? group : withOldBuckets(group, there, oldBucketsOf(group, wanted));
    if (!refused.has(group.id) && (there === undefined || !sameGroup(put, there))) groupsToPut.push(put);
  }
  const staleFlows = [...actual.flows].filter(cookie => !wanted.flows.has(cookie));
  const flowsToDelete = staleFlows.filter(
    cookie =>
      !refused.has(cookie) && !stays(wanted.keep.get(appOfCookie(cookie)), actual.towards.get(cookie)),
  );
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

  const flows = new Set(actual.flows);
  const towards = new Map(actual.towards);
  const doubled = new Set(actual.doubled);
  for (const [cookie, { instructions }] of flowsToAdd) {
    flows.add(cookie);
    setIfGiven(towards, cookie, tunnelOfFlow(instructions));
    doubled.delete(cookie);
  }
  for (const cookie of flowsToDelete) {
    flows.delete(cookie);
    towards.delete(cookie);
    doubled.delete(cookie);
  }
  const learned = new Set([...actual.learned, ...wanted.learned]);
  for (const cookie of learnedToDelete) learned.delete(cookie);
  const groups = new Map(actual.groups);
  for (const group of groupsToPut) groups.set(group.id, group);
  for (const id of groupsToDelete) groups.delete(id);
  return {
    cookiesToClear,
    groupsToPut,
    flowsToAdd,
    cookiesToDelete: [...flowsToDelete, ...learnedToDelete],
    groupsToDelete,
    after: { flows, towards, doubled, learned, groups, meters: actual.meters },
    keepsStale: flowsToDelete.length < staleFlows.length,
  };
}

const stays = (keep: Keep | undefined, towards: Ipv4 | undefined): boolean =>
  keep === 'all' || (towards !== undefined && keep?.has(towards) === true);

/** Buckets towards hosts that have not been read stay; a host's own ports are known as soon as it is. */
function oldBucketsOf({ id }: Group, { groupOwners, keep }: Wanted): (bucket: Bucket) => boolean {
  const owner = groupOwners.get(id);
  const kept = owner === undefined ? undefined : keep.get(owner);
  return bucket => stays(kept, tunnelOf(bucket.actions));
}

function setIfGiven(map: Map<bigint, Ipv4>, key: bigint, value: Ipv4 | undefined): void {
  if (value !== undefined) map.set(key, value);
}

export const isEmpty = (plan: FlowPlan): boolean =>
  plan.groupsToPut.length === 0 &&
  plan.flowsToAdd.length === 0 &&
  plan.cookiesToDelete.length === 0 &&
  plan.groupsToDelete.length === 0;
