/**
 * Broken frames, texts and packets, changed values and values that are none, until the time is over: FUZZ_SECONDS of it (60 unless said),
 * from FUZZ_SEED on. A failure is made as small as it gets, and printed with the seed that leads to it again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import fc from '../support/fast-check.js';
import { projectRoot } from '../../lab/compiled.js';
import { HeddleError } from '../../src/lib/errors.js';
import {
  FrameSplitter,
  type Message,
  parseActions,
  parseFlow,
  parseGroup,
  parseMatch,
  parseMeter,
} from '../../src/openflow/index.js';
import { decodePacket } from '../../src/packet/index.js';
import { checkFrame, decodeBoth, encodeBoth, outcomeOf, shownValue } from './back-ends.js';
import { captures } from './captures.js';
import { fixtures, hexOf } from './fixtures.js';
import { nameOf, partAt, pathsIn, poolOf, replaced, spoiledFrame } from './mutations.js';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

// A stack for each frame that is refused would cost more than the rest.
Error.stackTraceLimit = 0;
t.setTimeout((seconds + 60) * 1000);
t.comment(`FUZZ_SEED=${seed} FUZZ_SECONDS=${seconds}`);

/** Tries the property for its share of the time. */
function fuzz<T>(name: string, share: number, input: fc.Arbitrary<T>, property: (one: T) => void): void {
  t.test(name, t => {
    const result = fc.check(fc.property(input, property), {
      seed,
      numRuns: 2 ** 31 - 1,
      interruptAfterTimeLimit: seconds * 1000 * share,
    });
    if (result.failed && result.counterexample)
      t.fail(`FUZZ_SEED=${seed}, path ${result.counterexamplePath}: ${String(result.errorInstance)}`, {
        counterexample: shownValue(result.counterexample),
      });
    t.ok(result.numRuns > 100, `${result.numRuns} runs`);
    t.end();
  });
}

/** Longer ones are lists of what the shorter ones have, too. */
const longest = 1500;
const frames = [...fixtures, ...captures]
  .map(({ bytes }) => Uint8Array.from(bytes))
  .filter(bytes => bytes.length <= longest);
const values = frames.flatMap(frame => {
  const decoded = decodeBoth(frame);
  return 'value' in decoded ? [decoded.value] : [];
});

fuzz('frames with bytes changed, put in and taken out', 0.3, spoiledFrame(frames), frame => {
  checkFrame(frame);
});

const randomBody = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.uint8Array({ maxLength: 200 }))
  .map(([type, rest]) => Uint8Array.of(4, type, 0, 8 + rest.length, 0, 0, 0, 1, ...rest));
fuzz('headers before random bytes', 0.1, randomBody, frame => {
  checkFrame(frame);
});

/** What is encoded must decode, and encode to the same bytes again. */
function checkEncoded(value: Message): void {
  const bytes = encodeBoth(value);
  if ('error' in bytes) return;
  const decoded = decodeBoth(bytes.value);
  if ('error' in decoded)
    throw new Error(`${shownValue(value)} becomes ${hexOf(bytes.value)}: ${decoded.error.message}`);
  const again = encodeBoth(decoded.value);
  if ('error' in again || hexOf(again.value) !== hexOf(bytes.value))
    throw new Error(`${hexOf(bytes.value)} becomes ${shownValue(again)}`);
}

const numbers = [0, 1, 2, 7, 8, 63, 64, 255, 256, 0xfff, 0xffff, 0x10000, 0xffffff, 0xffffffff, 2 ** 48 - 1];
const bigints = [0n, 1n, 0xffffn, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n - 1n];

const pool = poolOf(values);

/** Another part of the same kind. */
function otherPart(path: readonly string[], part: unknown, pick: number): unknown {
  const isEntry = /^\d+$/.test(path.at(-1) ?? '');
  const alike = pool.get(`${nameOf(path)}${isEntry ? '[]' : ''}`) ?? [];
  const choices: readonly unknown[] = [
    ...(typeof part === 'number' ? numbers : []),
    ...(typeof part === 'bigint' ? bigints : []),
    ...(Array.isArray(part) ? [[], [...(part as unknown[]), ...(part as unknown[])], part.slice(1)] : []),
    ...(part instanceof Uint8Array ? [part.subarray(1), Uint8Array.of(...part, 0), new Uint8Array(0)] : []),
  ];
  // Half of the time one of those, where there are any.
  const from = choices.length > 0 && pick % 2 === 0 ? choices : alike;
  return from[(pick >> 1) % Math.max(from.length, 1)];
}

