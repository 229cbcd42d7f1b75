import t from 'tap';
import fc from '../support/fast-check.js';
import {
  byUuid,
  comment,
  countConfig,
  countedConfig,
  insert,
  isConfigured,
  mutate,
  namedUuid,
  OvsdbSession,
  portEvents,
  portsOf,
  readBoolean,
  readReferenceMap,
  readStringMap,
  readStrings,
  remove,
  rootOf,
  select,
  TransactionRefused,
  update,
  verify,
  zeroUuid,
  type Operation,
  type Replica,
  type SessionOptions,
  type SessionOutput,
  type Uuid,
} from '../../src/ovsdb/index.js';

const uuidOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as Uuid;
const [a, b, c] = [uuidOf(10), uuidOf(11), uuidOf(12)];

const text = { type: 'string' };
const optional = (key: string) => ({ type: { key, min: 0, max: 1 } });
const references = (refTable: string) => ({
  type: { key: { type: 'uuid', refTable }, min: 0, max: 'unlimited' },
});
const strings = { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } };
const schema = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: {
    Open_vSwitch: { isRoot: true, columns: { next_cfg: { type: 'integer' }, cur_cfg: { type: 'integer' } } },
    Bridge: { columns: { name: text, ports: references('Port') } },
    Port: { columns: { name: text, interfaces: references('Interface') } },
    Interface: {
      columns: {
        name: text,
        type: text,
        ofport: optional('integer'),
        error: optional('string'),
        external_ids: strings,
      },
    },
  },
};
const wanted = {
  Open_vSwitch: ['cur_cfg'],
  Bridge: ['name', 'ports'],
  Port: ['name', 'interfaces'],
  Interface: ['name', 'type', 'ofport', 'error', 'external_ids', 'later'],
};

interface Sent {
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A server in memory: `answer` says what it does with a request; undefined means that it stays silent. */
class FakeServer {
  readonly session: OvsdbSession;
  readonly answer: (request: Sent) => readonly unknown[];
  readonly sent: Sent[] = [];
  readonly outputs: SessionOutput[] = [];
  now = 0;

  constructor(answer: (request: Sent) => readonly unknown[], options: Partial<SessionOptions> = {}) {
    this.answer = answer;
    this.session = new OvsdbSession({ database: 'Open_vSwitch', tables: wanted, now: 0, ...options });
    this.take(this.session.opened(0));
  }

  /** Carries outputs out, until neither side has anything to say. */
  take(outputs: readonly SessionOutput[]): void {
    for (const output of outputs) {
      this.outputs.push(output);
      if (output.type !== 'send') continue;
      const sent = JSON.parse(output.text) as Sent;
      this.sent.push(sent);
      if (sent.method !== undefined) this.say(...this.answer(sent));
    }
  }

  say(...messages: readonly unknown[]): void {
    if (messages.length === 0) return;
    const bytes = new TextEncoder().encode(messages.map(message => JSON.stringify(message)).join(''));
    this.take(this.session.received(bytes, this.now));
  }

  tick(now: number): void {
    this.now = now;
    this.take(this.session.tick(now));
  }

  transact(token: string | number, operations: readonly Operation[]): void {
    this.take(this.session.transact(token, operations, this.now));
  }

  get<T extends SessionOutput['type']>(type: T): Extract<SessionOutput, { type: T }>[] {
    return this.outputs.filter(
      (output): output is Extract<SessionOutput, { type: T }> => output.type === type,
    );
  }

