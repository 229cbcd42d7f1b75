import type { SavedResult } from '../../bench/saved.js';
import type { BenchResult } from '../../bench/result.js';

const marker = /<!-- result: ([a-z-]+) -->\n[^]*?<!-- end -->/g;

/**
 * The page with the tables that the results give, between `<!-- result: NAME -->` and `<!-- end -->`; all else is prose.
 *
 * @throws where a table is asked for of which there is no result
 */
export const fillIn = (page: string, resultOf: (name: string) => SavedResult | undefined): string =>
  page.replace(marker, (_, name: string) => {
    const saved = resultOf(name);
    if (saved === undefined) throw new Error(`no result of ${name}: npm run bench -- ${name} --save`);
    return `<!-- result: ${name} -->\n${tableOf(saved)}\n<!-- end -->`;
  });

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

const range = (lowest: number | undefined, highest: number | undefined): string =>
  lowest === undefined || highest === undefined || lowest === highest
    ? ''
    : ` (${number(lowest)} to ${number(highest)})`;

function tableOf({ machine, versions, commit, result }: SavedResult): string {
  const { what, rows, ratios, notes = [] } = result;
  const hasLosses = rows.some(({ lost }) => lost !== undefined);
  return [
    `${capital(what)}.`,
    '',
    `| | median (range) |${hasLosses ? ' lost, late, stray |' : ''}`,
    `| --- | --- |${hasLosses ? ' --- |' : ''}`,
    ...rows.map(({ name, unit, median, lowest, highest, lost, late = 0, stray = 0 }) => {
      const losses = lost === undefined ? ' |' : ` ${lost}, ${late}, ${stray} |`;
      return `| ${name} | ${number(median)} ${unit}${range(lowest, highest)} |${hasLosses ? losses : ''}`;
    }),
    ...(ratios.length === 0 ? [] : ['', ...ratiosOf(ratios)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map(note => `- ${note}`)]),
    '',
    `<sub>${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, load before ${machine.load}; ${Object.entries(
      versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}; ${commit}</sub>`,
  ].join('\n');
}

function ratiosOf(ratios: BenchResult['ratios']): readonly string[] {
  const hasTargets = ratios.some(({ target }) => target !== undefined);
  return [
    `| ratio | median of pairs (range) |${hasTargets ? ' at least | |' : ''}`,
    `| --- | --- |${hasTargets ? ' --- | --- |' : ''}`,
    ...ratios.map(({ name, value, lowest, highest, better, target }) => {
      const first = `| ${name} | ${number(value)}${range(lowest, highest)} |`;
      if (!hasTargets) return first;
      if (target === undefined) return `${first} | |`;
      const isReached = better === 'higher' ? value >= target : value <= target;
      return `${first} ${better === 'higher' ? '' : '≤ '}${target} | ${isReached ? 'reached' : '**not reached**'} |`;
    }),
  ];
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
