/** Struct declarations by themselves, each with both back ends. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import fc from '../support/fast-check.js';
import { WireError } from '../../src/lib/errors.js';
import { interpret } from '../../src/lib/struct/closures.js';
import {
  align,
  bytes,
  compile,
  constant,
  cursorOver,
  custom,
  defaulted,
  type Field,
  type Infer,
  lazy,
  length,
  lengthOf,
  listOf,
  mac,
  named,
  need,
  optional,
  packed,
  pad,
  rest,
  select,
  sizeOf,
  type Spec,
  struct,
  tag,
  text,
  transparent,
  u16,
  u32,
  u64,
  u8,
  union,
  Writer,
} from '../../src/lib/struct/index.js';

const hex = (of: string): Uint8Array => Uint8Array.from(Buffer.from(of.replace(/\s/g, ''), 'hex'));
const hexOf = (of: Uint8Array): string => Buffer.from(of).toString('hex');

interface Both<T> {
  decode(of: string): T;
  encode(value: T): string;
}

/** Both back ends as one: they must agree on values, bytes and errors. */
function both<T>(spec: Spec & Field<T>): Both<T> {
  const codecs = [compile(spec), interpret(spec)];
  const agree = <R>(results: readonly (() => R)[]): R => {
    const outcomes = results.map(result => {
      try {
        return { value: result() };
      } catch (thrown) {
        if (!(thrown instanceof WireError)) throw thrown;
        return { thrown };
      }
    });
    const [one, other] = outcomes;
    if (!isDeepStrictEqual(one, other)) t.strictSame(one, other, 'both back ends agree');
    if (one === undefined || 'thrown' in one) throw one?.thrown ?? new Error('nothing');
    return one.value;
  };
  return {
    decode: of =>
      agree(
        codecs.map(codec => () => {
          const cursor = cursorOver(hex(of));
          const value = codec.decode(cursor);
          if (cursor.pos !== cursor.end) t.fail('not all was read');
          return value;
        }),
      ),
    encode: value =>
      agree(
        codecs.map(codec => () => {
          const writer = new Writer(1);
          codec.encode(writer, value);
          return hexOf(writer.toBytes());
        }),
      ),
  };
}

t.test('fixed-size fields', t => {
  const all = struct('all', {
    a: u8,
    _p: pad(1),
    b: u16,
    c: u32,
    d: u64,
    e: mac,
    f: bytes(3),
    g: text(6),
    _q: pad(9),
    h: named(u8, { off: 0, on: 1 }),
    i: defaulted(u8, 7),
  });
  const codec = both(all);
  const value: Infer<typeof all> = {
    a: 255,
    b: 0xfffe,
    c: 0xfffffffd,
    d: 0xfffffffffffffffcn,
    e: 0xfffffffffffb,
    f: hex('010203'),
    g: 'wörd',
    h: 'on',
    i: 7,
  };
  const encoded = 'ff00fffefffffffdfffffffffffffffcfffffffffffb01020377c3b6726400' + '00'.repeat(9) + '0107';
  t.equal(codec.encode(value), encoded);
  t.strictSame(codec.decode(encoded), value);
  const { i: _left, ...without } = value;
  t.equal(codec.encode(without), encoded, 'a field with a default may be left out');

  const wrong: readonly (readonly [name: string, change: object, offset: number])[] = [
    ['u8 too large', { a: 256 }, 0],
    ['u8 negative', { a: -1 }, 0],
    ['u8 a fraction', { a: 1.5 }, 0],
    ['u8 NaN', { a: NaN }, 0],
    ['u8 missing', { a: undefined }, 0],
    ['u8 text', { a: '1' }, 0],
    ['u16 of 70000', { b: 70000 }, 2],
    ['u32 too large', { c: 2 ** 32 }, 4],
    ['u64 a number', { d: 1 }, 8],
    ['u64 negative', { d: -1n }, 8],
    ['u64 too large', { d: 2n ** 64n }, 8],
    ['mac too large', { e: 2 ** 48 }, 16],
    ['bytes of another size', { f: hex('01') }, 22],
    ['bytes that are none', { f: [1, 2, 3] }, 22],
    ['text too long', { g: 'seven b' }, 25],
    ['a name that is none', { h: 'maybe' }, 40],
  ];
  for (const [name, change, offset] of wrong)
    t.throws(() => codec.encode({ ...value, ...change }), { code: 'WIRE_BAD_VALUE', offset }, name);
  t.throws(() => codec.encode(undefined as never), { code: 'WIRE_BAD_VALUE', offset: 0 });
  t.throws(() => codec.decode(encoded.slice(0, -2)), { code: 'WIRE_TRUNCATED', offset: 41 });
  t.throws(() => codec.decode(encoded.slice(0, -4) + '0207'), { code: 'WIRE_BAD_VALUE', offset: 40 });
  t.equal(
    codec.decode(encoded.replace('77c3b6726400', '77ff00726400')).g,
    'w\ufffd',
    'text that is no UTF-8',
  );
  t.end();
});

