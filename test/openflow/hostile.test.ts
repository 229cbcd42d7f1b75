/** Broken input: whatever a peer sends, decoding gives a value or a WireError, the same from both back ends. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import fc from 'fast-check';
import { WireError } from '../../src/lib/errors.js';
import { compile, interpret } from '../../src/lib/struct/index.js';
import type { Codec } from '../../src/lib/struct/index.js';
import { decodeWith, encodeWith } from '../../src/openflow/codec.js';
import { FrameSplitter, type Message, Writer } from '../../src/openflow/index.js';
import { message } from '../../src/openflow/messages/index.js';
import { fixtures, hex, hexOf } from './fixtures.js';

const compiled = compile(message);
const closures = interpret(message);

/** A value, or the error, in a form that can be compared. */
function outcome(codec: Codec<Message>, frame: Uint8Array): unknown {
  try {
    return decodeWith(codec, frame);
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    return { error: thrown.code, message: thrown.message, offset: thrown.offset };
  }
}

const printed = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? hexOf(part) : part,
  );

/** Decodes with both, compares, and encodes again what could be decoded. Gives the error's code, where there is one. */
function tryBoth(frame: Uint8Array): string | undefined {
  const one = outcome(compiled, frame);
  const other = outcome(closures, frame);
  if (!isDeepStrictEqual(one, other))
    throw new Error(`${hexOf(frame)}: compiled ${printed(one)}, closures ${printed(other)}`);
  const failed = one as { error?: string; offset?: number };
  if (failed.error === undefined) {
    // Text that is no UTF-8 has become U+FFFD, which may be longer than what it stands for.
    if (printed(one).includes('\ufffd')) return undefined;
    const [bytes, otherBytes] = [compiled, closures].map(codec => {
      const writer = new Writer(16);
      encodeWith(codec, writer, one as Message);
      return hexOf(writer.toBytes());
    });
    if (bytes !== otherBytes)
      throw new Error(`${hexOf(frame)}: encodes to ${bytes ?? ''} and ${otherBytes ?? ''}`);
    return undefined;
  }
  if (failed.offset === undefined || failed.offset < 0 || failed.offset > frame.length)
    throw new Error(`${hexOf(frame)}: an offset of ${failed.offset} outside the frame`);
  return failed.error;
}

t.test('every fixture, cut at every byte', t => {
  for (const { name, bytes } of fixtures) {
    const codes = Array.from(bytes, (_, size) => tryBoth(bytes.slice(0, size)));
    t.ok(
      codes.every(code => code !== undefined),
      `${name}: ${bytes.length} cuts, all refused`,
    );
  }
  t.end();
});

t.test('every fixture, cut at every byte, with a length in its header that says so', t => {
  for (const { name, bytes } of fixtures) {
    for (let size = 8; size < bytes.length; size++) {
      const cut = bytes.slice(0, size);
      cut.set([size >> 8, size & 0xff], 2);
      tryBoth(cut);
    }
    t.pass(name);
  }
  t.end();
});

t.test('every fixture, with every 16 bits set to 0, 1, one more, one less and all ones', t => {
  let refused = 0;
  for (const { bytes } of fixtures) {
    for (let at = 2; at + 2 <= bytes.length; at += 2) {
      const was = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      for (const value of [0, 1, was + 1, was - 1, 0xffff]) {
        const changed = Uint8Array.from(bytes);
        changed.set([(value >> 8) & 0xff, value & 0xff], at);
        if (tryBoth(changed) !== undefined) refused++;
      }
    }
  }
  t.ok(refused > 1000, `${refused} were refused`);
  t.end();
});

