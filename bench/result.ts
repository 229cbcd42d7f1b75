/** What every benchmark gives, for the table and for `--json`. */
export interface BenchResult {
  readonly name: string;
  /** What was run, in words. */
  readonly what: string;
  readonly rows: readonly BenchRow[];
  /** Of medians, or the median of pairs; from one run, so that they hold on a noisy machine. */
  readonly ratios: readonly BenchRatio[];
  /** What else there is to know of this run: a peer that is not installed. */
  readonly notes?: readonly string[];
}

export interface BenchRatio {
  readonly name: string;
  readonly value: number;
  /** Which way is better; left out: lower, as of times. */
  readonly better?: 'higher' | 'lower';
  /** What is to be reached at least. */
  readonly target?: number;
  /** What it must not be over: the benchmarks end with an error then. */
  readonly limit?: number;
  /** Of the pairs, where `value` is their median. */
  readonly lowest?: number;
  readonly highest?: number;
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
  /** Of those that count as lost for a while: answered after all. */
  readonly late?: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

export const rangeOf = (values: readonly number[]): { median: number; lowest: number; highest: number } => ({
  median: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

/** The result as a table. */
export function format({ what, rows, ratios, notes = [] }: BenchResult): string {
  const number = (value: number): string =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    `  ${what}`,
    ...rows.map(({ name, unit, median, lowest, highest, lost, stray, late = 0 }) => {
      const range = lowest === highest ? '' : ` (${number(lowest)} to ${number(highest)})`;
      const honest = lost === undefined ? '' : `  lost ${lost}, late ${late}, stray ${stray ?? 0}`;
      return `  ${name.padEnd(width)}  ${number(median)} ${unit}${range}${honest}`;
    }),
    ...ratios.map(({ name, value, lowest, highest, better, target, limit }) => {
      const range =
        lowest === undefined || highest === undefined
          ? ''
          : ` (${lowest.toFixed(2)} to ${highest.toFixed(2)})`;
      const aim = target === undefined ? '' : `, to be ${better === 'higher' ? 'over' : 'under'} ${target}`;
      const bound = limit === undefined ? '' : `, at most ${limit}`;
      return `  ${name} = ${value.toFixed(2)}${range}${aim}${bound}`;
    }),
    ...notes.map(note => `  ${note}`),
  ].join('\n');
}

/** A sentence for each ratio that is over its limit, or is none. */
export const overLimit = (results: readonly BenchResult[]): readonly string[] =>
  results.flatMap(result =>
    result.ratios
      .filter(({ value, limit }) => limit !== undefined && !(value <= limit))
      .map(
        ({ name, value, limit }) =>
          `${result.name}: ${name} is ${value.toFixed(2)}, over its limit of ${limit}`,
      ),
  );
