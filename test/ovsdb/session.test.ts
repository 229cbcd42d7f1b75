import t from 'tap';
import fc from '../support/fast-check.js';
import { comment, isConfigured, OvsdbSession, rootOf, zeroUuid } from '../../src/ovsdb/index.js';
import {
  a,
  b,
  c,
  type Sent,
  FakeServer,
  reply,
  refuse,
  update3,
  answers,
} from '../support/scripted-ovsdb.js';

t.test('from the connection to ready', t => {
  const server = new FakeServer(answers());
  t.strictSame(
    server.sent.map(({ method, params }) => [method, params]),
    [
      ['get_schema', ['Open_vSwitch']],
      [
        'monitor_cond_since',
        [
          'Open_vSwitch',
          'heddle',
          {
            Open_vSwitch: [{ columns: ['cur_cfg'] }],
            Bridge: [{ columns: ['name', 'ports'] }],
            Port: [{ columns: ['name', 'interfaces'] }],
            Interface: [{ columns: ['name', 'type', 'ofport', 'error', 'external_ids'] }],
          },
          zeroUuid,
        ],
      ],
    ],
  );
  t.equal(server.session.phase, 'ready');
  t.match(server.get('ready'), [{ method: 'monitor_cond_since', missing: ['Interface.later'] }]);
  t.match(server.get('changes'), [{ changes: [{ table: 'Open_vSwitch', uuid: a, after: { cur_cfg: 3 } }] }]);
  t.equal(rootOf(server.replica), a);

  server.say(update3({ Open_vSwitch: { [a]: { modify: { cur_cfg: 4 } } } }));
  t.match(server.get('changes')[1], { changes: [{ before: { cur_cfg: 3 }, after: { cur_cfg: 4 } }] });
  t.ok(isConfigured(server.replica, 4));
  t.notOk(isConfigured(server.replica, 5));

  const count = server.outputs.length;
  server.say(
    { id: null, method: 'update3', params: ['other', zeroUuid, 'x'] },
    { id: null, method: 'stolen', params: ['lock'] },
    { method: 'noise', params: [] },
  );
  t.equal(server.outputs.length, count, 'what is not for us is passed over');
  server.say({ id: 'q', method: 'echo', params: ['x', 1] }, { id: 7, method: 'shutdown', params: [] });
  t.match(server.sent.slice(-2), [
    { id: 'q', result: ['x', 1], error: null },
    { id: 7, result: null, error: 'unknown method' },
  ]);
  t.strictSame(server.session.opened(0), [], 'a session is opened once');
  t.end();
});

t.test('a lock', t => {
  const says = (locked: unknown) => ({ lock: (request: Sent) => [reply(request, { locked })] });
  const held = (server: FakeServer) => server.get('lock').map(output => output.held);
  const kinds = ({ outputs }: FakeServer) =>
    outputs.map(({ type }) => type).filter(type => type === 'lock' || type === 'ready');
  const locked = (method: string, lock = 'mine') => ({ id: null, method, params: [lock] });

  const first = new FakeServer(answers(says(true)), { lock: 'mine' });
  t.strictSame(
    first.sent.slice(0, 2).map(({ method, params }) => [method, params]),
    [
      ['lock', ['mine']],
      ['get_schema', ['Open_vSwitch']],
    ],
  );
  t.strictSame(kinds(first), ['lock', 'ready'], 'it costs no time');
  first.say(locked('stolen', 'other'), locked('locked', 'other'), { id: null, method: 'locked', params: [] });
  t.strictSame(held(first), [true], 'of other locks, nothing is told');
  first.say(locked('stolen'), locked('locked'));
  t.strictSame(held(first), [true, false, true]);

  const second = new FakeServer(answers(says(false)), { lock: 'mine' });
  t.strictSame(held(second), [false]);
  second.say(locked('locked'));
  t.strictSame(held(second), [false, true], 'the other one has let go');

  const busy = new FakeServer(
    answers({ lock: request => [reply(request, { locked: false }), locked('locked')] }),
    {
      lock: 'mine',
    },
  );
  t.strictSame(
    [held(busy), kinds(busy)],
    [
      [false, true],
      ['lock', 'lock', 'ready'],
    ],
    'before there is a schema',
  );

  for (const nonsense of [says('yes'), { lock: (request: Sent) => [reply(request, 7)] }]) {
    const server = new FakeServer(answers(nonsense), { lock: 'mine' });
    t.match(server.get('close'), [{ error: { code: 'OVSDB_BAD_MESSAGE' } }]);
  }
  const refused = new FakeServer(answers({ lock: request => [refuse(request, 'no locks')] }), {
    lock: 'mine',
  });
  t.match(refused.get('close'), [{ error: { code: 'OVSDB_REFUSED', message: 'lock mine: no locks' } }]);
  const mute = new FakeServer(answers({ lock: () => [] }), { lock: 'mine' });
  mute.tick(11_000);
  t.match(mute.get('close'), [{ error: { code: 'OVSDB_TIMEOUT', message: /no answer about the lock/ } }]);
  t.end();
});

