import type { Actual } from './actual.js';
import { sameGroup } from './groups.js';
import { sameMeter } from './meters.js';

/** What somebody else has changed of ours in a switch. */
export interface Drift {
  /** Flows that were there and are not. */
  readonly flowsGone: number;
  /** Flows under our cookies that nobody has sent. */
  readonly flowsCome: number;
  /** Flows that said something else under their own cookies. */
  readonly flowsEdited: number;
  /** Groups that are missing, new or different, by their ids. */
  readonly groups: readonly number[];
  /** The same of meters. */
  readonly meters: readonly number[];
}

/** What is there, compared with what was believed; undefined where that is the same. */
export function driftOf(believed: Actual, there: Actual): Drift | undefined {
  const flowsGone = [...believed.flows].filter(cookie => !there.flows.has(cookie)).length;
  const flowsCome = [...there.flows].filter(
    cookie => !believed.flows.has(cookie) || there.doubled.has(cookie),
  ).length;
  const groups = differingGroups(believed, there);
  const meters = differingMeters(believed.meters, there.meters);
  if (flowsGone + flowsCome + groups.length + meters.length === 0) return undefined;
  return { flowsGone, flowsCome, flowsEdited: 0, groups, meters };
}

/** @returns ids */
export function differingGroups(
  a: Pick<Actual, 'groups' | 'parts'>,
  b: Pick<Actual, 'groups' | 'parts'>,
): readonly number[] {
  const groups = [...new Set([...a.groups.keys(), ...b.groups.keys()])].filter(id => {
    const [one, other] = [a.groups.get(id), b.groups.get(id)];
    return one === undefined || other === undefined || !sameGroup(one, other);
  });
  const parts = [...new Set([...a.parts.keys(), ...b.parts.keys()])].filter(
    id => a.parts.get(id) !== b.parts.get(id),
  );
  return [...groups, ...parts];
}

/** @returns ids */
export const differingMeters = (a: Actual['meters'], b: Actual['meters']): readonly number[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter(id => {
    const [one, other] = [a.get(id), b.get(id)];
    return one === undefined || other === undefined || !sameMeter(one, other);
  });

/** For people: `12 flows gone, 1 flow added, 2 groups changed`. */
export function describeDrift({ flowsGone, flowsCome, flowsEdited, groups, meters }: Drift): string {
  const count = (n: number, what: string, how: string): string[] =>
    n === 0 ? [] : [`${n} ${what}${n === 1 ? '' : 's'} ${how}`];
  return [
    ...count(flowsGone, 'flow', 'gone'),
    ...count(flowsCome, 'flow', 'added'),
    ...count(flowsEdited, 'flow', 'edited'),
    ...count(groups.length, 'group', 'changed'),
    ...count(meters.length, 'meter', 'changed'),
  ].join(', ');
}
