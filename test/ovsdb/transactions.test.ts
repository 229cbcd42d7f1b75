import t from 'tap';
import {
  byUuid,
  comment,
  countConfig,
  countedConfig,
  insert,
  mutate,
  namedUuid,
  remove,
  select,
  TransactionRefused,
  update,
  verify,
  type Operation,
} from '../../src/ovsdb/index.js';
import { a, b, c, type Sent, FakeServer, reply, refuse, answers } from '../support/scripted-ovsdb.js';

t.test('transactions', t => {
  const where = byUuid(a);
  const ready = (transact: (request: Sent) => readonly unknown[]) => new FakeServer(answers({ transact }));

  t.test('are encoded by the schema, and their results decoded by it', t => {
    const server = ready(request => [
      reply(request, [
        {},
        { uuid: ['uuid', b] },
        { uuid: ['uuid', c] },
        { count: 1 },
        { count: 2 },
        { count: 0 },
        {},
        { count: 1 },
        { rows: [{ next_cfg: 8, _uuid: ['uuid', a] }] },
      ]),
    ]);
    server.transact('t1', [
      verify('Open_vSwitch', a, { cur_cfg: 3 }),
      insert('Interface', { name: 'i1', external_ids: new Map([['k', 'v']]), ofport: null }, 'i1'),
      insert('Port', { name: 'p1', interfaces: [namedUuid('i1')] }),
      update('Bridge', [['name', '==', 'br0']], { name: 'br1' }),
      mutate('Interface', [], [['external_ids', 'delete', ['k']]]),
      remove('Port', [['interfaces', 'includes', [b]]]),
      comment('why'),
      ...countConfig(a),
    ]);
    const uuidA = ['uuid', a];
    t.strictSame(server.sent.at(-1)?.params, [
      'Open_vSwitch',
      {
        op: 'wait',
        table: 'Open_vSwitch',
        timeout: 0,
        where: [['_uuid', '==', uuidA]],
        columns: ['cur_cfg'],
        until: '==',
        rows: [{ cur_cfg: 3 }],
      },
      {
        op: 'insert',
        table: 'Interface',
        row: { name: 'i1', external_ids: ['map', [['k', 'v']]], ofport: ['set', []] },
        'uuid-name': 'i1',
      },
      { op: 'insert', table: 'Port', row: { name: 'p1', interfaces: ['named-uuid', 'i1'] } },
      { op: 'update', table: 'Bridge', where: [['name', '==', 'br0']], row: { name: 'br1' } },
      { op: 'mutate', table: 'Interface', where: [], mutations: [['external_ids', 'delete', 'k']] },
      { op: 'delete', table: 'Port', where: [['interfaces', 'includes', ['uuid', b]]] },
      { op: 'comment', comment: 'why' },
      {
        op: 'mutate',
        table: 'Open_vSwitch',
        where: [['_uuid', '==', uuidA]],
        mutations: [['next_cfg', '+=', 1]],
      },
      { op: 'select', table: 'Open_vSwitch', where: [['_uuid', '==', uuidA]], columns: ['next_cfg'] },
    ]);
    const [result] = server.get('result');
    t.match(result, { token: 't1', outcome: { ok: true } });
    if (result?.outcome.ok !== true) throw new Error('refused');
    t.strictSame(result.outcome.results, [
      { op: 'wait' },
      { op: 'insert', uuid: b },
      { op: 'insert', uuid: c },
      { op: 'update', count: 1 },
      { op: 'mutate', count: 2 },
      { op: 'delete', count: 0 },
      { op: 'comment' },
      { op: 'mutate', count: 1 },
      { op: 'select', rows: [{ next_cfg: 8, _uuid: a }] },
    ]);
    t.equal(countedConfig(result.outcome.results), 8);
    t.equal(countedConfig([]), undefined);
    t.end();
  });

  t.test('that are refused name the operation and the reason', t => {
    const two = [comment('x'), remove('Bridge', [])];
    const outcome = (result: unknown, error?: unknown) => {
      const server = ready(request => [
        error === undefined ? reply(request, result) : refuse(request, error),
      ]);
      server.transact(1, two);
      return server.get('result')[0]?.outcome;
    };
    const failure = { error: 'timed out', details: 'late' };
    const at = outcome([failure, null]);
    t.match(at, {
      ok: false,
      error: { code: 'OVSDB_REFUSED', operation: 0, error: 'timed out', details: 'late' },
    });
    t.ok(at?.ok === false && at.error instanceof TransactionRefused);
    t.match(outcome([{}, { error: 'oops' }]), {
      ok: false,
      error: { operation: 1, error: 'oops', details: '' },
    });
    const commit = outcome([{}, { count: 1 }, { error: 'constraint violation', details: 'twice' }]);
    t.match(commit, { ok: false, error: { operation: undefined, error: 'constraint violation' } });
    t.match(outcome(null, 'canceled'), { ok: false, error: { operation: undefined, error: 'canceled' } });
    t.end();
  });

  t.test('answered by nonsense end the connection, and still get an outcome', t => {
    const nonsense = [
      7,
      [],
      [{}],
      [{}, {}, {}],
      [null, null],
      [{}, { rows: [{ name: 1 }] }],
      [{}, { rows: [{ other: 1 }] }],
    ];
    for (const result of nonsense) {
      const server = ready(request => [reply(request, result)]);
      server.transact('n', [comment('x'), select('Bridge', [])]);
      t.match(server.get('result'), [{ token: 'n', outcome: { error: { code: 'OVSDB_BAD_MESSAGE' } } }]);
      t.match(server.get('close'), [{ error: { code: 'OVSDB_BAD_MESSAGE' } }], JSON.stringify(result));
    }
    t.end();
  });

  t.test('that do not fit the schema are never sent', t => {
    const server = ready(() => []);
    const sent = server.sent.length;
    const wrong: Operation[] = [
      insert('Nope', {}),
      insert('Bridge', { nope: 1 }),
      insert('Bridge', { name: 4 }),
      insert('Bridge', {}, 'not a name'),
      update('Bridge', [['nope', '==', 1]], {}),
      mutate('Bridge', where, [['ports', 'insert', ['x']]]),
      select('Bridge', where, ['nope']),
      comment('\0'),
    ];
    for (const operation of wrong) server.transact('w', [comment('x'), operation]);
    t.equal(server.sent.length, sent);
    const outcomes = server.get('result').map(({ outcome }) => outcome);
    t.equal(outcomes.length, wrong.length);
    for (const outcome of outcomes)
      t.match(outcome, { ok: false, error: { code: 'OVSDB_BAD_VALUE', message: /operation 1/ } });
    t.equal(server.session.phase, 'ready');
    t.end();
  });

  t.test('are bounded in number, and all get an outcome at the end', t => {
    const server = new FakeServer(answers(), { limits: { maxPending: 3 } });
    for (const token of [1, 2, 3, 4]) server.transact(token, [comment('x')]);
    t.match(server.get('result'), [{ token: 4, outcome: { error: { code: 'OVSDB_BUSY' } } }]);
    server.take(server.session.closed('connection reset'));
    t.match(
      server.get('result').slice(1),
      [1, 2, 3].map(token => ({ token, outcome: { error: { code: 'OVSDB_CLOSED' } } })),
    );
    t.equal(server.get('close').length, 0, 'who closes needs not be told');
    server.transact(5, [comment('x')]);
    t.match(server.get('result').at(-1), { token: 5, outcome: { error: { code: 'OVSDB_CLOSED' } } });
    t.strictSame(server.session.closed('again'), []);
    t.strictSame(server.session.received(new TextEncoder().encode('x'), 0), []);
    t.strictSame(server.session.tick(1e9), []);
    t.equal(server.session.replica, undefined);
    t.end();
  });
  t.end();
});
