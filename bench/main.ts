/**
 * `npm run bench [-- NAME…] [--json] [--save] [--install]` runs the benchmarks, all but those that take minutes in a lab unless named;
 * `npm run bench:compare` those whose results are kept, and tells what has become worse: it ends with 2 where something has.
 * So does a run in which a ratio is over its limit.
 */
import { parseArgs } from 'node:util';
import { exitCodes } from '../src/cli/exit-codes.js';
import { run as codec } from './codec.js';
import { compare, type Comparison, formatComparison } from './compare.js';
import { run as learningSwitch, runConnect, runNewMacs, runOneByOne } from './learning-switch.js';
import { run as loadTime } from './load-time.js';
import { installPeers } from './peers/install.js';
import { run as qos } from './qos.js';
import { run as change } from './reconcile-change.js';
import { run as reconcile } from './reconcile.js';
import { run as reconnect } from './reconnect.js';
import { type BenchResult, format, overLimit } from './result.js';
import { describeRun, save, savedNames, type SavedResult, savedResult } from './saved.js';
import { run as scale } from './scale.js';
import { run as start } from './start.js';

const benchmarks: Readonly<Record<string, () => Promise<BenchResult>>> = {
  codec,
  'load-time': loadTime,
  'learning-switch': learningSwitch,
  'one-by-one': runOneByOne,
  'new-macs': runNewMacs,
  connect: runConnect,
  'reconcile-change': change,
  reconcile,
  reconnect,
  scale,
  start,
};

/** In a lab, for minutes. */
const named: Readonly<Record<string, () => Promise<BenchResult>>> = { qos };

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    compare: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const all = { ...benchmarks, ...named };
const unknown = positionals.filter(name => !(name in all));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}: there are ${Object.keys(all).join(', ')}`);
  process.exit(exitCodes.attention);
}
if (values.install) installPeers();

/** Those that are named; with no name, all that are not run by name alone, or those whose results are kept. */
const isAsked = (name: string): boolean => {
  if (positionals.length > 0) return positionals.includes(name);
  return values.compare ? savedNames().includes(name) : !(name in named);
};
const say = (text: string): void => {
  if (!values.json) console.log(text);
};

const saved: SavedResult[] = [];
const comparisons: { readonly name: string; readonly ratios: readonly Comparison[] }[] = [];
for (const [name, run] of Object.entries(all)) {
  if (!isAsked(name)) continue;
  say(`${name} …`);
  const about = describeRun();
  const one = { ...about, result: await run() };
  saved.push(one);
  say(`${format(one.result)}\n`);
  const before = savedResult(name);
  if (values.compare && before !== undefined) {
    const ratios = compare(before.result, one.result);
    comparisons.push({ name, ratios });
    say(`  compared with ${before.commit}:\n${formatComparison(ratios)}\n`);
  } else if (values.compare) say(`  no result is kept of it: npm run bench -- ${name} --save\n`);
  if (values.save) save(one);
}
if (values.json)
  console.log(JSON.stringify({ results: saved, ...(values.compare && { comparisons }) }, null, 2));
if (comparisons.some(({ ratios }) => ratios.some(({ verdict }) => verdict === 'worse')))
  process.exitCode = exitCodes.attention;
const over = overLimit(saved.map(({ result }) => result));
for (const text of over) console.error(text);
if (over.length > 0) process.exitCode = exitCodes.attention;
