import assert from 'node:assert/strict';
import t from 'tap';
import fc from '../support/fast-check.js';
import { applyDiff, decodeDiff } from '../../src/ovsdb/diff.js';
import { encodeValue, namedUuid } from '../../src/ovsdb/encode.js';
import { JsonStream } from '../../src/ovsdb/json-stream.js';
import { planMonitor, parseMonitorReply, parseUpdate, monitorParams } from '../../src/ovsdb/monitor.js';
import { changedColumns, Replica } from '../../src/ovsdb/replica.js';
import { columnOf, parseSchema, type ColumnSchema } from '../../src/ovsdb/schema.js';
import {
  decodeValue,
  defaultValue,
  parseUuid,
  sameValue,
  type Uuid,
  type Value,
} from '../../src/ovsdb/values.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const uuidOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as Uuid;
const [a, b, c] = [uuidOf(10), uuidOf(11), uuidOf(12)];

const kinds = {
  integer: { type: 'integer' },
  optional: { type: { key: 'string', min: 0, max: 1 } },
  flag: { type: 'boolean' },
  ratio: { type: 'real' },
  set: { type: { key: { type: 'uuid', refTable: 'T' }, min: 0, max: 'unlimited' } },
  pair: { type: { key: 'integer', min: 0, max: 2 } },
  map: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
  queues: { type: { key: 'integer', value: { type: 'uuid', refTable: 'T' }, min: 0, max: 'unlimited' } },
  single: { type: { key: 'string', value: 'integer', min: 0, max: 1 }, mutable: false },
  some: { type: { key: 'integer', min: 1, max: 'unlimited' } },
};
const schema = parseSchema({ name: 'D', version: '1.0.0', tables: { T: { columns: kinds } } });
const table = schema.tables.get('T')!;
const column = (name: keyof typeof kinds): ColumnSchema => table.columns.get(name)!;

