/**
 * How fast messages are decoded and encoded, and what they allocate: the compiled declarations beside a codec written by
 * hand (peers/hand-written), and beside the plain closures over the same declarations, which are the tests' oracle.
 * Rounds are interleaved in one run and the median of their ratios counts, so that whatever else the machine does hits all.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { cursorOver, interpret } from '../src/lib/struct/index.js';
import { decode, encode, encodeInto, Writer } from '../src/openflow/index.js';
import { message } from '../src/openflow/messages/index.js';
import { bytesPerCall } from './allocation.js';
import { messages } from './codec-messages.js';
import * as hand from './peers/hand-written/index.js';
import { type BenchResult, format, rangeOf } from './result.js';

type Value = (typeof messages)[number][1];
const ways = ['compiled', 'by hand', 'closures'] as const;
type Way = (typeof ways)[number];
type Work = Readonly<Record<Way, () => void>>;

const rounds = 25;
const warmUp = 5;
const roundMs = 15;

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

/** Nanoseconds for one call, over one round. */
function time(work: () => void): number {
  const begin = process.hrtime.bigint();
  const end = begin + BigInt(roundMs * 1e6);
  let calls = 0;
  let now = begin;
  while (now < end) {
    for (let i = 0; i < 20; i++) work();
    calls += 20;
    now = process.hrtime.bigint();
  }
  return Number(now - begin) / calls;
}

const timed = (work: Work): Record<Way, number> => ({
  compiled: time(work.compiled),
  'by hand': time(work['by hand']),
  closures: time(work.closures),
});

/** Takes about 15 seconds. */
export function run(): Promise<BenchResult> {
  const works = messages.flatMap(([name, value]) => [
    { name: `decode ${name}`, work: decoding(value) },
    { name: `encode ${name}`, work: encoding(value) },
  ]);
  const times = works.map(() => [] as Record<Way, number>[]);
  for (let round = 0; round < warmUp + rounds; round++)
    for (const [i, { work }] of works.entries()) {
      const one = timed(work);
      if (round >= warmUp) times[i]?.push(one);
    }
  const rows: BenchResult['rows'][number][] = [];
  const ratios: BenchResult['ratios'][number][] = [];
  for (const [i, { name, work }] of works.entries()) {
    const all = times[i] ?? [];
    for (const way of ways)
      rows.push({
        name: `${name}, ${way}`,
        unit: 'messages/s',
        ...rangeOf(all.map(one => 1e9 / one[way])),
      });
    for (const way of ['compiled', 'by hand'] as const) {
      const bytes = bytesPerCall(work[way], name.includes(' x ') ? 20 : 1000);
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
