/** How matches relate to frames and to each other [OF1.3.5 5.3, 6.4]. */
import type { Match } from '../../../src/openflow/index.js';
import { type Condition, conditionOf, type Fields } from './fields.js';

/** A match as one condition per stored value, however its fields were written. */
export type Conditions = ReadonlyMap<string, Condition>;

export function conditionsOf(match: Match): Conditions {
  const conditions = new Map<string, Condition>();
  for (const oxm of match) {
    const { name, value, mask } = conditionOf(oxm);
    const other = conditions.get(name);
    if (mask !== 0n)
      conditions.set(name, {
        name,
        value: value | (other?.value ?? 0n),
        mask: mask | (other?.mask ?? 0n),
      });
  }
  return conditions;
}

/** Two matches that say the same have the same key. */
export const keyOfMatch = (match: Match): string =>
  [...conditionsOf(match).values()]
    .map(({ name, value, mask }) => `${name}=${value.toString(16)}/${mask.toString(16)}`)
    .sort()
    .join(',');

export const meetsAll = (fields: Fields, conditions: Conditions): boolean =>
  [...conditions.values()].every(condition => fields.meets(condition));

/** Whether every frame that meets `narrow` meets `wide` too: what a non-strict modify or delete selects by. */
export const covers = (wide: Conditions, narrow: Conditions): boolean =>
  [...wide.values()].every(({ name, value, mask }) => {
    const other = narrow.get(name);
    return other !== undefined && (other.mask & mask) === mask && (other.value & mask) === value;
  });

/** Whether one frame could meet both [OF1.3.5 6.4, OFPFF_CHECK_OVERLAP]. */
export const overlaps = (a: Conditions, b: Conditions): boolean =>
  [...a.values()].every(({ name, value, mask }) => {
    const other = b.get(name);
    return other === undefined || ((value ^ other.value) & mask & other.mask) === 0n;
  });