t.test('JsonStream', t => {
  const texts = [
    { a: 1 },
    { quote: 'a "quoted" \\ and \\\\" {[}]', list: [[], {}, [{}]] },
    { utf8: 'größe, 網路, 🧵', key: { '}': ']' } },
    [],
    { end: '\\' },
  ];
  const whole = bytes(texts.map(text => JSON.stringify(text)).join(' \r\n\t'));

  t.test('gives the same texts wherever the stream is cut', t => {
    for (let cut = 0; cut <= whole.length; cut++) {
      const stream = new JsonStream();
      const got = [...stream.push(whole.subarray(0, cut)), ...stream.push(whole.subarray(cut))];
      if (JSON.stringify(got) !== JSON.stringify(texts)) t.fail(`cut at ${cut}`);
    }
    const stream = new JsonStream();
    t.strictSame(
      [...whole].flatMap(byte => stream.push(Uint8Array.of(byte))),
      texts,
      'byte by byte',
    );
    t.end();
  });

  t.test('property: any JSON, cut anywhere', t => {
    const property = fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5 }))),
      fc.integer({ min: 1, max: 50 }),
      (values, size) => {
        const sent = values.map(value => JSON.stringify(value));
        const all = bytes(sent.join(''));
        const stream = new JsonStream();
        const got: unknown[] = [];
        for (let at = 0; at < all.length; at += size) got.push(...stream.push(all.subarray(at, at + size)));
        return JSON.stringify(got) === JSON.stringify(sent.map(text => JSON.parse(text) as unknown));
      },
    );
    fc.assert(property, { numRuns: 200 });
    t.pass();
    t.end();
  });

  t.test('refuses what is no JSON, for good', t => {
    const broken = ['x', '}', '1', '"text"', '{]', '{"a"}', '[1,]', '{"a":"\n"}', '\ufeff{}', '{"a":01}'];
    for (const text of broken)
      t.throws(() => new JsonStream().push(bytes(text)), { code: 'OVSDB_BAD_JSON' }, text);
    const badUtf8 = Uint8Array.of(0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d);
    t.throws(() => new JsonStream().push(badUtf8), { code: 'OVSDB_BAD_JSON' }, 'bad UTF-8');
    const stream = new JsonStream();
    t.throws(() => stream.push(bytes('[]x')), { code: 'OVSDB_BAD_JSON' });
    t.throws(() => stream.push(bytes('[]')), { code: 'OVSDB_BAD_JSON' }, 'and stays broken');
    t.end();
  });

  t.test('bounds size and depth', t => {
    const nested = (depth: number) => bytes('['.repeat(depth) + ']'.repeat(depth));
    t.equal(new JsonStream().push(nested(64)).length, 1);
    t.throws(() => new JsonStream().push(nested(65)), { code: 'OVSDB_TOO_LARGE' });
    t.throws(() => new JsonStream().push(bytes('['.repeat(1e6))), { code: 'OVSDB_TOO_LARGE' });
    const small = () => new JsonStream({ maxBytes: 10 });
    t.equal(small().push(bytes('["123456"] ["123456"]')).length, 2, 'the limit is that of one text');
    t.throws(() => small().push(bytes('["1234567"]')), { code: 'OVSDB_TOO_LARGE' });
    t.throws(() => small().push(bytes('["123456789')), { code: 'OVSDB_TOO_LARGE' }, 'before it ends');
    t.equal(small().push(bytes(' '.repeat(100))).length, 0, 'space is no text');
    t.end();
  });

  t.test('reads a large text in small pieces in linear time', t => {
    const large = bytes(JSON.stringify({ text: 'x\\"'.repeat(500_000), list: Array(200_000).fill([1, {}]) }));
    const stream = new JsonStream();
    const started = process.cpuUsage();
    let count = 0;
    for (let at = 0; at < large.length; at += 1000)
      count += stream.push(large.subarray(at, at + 1000)).length;
    const { user } = process.cpuUsage(started);
    t.equal(count, 1);
    t.ok(user < 5e6, `took ${user} µs of processor time; a scan from the start per piece takes minutes`);
    t.end();
  });
  t.end();
});

t.test('schema', t => {
  t.strictSame(
    [...table.columns].map(([name, { kind }]) => [name, kind]),
    [
      ['integer', 'scalar'],
      ['optional', 'optional'],
      ['flag', 'scalar'],
      ['ratio', 'scalar'],
      ['set', 'set'],
      ['pair', 'set'],
      ['map', 'map'],
      ['queues', 'map'],
      ['single', 'map'],
      ['some', 'set'],
    ],
  );
  t.match(column('queues'), { key: 'integer', value: 'uuid', valueRefTable: 'T', max: Infinity });
  t.match(column('set'), { refTable: 'T', mutable: true });
  t.equal(column('single').mutable, false);
  t.equal(table.isRoot, true, 'where no table is marked, all are roots');
  t.equal(columnOf(table, '_uuid')?.key, 'uuid');
  t.equal(columnOf(table, '__proto__'), undefined);

  const marked = {
    name: 'D',
    version: '1',
    tables: { T: { columns: {}, isRoot: true }, U: { columns: {} } },
  };
  t.strictSame(
    [...parseSchema(marked).tables].map(([name, { isRoot }]) => [name, isRoot]),
    [
      ['T', true],
      ['U', false],
    ],
  );

  const withType = (type: unknown) => ({
    name: 'D',
    version: '1',
    tables: { T: { columns: { x: { type } } } },
  });
  const hostile: unknown[] = [
    null,
    [],
    'schema',
    { name: 1, version: '1', tables: {} },
    { name: 'D', version: '1', tables: [] },
    { name: 'D', version: '1', tables: { T: null } },
    { name: 'D', version: '1', tables: { 'no id': { columns: {} } } },
    { name: 'D', version: '1', tables: { T: { columns: { x: 7 } } } },
    ...[undefined, 'int', { key: 'x' }, { key: { type: 1 } }, { key: 'integer', min: 2 }].map(withType),
    ...[0, -1, 1.5, '2', null].map(max => withType({ key: 'integer', max })),
    withType({ key: { type: 'uuid', refTable: 4 } }),
    withType({ key: 'string', value: 'nothing' }),
  ];
  for (const wire of hostile)
    t.throws(() => parseSchema(wire), { code: 'OVSDB_BAD_MESSAGE' }, JSON.stringify(wire));
  t.end();
});