t.test('a length that can not be true is refused', t => {
  const cases: readonly (readonly [name: string, frame: Uint8Array, code: string, offset: number])[] = [
    ['a frame longer than its header says', hex`0402 0008 00000000 00`, 'WIRE_BAD_LENGTH', 2],
    ['a frame shorter than its header says', hex`0402 000a 00000000 00`, 'WIRE_BAD_LENGTH', 2],
    ['a fixed message with bytes left over', hex`0405 000c 00000000 00000000`, 'WIRE_BAD_LENGTH', 8],
    ['a header cut short', hex`0402 00`, 'WIRE_TRUNCATED', 3],
    ['nothing', hex``, 'WIRE_TRUNCATED', 0],
    ['version 5', hex`0502 0008 00000000`, 'WIRE_BAD_VALUE', 0],
    [
      'a match that leaves the frame',
      hex`040a 0020 00000000 ffffffff 0000 00 00 0000000000000000 | 0001 0018 00000000`,
      'WIRE_BAD_LENGTH',
      26,
    ],
    [
      'an instruction of length 0',
      hex`040e 0040 00000000 0000000000000000 0000000000000000 00 00 0000 0000 0000
        ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000 | 0001 0000 00000000`,
      'WIRE_BAD_LENGTH',
      58,
    ],
    [
      'an action that leaves its instruction',
      hex`040e 0050 00000000 0000000000000000 0000000000000000 00 00 0000 0000 0000
        ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000
        | 0004 0010 00000000 0016 0010 00000001 | 0006 0008 00000001`,
      'WIRE_BAD_LENGTH',
      66,
    ],
    [
      'an oxm of a known field with the wrong size',
      hex`040e 0040 00000000 0000000000000000 0000000000000000 00 00 0000 0000 0000
        ffffffff ffffffff ffffffff 0000 0000 | 0001 000a 80000a02 0800`.map((byte, at) =>
        at === 55 ? 3 : byte,
      ),
      'WIRE_BAD_LENGTH',
      2,
    ],
  ];
  for (const [name, frame, code, offset] of cases) {
    t.match(outcome(compiled, frame), { error: code, offset }, name);
    t.equal(tryBoth(frame), code);
  }
  t.end();
});

t.test('actions nested too deep are refused, both ways', t => {
  let nested: Uint8Array = hex`0016 0008 00000001`;
  for (let depth = 1; depth <= 9; depth++) {
    const size = nested.length + 16;
    nested = hex`ffff ${size.toString(16).padStart(4, '0')} 00002320 002a 000000000000 ${hexOf(nested)}`;
    const total = 24 + nested.length;
    const frame = hex`040d ${total.toString(16).padStart(4, '0')} 00000000 ffffffff 00000001
      ${nested.length.toString(16).padStart(4, '0')} 000000000000 ${hexOf(nested)}`;
    t.equal(tryBoth(frame), depth > 8 ? 'WIRE_BAD_VALUE' : undefined, `depth ${depth}`);
  }
  const loop: { type: 'clone'; actions: unknown[] } = { type: 'clone', actions: [] };
  loop.actions.push(loop);
  for (const codec of [compiled, closures])
    t.throws(
      () =>
        encodeWith(codec, new Writer(), {
          type: 'packet_out',
          xid: 0,
          bufferId: 0,
          inPort: 0,
          actions: [loop as never],
          data: hex``,
        }),
      { code: 'WIRE_BAD_VALUE' },
    );
  t.end();
});

t.test('random bytes, and fixtures with some bytes changed', t => {
  const changed = fc
    .record({
      fixture: fc.constantFrom(...fixtures),
      edits: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
    })
    .map(({ fixture, edits }) => {
      const bytes = Uint8Array.from(fixture.bytes);
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      return bytes;
    });
  const body = fc
    .tuple(fc.integer({ min: 0, max: 35 }), fc.uint8Array({ maxLength: 200 }))
    .map(([type, rest]) => {
      const bytes = new Uint8Array(8 + rest.length);
      bytes.set([4, type, 0, bytes.length, 0, 0, 0, 1]);
      bytes.set(rest, 8);
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(changed, body), bytes => {
      tryBoth(bytes);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 5000) },
  );
  t.pass('no other error, and no difference');
  t.end();
});

