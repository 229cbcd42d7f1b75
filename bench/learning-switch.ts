/**
 * The learning switch through real sockets, beside others by turns in one run: how many PACKET_INs are answered in a second
 * (an answer is a FLOW_MOD and a PACKET_OUT), and how long it takes to program many switches that connect at once.
 */
import { load } from './load/run.js';
import type { LoadOrder, LoadReport } from './load/switches/order.js';
import { bareNode, heddle, osKen, type Peer, testcontroller } from './peers/controllers.js';
import { type BenchResult, type BenchRow, median, rangeOf } from './result.js';

interface Contest {
  readonly name: string;
  readonly what: string;
  readonly rounds: number;
  readonly order: Omit<LoadOrder, 'port' | 'pid'>;
  /** Heddle's ratio to each peer, which is to be reached at least. */
  readonly targets: ReadonlyMap<Peer, number>;
}

/** Heddle and its peers take turns; one that is not installed is named. @throws where Heddle fails */
async function contest({ targets, order, rounds }: Contest): Promise<{
  readonly seen: ReadonlyMap<Peer, readonly (LoadReport | undefined)[]>;
  readonly notes: string[];
}> {
  const seen = new Map<Peer, (LoadReport | undefined)[]>([[heddle, []]]);
  const notes: string[] = [];
  for (const peer of targets.keys())
    if (peer.version() === undefined)
      notes.push(`${peer.name}: not installed (Debian's ${peer.debian}; npm run bench -- --install)`);
    else seen.set(peer, []);
  for (let round = 0; round < rounds; round += 1)
    for (const [peer, reports] of seen)
      try {
        reports.push(await load(peer, order));
      } catch (thrown) {
        if (peer === heddle) throw thrown;
        reports.push(undefined);
        const why = /^Error: (.*)$/m.exec(String((thrown as { stderr?: unknown }).stderr ?? thrown))?.[1];
        notes.push(`${peer.name}, round ${round + 1}: ${why ?? String(thrown)}`);
      }
  return { seen, notes };
}

/** Pair by pair, so that the machine's speed may drift between rounds. */
function ratiosOf(
  seen: ReadonlyMap<Peer, readonly (LoadReport | undefined)[]>,
  targets: ReadonlyMap<Peer, number | undefined>,
  of: (report: LoadReport) => number,
  better: 'higher' | 'lower',
  what = '',
): BenchResult['ratios'] {
  return [...targets].flatMap(([peer, target]) => {
    const pairs = (seen.get(heddle) ?? []).flatMap((mine, round) => {
      const theirs = seen.get(peer)?.[round];
      return mine === undefined || theirs === undefined ? [] : of(mine) / of(theirs);
    });
    if (pairs.length === 0) return [];
    const { median: value, ...range } = rangeOf(pairs);
    return {
      ...{ name: `${what}heddle / ${peer.name}`, value, ...range, better },
      ...(target !== undefined && { target }),
    };
  });
}

/** For CPU times, which hardly depend on what else the machine does, and tell more where it does much. */
const withoutTargets = (targets: ReadonlyMap<Peer, number>): ReadonlyMap<Peer, undefined> =>
  new Map([...targets.keys()].map(peer => [peer, undefined]));