t.test('values', t => {
  const good: [keyof typeof kinds, unknown, Value, unknown?][] = [
    ['integer', -5, -5],
    ['integer', 0, 0],
    ['optional', 'one', 'one'],
    ['optional', ['set', []], null],
    ['optional', ['set', ['one']], 'one', 'one'],
    ['flag', true, true],
    ['ratio', 0.5, 0.5],
    ['set', ['uuid', a], [a]],
    ['set', ['set', []], []],
    [
      'set',
      [
        'set',
        [
          ['uuid', b],
          ['uuid', a],
          ['uuid', b.toUpperCase()],
        ],
      ],
      [a, b],
      [
        'set',
        [
          ['uuid', a],
          ['uuid', b],
        ],
      ],
    ],
    ['pair', ['set', [10, 9]], [9, 10], ['set', [9, 10]]],
    [
      'map',
      [
        'map',
        [
          ['z', '1'],
          ['a', ''],
        ],
      ],
      new Map([
        ['a', ''],
        ['z', '1'],
      ]),
      [
        'map',
        [
          ['a', ''],
          ['z', '1'],
        ],
      ],
    ],
    ['queues', ['map', [[1, ['uuid', a]]]], new Map([[1, a]])],
    ['single', ['map', []], new Map()],
  ];
  for (const [name, wire, value, canonical] of good) {
    const decoded = decodeValue(column(name), wire);
    t.strictSame(decoded, value, `${name}: ${JSON.stringify(wire)}`);
    t.strictSame(encodeValue(column(name), decoded), canonical ?? wire, 'and back');
  }
  t.equal(decodeValue(column('integer'), JSON.parse('9223372036854775807')), 2 ** 63, 'rounded past 2**53');

  const bad: [keyof typeof kinds, unknown][] = [
    ['integer', 1.5],
    ['integer', '1'],
    ['integer', JSON.parse('1e999')],
    ['integer', ['set', []]],
    ['integer', ['set', [1, 2]]],
    ['ratio', JSON.parse('-1e999')],
    ['optional', ['set', ['a', 'b']]],
    ['optional', null],
    ['flag', 0],
    ['set', a],
    ['set', ['uuid', 'x']],
    ['set', ['uuid', a, a]],
    ['set', ['named-uuid', 'row']],
    ['set', ['set', a]],
    ['set', ['set', [], []]],
    ['map', {}],
    ['map', ['map', [['a']]]],
    ['map', ['map', ['ab']]],
    ['map', ['map', [['a', 1]]]],
    ['map', ['set', []]],
    ['map', ['map']],
  ];
  for (const [name, wire] of bad)
    t.throws(
      () => decodeValue(column(name), wire),
      { code: 'OVSDB_BAD_MESSAGE' },
      `${name}: ${JSON.stringify(wire)}`,
    );

  t.test('encoding takes named rows and refuses what the server would choke on', t => {
    t.strictSame(encodeValue(column('set'), [namedUuid('p1')]), ['named-uuid', 'p1']);
    t.strictSame(encodeValue(column('queues'), new Map([[0, namedUuid('q')]])), [
      'map',
      [[0, ['named-uuid', 'q']]],
    ]);
    t.strictSame(encodeValue(column('map'), ['k', 'l']), ['set', ['k', 'l']], 'keys to delete');
    const wrong: [keyof typeof kinds, Parameters<typeof encodeValue>[1]][] = [
      ['integer', 2 ** 53],
      ['integer', NaN],
      ['integer', '1'],
      ['ratio', Infinity],
      ['flag', 1],
      ['optional', 'nul \0'],
      ['optional', 'half \ud800 pair'],
      ['optional', namedUuid('p1')],
      ['set', ['p1']],
      ['set', [namedUuid('no id')]],
      ['set', new Map()],
      ['map', new Map([['k', 1]])],
    ];
    for (const [name, value] of wrong)
      t.throws(() => encodeValue(column(name), value), { code: 'OVSDB_BAD_VALUE' }, name);
    t.equal(encodeValue(column('optional'), 'whole 🧵 pair'), 'whole 🧵 pair');
    t.end();
  });

  t.strictSame(
    [...table.columns.values()].map(defaultValue),
    [0, null, false, 0, [], [], new Map(), new Map(), new Map(), [0]],
    'defaults',
  );
  t.equal(parseUuid('x'), undefined);
  t.ok(Object.isFrozen(decodeValue(column('set'), ['uuid', a])));
  t.notOk(sameValue(new Map([['a', '1']]), new Map([['a', '2']])));
  t.notOk(sameValue([1], [1, 2]));
  t.notOk(sameValue(null, 0));
  t.end();
});