t.test('a number whose bits are several fields', t => {
  const codec = both(
    struct('bits', {
      a: u8,
      ...packed(u8, { _version: { width: 4, value: 4 }, words: 4 }),
      ...packed(u16, { pcp: 3, dei: 1, vid: 12 }),
      ...packed(u32, { high: 31, _unused: { width: 1 } }),
      data: custom<Uint8Array>({
        name: 'words',
        given: 'words',
        read: (c, words) => {
          need(c, 'words', words);
          c.pos += words;
          return c.bytes.subarray(c.pos - words, c.pos);
        },
        write: (w, value, words) => {
          if (value.length !== words) throw new WireError('WIRE_BAD_LENGTH', 'words', w.pos - w.frame);
          w.ensure(words);
          w.bytes.set(value, w.pos);
          w.pos += words;
        },
      }),
    }),
  );
  const value = { a: 1, words: 2, pcp: 7, dei: 0, vid: 0xabc, high: 0x7fffffff, data: hex('0102') };
  t.equal(codec.encode(value), '0142eabcfffffffe0102');
  t.strictSame(codec.decode('0142eabcfffffffe0102'), value);
  t.strictSame(codec.decode('0142eabcffffffff0102'), value, 'bits that mean nothing');
  t.throws(() => codec.decode('0152eabcfffffffe0102'), { code: 'WIRE_BAD_VALUE', offset: 1 });
  t.throws(() => codec.decode('0142eabcffffff'), { code: 'WIRE_TRUNCATED', offset: 7 });
  const wrong: readonly (readonly [change: object, offset: number])[] = [
    [{ pcp: 8 }, 2],
    [{ dei: -1 }, 2],
    [{ vid: 1.5 }, 2],
    [{ vid: '1' }, 2],
    [{ dei: true }, 2],
    [{ high: 2 ** 31 }, 4],
    [{ high: undefined }, 4],
  ];
  for (const [change, offset] of wrong)
    t.throws(() => codec.encode({ ...value, ...change }), { code: 'WIRE_BAD_VALUE', offset });
  t.throws(() => packed(u8, { a: 4, b: 3 }), TypeError, 'widths that do not fill the number');
  const { b: follower } = packed(u8, { a: 4, b: 4 });
  const wrongPart = struct('s', { b: follower });
  t.throws(() => compile(wrongPart, { eager: true }), TypeError, 'a part without the parts before it');
  t.end();
});

t.test('a length opens a window', t => {
  const codec = both(struct('box', { _l: length(u16, { padTo: 8 }), a: u8, data: rest }));
  t.equal(codec.encode({ a: 1, data: hex('0203') }), '0005010203000000');
  t.strictSame(codec.decode('0005010203000000'), { a: 1, data: hex('0203') });
  t.throws(
    () => codec.decode('0000010203000000'),
    { code: 'WIRE_BAD_LENGTH', offset: 0 },
    'too short for itself',
  );
  t.throws(
    () => codec.decode('0002010203000000'),
    { code: 'WIRE_TRUNCATED', offset: 2 },
    'too short for what is in it',
  );
  t.throws(() => codec.decode('0009010203000000'), { code: 'WIRE_BAD_LENGTH', offset: 0 }, 'too long');
  t.throws(() => codec.decode('00050102030000'), { code: 'WIRE_BAD_LENGTH', offset: 0 }, 'padding cut');
  t.throws(() => codec.encode({ a: 1, data: new Uint8Array(65_533) }), {
    code: 'WIRE_BAD_LENGTH',
    offset: 0,
  });
  const exact = both(struct('exact', { _l: length(u8), a: u8 }));
  t.throws(() => exact.decode('030101'), { code: 'WIRE_BAD_LENGTH', offset: 2 }, 'bytes left over');
  t.end();
});

