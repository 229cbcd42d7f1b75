/**
 * What it costs when one flow of many changes: from what an app wants to the bytes for the switch. With lists (`blocks`) of
 * 100 flows of which one has changed, with one list of the same flows, and with every flow as a new object.
 */
import { emptyProgram, type Flow, type Program } from '../src/intent/index.js';
import { encode } from '../src/openflow/index.js';
import { readActual } from '../src/reconcile/actual.js';
import { type CheckedPart, checkPart } from '../src/reconcile/check.js';
import { carryOut, differingFlows, planFlows } from '../src/reconcile/flows.js';
import { order } from '../src/reconcile/order.js';
import { WantedTables } from '../src/reconcile/wanted.js';
import { macFlow, manyFlows } from './load/many-flows.js';
import { type BenchResult, type BenchRow, median, rangeOf } from './result.js';

const sizes = [1_000, 10_000, 50_000];
const rounds = 15;
const blockSize = 100;

/** How an app gives its flows after the change of the one at `at`. */
type Way = (flows: readonly Flow[], before: Program, at: number) => Program;

const ways: Readonly<Record<string, Way>> = {
  'in blocks': (flows, { blocks = [] }, at) => {
    const block = Math.floor(at / blockSize);
    return {
      ...emptyProgram,
      blocks: blocks.with(block, flows.slice(block * blockSize, (block + 1) * blockSize)),
    };
  },
  'in one list': flows => ({ ...emptyProgram, flows }),
  'all of them new': flows => ({ ...emptyProgram, flows: flows.map(flow => ({ ...flow })) }),
};

const inBlocks = (flows: readonly Flow[]): Program => ({
  ...emptyProgram,
  blocks: Array.from({ length: Math.ceil(flows.length / blockSize) }, (_, index) =>
    flows.slice(index * blockSize, (index + 1) * blockSize),
  ),
});

export function run(): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const medians = new Map<string, number>();
  for (const size of sizes) {
    for (const [name, way] of Object.entries(ways)) {
      const times = measure(size, way, name === 'in blocks');
      medians.set(`${name} ${size}`, median(times));
      rows.push({ name: `1 of ${size.toLocaleString('en')}, ${name}`, unit: 'ms', ...rangeOf(times) });
    }
  }
  const ratio = (name: string, one: string, other: string) => ({
    name,
    value: (medians.get(one) ?? NaN) / (medians.get(other) ?? NaN),
  });
  const names = Object.keys(ways);
  return Promise.resolve({
    name: 'reconcile-change',
    what: `one flow changes: check, compare, plan, encode; ${rounds} rounds`,
    rows,
    ratios: [
      ...names.map(name => ratio(`50,000 / 1,000, ${name}`, `${name} 50000`, `${name} 1000`)),
      ratio('50,000: all of them new / in blocks', 'all of them new 50000', 'in blocks 50000'),
      ratio('50,000: all of them new / in one list', 'all of them new 50000', 'in one list 50000'),
    ],
  });
}

function measure(size: number, way: Way, blocks: boolean): readonly number[] {
  const flows = manyFlows(size);
  let program = blocks ? inBlocks(flows) : { ...emptyProgram, flows };
  let part: CheckedPart = checkPart({ app: 'many', number: 9, program });
  const wanted = new WantedTables();
  wanted.update([part]);
  const { actual } = readActual([], []);
  const nothing = new Set<bigint>();
  carryOut(planFlows(wanted, actual, nothing, differingFlows(wanted, actual)), actual);
  return Array.from({ length: rounds }, (_, round) => {
    const at = (round * 7_919) % size;
    flows[at] = macFlow(at, round + 2);
    program = way([...flows], program, at);
    const begin = performance.now();
    part = checkPart({ app: 'many', number: 9, program }, part);
    const changed = wanted.update([part]);
    const plan = planFlows(wanted, actual, nothing, changed);
    const sent = order(plan).map(({ message }) => encode(message));
    carryOut(plan, actual);
    const time = performance.now() - begin;
    if (sent.length !== 2) throw new Error(`${sent.length} messages for a change of one flow`);
    return time;
  });
}