t.test('differences, of every kind of column', t => {
  const map = (...pairs: [string, string][]) => new Map(pairs);
  const cases: [keyof typeof kinds, Value, unknown, Value][] = [
    ['integer', 1, 2, 2],
    ['optional', 'a', 'b', 'b'],
    ['optional', 'a', ['set', []], null],
    ['optional', null, 'a', 'a'],
    ['flag', true, false, false],
    ['set', [a], ['uuid', a], []],
    ['set', [a], ['uuid', b], [a, b]],
    [
      'set',
      [a, b],
      [
        'set',
        [
          ['uuid', a],
          ['uuid', c],
        ],
      ],
      [b, c],
    ],
    ['pair', [1, 2], ['set', [1, 2, 3, 4]], [3, 4]],
    [
      'map',
      map(['a', '1'], ['b', '2']),
      [
        'map',
        [
          ['a', '1'],
          ['b', '3'],
          ['0', '4'],
        ],
      ],
      map(['0', '4'], ['b', '3']),
    ],
    ['map', map(), ['map', []], map()],
    ['single', new Map([['a', 1]]), ['map', [['b', 1]]], new Map([['b', 1]])],
    ['single', new Map([['a', 1]]), ['map', [['a', 1]]], new Map([['a', 1]])],
  ];
  for (const [name, before, wire, after] of cases) {
    const diff = decodeDiff(column(name), wire);
    t.strictSame(applyDiff(column(name), before, diff), after, `${name}: ${JSON.stringify(wire)}`);
  }
  t.throws(() => decodeDiff(column('map'), ['set', []]), { code: 'OVSDB_BAD_MESSAGE' });
  t.throws(() => decodeDiff(column('integer'), ['set', []]), { code: 'OVSDB_BAD_MESSAGE' });
  t.end();
});

const { tables, missing } = planMonitor(schema, { T: [...Object.keys(kinds), 'later'], Later: ['name'] });

