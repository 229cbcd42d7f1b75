import {
  type BundleControl,
  bundleAdd,
  type FlowMod,
  type GroupMod,
  type Message,
  OFPBF,
  OFPTT,
} from '../openflow/index.js';
import { flowMod, groupMod } from './mods.js';
import type { FlowPlan } from './flows.js';

/** One message of a plan, and what it is about: a flow's cookie or a group's id. */
export interface Operation {
  readonly about: bigint | number;
  readonly message: FlowMod | GroupMod;
}

/**
 * The one place that knows the order: what bears a cookie of ours wrongly goes before that cookie is sent; groups before the flows that use them, deletions after all additions, and a group
 * only when no flow uses it any more, since a switch deletes such flows with it [OF1.3.5 5.6.1]. A group goes before a
 * group that names it in a bucket, and after it when they are deleted: local lists have the lower ids.
 */
export function order(plan: FlowPlan): readonly Operation[] {
  return [
    ...plan.cookiesToClear.map(cookie => ({ about: cookie, message: deleteByCookie(cookie) })),
    ...[...plan.groupsToPut]
      .sort((a, b) => a.id - b.id)
      .map(group => ({
        about: group.id,
        message: groupMod('add_or_mod', group),
      })),
    ...plan.flowsToAdd.map(([cookie, flow]) => ({ about: cookie, message: flowMod(flow, cookie) })),
    ...plan.cookiesToDelete.map(cookie => ({ about: cookie, message: deleteByCookie(cookie) })),
    ...[...plan.groupsToDelete]
      .sort((a, b) => b - a)
      .map(id => ({ about: id, message: groupMod('delete', { id, groupType: 'all', buckets: [] }) })),
  ];
}

/** A cookie says the whole flow, so no match is needed, and the switch finds it by an index. */
export const deleteByCookie = (cookie: bigint): FlowMod => ({
  ...flowMod({ table: OFPTT.ALL, priority: 0, match: [], instructions: [] }, cookie),
  cookieMask: 0xffff_ffff_ffff_ffffn,
  command: 'delete',
});

/** The messages as one atomic, ordered bundle, up to but without its commit [ONF EXT-230]. */
export function bundleOf(operations: readonly Operation[], bundleId: number): readonly Message[] {
  return [
    bundleControl(bundleId, 'open_request'),
    ...operations.map(({ message }) => bundleAdd(0, bundleId, bundleFlags, message)),
  ];
}

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
