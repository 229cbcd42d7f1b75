/** What every benchmark gives, for the table and for `--json`. */
export interface BenchResult {
  readonly name: string;
  /** What was run, in words. */
  readonly what: string;
  readonly rows: readonly BenchRow[];
  /** Of medians, or the median of pairs; from one run, so that they hold on a noisy machine. */
  readonly ratios: readonly { readonly name: string; readonly value: number }[];
}

export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Questions that were never answered, and answers to none; undefined where nothing can be lost. */
  readonly lost?: number;
  readonly stray?: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