t.test('older servers: the next way to monitor, on "unknown method" alone', t => {
  const unknown = (request: Sent) => [refuse(request, 'unknown method')];
  const condition = new FakeServer(
    answers({
      monitor_cond_since: unknown,
      monitor_cond: request => [reply(request, { Open_vSwitch: { [a]: { initial: {} } } })],
    }),
  );
  t.match(condition.get('ready'), [{ method: 'monitor_cond' }]);
  t.equal(condition.sent.at(-1)?.params?.length, 3, 'without a transaction to continue from');
  condition.say({
    id: null,
    method: 'update2',
    params: ['heddle', { Open_vSwitch: { [a]: { delete: null } } }],
  });
  t.equal(condition.replica.table('Open_vSwitch').size, 0);

  const plain = new FakeServer(
    answers({
      monitor_cond_since: request => [refuse(request, { error: 'unknown method', details: 'no' })],
      monitor_cond: unknown,
      monitor: request => [reply(request, { Open_vSwitch: { [a]: { new: { cur_cfg: 1 } } } })],
    }),
  );
  t.match(plain.get('ready'), [{ method: 'monitor' }]);
  const change = { [a]: { old: { cur_cfg: 1 }, new: { cur_cfg: 2 } } };
  plain.say({ id: null, method: 'update', params: ['heddle', { Open_vSwitch: change }] });
  t.match(plain.replica.row('Open_vSwitch', a), { cur_cfg: 2 });

  const none = new FakeServer(
    answers({ monitor_cond_since: unknown, monitor_cond: unknown, monitor: unknown }),
  );
  t.match(none.get('close'), [{ error: { code: 'OVSDB_REFUSED' } }]);
  const denied = new FakeServer(
    answers({ monitor_cond_since: r => [refuse(r, { error: 'permission error' })] }),
  );
  t.match(denied.get('close'), [{ error: { code: 'OVSDB_REFUSED', message: /permission error/ } }]);
  const noDatabase = new FakeServer(
    answers({
      get_schema: r => [refuse(r, { error: 'unknown database', details: 'no such', syntax: '"x"' })],
    }),
  );
  t.match(noDatabase.get('close'), [
    { error: { code: 'OVSDB_REFUSED', message: /unknown database: no such/ } },
  ]);
  t.equal(noDatabase.session.phase, 'closed');
  t.end();
});

t.test('updates that overtake the monitor reply follow it', t => {
  const early = answers({
    monitor_cond_since: request => [
      update3({ Open_vSwitch: { [a]: { modify: { cur_cfg: 9 } } } }),
      reply(request, [false, zeroUuid, { Open_vSwitch: { [a]: { initial: { cur_cfg: 3 } } } }]),
    ],
  });
  const server = new FakeServer(early);
  t.match(server.get('changes'), [
    { changes: [{ after: { cur_cfg: 3 } }] },
    { changes: [{ before: { cur_cfg: 3 }, after: { cur_cfg: 9 } }] },
  ]);

  const flood = new FakeServer(answers({ monitor_cond_since: () => [] }), {
    limits: { maxMessageBytes: 5000 },
  });
  t.equal(flood.session.phase, 'monitoring');
  const one = update3({ Open_vSwitch: { [a]: { modify: { cur_cfg: 1 } } } });
  for (let i = 0; i < 100 && flood.session.phase !== 'closed'; i++) flood.say(one);
  t.match(flood.get('close'), [{ error: { code: 'OVSDB_TOO_LARGE' } }], 'within bounds');
  t.end();
});

t.test('a reconnect tells what happened meanwhile', t => {
  const previous = new FakeServer(answers()).replica;
  const told = (server: FakeServer) => server.get('changes').flatMap(({ changes }) => changes);
  t.strictSame(told(new FakeServer(answers(), { previous })), [], 'nothing, where nothing did');

  const after = answers({
    monitor_cond_since: r => [reply(r, [false, c, { Open_vSwitch: { [a]: { initial: { cur_cfg: 5 } } } }])],
  });
  const second = new FakeServer(after, { previous });
  t.match(told(second), [{ before: { cur_cfg: 3 }, after: { cur_cfg: 5 } }]);
  t.equal(previous.row('Open_vSwitch', a)?.['cur_cfg'], 3, 'and leaves the old replica alone');

  const continued = answers({
    monitor_cond_since: r => [reply(r, [true, b, { Open_vSwitch: { [a]: { modify: { cur_cfg: 6 } } } }])],
  });
  const third = new FakeServer(continued, { previous: second.replica });
  t.equal(third.sent.at(-1)?.params?.[3], c, 'asks to continue after the last transaction');
  t.match(told(third), [{ before: { cur_cfg: 5 }, after: { cur_cfg: 6 } }]);

  const narrower = { Open_vSwitch: ['next_cfg'] };
  const fourth = new FakeServer(answers({ monitor_cond_since: () => [] }), {
    previous: third.replica,
    tables: narrower,
  });
  t.equal(fourth.sent.at(-1)?.params?.[3], zeroUuid, 'but not with other columns');
  t.end();
});

