import { classOfCookie, type Flow, type Group, groupIds } from '../intent/index.js';
import type { FlowStats } from '../openflow/index.js';
import type { Wanted } from './compile.js';
import { sameGroup, withOldBuckets } from './groups.js';

/** What a switch holds of ours. */
export interface Actual {
  /** Cookies of static flows. */
  readonly flows: ReadonlySet<bigint>;
  /** Cookies under which its own `learn` actions have written, or may have. */
  readonly learned: ReadonlySet<bigint>;
  readonly groups: ReadonlyMap<number, Group>;
}

/** The difference, in no order yet (order.ts). */
export interface FlowPlan {
  readonly groupsToPut: readonly Group[];
  readonly flowsToAdd: readonly (readonly [cookie: bigint, flow: Flow])[];
  readonly cookiesToDelete: readonly bigint[];
  readonly groupsToDelete: readonly number[];
  /** What the switch holds when all of it is done. */
  readonly after: Actual;
}

/** Sorts a dump of the flows under our cookies; `reactive` ones belong to the apps that sent them. */
export function readActual(
  flows: readonly FlowStats[],
  groups: readonly Group[],
): { readonly actual: Actual; readonly reactive: readonly FlowStats[] } {
  const cookies = new Set<bigint>();
  const learned = new Set<bigint>();
  const reactive: FlowStats[] = [];
  for (const flow of flows) {
    switch (classOfCookie(flow.cookie)) {
      case 'static':
        cookies.add(flow.cookie);
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
  const ours = groups.filter(group => groupIds.isOurs(group.id));
  return {
    actual: { flows: cookies, learned, groups: new Map(ours.map(group => [group.id, group])) },
    reactive,
  };
}

/**
 * Compares by cookie and by group. A changed flow has a new cookie: its ADD replaces the old one, whose deletion by
 * cookie then finds nothing. While not all is known (`complete`), nothing is taken away.
 *
 * @param refused cookies and group ids that the switch would not take: left out until they are tried again
 */
export function planFlows(wanted: Wanted, actual: Actual, refused: ReadonlySet<bigint | number>): FlowPlan {
  const flowsToAdd = [...wanted.flows].filter(
    ([cookie]) => !actual.flows.has(cookie) && !refused.has(cookie),
  );
  const groupsToPut: Group[] = [];
  for (const group of wanted.groups.values()) {
    const there = actual.groups.get(group.id);
    const put = wanted.complete || there === undefined ? group : withOldBuckets(group, there);
    if (!refused.has(group.id) && (there === undefined || !sameGroup(put, there))) groupsToPut.push(put);
  }
  /** Of ours, there, and not wanted: to be deleted, unless that was refused or not all is known. */
  const stale = <K extends bigint | number>(
    there: Iterable<K>,
    keep: { has(key: K): boolean },
  ): readonly K[] => (wanted.complete ? [...there].filter(key => !keep.has(key) && !refused.has(key)) : []);
  const staleFlows = stale(actual.flows, wanted.flows);
  const staleLearned = stale(actual.learned, wanted.learned);
  const groupsToDelete = stale(actual.groups.keys(), wanted.groups);

  const flows = new Set(actual.flows);
  for (const [cookie] of flowsToAdd) flows.add(cookie);
  for (const cookie of staleFlows) flows.delete(cookie);
  const learned = new Set([...actual.learned, ...wanted.learned]);
  for (const cookie of staleLearned) learned.delete(cookie);
  const groups = new Map(actual.groups);
  for (const group of groupsToPut) groups.set(group.id, group);
  for (const id of groupsToDelete) groups.delete(id);
  return {
    groupsToPut,
    flowsToAdd,
    cookiesToDelete: [...staleFlows, ...staleLearned],
    groupsToDelete,
    after: { flows, learned, groups },
  };
}

export const isEmpty = (plan: FlowPlan): boolean =>
  plan.groupsToPut.length === 0 &&
  plan.flowsToAdd.length === 0 &&
  plan.cookiesToDelete.length === 0 &&
  plan.groupsToDelete.length === 0;
