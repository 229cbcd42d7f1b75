/** Results that are kept: in files, beside a new run, and as tables of a page. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { compare, formatComparison } from '../../bench/compare.js';
import type { BenchRatio, BenchResult } from '../../bench/result.js';
import { describeRun, save, savedNames, type SavedResult, savedResult } from '../../bench/saved.js';
import { fillIn } from '../../scripts/performance-docs/page.js';

const result = (...ratios: readonly BenchRatio[]): BenchResult => ({
  name: 'x',
  what: 'a thing, twice',
  rows: [
    {
      name: 'heddle',
      unit: 'answers/s',
      median: 12_345.6,
      lowest: 10_000,
      highest: 20_000,
      lost: 1,
      stray: 2,
    },
    { name: 'heddle, CPU', unit: 'µs/answer', median: 1.23456, lowest: 1.23456, highest: 1.23456 },
  ],
  ratios,
  notes: ['a peer: not installed'],
});
const faster: BenchRatio = {
  name: 'speed',
  value: 4,
  lowest: 3.5,
  highest: 4.5,
  better: 'higher',
  target: 3,
};
const slower: BenchRatio = { name: 'time', value: 2, lowest: 1.9, highest: 2.1, target: 1.5 };
const verdicts = (before: BenchRatio, now: BenchRatio): readonly string[] =>
  compare(result(before), result(now)).map(({ verdict }) => verdict);

t.test('what has become worse', t => {
  t.strictSame(verdicts(faster, { ...faster, value: 3, lowest: 2.8, highest: 3.2 }), ['worse']);
  t.strictSame(verdicts(faster, { ...faster, value: 3, lowest: 2.8, highest: 3.6 }), ['same'], 'ranges meet');
  t.strictSame(verdicts(faster, { ...faster, value: 3.4, lowest: 3.4, highest: 3.4 }), ['same'], 'a little');
  t.strictSame(verdicts(faster, { ...faster, value: 6, lowest: 5, highest: 7 }), ['better']);
  t.strictSame(
    verdicts(slower, { ...slower, value: 3, lowest: 2.8, highest: 3.2 }),
    ['worse'],
    'lower is better',
  );
  t.strictSame(verdicts(slower, { ...slower, value: 1, lowest: 0.9, highest: 1.1 }), ['better']);
  t.strictSame(verdicts({ name: 'a', value: 1 }, { name: 'a', value: 2 }), ['worse'], 'with no range');
  t.strictSame(verdicts(faster, { ...faster, name: 'new' }), [], 'nothing to compare with');
  const told = formatComparison(
    compare(result(faster, slower), result({ ...faster, value: 2, lowest: 2, highest: 2 }, slower)),
  );
  t.equal(told, '  speed  4.00 -> 2.00  worse by 50 %\n  time   2.00 -> 2.00  the same');
  t.end();
});

const about = describeRun();

t.test('in files', t => {
  const folder = mkdtempSync(join(tmpdir(), 'results-'));
  t.strictSame(savedNames(join(folder, 'none')), []);
  t.equal(savedResult('x', folder), undefined);
  save({ ...about, result: result(faster) }, folder);
  t.strictSame(savedNames(folder), ['x']);
  const saved = savedResult('x', folder);
  t.match(saved, { machine: about.machine, versions: { node: process.version }, commit: about.commit });
  t.match(saved?.result.rows, [{ median: 12_350 }, { median: 1.235 }], 'with four digits');
  rmSync(folder, { recursive: true });
  t.end();
});

t.test('as tables', t => {
  const saved: SavedResult = {
    machine: { cpu: 'a processor', cores: 2, kernel: '6.1.0', load: 0.1 },
    versions: { node: 'v20.1.0', 'os-ken': '2.5.0' },
    commit: 'abc1234',
    result: result(faster, slower),
  };
  const page = 'Prose.\n\n<!-- result: x -->\nold\n<!-- end -->\n\nMore.\n';
  const filled = fillIn(page, () => saved);
  t.equal(
    filled,
    `Prose.

<!-- result: x -->
A thing, twice.

| | median (range) | lost, late, stray |
| --- | --- | --- |
| heddle | 12,346 answers/s (10,000 to 20,000) | 1, 0, 2 |
| heddle, CPU | 1.23 µs/answer | |

| ratio | median of pairs (range) | at least | |
| --- | --- | --- | --- |
| speed | 4 (3.5 to 4.5) | 3 | reached |
| time | 2 (1.9 to 2.1) | ≤ 1.5 | **not reached** |

- a peer: not installed

<sub>2 × a processor, Linux 6.1.0, load before 0.1; node v20.1.0, os-ken 2.5.0; abc1234</sub>
<!-- end -->

More.
`,
  );
  t.equal(
    fillIn(filled, () => saved),
    filled,
    'once more changes nothing',
  );
  t.throws(() => fillIn(page, () => undefined), { message: 'no result of x: npm run bench -- x --save' });
  t.end();
});

t.test('the page is that of the results: npm run docs makes it anew', t => {
  const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/performance.md'), 'utf8');
  t.equal(
    fillIn(page, name => savedResult(name)),
    page,
  );
  for (const name of savedNames()) t.ok(page.includes(`<!-- result: ${name} -->`), `the page has ${name}`);
  t.end();
});
