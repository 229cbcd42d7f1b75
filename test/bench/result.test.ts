/** What a benchmark says of its ratios. */
import t from 'tap';
import { type BenchResult, format, overLimit } from '../../bench/result.js';

const of = (value: number, limit?: number): BenchResult => ({
  ...{ name: 'reconcile', what: 'flows', rows: [] },
  ratios: [{ name: 'ours / theirs', value, ...(limit !== undefined && { limit }) }],
});

t.test('a ratio over its limit is told, and none other', t => {
  t.same(overLimit([of(2.5, 2.5), of(99)]), []);
  t.same(overLimit([of(2.51, 2.5)]), ['reconcile: ours / theirs is 2.51, over its limit of 2.5']);
  t.equal(overLimit([of(NaN, 2.5)]).length, 1, 'nor is nothing measured a success');
  t.match(format(of(1, 2.5)), /ours \/ theirs = 1\.00, at most 2\.5/);
  t.end();
});
