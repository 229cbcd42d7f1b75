/** The session against a real ovsdb-server of its own, over a unix socket. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  assertLock,
  byUuid,
  configColumns,
  countConfig,
  countedConfig,
  insert,
  isConfigured,
  mutate,
  namedUuid,
  OvsdbSession,
  portColumns,
  portsOf,
  readString,
  readStringMap,
  remove,
  rootOf,
  sameValue,
  select,
  TransactionRefused,
  update,
  verify,
  type Change,
  type Operation,
  type Replica,
  type SessionOptions,
  type SessionOutput,
  type TransactionOutcome,
  type Uuid,
} from '../../src/ovsdb/index.js';

const schemaFile = '/usr/share/openvswitch/vswitch.ovsschema';
const tables = {
  ...portColumns,
  Open_vSwitch: [...configColumns.Open_vSwitch, 'bridges', 'external_ids', 'no_such_column'],
  Bridge: [...portColumns.Bridge, 'fail_mode', 'other_config', 'flood_vlans'],
  No_Such_Table: ['name'],
};

function whyNot(): string | false {
  try {
    execFileSync('ovsdb-server', ['--version'], { stdio: 'ignore' });
    return existsSync(schemaFile) ? false : `${schemaFile} is not installed`;
  } catch {
    return 'ovsdb-server is not on PATH';
  }
}

/** A session with a socket: what the I/O layer does, in as few lines as a test needs. */
class Client {
  readonly session: OvsdbSession;
  readonly batches: (readonly Change[])[] = [];
  /** What was told of the lock. */
  readonly held: boolean[] = [];
  readonly #socket: Socket;
  readonly #hidden: readonly string[];
  readonly #results = new Map<string | number, (outcome: TransactionOutcome) => void>();
  ready: Extract<SessionOutput, { type: 'ready' }> | undefined;
  error: Error | undefined;
  #token = 0;

  /** The server is asked for `hidden` methods by names that it does not know, as if it were too old for them. */
  constructor(path: string, options: Partial<SessionOptions>, hidden: readonly string[]) {
    this.#hidden = hidden;
    this.session = new OvsdbSession({ database: 'Open_vSwitch', tables, now: Date.now(), ...options });
    this.#socket = connect(path);
    this.#socket.on('connect', () => this.#take(this.session.opened(Date.now())));
    this.#socket.on('data', bytes => this.#take(this.session.received(bytes, Date.now())));
    this.#socket.on('error', error => (this.error = error));
    this.#socket.on('close', () => this.#take(this.session.closed('the socket closed')));
  }

  #take(outputs: readonly SessionOutput[]): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'send':
          this.#socket.write(this.#hidden.reduce(hide, output.text));
          break;
        case 'ready':
          this.ready = output;
          break;
        case 'lock':
          this.held.push(output.held);
          break;
        case 'changes':
          this.batches.push(output.changes);
          break;
        case 'result':
          this.#results.get(output.token)?.(output.outcome);
          break;
        case 'close':
          this.error = output.error;
          this.#socket.destroy();
      }
    }
  }

  get replica(): Replica {
    if (this.session.replica === undefined) throw new Error('not ready');
    return this.session.replica;
  }

  transact(...operations: Operation[]): Promise<TransactionOutcome> {
    const token = ++this.#token;
    return new Promise(resolve => {
      this.#results.set(token, resolve);
      this.#take(this.session.transact(token, operations, Date.now()));
    });
  }

  row(table: string, name: string): [Uuid, ReturnType<Replica['row']> & object] | undefined {
    return [...this.replica.table(table)].find(([, row]) => readString(row, 'name') === name);
  }

  end(): void {
    this.#socket.destroy();
  }
}

const hide = (text: string, method: string): string =>
  text.replace(`"method":"${method}"`, `"method":"no_${method}"`);

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) if (condition()) return;
  throw new Error(`waited in vain until ${what}`);
}