t.test('replica', t => {
  t.strictSame(missing, ['T.later', 'Later'], 'what this server lacks is left out and told');
  t.strictSame(monitorParams('monitor', 'D', 'id', planMonitor(schema, { T: ['flag'] }).tables, undefined), [
    'D',
    'id',
    { T: [{ columns: ['flag'] }] },
  ]);

  const fresh = () => new Replica(tables);
  const update2 = (replica: Replica, wire: unknown) =>
    replica.apply(parseUpdate('monitor_cond', tables, ['id', wire]));
  const update1 = (replica: Replica, wire: unknown) =>
    replica.apply(parseUpdate('monitor', tables, ['id', wire]));

  t.test('fills in defaults, freezes, replaces', t => {
    const replica = fresh();
    const [inserted] = update2(replica, { T: { [a]: { insert: { integer: 7 } } } });
    t.match(inserted, { table: 'T', uuid: a, after: { integer: 7, optional: null, flag: false, some: [0] } });
    t.notOk(inserted && 'before' in inserted);
    const before = replica.row('T', a)!;
    t.ok(Object.isFrozen(before));
    const [modified] = update2(replica, { T: { [a]: { modify: { set: ['uuid', b] } } } });
    t.strictSame(before['set'], [], 'the row that was handed out stays as it was');
    t.strictSame(replica.row('T', a)?.['set'], [b]);
    t.equal(modified?.before, before);
    t.strictSame(changedColumns(modified!), ['set']);
    const [deleted] = update2(replica, { T: { [a]: { delete: null } } });
    t.match(deleted, { uuid: a, before: { set: [b] } });
    t.equal(replica.table('T').size, 0);
    t.equal(replica.table('Later').size, 0);
    t.end();
  });

  t.test('takes whole rows from plain updates', t => {
    const replica = fresh();
    t.match(update1(replica, { T: { [a]: { new: { integer: 1 } } } }), [{ after: { integer: 1 } }]);
    const both = { old: { integer: 1 }, new: { integer: 2, flag: true } };
    t.match(update1(replica, { T: { [a]: both } }), [
      { before: { integer: 1 }, after: { integer: 2, flag: true } },
    ]);
    t.match(update1(replica, { T: { [a]: { old: { integer: 2 } } } }), [{ before: { integer: 2 } }]);
    t.equal(replica.table('T').size, 0);
    t.end();
  });

  t.test('remembers where to continue, unless the server has no history', t => {
    const replica = fresh();
    const reply = parseMonitorReply('monitor_cond_since', tables, [true, c, { T: { [a]: { initial: {} } } }]);
    t.equal(reply.continued, true);
    replica.apply(reply);
    t.equal(replica.lastTransaction, c);
    replica.apply(parseUpdate('monitor_cond_since', tables, ['id', b, {}]));
    t.equal(replica.lastTransaction, b);
    const zero = parseMonitorReply('monitor_cond_since', tables, [
      false,
      uuidOf(0).replaceAll(/[48]/g, '0'),
      {},
    ]);
    t.equal(zero.lastTransaction, undefined);
    t.end();
  });

  t.test('applies all of an update or nothing, and tells nonsense by its code', t => {
    const replica = fresh();
    update2(replica, { T: { [a]: { insert: {} } } });
    const nonsense: unknown[] = [
      null,
      [],
      { Other: {} },
      { T: [] },
      { T: { x: { delete: null } } },
      { T: { [b]: null } },
      { T: { [b]: {} } },
      { T: { [b]: { insert: {}, delete: null } } },
      { T: { [b]: { upsert: {} } } },
      { T: { [b]: { insert: null } } },
      { T: { [b]: { insert: { other: 1 } } } },
      { T: { [b]: { insert: JSON.parse('{"__proto__": 1}') as unknown } } },
      { T: { [b]: { insert: { integer: 'x' } } } },
      { T: { [a]: { insert: {} } } },
      { T: { [b]: { delete: null } } },
      { T: { [c]: { insert: {} }, [b]: { modify: { integer: 1 } } } },
    ];
    for (const wire of nonsense)
      t.throws(() => update2(replica, wire), { code: 'OVSDB_BAD_MESSAGE' }, JSON.stringify(wire));
    t.throws(() => update1(replica, { T: { [b]: {} } }), { code: 'OVSDB_BAD_MESSAGE' });
    t.strictSame([...replica.table('T').keys()], [a]);
    t.end();
  });

  t.test('tells what happened between two connections', t => {
    const older = fresh();
    const newer = fresh();
    update2(older, { T: { [a]: { insert: { integer: 1 } }, [b]: { insert: { set: ['uuid', a] } } } });
    update2(newer, { T: { [b]: { insert: { set: ['uuid', a] } }, [c]: { insert: {} } } });
    t.match(newer.changesSince(older), [
      { uuid: a, before: { integer: 1 } },
      { uuid: c, after: { integer: 0 } },
    ]);
    t.equal(newer.changesSince(undefined).length, 2);
    update2(newer, { T: { [b]: { modify: { map: ['map', [['k', 'v']]] } } } });
    t.strictSame(changedColumns(newer.changesSince(older)[1]!), ['map']);
    t.ok(newer.hasShapeOf(tables));
    t.notOk(newer.hasShapeOf(planMonitor(schema, { T: ['flag'] }).tables));
    t.end();
  });
  t.end();
});

