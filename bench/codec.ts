/**
 * How fast messages are decoded and encoded, and what they allocate: the compiled declarations beside a codec written by
 * hand (peers/hand-written), and beside the plain closures over the same declarations, which are the tests' oracle.
 * Turns of a millisecond are interleaved in one run and the median of ratios counts, so that whatever else the machine does
 * hits all.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { interpret } from '../src/lib/struct/closures.js';
import { cursorOver } from '../src/lib/struct/index.js';
import { decode, encode, encodeInto, Writer } from '../src/openflow/index.js';
import { message } from '../src/openflow/messages/index.js';
import { bytesPerCall } from './allocation.js';
import { messages } from './codec-messages.js';
import * as hand from './peers/hand-written/index.js';
import { type BenchResult, format, median, rangeOf } from './result.js';

type Value = (typeof messages)[number][1];
const ways = ['compiled', 'by hand', 'closures'] as const;
type Way = (typeof ways)[number];
type Work = Readonly<Record<Way, () => void>>;

const rounds = 15;
/** In each round every way gets so many turns, and the median one counts: a turn is too short to be often interrupted. */
const turns = 15;
const turnMs = 1;
const warmUpMs = 150;

const closures = interpret(message);

const decoding = (value: Value): Work => {
  const frame = encode(value);
  deepStrictEqual(decode(frame), value);
  deepStrictEqual(hand.decode(frame), value);
  return {
    compiled: () => void decode(frame),
    'by hand': () => void hand.decode(frame),
    closures: () => void closures.decode(cursorOver(frame)),
  };
};

const encoding = (value: Value): Work => {
  const writer = new Writer();
  const sink = new hand.Sink();
  const plain = new Writer();
  const work: Work = {
    compiled: () => {
      writer.reset();
      encodeInto(writer, value);
    },
    'by hand': () => {
      sink.pos = 0;
      hand.encode(sink, value);
    },
    closures: () => {
      plain.reset();
      closures.encode(plain, value);
    },
  };
  work.compiled();
  work['by hand']();
  deepStrictEqual(sink.bytes.slice(0, sink.pos), writer.toBytes());
  return work;
};

/** Nanoseconds for one of `calls` calls. */
function time(work: () => void, calls: number): number {
  const begin = performance.now();
  for (let i = 0; i < calls; i++) work();
  return ((performance.now() - begin) * 1e6) / calls;
}

/** How many calls make a turn. Warms up, too. */
function callsFor(work: () => void): number {
  const end = performance.now() + warmUpMs;
  let fastest = Infinity;
  while (performance.now() < end) fastest = Math.min(fastest, time(work, 10));
  return Math.max(1, Math.round((turnMs * 1e6) / fastest));
}

/** One round: the ways take turns, each time another one first. */
function timed(work: Work, calls: Record<Way, number>): Record<Way, number> {
  const times: Record<Way, number[]> = { compiled: [], 'by hand': [], closures: [] };
  for (let turn = 0; turn < turns; turn++)
    for (let i = 0; i < ways.length; i++) {
      const way = ways[(turn + i) % ways.length] ?? 'compiled';
      times[way].push(time(work[way], calls[way]));
    }
  return {
    compiled: median(times.compiled),
    'by hand': median(times['by hand']),
    closures: median(times.closures),
  };
}

/** Takes about 20 seconds. */
export function run(): Promise<BenchResult> {
  const works = messages.flatMap(([name, value]) => [
    { name: `decode ${name}`, work: decoding(value) },
    { name: `encode ${name}`, work: encoding(value) },
  ]);
  const measured = works.map(({ name, work }) => ({
    name,
    work,
    calls: {
      compiled: callsFor(work.compiled),
      'by hand': callsFor(work['by hand']),
      closures: callsFor(work.closures),
    },
    all: [] as Record<Way, number>[],
  }));
  for (let round = 0; round < rounds; round++)
    for (const { work, calls, all } of measured) all.push(timed(work, calls));
  const rows: BenchResult['rows'][number][] = [];
  const ratios: BenchResult['ratios'][number][] = [];
  for (const { name, work, all } of measured) {
    for (const way of ways)
      rows.push({
        name: `${name}, ${way}`,
        unit: 'messages/s',
        ...rangeOf(all.map(one => 1e9 / one[way])),
      });
    for (const way of ['compiled', 'by hand'] as const) {
      const bytes = bytesPerCall(work[way]);
      rows.push({ name: `${name}, ${way}`, unit: 'bytes/message', ...rangeOf([bytes]) });
    }
    for (const way of ['by hand', 'closures'] as const) {
      const { median: value, ...range } = rangeOf(all.map(one => one.compiled / one[way]));
      ratios.push({ name: `${name}: time compiled / ${way}`, value, ...range });
    }
  }
  return Promise.resolve({
    name: 'codec',
    what: 'messages decoded and encoded: compiled declarations, a codec written by hand, closures over the declarations',
    rows,
    ratios,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : format(result));
}