const changedValue = (
  change: (path: readonly string[], part: unknown, pick: number) => unknown,
  atMost: number,
) =>
  fc
    .tuple(
      fc.constantFrom(...values),
      fc.array(fc.tuple(fc.nat(0xffff), fc.nat(0xffffff)), { minLength: 1, maxLength: atMost }),
    )
    .map(
      ([value, changes]) =>
        changes.reduce<unknown>((changed, [where, pick]) => {
          const paths = pathsIn(changed);
          const path = paths[where % Math.max(paths.length, 1)];
          return path ? replaced(changed, path, change(path, partAt(changed, path), pick)) : changed;
        }, value) as Message,
    );

fuzz('values with parts of other values', 0.2, changedValue(otherPart, 3), checkEncoded);

const throwing = {
  get type(): never {
    throw new RangeError('a getter that throws');
  },
};
const cyclic: unknown[] = [];
cyclic.push({ type: 'clone', actions: cyclic });

/** What plain JavaScript may hand in where a number, a list or an object is wanted. */
const hostile: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  1.5,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  -0,
  '',
  'output',
  '\ud800',
  'x'.repeat(70_000),
  true,
  -1n,
  2n ** 200n,
  [],
  [undefined],
  new Array<unknown>(3),
  {},
  { type: 'unknown' },
  { type: '__proto__' },
  { type: 'toString', field: 'constructor' },
  { field: 'unknown', header: -1 },
  { length: 5 },
  new Map(),
  new Date(0),
  new Uint16Array(3),
  new Uint8Array(70_000),
  Symbol('none'),
  () => 0,
  throwing,
  cyclic,
];

fuzz(
  'values that are none',
  0.15,
  changedValue((_path, _part, pick) => hostile[pick % hostile.length], 1),
  value => {
    encodeBoth(value);
  },
);

const stream = fc.tuple(
  fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...frames) }, spoiledFrame(frames)), {
    maxLength: 6,
  }),
  fc.array(fc.nat(0xffff), { maxLength: 12 }),
);

fuzz('a stream, cut into other chunks', 0.1, stream, ([parts, cuts]) => {
  const bytes = Uint8Array.from(Buffer.concat(parts));
  const read = (chunks: readonly Uint8Array[]): unknown => {
    const splitter = new FrameSplitter();
    const found: string[] = [];
    const end = outcomeOf(() => {
      for (const chunk of chunks) for (const frame of splitter.push(chunk)) found.push(hexOf(frame));
    });
    return shownValue([found, end]);
  };
  const edges = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const whole = read([bytes]);
  const inParts = read(edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge)));
  if (whole !== inParts)
    throw new Error(`${hexOf(bytes)}: ${String(whole)} in one, ${String(inParts)} in parts`);
});

const texts = ['flows', 'groups', 'meters'].flatMap(name =>
  readFileSync(join(projectRoot(), 'test', 'openflow', 'notation', `${name}.txt`), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#')),
);
const spoiledText = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.constantFrom(...texts),
    fc.nat(),
    fc.nat(),
    fc.string({ maxLength: 3 }),
  )
  .map(([one, other, cut, from, between]) => {
    const end = other.slice(from % (other.length + 1));
    return `${one.slice(0, cut % (one.length + 1))}${between}${end}`;
  });

fuzz('texts of flows, groups and meters, spliced', 0.1, spoiledText, text => {
  for (const parse of [parseFlow, parseGroup, parseMeter, parseMatch, parseActions]) {
    try {
      (parse as (text: string) => unknown)(text);
    } catch (thrown) {
      if (!(thrown instanceof HeddleError) || thrown.code !== 'OF_BAD_TEXT') throw thrown;
    }
  }
});

const packets = frames.flatMap(frame => {
  const decoded = decodeBoth(frame);
  return 'value' in decoded && decoded.value.type === 'packet_in'
    ? [Uint8Array.from(decoded.value.data)]
    : [];
});

fuzz('packets with bytes changed', 0.05, spoiledFrame(packets), bytes => {
  // Never throws: it says where it ended, and why.
  const { headers, payload, trailer } = decodePacket(bytes);
  if (payload.length + trailer.length > bytes.length)
    throw new Error(`${headers.length} headers and more than there was`);
});