t.test('lists, alignment and views', t => {
  const entry = struct('entry', { _l: length(u8), data: rest, _a: align(4) });
  const codec = both(struct('list', { entries: listOf(entry) }));
  t.equal(codec.encode({ entries: [{ data: hex('01') }, { data: hex('010203') }] }), '0401000004010203');
  t.strictSame(codec.decode('0401000004010203').entries.length, 2);
  t.strictSame(codec.decode(''), { entries: [] });
  t.throws(() => codec.decode('04010203 00'), { code: 'WIRE_BAD_LENGTH', offset: 4 }, 'an entry of length 0');
  t.throws(() => codec.encode({ entries: {} as never }), { code: 'WIRE_BAD_VALUE' });
  t.throws(() => codec.encode({ entries: [{ data: 'text' as never }] }), {
    code: 'WIRE_BAD_VALUE',
    offset: 1,
  });

  const lazyList = both(
    struct('s', { list: listOf(custom({ name: 'nothing', read: () => 0, write: () => undefined })) }),
  );
  t.throws(
    () => lazyList.decode('00'),
    { code: 'WIRE_BAD_LENGTH', offset: 0 },
    'an entry that reads nothing',
  );

  const frame = hex('0102');
  const view = compile(rest).decode(cursorOver(frame));
  t.equal(view.buffer, frame.buffer, 'rest is a view');
  const buffer = Buffer.from('0102', 'hex');
  t.equal(Buffer.isBuffer(compile(rest).decode(cursorOver(buffer))), false, 'and never a Buffer');
  t.end();
});

t.test('the size of a field that stands before it', t => {
  const codec = both(
    struct('sized', {
      _n: sizeOf(u8, 'items'),
      _p: pad(1),
      items: listOf(struct('i', { v: u16 })),
      data: rest,
    }),
  );
  t.equal(codec.encode({ items: [{ v: 1 }, { v: 2 }], data: hex('ff') }), '040000010002ff');
  t.strictSame(codec.decode('040000010002ff'), { items: [{ v: 1 }, { v: 2 }], data: hex('ff') });
  t.throws(() => codec.decode('060000010002ff'), { code: 'WIRE_BAD_LENGTH', offset: 2 });
  t.throws(() => codec.decode('030000010002ff'), { code: 'WIRE_TRUNCATED', offset: 5 });
  t.throws(() => codec.encode({ items: Array.from({ length: 128 }, () => ({ v: 1 })), data: hex('') }), {
    code: 'WIRE_BAD_LENGTH',
    offset: 0,
  });
  t.end();
});

t.test('the length of a struct, said once more before it', t => {
  const inner = struct('inner', { _k: constant(u8, 7), _l: length(u16, { padTo: 4 }), data: rest });
  const codec = both(struct('outer', { _n: lengthOf(u16, 'inner'), v: u8, inner, w: u8 }));
  t.equal(codec.encode({ v: 1, inner: { data: hex('aabb') }, w: 2 }), '000501070005aabb00000002');
  t.strictSame(codec.decode('000501070005aabb00000002'), { v: 1, inner: { data: hex('aabb') }, w: 2 });
  t.strictSame(
    codec.decode('ffff01070005aabb00000002'),
    { v: 1, inner: { data: hex('aabb') }, w: 2 },
    "the struct's own length holds",
  );
  t.end();
});