t.test('a stream gives the same frames wherever it is cut', t => {
  const stream = Uint8Array.from(fixtures.slice(0, 12).flatMap(fixture => [...fixture.bytes]));
  const wanted = fixtures.slice(0, 12).map(fixture => hexOf(fixture.bytes));
  const framesOf = (chunks: readonly Uint8Array[]): string[] => {
    const splitter = new FrameSplitter();
    return chunks.flatMap(chunk => [...splitter.push(chunk)]).map(hexOf);
  };
  for (let at = 0; at <= stream.length; at++) {
    const frames = framesOf([stream.subarray(0, at), stream.subarray(at)]);
    if (frames.join() !== wanted.join()) t.fail(`cut at ${at}`);
  }
  for (const size of [1, 2, 3, 7, 8, 9, 64])
    t.same(
      framesOf(
        Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
          stream.subarray(i * size, (i + 1) * size),
        ),
      ),
      wanted,
      `chunks of ${size}`,
    );
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), cuts => {
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = edges.slice(1).map((edge, i) => stream.subarray(edges[i], edge));
      return framesOf(chunks).join() === wanted.join();
    }),
  );
  t.end();
});

t.test('frames in one chunk are views, and others are never overwritten', t => {
  const chunk = hex`0402 0008 00000001 0402 000c 00000002 aabbccdd 0403 0009`;
  const splitter = new FrameSplitter();
  const first = [...splitter.push(chunk)];
  t.same(
    first.map(frame => frame.buffer === chunk.buffer),
    [true, true],
  );
  const later = [...splitter.push(hex`00000003 ee 0403 0009 00`)];
  t.same(later.map(hexOf), ['0403000900000003ee']);
  t.same([...splitter.push(hex`000004 ff`)].map(hexOf), ['0403000900000004ff']);
  t.same(later.map(hexOf), ['0403000900000003ee'], 'is what it was');
  t.end();
});

t.test('the largest frame, byte by byte in two halves', t => {
  const frame = new Uint8Array(0xffff);
  frame.set([4, 2, 0xff, 0xff]);
  const splitter = new FrameSplitter();
  t.same([...splitter.push(frame.subarray(0, 5))], []);
  t.same([...splitter.push(frame.subarray(5, 40_000))], []);
  const [whole] = [...splitter.push(frame.subarray(40_000))];
  t.equal(whole?.length, 0xffff);
  t.end();
});

t.test('what is no OpenFlow is known by its first header', t => {
  const bad: readonly (readonly [name: string, bytes: Uint8Array, code: string, offset: number])[] = [
    ['HTTP', Uint8Array.from(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'WIRE_BAD_VALUE', 0],
    ['TLS', hex`16030100f4010000f0`, 'WIRE_BAD_VALUE', 0],
    ['version 0', hex`0000000800000000`, 'WIRE_BAD_VALUE', 0],
    ['type 30 first', hex`041e000800000000`, 'WIRE_BAD_VALUE', 1],
    ['a length of 7', hex`0400000700000000`, 'WIRE_BAD_LENGTH', 2],
  ];
  for (const [name, bytes, code, offset] of bad) {
    const whole = new FrameSplitter();
    t.throws(() => [...whole.push(bytes)], { code, offset }, name);
    t.throws(() => [...whole.push(hex`0402 0008 00000001`)], { code, offset }, 'and stays refused');
    const cut = new FrameSplitter();
    t.same([...cut.push(bytes.subarray(0, 7))], []);
    t.throws(() => [...cut.push(bytes.subarray(7))], { code, offset }, `${name}, cut`);
  }
  const later = new FrameSplitter();
  t.equal([...later.push(hex`0400 0008 00000001 041e 0008 00000002`)].length, 2, 'type 30 later is a frame');
  const frames: Uint8Array[] = [];
  t.throws(() => {
    for (const frame of later.push(hex`0402 0008 00000003 0402 0001 00000000`)) frames.push(frame);
  });
  t.same(frames.map(hexOf), ['0402000800000003'], 'the frame before a bad header is given out');
  t.end();
});
