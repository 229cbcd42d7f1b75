/** The action set, and the buckets of groups, which are action sets too [OF1.3.5 5.10, 5.6.1]. */
import type { Action } from '../../../src/openflow/index.js';

/** Of each of these a set holds the last one, and they come in this order, before all that sets a field. */
const first: readonly Action['type'][] = ['pop_vlan', 'push_vlan', 'dec_nw_ttl'];

/** They come in the order in which they were written, since Open vSwitch knows no fields that exclude each other. */
const inBetween = new Set<Action['type']>(['set_field', 'move', 'load', 'set_nw_ttl']);

/** Of these the first kind that a set has is done, and the others are not: a group hides an output. */
const last: readonly Action['type'][] = ['group', 'output', 'resubmit'];

/** What is no action of a set (clone, learn, …) is left out of a bucket by Open vSwitch without a word. */
export function orderActionSet(actions: readonly Action[]): readonly Action[] {
  const lastOf = (type: Action['type']): readonly Action[] =>
    actions.filter(one => one.type === type).slice(-1);
  const end = last.find(type => actions.some(one => one.type === type));
  return [
    ...first.flatMap(lastOf),
    ...actions.filter(one => inBetween.has(one.type)),
    ...lastOf('set_queue'),
    ...(end === undefined ? [] : lastOf(end)),
  ];
}