t.test('cases of one tag are told apart by constants', t => {
  const body = select('body', [
    [1, struct('plain', { v: u8 })],
    [2, struct('known', { _x: constant(u16, 5), _y: constant(u8, 6), v: u8 })],
    [2, struct('any', { x: u16, data: rest })],
    [3, struct('only', { _x: constant(u8, 9), v: u8 })],
  ]);
  const codec = both(struct('s', { _k: tag(u8, 'body'), body }));
  const cases: readonly (readonly [string, object])[] = [
    ['0107', { type: 'plain', v: 7 }],
    ['0200050601', { type: 'known', v: 1 }],
    ['0200050701', { type: 'any', x: 5, data: hex('0701') }],
    ['020005', { type: 'any', x: 5, data: hex('') }],
    ['030908', { type: 'only', v: 8 }],
    ['04', { type: 'unknown', typeId: 4, body: hex('') }],
  ];
  for (const [encoded, value] of cases) {
    t.strictSame(codec.decode(encoded), { body: value });
    t.equal(codec.encode({ body: value } as never), encoded);
  }
  t.throws(() => codec.decode('0200'), { code: 'WIRE_TRUNCATED', offset: 2 });
  t.throws(() => codec.decode('030a08'), { code: 'WIRE_BAD_VALUE', offset: 1 }, 'the only case of its tag');
  t.throws(() => codec.decode('02000506'), { code: 'WIRE_TRUNCATED', offset: 4 });
  t.end();
});

t.test('unions tell their variants by constants', t => {
  const header = { _t: constant(u8, 9), _l: length(u8) } as const;
  const one = struct('one', { _t: constant(u8, 1), _l: length(u8), v: u16 });
  const ext = struct('ext', { ...header, _x: constant(u16, 5), v: u8 });
  const deep = struct('deep', { ...header, _x: constant(u16, 6), _y: constant(u8, 2), v: u8 });
  const any = struct('any', { ...header, x: u16, data: rest });
  const unknown = struct('unknown', { typeId: u8, _l: length(u8), body: rest });
  const codec = both(union('u', [one, any, ext, deep], unknown));
  const cases: readonly (readonly [string, object])[] = [
    ['01040007', { type: 'one', v: 7 }],
    ['0905000501', { type: 'ext', v: 1 }],
    ['090600060203', { type: 'deep', v: 3 }],
    ['090600060403', { type: 'any', x: 6, data: hex('0403') }],
    ['09040007', { type: 'any', x: 7, data: hex('') }],
    ['0703ff', { type: 'unknown', typeId: 7, body: hex('ff') }],
  ];
  for (const [encoded, value] of cases) {
    t.strictSame(codec.decode(encoded), value);
    t.equal(codec.encode(value as never), encoded);
  }
  t.throws(() => codec.decode('0903ff'), { code: 'WIRE_TRUNCATED', offset: 3 }, 'too short to be told');
  t.throws(() => codec.encode({ type: 'other' } as never), { code: 'WIRE_BAD_VALUE' });
  t.throws(() => codec.encode(null as never), { code: 'WIRE_BAD_VALUE' });
  for (const [typeId, body, name] of [
    [1, '', 'one'],
    [9, '000501', 'ext'],
    [9, '0004', 'any'],
  ] as const)
    t.throws(() => codec.encode({ type: 'unknown', typeId, body: hex(body) }), {
      code: 'WIRE_BAD_VALUE',
      offset: 0,
      message: `u: these bytes are not unknown, but ${name} (at byte 0)`,
    });
  t.end();
});