  get replica(): Replica {
    const { replica } = this.session;
    if (replica === undefined) throw new Error('the session is not ready');
    return replica;
  }
}

const reply = ({ id }: Sent, result: unknown) => ({ id, result, error: null });
const refuse = ({ id }: Sent, error: unknown) => ({ id, result: null, error });
const update3 = (updates: unknown, transaction: string = zeroUuid) => ({
  id: null,
  method: 'update3',
  params: ['heddle', transaction, updates],
});

/** Answers as Open vSwitch does; each test replaces what it is about. */
const answers =
  (own: Readonly<Record<string, (request: Sent) => readonly unknown[]>> = {}) =>
  (request: Sent): readonly unknown[] => {
    const special = own[request.method ?? ''];
    if (special !== undefined) return special(request);
    switch (request.method) {
      case 'get_schema':
        return [reply(request, schema)];
      case 'echo':
        return [reply(request, request.params)];
      case 'monitor_cond_since':
        return [reply(request, [false, zeroUuid, { Open_vSwitch: { [a]: { initial: { cur_cfg: 3 } } } }])];
      default:
        return [];
    }
  };

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

t.test('ports appear, move, change and go', t => {
  const [br0, br1, port, face] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
  const server = new FakeServer(answers());
  let ports = portsOf(server.replica);
  const eventsOf = (updates: unknown) => {
    server.say(update3(updates));
    const now = portsOf(server.replica);
    const events = portEvents(ports, now);
    ports = now;
    return events;
  };
  const inserted = {
    Bridge: { [br0]: { insert: { name: 'br0', ports: ['uuid', port] } }, [br1]: { insert: { name: 'br1' } } },
    Port: { [port]: { insert: { name: 'tap0', interfaces: ['uuid', face] } } },
    Interface: { [face]: { insert: { name: 'tap0', external_ids: ['map', [['iface-id', 'fw1']]] } } },
  };
  const events = eventsOf(inserted);
  t.match(events, [{ type: 'appeared', port: { bridge: 'br0', name: 'tap0', ofport: null, error: null } }]);
  t.equal(events[0]?.type === 'appeared' && events[0].port.externalIds.get('iface-id'), 'fw1');
  const modify = (columns: unknown) => eventsOf({ Interface: { [face]: { modify: columns } } });
  t.match(modify({ ofport: 4 }), [{ type: 'moved', port: { ofport: 4 }, before: { ofport: null } }]);
  t.match(modify({ ofport: -1, error: 'no such device' }), [
    { type: 'moved', port: { ofport: null, error: 'no such device' } },
  ]);
  t.match(modify({ external_ids: ['map', [['iface-id', 'fw2']]] }), [{ type: 'changed' }]);
  const second = uuidOf(5);
  const bonding = {
    Port: { [port]: { modify: { interfaces: ['uuid', second] } } },
    Interface: { [second]: { insert: { name: 'tap1' } } },
  };
  t.match(
    eventsOf(bonding),
    [
      { type: 'changed', port: { name: 'tap0', port: 'tap0', bonded: true }, before: { bonded: false } },
      { type: 'appeared', port: { name: 'tap1', port: 'tap0', bonded: true } },
    ],
    'a second interface makes a bond',
  );
  eventsOf({ Port: bonding.Port, Interface: { [second]: { delete: null } } });
  const toOther = {
    [br0]: { modify: { ports: ['uuid', port] } },
    [br1]: { modify: { ports: ['uuid', port] } },
  };
  t.match(eventsOf({ Bridge: toOther }), [
    { type: 'moved', port: { bridge: 'br1' }, before: { bridge: 'br0' } },
  ]);
  t.strictSame(eventsOf({ Open_vSwitch: { [a]: { modify: { cur_cfg: 4 } } } }), []);
  t.match(eventsOf({ Bridge: { [br1]: { delete: null } } }), [{ type: 'gone', before: { bridge: 'br1' } }]);
  t.end();
});

t.test('rows read as their types, and as nothing where the type is another', t => {
  const row = {
    flag: true,
    names: ['a', 'b'],
    one: 'x',
    ids: new Map([['k', 'v']]),
    queues: new Map([[1, a]]),
  };
  t.equal(readBoolean(row, 'flag'), true);
  t.equal(readBoolean(row, 'one'), null);
  t.strictSame(readStrings(row, 'names'), ['a', 'b']);
  t.strictSame(readStrings(row, 'one'), ['x']);
  t.strictSame(readStrings(row, 'absent'), []);
  t.strictSame(readStringMap(row, 'ids'), new Map([['k', 'v']]));
  t.strictSame(readStringMap(row, 'queues'), new Map());
  t.strictSame(readReferenceMap(row, 'queues'), new Map([[1, a]]));
  t.strictSame(readReferenceMap(row, 'absent'), new Map());
  t.end();
});
