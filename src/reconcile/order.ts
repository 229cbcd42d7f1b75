import {
  bundleAdd,
  type BundleAdd,
  type BundleControl,
  type FlowMod,
  type GroupMod,
  OFPBF,
  OFPTT,
} from '../openflow/index.js';
import { type Flow, type Group, groupIds } from '../intent/index.js';
import { flowMod, groupMod } from './mods.js';
import type { FlowPlan } from './flows.js';
import { splitGroup } from './group-parts.js';

/** One message of a plan, and what it is about: a flow's cookie or a group's id. */
export interface Operation {
  readonly about: bigint | number;
  readonly message: FlowMod | GroupMod;
  /** Of a group: it is there already, and becomes another. */
  readonly replaces?: boolean;
}

/**
 * The one place that knows the order: what bears a cookie of ours wrongly goes before that cookie is sent; groups before the
 * flows that use them, deletions after all additions, and a group only when no flow uses it any more, since a switch deletes
 * such flows with it [OF1.3.5 5.6.1]. A group goes before a group that leads to it, and after it when they are deleted.
 */
export function order(plan: FlowPlan): readonly Operation[] {
  return [
    ...plan.cookiesToClear.map(cookie => ({ about: cookie, message: deleteByCookie(cookie) })),
    ...plan.groupsToPut
      .flatMap(group => puttingOf(group, plan.groupsReplaced))
      .sort(
        (a, b) =>
          rankOf(a.message.groupId) - rankOf(b.message.groupId) || a.message.groupId - b.message.groupId,
      ),
    ...plan.flowsToAdd.map(([cookie, flow]) => new FlowAddition(cookie, flow)),
    ...plan.cookiesToDelete.map(cookie => ({ about: cookie, message: deleteByCookie(cookie) })),
    ...[...plan.groupsToDelete, ...plan.partsToDelete]
      .sort((a, b) => rankOf(b) - rankOf(a) || b - a)
      .map(id => ({
        about: groupIds.isPart(id) ? groupIds.wholeOf(id) : id,
        message: groupMod('delete', { id, groupType: 'all', buckets: [] }),
      })),
  ];
}

/** A flood list leads to the local members, and each group to its parts: what is led to has the lower rank. */
export function rankOf(id: number): number {
  const isPart = groupIds.isPart(id);
  const isFlood = (isPart ? groupIds.wholeOf(id) : id) >= groupIds.flood(0);
  return (isFlood ? 2 : 0) + (isPart ? 0 : 1);
}

/** What is refused of a part is the whole group's affair. */
const puttingOf = (group: Group, replaced: FlowPlan['groupsReplaced']) =>
  splitGroup(group).map(one => ({
    about: group.id,
    message: groupMod('add_or_mod', one),
    replaces: replaced.has(one.id),
  }));

/** Its message is made when it is sent: of 100,000, only a few are there at one time. */
class FlowAddition implements Operation {
  readonly about: bigint;
  readonly #flow: Flow;

  constructor(cookie: bigint, flow: Flow) {
    this.about = cookie;
    this.#flow = flow;
  }

  get message(): FlowMod {
    return flowMod(this.#flow, this.about);
  }
}

/** A cookie says the whole flow, so no match is needed, and the switch finds it by an index. */
export const deleteByCookie = (cookie: bigint): FlowMod => ({
  ...flowMod({ table: OFPTT.ALL, priority: 0, match: [], instructions: [] }, cookie),
  cookieMask: 0xffff_ffff_ffff_ffffn,
  command: 'delete',
});

/** One message of an atomic, ordered bundle [ONF EXT-230]. */
export const inBundle = ({ message }: Operation, bundleId: number): BundleAdd =>
  bundleAdd(0, bundleId, bundleFlags, message);

/** The same in every message of a bundle, else OFPBFC_BAD_FLAGS. */
const bundleFlags = OFPBF.ATOMIC | OFPBF.ORDERED;

export const bundleControl = (
  bundleId: number,
  controlType: BundleControl['controlType'],
): BundleControl => ({
  type: 'bundle_control',
  xid: 0,
  bundleId,
  controlType,
  flags: bundleFlags,
});