t.test('a tag that selects, a given field, a transparent struct', t => {
  const wrapped = transparent('wrapped', 'n', { _c: constant(u8, 1), n: u8 });
  const flagged = optional<number | undefined>({
    name: 'flagged',
    given: 'flags',
    read: (c, flags) => {
      if (flags !== 1) return undefined;
      need(c, 'flagged', 1);
      return c.bytes[c.pos++];
    },
    write: (w, value) => {
      if (value === undefined) return;
      w.ensure(1);
      w.bytes[w.pos++] = value;
    },
  });
  const codec = both(
    struct('s', {
      _k: tag(u8, 'body'),
      flags: u8,
      w: wrapped,
      extra: flagged,
      body: select('body', [
        [1, struct('a', { v: u8 })],
        [2, struct('b', {})],
      ]),
    }),
  );
  const cases: readonly (readonly [string, object])[] = [
    ['010001050a', { flags: 0, w: 5, body: { type: 'a', v: 10 } }],
    ['01010105ee0a', { flags: 1, w: 5, extra: 0xee, body: { type: 'a', v: 10 } }],
    ['02000105', { flags: 0, w: 5, body: { type: 'b' } }],
    ['090001050a0b', { flags: 0, w: 5, body: { type: 'unknown', typeId: 9, body: hex('0a0b') } }],
  ];
  for (const [encoded, value] of cases) {
    t.strictSame(codec.decode(encoded), value);
    t.equal(codec.encode(value as never), encoded);
  }
  t.throws(
    () => codec.decode('02000205'),
    { code: 'WIRE_BAD_VALUE', offset: 2 },
    'a constant that is another',
  );
  const bad = { flags: 0, w: 5 };
  t.throws(() => codec.encode({ ...bad, body: { type: 'c' } } as never), {
    code: 'WIRE_BAD_VALUE',
    offset: 0,
  });
  t.throws(() => codec.encode({ ...bad, body: undefined } as never), { code: 'WIRE_BAD_VALUE', offset: 0 });
  t.throws(() => codec.encode({ ...bad, body: { type: 'unknown', typeId: 256, body: hex('') } }), {
    code: 'WIRE_BAD_VALUE',
    offset: 0,
  });
  t.throws(
    () => codec.encode({ ...bad, body: { type: 'unknown', typeId: 1, body: hex('05') } }),
    { code: 'WIRE_BAD_VALUE', message: /these bytes are not unknown, but a / },
    'a case that is declared',
  );
  t.end();
});

t.test('recursion is bounded', t => {
  interface Nest {
    readonly of: readonly Nest[];
  }
  const nest: Spec & Field<Nest> = struct('nest', { _l: length(u8), of: listOf(lazy<Nest>(() => nest)) });
  const codec = both(nest);
  t.strictSame(codec.decode('030101'), { of: [{ of: [] }, { of: [] }] });
  const chain = (depth: number): string =>
    Array.from({ length: depth + 1 }, (_, i) => (depth + 1 - i).toString(16).padStart(2, '0')).join('');
  const nested = (depth: number): Nest => (depth === 0 ? { of: [] } : { of: [nested(depth - 1)] });
  t.strictSame(codec.decode(chain(8)), nested(8));
  t.equal(codec.encode(nested(8)), chain(8));
  t.throws(() => codec.decode(chain(9)), { code: 'WIRE_BAD_VALUE', offset: 9 });
  t.throws(() => codec.encode(nested(9)), { code: 'WIRE_BAD_VALUE', offset: 9 });
  t.end();
});

t.test('declarations that contradict themselves are refused', t => {
  const unknown = struct('unknown', { typeId: u8, _l: length(u8), body: rest });
  const twin = (name: string) => struct(name, { _t: constant(u8, 1), v: u8 });
  const wrong: readonly (readonly [name: string, spec: Spec])[] = [
    ['a name that is none', struct('s', { 'a b': u8 })],
    ['the name "type"', struct('s', { type: u8 })],
    ['two lengths', struct('s', { _a: length(u8), _b: length(u8) })],
    ['a length after a list', struct('s', { list: listOf(struct('i', { v: u8 })), _a: length(u8) })],
    ['variants that can not be told apart', union('u', [twin('a'), twin('b')], unknown)],
    ['a variant with no constant', union('u', [struct('a', { v: u8 })], unknown)],
    [
      'constants of different sizes in one place',
      union('u', [struct('a', { _t: constant(u8, 1) }), struct('b', { _t: constant(u16, 1) })], unknown),
    ],
    ['an empty struct in a list', struct('s', { list: listOf(struct('nothing', {})) })],
    ['a size of no field', struct('s', { _n: sizeOf(u8, 'data') })],
    ['the length of what says none', struct('s', { _n: lengthOf(u8, 'i'), i: struct('i', { v: u8 }) })],
    [
      'a length in another width',
      struct('s', { _n: lengthOf(u8, 'i'), i: struct('i', { _l: length(u16) }) }),
    ],
    [
      'cases of one tag that can not be told apart',
      struct('s', {
        _k: tag(u8, 'body'),
        body: select('b', [
          [1, struct('a', { v: u8 })],
          [1, struct('b', { v: u16 })],
        ]),
      }),
    ],
    ['a select with no tag', struct('s', { body: select('b', []) })],
    [
      'a given field that comes later',
      struct('s', { c: custom({ name: 'c', given: 'n', read: () => 0, write: () => undefined }), n: u8 }),
    ],
    ['a transparent struct with two fields', transparent('s', 'a', { a: u8, b: u8 } as never)],
    ['a number outside a struct', u8],
    ['padding to 6 bytes', struct('s', { _l: length(u8, { padTo: 6 }) })],
    ['a name that would end a comment', struct('s\n}', { v: u8 })],
  ];
  for (const [name, spec] of wrong) {
    t.throws(() => compile(spec as Spec & Field<unknown>, { eager: true }), TypeError, name);
    t.throws(() => interpret(spec as Spec & Field<unknown>), TypeError, name);
  }
  t.end();
});