t.test('ovsdb-server', { skip: whyNot() }, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-ovsdb-'));
  const database = join(directory, 'conf.db');
  const path = join(directory, 'db.sock');
  const clients: Client[] = [];
  let server: ChildProcess | undefined;
  process.once('exit', () => server?.kill('SIGKILL'));
  t.teardown(async () => {
    for (const client of clients) client.end();
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  execFileSync('ovsdb-tool', ['create', database, schemaFile]);
  const start = async (): Promise<void> => {
    const control = join(directory, 'control');
    const args = [`--remote=punix:${path}`, `--unixctl=${control}`, '--no-chdir', database];
    server = spawn('ovsdb-server', args, { stdio: 'ignore', env: { ...process.env, OVS_RUNDIR: directory } });
    await until('the server listens', () => existsSync(path));
  };
  await start();
  const vsctl = (...args: string[]) =>
    execFileSync('ovs-vsctl', [`--db=unix:${path}`, '--no-wait', '--timeout=5', ...args])
      .toString()
      .trim();
  vsctl('init');

  const open = async (
    options: Partial<SessionOptions> = {},
    hidden: readonly string[] = [],
  ): Promise<Client> => {
    const client = new Client(path, options, hidden);
    clients.push(client);
    await until('the session is ready', () => client.ready !== undefined || client.error !== undefined);
    if (client.error !== undefined) throw client.error;
    return client;
  };
  const client = await open();
  const other = await open();
  const root = rootOf(client.replica)!;

  /** A bridge with the internal port of its name. */
  const bridge = (name: string): Operation[] => [
    insert('Interface', { name, type: 'internal' }, 'interface0'),
    insert('Port', { name, interfaces: [namedUuid('interface0')] }, 'port0'),
    insert(
      'Bridge',
      { name, ports: [namedUuid('port0')], fail_mode: 'secure', flood_vlans: [7, 5] },
      'bridge0',
    ),
    mutate('Open_vSwitch', byUuid(root), [['bridges', 'insert', [namedUuid('bridge0')]]]),
  ];

  t.test('schema and monitor', t => {
    t.match(client.ready, {
      method: 'monitor_cond_since',
      missing: ['Open_vSwitch.no_such_column', 'No_Such_Table'],
      schema: { name: 'Open_vSwitch' },
    });
    t.equal(client.ready?.schema.tables.get('Queue')?.isRoot, true);
    t.equal(client.ready?.schema.tables.get('Bridge')?.isRoot, false);
    t.match(client.batches, [[{ table: 'Open_vSwitch', uuid: root, after: { bridges: [], cur_cfg: 0 } }]]);
    t.end();
  });

  t.test('a bridge, its port and its interface in one transaction, which is one batch', async t => {
    const seen = other.batches.length;
    const outcome = await client.transact(
      verify('Open_vSwitch', root, { bridges: [] }),
      ...bridge('br0'),
      ...countConfig(root),
    );
    if (!outcome.ok) throw outcome.error;
    t.equal(countedConfig(outcome.results), 1);
    t.notOk(isConfigured(client.replica, 1), 'there is no switch to carry it out');
    const inserted = outcome.results[3];
    const [uuid, row] = client.row('Bridge', 'br0')!;
    t.match(inserted, { op: 'insert', uuid }, 'the change came before the result');
    t.match(row, { fail_mode: 'secure', flood_vlans: [5, 7], other_config: new Map() });
    t.strictSame(client.replica.row('Open_vSwitch', root)?.['bridges'], [uuid]);
    t.equal(client.batches.at(-1)?.length, 4);
    t.match(
      [...portsOf(client.replica).values()],
      [{ bridge: 'br0', port: 'br0', name: 'br0', type: 'internal', ofport: null, error: null }],
    );
    await until('the other client sees it', () => other.row('Bridge', 'br0') !== undefined);
    t.equal(other.batches.length, seen + 1);
    t.strictSame(other.replica.row('Bridge', uuid), row);
  });

  t.test('mutations of sets and maps, and back to nothing', async t => {
    const [uuid] = client.row('Bridge', 'br0')!;
    const now = () => client.replica.row('Bridge', uuid);
    const change = async (...mutations: Parameters<typeof mutate>[2]) => {
      const outcome = await client.transact(mutate('Bridge', byUuid(uuid), mutations));
      t.match(outcome, { ok: true, results: [{ op: 'mutate', count: 1 }] });
      return now();
    };
    const [one, two] = [
      new Map([['k', '1']]),
      new Map([
        ['k', '2'],
        ['l', '3'],
      ]),
    ];
    t.strictSame(
      (await change(['other_config', 'insert', one], ['flood_vlans', 'insert', [9]]))?.['flood_vlans'],
      [5, 7, 9],
    );
    t.strictSame(now()?.['other_config'], one);
    await client.transact(update('Bridge', byUuid(uuid), { other_config: two, fail_mode: 'standalone' }));
    t.match(now(), { other_config: two, fail_mode: 'standalone' });
    t.strictSame((await change(['other_config', 'delete', ['k']]))?.['other_config'], new Map([['l', '3']]));
    t.strictSame((await change(['flood_vlans', 'delete', [5, 7, 9]]))?.['flood_vlans'], []);
    await client.transact(update('Bridge', byUuid(uuid), { fail_mode: null, other_config: new Map() }));
    t.match(now(), { fail_mode: null, other_config: new Map() });
    const selected = await client.transact(
      select('Bridge', [['name', '==', 'br0']], ['_uuid', 'flood_vlans']),
    );
    t.match(selected, { ok: true, results: [{ rows: [{ _uuid: uuid, flood_vlans: [] }] }] });
    await until('both replicas are the same', () => client.replica.changesSince(other.replica).length === 0);
  });

  t.test('refusals', async t => {
    const refused = async (...operations: Operation[]): Promise<TransactionRefused> => {
      const outcome = await client.transact(...operations);
      if (outcome.ok || !(outcome.error instanceof TransactionRefused)) throw new Error('not refused');
      return outcome.error;
    };
    const twice = await refused(...bridge('br0'));
    t.match(
      twice,
      { code: 'OVSDB_REFUSED', operation: undefined, error: 'constraint violation' },
      'at the commit',
    );
    t.ok(twice.details);
    const [uuid] = client.row('Bridge', 'br0')!;
    t.match(await refused(remove('Bridge', byUuid(uuid))), {
      operation: undefined,
      error: 'referential integrity violation',
    });
    t.match(await refused(...countConfig(root), verify('Open_vSwitch', root, { bridges: [] })), {
      operation: 2,
      error: 'timed out',
    });
    t.match(await refused(update('Bridge', byUuid(uuid), { fail_mode: 'sometimes' })), {
      operation: 0,
      error: 'constraint violation',
    });
    const unknown = await client.transact(insert('Bridge', { no_such_column: 1 }));
    t.match(unknown, { ok: false, error: { code: 'OVSDB_BAD_VALUE' } }, 'never sent');
    t.equal(client.session.phase, 'ready', 'a refusal costs the transaction only');
  });

  t.test("another client's and ovs-vsctl's changes are seen", async t => {
    const [uuid] = client.row('Bridge', 'br0')!;
    await other.transact(update('Bridge', byUuid(uuid), { other_config: new Map([['by', 'größe 🧵']]) }));
    await until('the change is seen', () => {
      const row = client.replica.row('Bridge', uuid);
      return row !== undefined && readStringMap(row, 'other_config').get('by') === 'größe 🧵';
    });
    vsctl('add-port', 'br0', 'tap0', '--', 'set', 'Interface', 'tap0', 'external_ids:iface-id=fw1');
    await until('the port is seen', () => portsOf(client.replica).size === 2);
    const tap = [...portsOf(client.replica).values()].find(({ name }) => name === 'tap0');
    t.equal(tap?.externalIds.get('iface-id'), 'fw1');
    t.equal(vsctl('get', 'Bridge', 'br0', 'other_config:by'), '"größe 🧵"');
  });

  t.test('after a reconnect, what happened meanwhile', async t => {
    const { replica: previous } = other;
    other.end();
    vsctl('del-port', 'tap0');
    await until('the other session is over', () => other.session.phase === 'closed');
    const again = await open({ previous });
    t.match(
      again.batches.flat().map(change => [change.table, change.after === undefined]),
      [
        ['Bridge', false],
        ['Port', true],
        ['Interface', true],
      ],
    );
    await until('the first client is as far', () => again.replica.changesSince(client.replica).length === 0);
  });

  t.test('deletion, which takes the unreferenced rows with it', async t => {
    const [uuid] = client.row('Bridge', 'br0')!;
    const outcome = await client.transact(
      mutate('Open_vSwitch', byUuid(root), [['bridges', 'delete', [uuid]]]),
    );
    t.ok(outcome.ok);
    for (const table of ['Bridge', 'Port', 'Interface']) t.equal(client.replica.table(table).size, 0, table);
    t.match(client.batches.at(-1)?.filter(({ after }) => after === undefined).length, 3);
  });

  t.test('the older ways to monitor keep the same replica', async t => {
    const newer = { monitor_cond: ['monitor_cond_since'], monitor: ['monitor_cond_since', 'monitor_cond'] };
    for (const [method, hidden] of Object.entries(newer)) {
      const through = await open({}, hidden);
      t.equal(through.ready?.method, method);
      vsctl('add-br', 'br1', '--', 'set', 'Bridge', 'br1', 'other_config:a=1', 'other_config:b=2');
      vsctl('set', 'Bridge', 'br1', 'other_config:a=3', 'fail_mode=secure', 'flood_vlans=[1,2]');
      vsctl(
        'remove',
        'Bridge',
        'br1',
        'other_config',
        'b',
        '--',
        'set',
        'Bridge',
        'br1',
        'flood_vlans=[2,3]',
      );
      const flood = () => through.row('Bridge', 'br1')?.[1]['flood_vlans'] ?? null;
      await until('the change is seen', () => sameValue(flood(), [2, 3]));
      await until('both are the same', () => through.replica.changesSince(client.replica).length === 0);
      t.match(through.row('Bridge', 'br1')?.[1], {
        other_config: new Map([['a', '3']]),
        fail_mode: 'secure',
      });
      vsctl('del-br', 'br1');
      await until('it is gone', () => through.replica.table('Interface').size === 0);
      through.end();
    }
  });

  t.test('a lock has one holder, and the next one gets it at once', async t => {
    const guarded = [assertLock('mine'), mutate('Open_vSwitch', byUuid(root), [['next_cfg', '+=', 1]])];
    const first = await open({ lock: 'mine' }, []);
    const second = await open({ lock: 'mine' }, []);
    t.strictSame([first.held, second.held], [[true], [false]]);
    t.ok((await first.transact(...guarded)).ok);
    t.match(await second.transact(...guarded), { ok: false, error: { operation: 0, error: 'not owner' } });
    first.end();
    await until('the second one has it', () => second.held.at(-1) === true);
    t.ok((await second.transact(...guarded)).ok);

    const thief = connect(path);
    thief.write(JSON.stringify({ method: 'steal', params: ['mine'], id: 1 }));
    await until('it is stolen', () => second.held.at(-1) === false);
    t.match(await second.transact(...guarded), { ok: false, error: { error: 'not owner' } });
    thief.destroy();
    await until('it is back', () => second.held.at(-1) === true);
    t.ok((await second.transact(...guarded)).ok, 'who was robbed is the next');
    second.end();
  });

  t.test('the end of the server is the end of the session', async t => {
    const pending = client.transact({
      ...verify('Open_vSwitch', root, { bridges: [root] }),
      timeout: 60_000,
    });
    await sleep(50);
    server?.kill('SIGTERM');
    t.match(await pending, { ok: false, error: { code: 'OVSDB_CLOSED' } });
    t.equal(client.session.phase, 'closed');
  });
});
