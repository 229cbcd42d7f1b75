/** `npm run bench [-- NAME…] [--json]`: runs the benchmarks, all but those that need root unless named. */
import { parseArgs } from 'node:util';
import { run as codec } from './codec.js';
import { run as learningSwitch, runConnect, runNewMacs, runOneByOne } from './learning-switch.js';
import { run as loadTime } from './load-time.js';
import { run as qos } from './qos.js';
import { run as change } from './reconcile-change.js';
import { run as reconcile } from './reconcile.js';
import { run as reconnect } from './reconnect.js';
import { type BenchResult, format } from './result.js';
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
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const all = { ...benchmarks, ...named };
const unknown = positionals.filter(name => !(name in all));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}: there are ${Object.keys(all).join(', ')}`);
  process.exit(2);
}
const results: BenchResult[] = [];
for (const [name, run] of Object.entries(all)) {
  if (positionals.length > 0 ? !positionals.includes(name) : name in named) continue;
  if (!values.json) console.log(`${name} …`);
  const result = await run();
  results.push(result);
  if (!values.json) console.log(`${format(result)}\n`);
}
if (values.json) console.log(JSON.stringify({ node: process.version, results }, null, 2));