t.test('a function is compiled when it is first needed, or all are at once', t => {
  const good = struct('good', { _t: constant(u8, 1), v: u8 });
  const bad = struct('bad', { _t: constant(u8, 2), _a: length(u8), _b: length(u8) });
  const looked: string[] = [];
  const late = struct('late', {
    _t: constant(u8, 3),
    list: listOf(
      lazy(() => {
        looked.push('late');
        return struct('item', { v: u8 });
      }),
    ),
  });
  const unknown = struct('unknown', { typeId: u8, body: rest });
  const codec = compile(union('u', [good, late], unknown));
  t.strictSame(codec.decode(cursorOver(hex('0107'))), { type: 'good', v: 7 });
  t.strictSame(looked, []);
  t.strictSame(codec.decode(cursorOver(hex('0307'))), { type: 'late', list: [{ v: 7 }] });
  t.strictSame(looked, ['late']);
  compile(late, { eager: true });
  t.strictSame(looked, ['late', 'late', 'late'], 'for the decoder and for the encoder');
  const broken = compile(struct('outer', { _k: tag(u8, 'body'), body: select('s', [[2, bad]]) }));
  t.strictSame(broken.decode(cursorOver(hex('01'))), {
    body: { type: 'unknown', typeId: 1, body: hex('') },
  });
  t.throws(() => broken.decode(cursorOver(hex('020200'))), TypeError);
  t.end();
});

t.test('any value comes back, through both', t => {
  const item = union(
    'item',
    [
      struct('small', { _t: constant(u16, 1), _l: length(u16), a: u8, b: u32, _a: align(8) }),
      struct('big', {
        _t: constant(u16, 2),
        _l: length(u16, { padTo: 4 }),
        a: u64,
        name: text(5),
        data: rest,
      }),
    ],
    struct('unknown', { typeId: u16, _l: length(u16), body: rest }),
  );
  const codec = both(struct('all', { m: mac, items: listOf(item) }));
  const plain = { noNullPrototype: true } as const;
  const arbitrary = fc.record(
    {
      m: fc.nat(2 ** 31).map(n => n * 65_536),
      items: fc.array(
        fc.oneof(
          fc.record({ type: fc.constant('small' as const), a: fc.nat(255), b: fc.nat(0xffffffff) }, plain),
          fc.record(
            {
              type: fc.constant('big' as const),
              a: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
              name: fc.stringMatching(/^[a-z]{0,5}$/),
              data: fc.uint8Array({ maxLength: 9 }),
            },
            plain,
          ),
          fc.record(
            {
              type: fc.constant('unknown' as const),
              typeId: fc.integer({ min: 3, max: 0xffff }),
              body: fc.uint8Array({ maxLength: 9 }),
            },
            plain,
          ),
        ),
        { maxLength: 5 },
      ),
    },
    plain,
  );
  fc.assert(
    fc.property(arbitrary, value => {
      const decoded = codec.decode(codec.encode(value));
      if (!isDeepStrictEqual(decoded, value)) throw new Error('is not what it was');
    }),
    { numRuns: 500 },
  );
  t.pass('500 runs');
  t.end();
});
