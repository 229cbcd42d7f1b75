import type { ClassConfig, PolicyConfig } from '../config/config.js';
import { type Flow, hashText } from '../intent/index.js';
import { applyActions, gotoTable, match, setField } from '../openflow/index.js';
import type { Stretch, TableNumbers } from './tables.js';
import { matchesOf } from './traffic.js';

/** Values of reg4: a policy's own, and those of its classes. */
export interface ClassMarks {
  readonly none: (policy: PolicyConfig) => number;
  readonly of: (policy: PolicyConfig, part: ClassConfig) => number;
}

const places = 2 ** 16 - 1;

/** Numbers by the names alone: another policy in the file changes no flow of those that are there. */
export function classMarks(policies: readonly PolicyConfig[]): ClassMarks {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...new Set(policies.map(one => one.name))].sort()) {
    let place = hashText(name) % places;
    while (taken.has(place)) place = (place + 1) % places;
    taken.add(place);
    numbers.set(name, place + 1);
  }
  const none = ({ name }: PolicyConfig): number => (numbers.get(name) ?? 0) * 2 ** 8;
  return { none, of: (policy, part) => none(policy) + (policy.classes?.indexOf(part) ?? -1) + 1 };
}

/** Which class a packet is of: once for each policy, however many ports have it, and for both directions. */
export const classFlows = (
  policies: readonly PolicyConfig[],
  marks: ClassMarks,
  { police, egress }: TableNumbers,
): readonly Flow[] =>
  [police, egress].flatMap(stretch => policies.flatMap(policy => flowsOf(policy, marks, stretch)));

const flowsOf = (policy: PolicyConfig, marks: ClassMarks, { classes, inClass }: Stretch): readonly Flow[] =>
  (policy.classes ?? []).flatMap((part, index) =>
    matchesOf(part.traffic ?? {}).map(fields => ({
      table: classes,
      // The first in the list goes before the others.
      priority: 1_000 - index,
      match: match({ reg4: marks.none(policy), ...fields }),
      instructions: [applyActions([setField({ reg4: marks.of(policy, part) })]), gotoTable(inClass)],
    })),
  );
