import { didYouMean } from './mistake.js';
import type { Reading } from './endpoint.js';
import { nearMiss } from '../lib/near-miss.js';

/** Code points of the DS field, by the names of their registry [RFC 2474, 2597, 3246, 5865, 8622]. */
const codePoints: Readonly<Record<string, number>> = {
  be: 0,
  df: 0,
  le: 1,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`cs${n}`, 8 * n])),
  ...Object.fromEntries(
    [1, 2, 3, 4].flatMap(group => [1, 2, 3].map(drop => [`af${group}${drop}`, 8 * group + 2 * drop])),
  ),
  va: 44,
  'voice-admit': 44,
  ef: 46,
};

const expected = 'expected a DSCP: a name such as ef, af41 or cs1, or a number from 0 to 63';

/** A name, or a number from 0 to 63, as YAML has read it. */
export function readDscp(value: unknown): Reading<number> {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value < 64 ? { value } : { problem: expected };
  if (typeof value !== 'string') return { problem: expected };
  const name = value.toLowerCase();
  const found = Object.hasOwn(codePoints, name) ? codePoints[name] : undefined;
  if (found !== undefined) return { value: found };
  return { problem: expected, ...didYouMean(nearMiss(value, Object.keys(codePoints))) };
}

/** The shortest name of a code point, or its number where it has none. */
export function formatDscp(dscp: number): string {
  const [name] = Object.entries(codePoints).find(([, value]) => value === dscp) ?? [];
  return name ?? String(dscp);
}