t.test('property: a replica fed by differences equals the model', t => {
  const atom = fc.integer({ min: 0, max: 6 });
  const small = fc.uniqueArray(atom, { maxLength: 5 });
  const text = fc.constantFrom('a', 'b', 'c', 'd');
  const row = fc.record(
    {
      integer: fc.integer(),
      optional: fc.option(text),
      flag: fc.boolean(),
      set: small.map(list => list.map(uuidOf).sort()),
      map: fc
        .uniqueArray(fc.tuple(text, text), { selector: ([key]) => key })
        .map(pairs => new Map(pairs.sort())),
    },
    { noNullPrototype: true },
  );
  type ModelRow = { readonly [K in 'integer' | 'optional' | 'flag' | 'set' | 'map']: Value };
  const model = fc.dictionary(atom.map(uuidOf), row, { maxKeys: 5, noNullPrototype: true });

  /** What a server would send for a column, by its own rule: neither side's code is used. */
  const columnDiff = (name: string, before: Value, after: Value): unknown => {
    if (name === 'set') {
      const [from, to] = [before as readonly string[], after as readonly string[]];
      const toggled = [...from.filter(x => !to.includes(x)), ...to.filter(x => !from.includes(x))];
      return ['set', toggled.map(x => ['uuid', x])];
    }
    if (name === 'map') {
      const [from, to] = [before as Map<string, string>, after as Map<string, string>];
      const gone = [...from].filter(([key]) => !to.has(key));
      return ['map', [...gone, ...[...to].filter(([key, value]) => from.get(key) !== value)]];
    }
    return after ?? ['set', []];
  };
  const empty: ModelRow = { integer: 0, optional: null, flag: false, set: [], map: new Map() };
  const difference = (before: ModelRow, after: ModelRow): Record<string, unknown> =>
    Object.fromEntries(
      (Object.keys(after) as (keyof ModelRow)[])
        .filter(name => JSON.stringify(shown(before[name])) !== JSON.stringify(shown(after[name])))
        .map(name => [name, columnDiff(name, before[name], after[name])]),
    );
  const shown = (value: Value) => (value instanceof Map ? [...value] : value);

  const plan = planMonitor(schema, { T: Object.keys(empty) }).tables;
  fc.assert(
    fc.property(fc.array(model, { maxLength: 6 }), states => {
      const replica = new Replica(plan);
      let before: Record<string, ModelRow> = {};
      for (const after of states) {
        const rows: Record<string, unknown> = {};
        for (const uuid of Object.keys(before)) if (!(uuid in after)) rows[uuid] = { delete: null };
        for (const [uuid, to] of Object.entries(after)) {
          const from = before[uuid];
          if (from === undefined) rows[uuid] = { insert: difference(empty, to) };
          else if (Object.keys(difference(from, to)).length > 0)
            rows[uuid] = { modify: difference(from, to) };
        }
        const wire = JSON.parse(JSON.stringify(['id', uuidOf(1), { T: rows }])) as unknown[];
        const changes = replica.apply(parseUpdate('monitor_cond_since', plan, wire));
        assert.equal(changes.length, Object.keys(rows).length);
        const held = Object.fromEntries([...replica.table('T')].sort());
        assert.deepEqual(held, Object.fromEntries(Object.entries(after).sort()));
        before = after;
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
  t.end();
});
