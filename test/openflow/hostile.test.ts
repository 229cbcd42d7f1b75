/** Broken input: whatever a peer sends, decoding gives a value or a WireError, the same from both back ends. */
import t from 'tap';
import fc from '../support/fast-check.js';
import { encodeWith } from '../../src/openflow/codec.js';
import { decode, FrameSplitter, Writer } from '../../src/openflow/index.js';
import { checkFrame, closures, compiled, decodeBoth, encodeBoth } from './back-ends.js';
import { captures } from './captures.js';
import { fixtures, hex, hexOf } from './fixtures.js';

// Most frames here are refused, and nobody reads where from: a stack for each would cost more than all the rest.
Error.stackTraceLimit = 0;

/** The hand-written frames, and the recorded ones. */
const frames: readonly Uint8Array[] = [...fixtures, ...captures].map(({ bytes }) => bytes);

/** Longer frames are lists of entries that are alike: only some places of theirs are tried. */
const longFrame = 1500;
const placesOfLongFrames = 12;

/**
 * The places of a frame that are worth a change: those up to which no frame before began with the same bytes, but for
 * the header's length and xid.
 */
function* placesIn(frame: Uint8Array, seen: Set<string>): Generator<number, void, undefined> {
  const step = frame.length > longFrame ? Math.ceil(frame.length / placesOfLongFrames) : 1;
  const start = String.fromCharCode(...frame.subarray(0, 2));
  for (let at = 0; at < frame.length; at += step) {
    const key = start + String.fromCharCode(...frame.subarray(8, at + 1));
    if (at >= 8 && seen.has(key)) continue;
    seen.add(key);
    yield at;
  }
}

/** What a length field, or any other, is set to. */
const wrong = (was: number, highest: number): Set<number> =>
  new Set([0, 1, (was - 1) & highest, (was + 1) & highest, highest].filter(value => value !== was));

const isRefused = (frame: Uint8Array): boolean => 'error' in checkFrame(frame);

t.test('every frame, cut at every byte', t => {
  let cuts = 0;
  const seen = new Set<string>();
  for (const frame of frames)
    for (const at of placesIn(frame, seen)) {
      cuts++;
      if (!isRefused(frame.subarray(0, at))) t.fail(`cut at ${at}: ${hexOf(frame)}`);
    }
  t.ok(cuts > 10_000, `${cuts} cuts, all refused`);
  t.end();
});

t.test('every frame, cut at every byte, with a length in its header that says so', t => {
  let refused = 0;
  const seen = new Set<string>();
  for (const frame of frames)
    for (const at of placesIn(frame, seen)) {
      const cut = Uint8Array.from(frame.subarray(0, Math.max(at, 8)));
      cut.set([cut.length >> 8, cut.length & 0xff], 2);
      if (isRefused(cut)) refused++;
    }
  t.ok(refused > 10_000, `${refused} were refused`);
  t.end();
});

