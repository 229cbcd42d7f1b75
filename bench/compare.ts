/** Whether a run is worse than the one that is kept: by ratios, which hold on another machine too, where times do not. */
import type { BenchRatio, BenchResult } from './result.js';

export interface Comparison {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  /** How many times as good as before: below 1 it is worse. */
  readonly gain: number;
  readonly verdict: 'worse' | 'same' | 'better';
}

/** A ratio may be so many times as good or bad as before, and is taken for the same. */
const tolerance = 1.2;

/** Of the ratios that both have. Where they have ranges, these must lie apart, too: a noisy run tells nothing. */
export const compare = (before: BenchResult, now: BenchResult): readonly Comparison[] =>
  now.ratios.flatMap(ratio => {
    const old = before.ratios.find(({ name }) => name === ratio.name);
    return old === undefined ? [] : compareRatio(old, ratio);
  });

function compareRatio(old: BenchRatio, ratio: BenchRatio): Comparison {
  const isHigherBetter = ratio.better === 'higher';
  const gain = isHigherBetter ? ratio.value / old.value : old.value / ratio.value;
  const areApart =
    (old.lowest ?? old.value) > (ratio.highest ?? ratio.value) ||
    (old.highest ?? old.value) < (ratio.lowest ?? ratio.value);
  const verdict = !areApart ? 'same' : gain < 1 / tolerance ? 'worse' : gain > tolerance ? 'better' : 'same';
  return { name: ratio.name, before: old.value, now: ratio.value, gain, verdict };
}

/** As a table, with what has changed. */
export function formatComparison(all: readonly Comparison[]): string {
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  return all
    .map(({ name, before, now, gain, verdict }) => {
      const told =
        verdict === 'same' ? 'the same' : `${verdict} by ${Math.abs(100 * (gain - 1)).toFixed(0)} %`;
      return `  ${name.padEnd(width)}  ${before.toFixed(2)} -> ${now.toFixed(2)}  ${told}`;
    })
    .join('\n');
}