t.test('time', t => {
  const silent = () => [];

  t.test('a quiet server is asked, and closed when it stays quiet', t => {
    const server = new FakeServer(answers({ echo: silent }));
    t.equal(server.session.deadline, 5000);
    server.tick(4999);
    t.notMatch(server.sent.at(-1), { method: 'echo' });
    server.tick(5000);
    t.match(server.sent.at(-1), { method: 'echo' });
    t.equal(server.session.deadline, 10_000);
    server.say({ id: server.sent.at(-1)?.id, result: [], error: null });
    t.equal(server.session.deadline, 10_000, 'heard at 5000');
    server.tick(10_000);
    server.now = 14_000;
    server.take(server.session.received(new TextEncoder().encode(' '), 14_000));
    t.equal(server.session.deadline, 19_000, 'any byte is a sign of life');
    server.tick(19_000);
    server.transact('t', [comment('x')]);
    server.tick(24_000);
    t.match(server.get('close'), [{ error: { code: 'OVSDB_TIMEOUT' } }]);
    t.match(server.get('result'), [{ token: 't', outcome: { error: { code: 'OVSDB_CLOSED' } } }]);
    t.equal(server.session.deadline, undefined);
    t.end();
  });

  t.test('a transaction that takes too long is given up, and its late answer passed over', t => {
    const server = new FakeServer(answers());
    server.transact('slow', [comment('x')]);
    const { id } = server.sent.at(-1)!;
    server.tick(9_000);
    server.tick(10_000);
    t.match(server.get('result'), [{ token: 'slow', outcome: { error: { code: 'OVSDB_TIMEOUT' } } }]);
    t.match(server.sent.at(-1), { method: 'cancel', params: [id], id: null });
    server.say({ id, result: null, error: 'canceled' });
    t.equal(server.get('result').length, 1);
    t.equal(server.session.phase, 'ready');
    server.take(server.session.transact('patient', [comment('x')], 10_000, 60_000));
    server.tick(14_000);
    server.tick(18_000);
    server.tick(22_000);
    t.equal(server.get('result').length, 1);
    t.end();
  });

  t.test('without schema or monitor there is no session', t => {
    for (const method of ['get_schema', 'monitor_cond_since']) {
      const server = new FakeServer(answers({ [method]: silent }));
      server.tick(6_000);
      server.tick(10_000);
      t.match(server.get('close'), [{ error: { code: 'OVSDB_TIMEOUT' } }], method);
    }
    const waiting = new OvsdbSession({ database: 'D', tables: {}, now: 0 });
    t.equal(waiting.deadline, undefined);
    t.strictSame(waiting.tick(1e9), [], 'connecting is not timed here');
    t.strictSame(waiting.received(new TextEncoder().encode('x'), 0), []);
    t.match(waiting.transact('t', [], 0), [{ type: 'result', outcome: { error: { code: 'OVSDB_CLOSED' } } }]);
    t.end();
  });
  t.end();
});

t.test('whatever the server sends, the session ends in order', t => {
  const nonsense: unknown[] = [
    [],
    {},
    { id: null, result: {}, error: null },
    { id: 1 },
    { id: 99, result: {}, error: null },
    { id: 'x', result: {}, error: null },
    { id: 1, method: 5, params: [] },
    { id: 1, method: 'echo', params: {} },
    update3({ Open_vSwitch: { [b]: { delete: null } } }),
    update3(null),
    { id: null, method: 'update3', params: ['heddle'] },
  ];
  for (const message of nonsense) {
    const server = new FakeServer(answers());
    server.say(message, message);
    t.match(server.get('close'), [{ error: { code: 'OVSDB_BAD_MESSAGE' } }], JSON.stringify(message));
  }
  const canceled = new FakeServer(answers());
  canceled.say({ id: null, method: 'monitor_canceled', params: ['heddle'] });
  t.match(canceled.get('close'), [{ error: { code: 'OVSDB_CLOSED' } }]);
  const garbage = new FakeServer(answers());
  garbage.take(garbage.session.received(new TextEncoder().encode('HTTP/1.1 400'), 0));
  t.match(garbage.get('close'), [{ error: { code: 'OVSDB_BAD_JSON' } }]);
  const badSchema = new FakeServer(answers({ get_schema: r => [reply(r, { name: 'x' })] }));
  t.match(badSchema.get('close'), [{ error: { code: 'OVSDB_BAD_MESSAGE' } }]);

  const methods = fc.constantFrom('update3', 'update2', 'echo', 'monitor_canceled', 'x', undefined, 4);
  const params = fc.oneof(fc.jsonValue(), fc.tuple(fc.constant('heddle'), fc.string(), fc.jsonValue()));
  const message = fc.record({
    method: methods,
    id: fc.oneof(fc.jsonValue(), fc.nat(5)),
    params,
    result: fc.jsonValue(),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), messages => {
      const server = new FakeServer(answers());
      server.transact('t', [comment('x')]);
      server.say(...messages);
      server.take(server.session.closed('end'));
      return server.get('result').length === 1 && server.get('close').length <= 1;
    }),
    { numRuns: 200 },
  );
  t.end();
});
