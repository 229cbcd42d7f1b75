import type { Group, Meter } from '../intent/index.js';
import {
  type FlowStats,
  formatFlow,
  formatGroup,
  formatMatch,
  type FormatOptions,
} from '../openflow/index.js';
import { readActual } from './actual.js';
import type { Wanted } from './compile.js';
import { planFlows } from './flows.js';
import type { ChangeKind } from './host-changes.js';
import { oneLineMeter, planMeters } from './meters.js';

/** What becomes of a flow, a group or a meter, in ovs-ofctl's notation. */
export interface EntryChange {
  readonly change: ChangeKind;
  /** As it will be; of what goes, as it is. */
  readonly text: string;
  /** As it is, where it becomes another. */
  readonly before?: string;
}

/** What is there of a switch, by a reading. */
export interface Holding {
  /** Those under our cookies. */
  readonly flows: readonly FlowStats[];
  readonly groups: readonly Group[];
  readonly meters: readonly Meter[];
}

/** What reconciling would do in one switch. */
export interface SwitchChanges {
  readonly groups: readonly EntryChange[];
  readonly meters: readonly EntryChange[];
  readonly flows: readonly EntryChange[];
  /** Flows that are not wanted and stay for now, since it is not known what their hosts want (Program.keep). */
  readonly kept: number;
}

const nothingRefused = new Set<bigint | number>();

/** The difference that reconciling would send, told and not sent. */
export function switchChanges(wanted: Wanted, there: Holding, options: FormatOptions = {}): SwitchChanges {
  const { actual } = readActual(there.flows, there.groups, there.meters);
  const plan = planFlows(wanted, actual, nothingRefused);
  const meters = planMeters(wanted, actual.meters, nothingRefused);
  const goes = new Set([...plan.cookiesToDelete, ...plan.cookiesToClear]);
  const going = there.flows.filter(({ cookie }) => goes.has(cookie));
  const stale = [...actual.flows].filter(cookie => !wanted.flows.has(cookie));
  return {
    flows: flowChanges(
      plan.flowsToAdd.map(([, flow]) => flow),
      going,
      options,
    ),
    groups: [
      ...plan.groupsToPut.map(group =>
        entry(actual.groups.get(group.id), group, one => formatGroup(one, options)),
      ),
      ...removed(plan.groupsToDelete, actual.groups, one => formatGroup(one, options)),
    ],
    meters: [
      ...meters.toPut.map(({ meterId: id, flags, bands }) =>
        entry(actual.meters.get(id), { id, flags, bands }, oneLineMeter),
      ),
      ...removed(
        meters.toDelete.map(({ meterId }) => meterId),
        actual.meters,
        oneLineMeter,
      ),
    ],
    kept: stale.filter(cookie => !goes.has(cookie)).length,
  };
}

/** What a switch holds of ours and that goes: flows that an app sent by itself, and that no app answers for any more. */
export const removedFlows = (
  flows: readonly FlowStats[],
  options: FormatOptions = {},
): readonly EntryChange[] => flows.map(flow => ({ change: 'removed', text: textOf(flow, options) }));

type AnyFlow = Pick<FlowStats, 'priority' | 'match' | 'instructions'> &
  ({ readonly table: number } | { readonly tableId: number });

const tableOf = (flow: AnyFlow): number => ('table' in flow ? flow.table : flow.tableId);

const textOf = (flow: AnyFlow, options: FormatOptions): string =>
  formatFlow(
    { table: tableOf(flow), priority: flow.priority, match: flow.match, instructions: flow.instructions },
    options,
  );

/** What takes the place of a flow of the same table, priority and match changes it [OF1.3.5 6.4]. */
function flowChanges(
  added: readonly AnyFlow[],
  going: readonly AnyFlow[],
  options: FormatOptions,
): readonly EntryChange[] {
  const key = (flow: AnyFlow): string => `${tableOf(flow)},${flow.priority},${formatMatch(flow.match)}`;
  const old = new Map(going.map(flow => [key(flow), flow]));
  const changes = added.map((flow): EntryChange => {
    const before = old.get(key(flow));
    old.delete(key(flow));
    return entry(before, flow, one => textOf(one, options));
  });
  return [...changes, ...[...old.values()].map(flow => removedEntry(textOf(flow, options)))];
}

function entry<T>(before: T | undefined, after: T, text: (one: T) => string): EntryChange {
  return before === undefined
    ? { change: 'added', text: text(after) }
    : { change: 'changed', text: text(after), before: text(before) };
}

const removedEntry = (text: string): EntryChange => ({ change: 'removed', text });

const removed = <T>(
  ids: readonly number[],
  there: ReadonlyMap<number, T>,
  text: (one: T) => string,
): readonly EntryChange[] =>
  ids.flatMap(id => {
    const one = there.get(id);
    return one === undefined ? [] : [removedEntry(text(one))];
  });
