/**
 * From a switch's connection to "in sync", on a real Open vSwitch with its dummy datapath: with all flows missing, and with
 * all of them right already. Beside it, by turns on the same switch: `ovs-ofctl --bundle add-flows` of the same flows, and
 * `ovs-ofctl dump-flows`. Theirs begins with the start of a process; ours has the flows as objects, and not yet encoded.
 */
import { spawnSync } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DummySwitch, whyNoSwitch } from '../lab/record/dummy-switch.js';
import { parseConfig } from '../src/config/parse.js';
import { Controller } from '../src/controller/controller.js';
import { emptyProgram, type Flow } from '../src/intent/index.js';
import { realEffects } from '../src/io/effects.js';
import { connect } from '../src/io/streams.js';
import { formatFlow } from '../src/openflow/index.js';
import { collect } from './allocation.js';
import { manyFlows, manyFlowsApp } from './load/many-flows.js';
import { type BenchResult, type BenchRow, median, rangeOf } from './result.js';

const sizes: readonly (readonly [flows: number, rounds: number])[] = [
  [1, 7],
  [1_000, 7],
  [10_000, 5],
  [100_000, 5],
];
const bridge = 'br0';
/** Times what ovs-ofctl takes for the same flows, where all of the most are missing. */
const missingLimit = 2.5;

export async function run(): Promise<BenchResult> {
  const missing = await whyNoSwitch();
  if (missing !== undefined) throw new Error(missing);
  const vswitch = await DummySwitch.start('runs');
  try {
    await vswitch.vsctl(
      ...['add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=dummy'],
      ...['fail_mode=secure', 'protocols=OpenFlow13'],
    );
    const all: Measured[] = [];
    for (const [flows, rounds] of sizes) all.push(await measure(vswitch, flows, rounds));
    const last = all.at(-1);
    return {
      name: 'reconcile',
      what: 'connect to "in sync", on Open vSwitch; medians',
      rows: all.flatMap(({ rows }) => rows),
      ratios: [
        ...all.flatMap(({ ratios }) => ratios),
        { name: '100,000 flows: heap bytes for each', value: last?.heapPerFlow ?? NaN },
        { name: '100,000 flows: resident bytes for each', value: last?.residentPerFlow ?? NaN },
        { name: '100,000 flows: the longest turn of the event loop, ms', value: last?.longestTurn ?? NaN },
      ],
    };
  } finally {
    await vswitch.stop();
  }
}

interface Measured {
  readonly rows: readonly BenchRow[];
  readonly ratios: BenchResult['ratios'];
  readonly heapPerFlow: number;
  readonly residentPerFlow: number;
  readonly longestTurn: number;
}

async function measure(vswitch: DummySwitch, count: number, rounds: number): Promise<Measured> {
  const flows = manyFlows(count);
  const file = join(vswitch.directory, 'flows');
  writeFileSync(file, flows.map(flow => `${formatFlow(flow)}\n`).join(''));
  const times = { missing: [], add: [], right: [], dump: [] } as Record<string, number[]>;
  const costs: Cost[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    ofctl(vswitch, 'del-flows', bridge);
    const add = ofctl(vswitch, '--bundle', 'add-flows', bridge, file);
    ofctl(vswitch, 'del-flows', bridge);
    const missing = await untilInSync(vswitch, flows);
    const right = await untilInSync(vswitch, flows);
    const dump = ofctl(vswitch, 'dump-flows', bridge);
    // The first round is for the compilers and the caches.
    if (round === 0) continue;
    times['missing']?.push(missing.ms);
    times['add']?.push(add);
    times['right']?.push(right.ms);
    times['dump']?.push(dump);
    costs.push(missing, right);
  }
  ofctl(vswitch, 'del-flows', bridge);
  const of = (name: string): readonly number[] => times[name] ?? [];
  const number = count.toLocaleString('en');
  const row = (name: string, key: string): BenchRow => ({
    name: `${number} flows, ${name}`,
    unit: 'ms',
    ...rangeOf(of(key)),
  });
  const ratio = (name: string, one: string, other: string): BenchResult['ratios'][number] => {
    const pairs = of(one).map((time, index) => time / (of(other)[index] ?? NaN));
    const { median: value, lowest, highest } = rangeOf(pairs);
    return { name: `${number} flows, ${name}`, value, lowest, highest };
  };
  return {
    rows: [
      row('missing: heddle', 'missing'),
      row('missing: ovs-ofctl --bundle add-flows', 'add'),
      row('right already: heddle', 'right'),
      row('right already: ovs-ofctl dump-flows', 'dump'),
    ],
    ratios: [
      {
        ...ratio('missing: heddle / ovs-ofctl', 'missing', 'add'),
        ...(count === sizes.at(-1)?.[0] && { limit: missingLimit }),
      },
      ratio('right already: heddle / ovs-ofctl', 'right', 'dump'),
    ],
    heapPerFlow: median(costs.map(({ heap }) => heap)) / count,
    residentPerFlow: median(costs.map(({ resident }) => resident)) / count,
    longestTurn: Math.max(...costs.map(({ longestTurn }) => longestTurn)),
  };
}

/** @returns ms */
function ofctl(vswitch: DummySwitch, ...args: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync('ovs-ofctl', ['-O', 'OpenFlow13', ...args], {
    env: { ...process.env, ...vswitch.env },
    stdio: ['ignore', openSync('/dev/null', 'w'), 'pipe'],
  });
  if (status !== 0) throw new Error(`ovs-ofctl ${args.join(' ')}: ${String(stderr)}`);
  return performance.now() - begin;
}

interface Cost {
  readonly ms: number;
  /** What is held while all is in sync, the flows as the app has them left out. Bytes. */
  readonly heap: number;
  readonly resident: number;
  /** Ms. */
  readonly longestTurn: number;
}

/** Connects to the bridge as if it had dialled in, and goes when it holds what it should. */
async function untilInSync(vswitch: DummySwitch, flows: readonly Flow[]): Promise<Cost> {
  const parsed = parseConfig('', 'benchmark');
  if (!parsed.ok) throw new Error('the benchmark has a mistake in its own file');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  collect();
  const before = process.memoryUsage();
  let inSync = (): void => undefined;
  const done = new Promise<void>(resolve => (inSync = resolve));
  const silent = () => undefined;
  const program = { ...emptyProgram, flows };
  const controller = new Controller({
    config: parsed.config,
    apps: [{ module: manyFlowsApp(() => program), options: {} }],
    effects: realEffects(),
    log: {
      debug: (_, text) => {
        if (text.endsWith('is in sync')) inSync();
      },
      info: silent,
      warn: silent,
      error: (_, text) => console.error(text),
    },
  });
  const path = `${vswitch.directory}/${bridge}.mgmt`;
  const endpoint = { transport: 'unix', path } as const;
  delay.enable();
  const begin = performance.now();
  let received: (chunk: Uint8Array) => void = silent;
  const stream = connect(endpoint, {
    opened: () => {
      const handlers = controller.accept(stream);
      received = chunk => handlers.received(chunk);
    },
    received: chunk => received(chunk),
    closed: silent,
  });
  await done;
  const ms = performance.now() - begin;
  delay.disable();
  const [state] = controller.status().switches;
  if (state?.refused.length !== 0) throw new Error('the switch refused a flow');
  collect();
  const after = process.memoryUsage();
  controller.stop();
  return {
    ms,
    heap: after.heapUsed - before.heapUsed,
    resident: after.rss - before.rss,
    longestTurn: delay.max / 1e6,
  };
}