async function rates(contested: Contest): Promise<BenchResult> {
  const { seen, notes } = await contest(contested);
  const rows: BenchRow[] = [];
  for (const [{ name }, reports] of seen) {
    const all = reports.filter(report => report !== undefined);
    if (all.length === 0) continue;
    const sum = (of: (report: LoadReport) => number): number =>
      all.reduce((total, one) => total + of(one), 0);
    const row = (what: string, unit: string, of: (report: LoadReport) => number): BenchRow => ({
      name: `${name}${what}`,
      unit,
      ...rangeOf(all.map(of)),
    });
    rows.push({
      ...row('', 'answers/s', ({ perSecond }) => perSecond),
      lost: sum(({ lost }) => lost),
      late: sum(({ late }) => late),
      stray: sum(({ stray }) => stray),
    });
    rows.push(row(', CPU', 'µs/answer', ({ cpu }) => cpu));
    rows.push(row(', memory', 'MiB', ({ memory }) => memory));
    const flows = median(all.map(({ flowsPerAnswer }) => flowsPerAnswer));
    const floods = sum(one => one.floods) / sum(({ answers }) => answers);
    if (flows < 0.99 || floods > 0)
      notes.push(
        `${name}: ${flows.toFixed(2)} flows an answer, ${(100 * floods).toFixed(1)} % sent to all ports`,
      );
    const busy = median(all.map(one => one.busy));
    if (busy > 0.9)
      notes.push(`${name}: the load generator was busy for ${(100 * busy).toFixed(0)} % of the time`);
  }
  const { name, what, targets } = contested;
  const ratios = [
    ...ratiosOf(seen, targets, one => one.perSecond, 'higher'),
    ...ratiosOf(seen, withoutTargets(targets), one => one.cpu, 'lower', 'CPU, '),
  ];
  return { name, what, rows, ratios, notes };
}

const packets = (outstanding: number, fresh: boolean, seconds: number): Contest['order'] => ({
  ...{ switches: 16, outstanding, macs: 100, fresh, seconds },
});

/** Takes about a minute and a half. */
export const run = (): Promise<BenchResult> =>
  rates({
    name: 'learning-switch',
    what: '16 switches with 64 packets open each, 100 MACs, 5 rounds of 2 s',
    rounds: 5,
    order: packets(64, false, 2),
    targets: new Map([
      [bareNode, 0.65],
      [testcontroller, 4],
      [osKen, 80],
    ]),
  });

/** Takes about a minute. */
export const runOneByOne = (): Promise<BenchResult> =>
  rates({
    name: 'one-by-one',
    what: '16 switches with one packet open each, 100 MACs, 5 rounds of 2 s',
    rounds: 5,
    order: packets(1, false, 2),
    targets: new Map([
      [bareNode, 0.65],
      [testcontroller, 0.9],
    ]),
  });

/** Takes about a minute and a half. */
export const runNewMacs = (): Promise<BenchResult> =>
  rates({
    name: 'new-macs',
    what: '16 switches with 64 packets open each, each from a MAC never seen before to one of 100, 3 rounds of 10 s',
    rounds: 3,
    order: packets(64, true, 10),
    targets: new Map([
      [bareNode, 0.65],
      [testcontroller, 2],
    ]),
  });

/** Takes half a minute. Of the peers, ovs-testcontroller takes 16 switches at most, and os-ken does not come to an end. */
export async function runConnect(): Promise<BenchResult> {
  const switches = 1_000;
  const contested: Contest = {
    name: 'connect',
    what: `${switches} switches connect at once and get the flow by which they ask, 5 rounds`,
    rounds: 5,
    order: { switches, outstanding: 0, macs: 1, fresh: false, seconds: 0 },
    targets: new Map([[bareNode, 3]]),
  };
  const { seen, notes } = await contest(contested);
  const rows = [...seen].flatMap(([{ name }, reports]): BenchRow[] => {
    const all = reports.filter(report => report !== undefined);
    if (all.length === 0) return [];
    const lost = all.reduce((sum, { unprogrammed }) => sum + unprogrammed, 0);
    const after = rangeOf(all.map(({ programmedAfter }) => programmedAfter));
    const cpu = rangeOf(all.map(({ programmingCpu }) => programmingCpu));
    return [
      { name, unit: 'ms', ...after, lost },
      { name: `${name}, CPU`, unit: 'ms', ...cpu },
    ];
  });
  const { targets } = contested;
  const ratios = [
    ...ratiosOf(seen, targets, one => one.programmedAfter, 'lower'),
    ...ratiosOf(seen, withoutTargets(targets), one => one.programmingCpu, 'lower', 'CPU, '),
  ];
  return { name: contested.name, what: contested.what, rows, ratios, notes };
}