t.test('every frame, with every 8 and every 16 bits as a length that is wrong', t => {
  let [tried, refused] = [0, 0];
  const seen = new Set<string>();
  const attempt = (frame: Uint8Array, at: number, bytes: readonly number[]): void => {
    const changed = Uint8Array.from(frame);
    changed.set(bytes, at);
    tried++;
    if ('error' in decodeBoth(changed)) refused++;
  };
  for (const frame of frames)
    for (const at of placesIn(frame, seen)) {
      const high = frame[at] ?? 0;
      const low = frame[at + 1];
      for (const value of wrong(high, 0xff)) attempt(frame, at, [value]);
      if (at % 2 === 1 || low === undefined) continue;
      for (const value of wrong((high << 8) | low, 0xffff)) attempt(frame, at, [value >> 8, value & 0xff]);
    }
  t.ok(refused > 10_000, `${refused} of ${tried} were refused`);
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
    t.match(decodeBoth(frame), { error: { code, offset } }, name);
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
    const outcome = checkFrame(frame);
    t.equal(
      'error' in outcome ? outcome.error.code : 'decoded',
      depth > 8 ? 'WIRE_BAD_VALUE' : 'decoded',
      `depth ${depth}`,
    );
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

t.test('a number that is none is refused by name, whatever it is', t => {
  const port = { type: 'packet_out', xid: 1, bufferId: 0, inPort: 1, actions: [], data: hex`` } as const;
  const valueOf = { valueOf: () => 1 };
  for (const xid of [-1n, 1n, Symbol('one'), '1', 1.5, valueOf, { valueOf: null }, null, Number.NaN])
    t.match(
      encodeBoth({ ...port, xid } as never),
      { error: { code: 'WIRE_BAD_VALUE', message: /^packet_out\.xid: .* does not fit \(at byte 4\)$/ } },
      typeof xid,
    );
  t.end();
});

t.test('what is no frame is refused', t => {
  for (const frame of [null, undefined, '\u0004', [4, 2, 0, 8, 0, 0, 0, 0], new Uint16Array(8)])
    t.throws(() => decode(frame as never), {
      code: 'WIRE_BAD_VALUE',
      offset: 0,
      message: /is no Uint8Array/,
    });
  t.end();
});

t.test('elements of a hello, and properties of extensions, are looked at one by one', t => {
  const hello = { type: 'hello', xid: 1, version: 4 } as const;
  for (const versions of [null, '4', 4, ['4'], [1.5], [1n], [-1], [256], [Number.NaN], [,]])
    t.match(
      encodeBoth({ ...hello, versions } as never),
      { error: { code: 'WIRE_BAD_VALUE', message: /^hello\.versions: .* is no / } },
      typeof versions,
    );
  const body = hex`01`;
  const bad = [
    null,
    '',
    4,
    [null],
    [{}],
    [{ typeId: 1.5, body }],
    [{ typeId: 0x10000, body }],
    [{ typeId: 1 }],
  ];
  const status = { type: 'role_status', xid: 0, role: 'slave', reason: 0, generationId: 6n } as const;
  for (const elements of bad) {
    t.match(encodeBoth({ ...hello, otherElements: elements } as never), {
      error: { code: 'WIRE_BAD_VALUE', message: /^hello\.otherElements: / },
    });
    t.match(encodeBoth({ ...status, properties: elements } as never), {
      error: { code: 'WIRE_BAD_VALUE', message: /^properties: / },
    });
  }
  const large = [{ typeId: 1, body: new Uint8Array(0xfffc) }];
  t.match(encodeBoth({ ...status, properties: large }), { error: { code: 'WIRE_BAD_LENGTH' } });
  for (const [tail, code, offset] of [
    ['ffff 0003 00000000', 'WIRE_BAD_LENGTH', 34],
    ['ffff 0009 1234567800', 'WIRE_BAD_LENGTH', 34],
    ['ffff 0008 12345678 ffff', 'WIRE_TRUNCATED', 42],
  ] as const) {
    const rest = hex`${tail}`;
    const frame = hex`0404 ${(32 + rest.length).toString(16).padStart(4, '0')} 00000000
      4f4e4600 00000777 00000003 00 000000 0000000000000006 ${tail}`;
    t.match(decodeBoth(frame), { error: { code, offset } }, tail);
  }
  t.end();
});

t.test('what is declared can not be handed in as unknown, past its checks', t => {
  const unknown = (typeId: number, body: Uint8Array): object => ({ type: 'unknown', typeId, body });
  const refused: readonly (readonly [value: object, name: string])[] = [
    [{ ...unknown(14, hex``), version: 4, xid: 1 }, 'flow_mod'],
    [{ ...unknown(4, hex`00002320 0000000a 00000001`), version: 4, xid: 1 }, 'nx_role_request'],
    [{ type: 'multipart_request', xid: 1, flags: 0, body: unknown(1, hex``) }, 'flow'],
    [{ type: 'meter_mod', xid: 1, command: 'add', flags: 1, meterId: 1, bands: [unknown(1, hex``)] }, 'drop'],
    ...(
      [
        [unknown(0, hex`00000001`), 'output'],
        [unknown(0xffff, hex`00002320 0008 0000`), 'note'],
      ] as const
    ).map(
      ([action, name]) =>
        [
          { type: 'packet_out', xid: 0, bufferId: 0, inPort: 0, actions: [action], data: hex`` },
          name,
        ] as const,
    ),
  ];
  for (const [value, name] of refused)
    t.match(
      encodeBoth(value as never),
      { error: { code: 'WIRE_BAD_VALUE', message: new RegExp(`not unknown, but ${name} `) } },
      name,
    );
  t.end();
});

t.test('a value that throws when it is looked at is refused, whatever it throws', t => {
  const throwing = (thrown: unknown): object =>
    new Proxy(
      {},
      {
        get() {
          throw thrown;
        },
      },
    );
  const wordless = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new TypeError('no text');
    },
  });
  const { proxy: revoked, revoke } = Proxy.revocable([], {});
  revoke();
  const thrown = [
    new Error('no'),
    'no',
    null,
    Symbol('no'),
    Object.create(null),
    { toString: null },
    wordless,
  ];
  for (const actions of [...thrown.map(throwing), revoked, [throwing(wordless)]])
    for (const value of [
      { type: 'packet_out', xid: 0, bufferId: 0, inPort: 0, actions, data: hex`` },
      { type: actions },
    ])
      t.match(encodeBoth(value as never), { error: { code: 'WIRE_BAD_VALUE' } });
  for (const one of thrown)
    t.match(encodeBoth(throwing(one) as never), { error: { code: 'WIRE_BAD_VALUE' } });
  t.end();
});

t.test('a stream gives the same frames wherever it is cut', t => {
  const stream = Uint8Array.from(fixtures.slice(0, 12).flatMap(fixture => [...fixture.bytes]));
  const wanted = fixtures.slice(0, 12).map(fixture => hexOf(fixture.bytes));
  const framesOf = (chunks: readonly Uint8Array[]): string[] => {
    const splitter = new FrameSplitter();
    const frames = chunks.flatMap(chunk => [...splitter.push(chunk)]).map(hexOf);
    const visited: string[] = [];
    const visiting = new FrameSplitter();
    for (const chunk of chunks)
      visiting.forEach(chunk, (bytes, start, end) => visited.push(hexOf(bytes.subarray(start, end))) > 0);
    if (visited.join() !== frames.join()) t.fail('forEach gives others');
    return frames;
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

  const visited = new FrameSplitter();
  const starts: number[] = [];
  t.throws(
    () =>
      visited.forEach(
        hex`0402 0008 00000003 0402 0001 00000000`,
        (_, start, end) => starts.push(start, end) > 0,
      ),
    { code: 'WIRE_BAD_LENGTH' },
  );
  t.same(starts, [0, 8]);
  t.throws(() => visited.forEach(hex`0402 0008 00000001`, () => true), { code: 'WIRE_BAD_LENGTH' });
  let calls = 0;
  new FrameSplitter().forEach(hex`0402 0008 00000003 0402 0008 00000004`, () => ++calls < 1);
  t.equal(calls, 1, 'it ends where that is asked for');
  t.end();
});
