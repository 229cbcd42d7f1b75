/** A host's OVSDB in memory, with an ovs-vswitchd that gives out port numbers, and effects that connect to it. */
import type { Endpoint } from '../../src/config/config.js';
import { formatEndpoint } from '../../src/config/endpoint.js';
import type { Effects, Stream, StreamHandlers } from '../../src/controller/effects.js';
import { FakeEffects } from './fake-effects.js';

type WireRow = Record<string, unknown>;
type Pairs = [string, unknown][];

const map = { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } };
const text = { type: 'string' };
const maybe = (key: unknown) => ({ type: { key, min: 0, max: 1 } });
const many = (key: unknown) => ({ type: { key, min: 0, max: 'unlimited' } });
const rows = (refTable: string) => many({ type: 'uuid', refTable });
const references = (refTable: string) => ({
  type: { key: 'integer', value: { type: 'uuid', refTable }, min: 0, max: 'unlimited' },
});
const number = { type: 'integer' };

/** What of Open vSwitch's schema Heddle knows. */
const schema = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: {
    Open_vSwitch: {
      isRoot: true,
      columns: { bridges: rows('Bridge'), next_cfg: number, cur_cfg: number, external_ids: map },
    },
    Bridge: {
      columns: {
        name: text,
        ports: rows('Port'),
        controller: rows('Controller'),
        fail_mode: maybe('string'),
        protocols: many('string'),
        datapath_type: text,
        datapath_id: maybe('string'),
        other_config: map,
        external_ids: map,
      },
    },
    Port: {
      columns: {
        name: text,
        interfaces: rows('Interface'),
        qos: maybe({ type: 'uuid', refTable: 'QoS' }),
        tag: maybe('integer'),
        external_ids: map,
      },
    },
    QoS: {
      isRoot: true,
      columns: {
        type: text,
        queues: references('Queue'),
        other_config: map,
        external_ids: map,
      },
    },
    Queue: { isRoot: true, columns: { dscp: maybe('integer'), other_config: map, external_ids: map } },
    Interface: {
      columns: {
        name: text,
        type: text,
        options: map,
        external_ids: map,
        ofport: maybe('integer'),
        error: maybe('string'),
      },
    },
    Controller: {
      columns: {
        target: text,
        connection_mode: maybe('string'),
        max_backoff: maybe('integer'),
        inactivity_probe: maybe('integer'),
        type: maybe('string'),
        external_ids: map,
      },
    },
  },
};

const rootTables: ReadonlySet<string> = new Set(['Open_vSwitch', 'QoS', 'Queue']);
const emptySet = ['set', []];
const emptyOf = (column: { type: unknown }): unknown => {
  if (column === map || keyOf(column.type).includes('"value"')) return ['map', []];
  if (column === text) return '';
  return column === number ? 0 : emptySet;
};

const setOf = (wire: unknown): unknown[] =>
  Array.isArray(wire) && wire[0] === 'set' ? (wire[1] as unknown[]) : [wire];
const pairsOf = (wire: unknown): Pairs => (wire as ['map', Pairs])[1];
const keyOf = (value: unknown): string => JSON.stringify(value);

interface Operation {
  readonly op: string;
  readonly table: string;
  readonly row: WireRow;
  readonly 'uuid-name'?: string;
  readonly where: readonly [string, string, unknown][];
  readonly mutations: readonly [string, string, unknown][];
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

export class FakeOvsdb {
  readonly #tables = new Map<string, Map<string, WireRow>>();
  /** The comments of all transactions that came: what Heddle says that they do. */
  readonly transactions: string[] = [];
  /** What becomes of a transaction; `drop` says nothing to it, `pretend` says yes and does nothing. */
  answer: 'commit' | 'drop' | 'pretend' | { readonly error: string; readonly details: string } = 'commit';
  /** Carries configurations out: port numbers, cur_cfg. */
  vswitchd = true;
  /** Whose the lock is: another client's, or of the one that asks. */
  lock: 'free' | "another's" | 'ours' = 'free';
  /** Transactions that came without the lock's assertion. */
  unguarded = 0;
  /** Refuses connections, with this reason. */
  away: string | undefined;
  /** Connections that were tried. */
  attempts = 0;
  /** Says nothing more, as a host that is cut off. */
  mute = false;
  #stream: FakeStream | undefined;
  /** No two databases have rows with the same UUIDs. */
  static #databases = 0;
  readonly #database = ++FakeOvsdb.#databases;
  #uuids = 0;
  #ofports = 0;

  constructor() {
    for (const name of Object.keys(schema.tables)) this.#tables.set(name, new Map());
    this.#insert('Open_vSwitch', {});
  }

  connect(handlers: StreamHandlers & { opened(): void }): FakeStream {
    this.attempts += 1;
    const stream = new FakeStream(handlers, request => this.#onRequest(request));
    const { away } = this;
    queueMicrotask(() => {
      if (away !== undefined) stream.end(away);
      else if (stream.isOpen) {
        this.#stream = stream;
        handlers.opened();
      }
    });
    return stream;
  }

  /** Connects to Heddle, as after `ovs-vsctl set-manager tcp:…`, and says that it is this host. */
  dialIn(
    accept: (stream: Stream) => StreamHandlers,
    { systemId = '', peer = '192.0.2.11:40000' }: { readonly systemId?: string; readonly peer?: string } = {},
  ): FakeStream {
    this.#tables.get('Open_vSwitch')?.forEach(row => {
      row['external_ids'] = ['map', systemId === '' ? [] : [['system-id', systemId]]];
    });
    const stream = new FakeStream(undefined, request => this.#onRequest(request, stream), peer);
    stream.handlers = accept(stream);
    this.#stream = stream;
    return stream;
  }

  /** The connection breaks. */
  cut(reason = 'the other end closed the connection'): void {
    if (this.lock === 'ours') this.lock = 'free';
    this.#stream?.end(reason);
    this.#stream = undefined;
  }

  /** The other client, which had the lock, goes; or one comes that steals it. */
  passLock(to: 'ours' | "another's"): void {
    this.lock = to;
    this.#reply({ id: null, method: to === 'ours' ? 'locked' : 'stolen', params: ['heddle'] });
  }

  /** Bytes that are none of OVSDB. */
  babble(bytes: string): void {
    this.#stream?.tell(bytes);
  }

  /** Somebody else's transaction. */
  edit(change: () => void): void {
    const before = this.#copy();
    change();
    this.#publish(before);
  }

  /** The rows of a table, by name or target, to look at and to edit. */
  row(table: string, name: string): WireRow {
    for (const row of this.#tables.get(table)?.values() ?? [])
      if (row['name'] === name || row['target'] === name) return row;
    throw new Error(`no ${name} in ${table}`);
  }

  names(table: string): string[] {
    return [...(this.#tables.get(table)?.values() ?? [])]
      .map(row => String(row['name'] ?? row['target']))
      .sort();
  }

  /** A bridge, as it stands before Heddle comes. */
  addBridge(name: string, row: WireRow = {}): void {
    this.edit(() => {
      const bridge = this.#insert('Bridge', { name, ...row });
      for (const root of this.#tables.get('Open_vSwitch')?.values() ?? [])
        root['bridges'] = ['set', [...setOf(root['bridges']), ['uuid', bridge]]];
    });
  }

  /** All interfaces that have an OpenFlow port number. */
  ofports(): { readonly name: string; readonly ofport: number }[] {
    return [...(this.#tables.get('Interface')?.values() ?? [])].flatMap(({ name, ofport }) =>
      typeof ofport === 'number' ? [{ name: String(name), ofport }] : [],
    );
  }

  /** A port of a VM comes, as by libvirt. */
  addPort(bridge: string, name: string, externalIds: Readonly<Record<string, string>> = {}): void {
    this.edit(() => {
      const ids = ['map', Object.entries(externalIds)];
      const device = this.#insert('Interface', { name, external_ids: ids });
      const port = this.#insert('Port', { name, interfaces: ['uuid', device] });
      const row = this.row('Bridge', bridge);
      row['ports'] = ['set', [...setOf(row['ports']), ['uuid', port]]];
    });
  }

  removePort(bridge: string, name: string): void {
    this.edit(() => {
      const row = this.row('Bridge', bridge);
      const gone = this.row('Port', name);
      row['ports'] = [
        'set',
        setOf(row['ports']).filter(ref => this.#tables.get('Port')?.get(uuidIn(ref)) !== gone),
      ];
    });
  }

  #onRequest({ id, method, params }: Request, stream?: FakeStream): void {
    if (this.mute) return;
    const [, first] = params as readonly (Operation | undefined)[];
    if (method === 'transact' && first?.op === 'select') {
      const [row] = this.#tables.get('Open_vSwitch')?.values() ?? [];
      const result = [{ rows: [{ external_ids: row?.['external_ids'] }] }];
      stream?.tell(JSON.stringify({ id, result, error: null }));
      return;
    }
    switch (method) {
      case 'get_schema':
        this.#reply({ id, result: schema, error: null });
        break;
      case 'lock':
        if (this.lock === 'free') this.lock = 'ours';
        this.#reply({ id, result: { locked: this.lock === 'ours' }, error: null });
        break;
      case 'monitor':
        this.#reply({ id, result: this.#updates(new Map()), error: null });
        break;
      case 'transact':
        this.#transact(id, params.slice(1) as Operation[]);
        break;
      case 'echo':
        this.#reply({ id, result: params, error: null });
        break;
      default:
        this.#reply({ id, result: null, error: 'unknown method' });
    }
  }

  #transact(id: unknown, operations: readonly Operation[]): void {
    for (const one of operations) if ('comment' in one) this.transactions.push(String(one.comment));
    if (!operations.some(({ op }) => op === 'assert')) this.unguarded += 1;
    if (this.answer === 'drop') return;
    if (this.lock !== 'ours') {
      const refused = [{ error: 'not owner', details: '' }, ...operations.slice(1).map(() => null)];
      this.#reply({ id, result: refused, error: null });
      return;
    }
    if (typeof this.answer === 'object') {
      const refused = [this.answer, ...operations.slice(1).map(() => null)];
      this.#reply({ id, result: refused, error: null });
      return;
    }
    const before = this.#copy();
    const named = new Map<string, string>();
    for (const one of operations)
      if (one.op === 'insert') named.set(one['uuid-name'] ?? '', this.#insert(one.table, {}));
    const result = operations.map(one => this.#carryOut(one, named));
    if (this.answer === 'pretend') for (const [name, table] of before) this.#tables.set(name, table);
    this.#publish(before, { id, result, error: null });
  }

  #carryOut(operation: Operation, named: ReadonlyMap<string, string>): unknown {
    const { op, table, row, where, mutations } = JSON.parse(
      JSON.stringify(operation).replace(
        /\["named-uuid","(\w+)"\]/g,
        (_, name: string) => `["uuid","${named.get(name) ?? ''}"]`,
      ),
    ) as Operation;
    switch (op) {
      case 'insert': {
        const uuid = named.get(operation['uuid-name'] ?? '') ?? '';
        Object.assign(this.#at(table, uuid), row);
        return { uuid: ['uuid', uuid] };
      }
      case 'update':
        Object.assign(this.#at(table, uuidIn(where[0]?.[2])), row);
        return { count: 1 };
      case 'delete':
        this.#tables.get(table)?.delete(uuidIn(where[0]?.[2]));
        return { count: 1 };
      case 'mutate':
        for (const one of mutations) mutateRow(this.#at(table, uuidIn(where[0]?.[2])), one);
        return { count: 1 };
      case 'select':
        return { rows: [{ next_cfg: this.#at(table, uuidIn(where[0]?.[2]))['next_cfg'] }] };
      case 'comment':
      case 'assert':
        return {};
      default:
        throw new Error(`no ${op} here`);
    }
  }

  /** Tells what is different, then the reply; and ovs-vswitchd does its part in a transaction of its own. */
  #publish(before: ReadonlyMap<string, ReadonlyMap<string, WireRow>>, reply?: object): void {
    this.#collect();
    this.#notify(before);
    if (reply !== undefined) this.#reply(reply);
    if (!this.vswitchd) return;
    const applied = this.#copy();
    for (const row of this.#tables.get('Interface')?.values() ?? [])
      if (keyOf(row['ofport']) === keyOf(emptySet) && keyOf(row['error']) === keyOf(emptySet))
        row['ofport'] = ++this.#ofports;
    const [root] = this.#tables.get('Open_vSwitch')?.values() ?? [];
    if (root !== undefined) root['cur_cfg'] = root['next_cfg'];
    this.#notify(applied);
  }

  /** Rows that nothing refers to go [RFC 7047 3.2 isRoot]. */
  #collect(): void {
    for (;;) {
      const used = new Set<unknown>();
      for (const table of this.#tables.values()) for (const row of table.values()) referredTo(row, used);
      let gone = 0;
      for (const [name, table] of this.#tables) {
        if (rootTables.has(name)) continue;
        for (const uuid of table.keys()) if (!used.has(uuid)) gone += Number(table.delete(uuid));
      }
      if (gone === 0) return;
    }
  }

  #notify(before: ReadonlyMap<string, ReadonlyMap<string, WireRow>>): void {
    const updates = this.#updates(before);
    if (Object.keys(updates).length > 0)
      this.#reply({ id: null, method: 'update', params: ['heddle', updates] });
  }

  #updates(
    before: ReadonlyMap<string, ReadonlyMap<string, WireRow>>,
  ): Record<string, Record<string, object>> {
    const updates: Record<string, Record<string, object>> = {};
    for (const [name, table] of this.#tables) {
      const old = before.get(name) ?? new Map<string, WireRow>();
      for (const uuid of new Set([...old.keys(), ...table.keys()])) {
        const [from, to] = [old.get(uuid), table.get(uuid)];
        if (keyOf(from) === keyOf(to)) continue;
        (updates[name] ??= {})[uuid] = {
          ...(from !== undefined && { old: {} }),
          ...(to !== undefined && { new: monitoredOf(name, to) }),
        };
      }
    }
    return updates;
  }

  #insert(table: keyof typeof schema.tables | (string & {}), row: WireRow): string {
    const database = this.#database.toString(16).padStart(8, '0');
    const uuid = `${database}-0000-4000-8000-${(++this.#uuids).toString(16).padStart(12, '0')}`;
    const columns = Object.entries(
      (schema.tables as Record<string, { columns: object }>)[table]?.columns ?? {},
    );
    const defaults = columns.map(([name, column]) => [name, emptyOf(column as { type: unknown })]);
    this.#tables.get(table)?.set(uuid, { ...(Object.fromEntries(defaults) as WireRow), ...row });
    return uuid;
  }

  #at(table: string, uuid: string): WireRow {
    const row = this.#tables.get(table)?.get(uuid);
    if (row === undefined) throw new Error(`no ${uuid} in ${table}`);
    return row;
  }

  #copy(): Map<string, Map<string, WireRow>> {
    return new Map([...this.#tables].map(([name, table]) => [name, structuredClone(table)]));
  }

  #reply(message: object): void {
    this.#stream?.tell(JSON.stringify(message));
  }
}

/** Adds the UUIDs of all rows that a value refers to. */
function referredTo(value: unknown, found: Set<unknown>): void {
  if (Array.isArray(value)) {
    if (value[0] === 'uuid') found.add(value[1]);
    else for (const part of value) referredTo(part, found);
  } else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) referredTo(part, found);
}

const uuidIn = (reference: unknown): string => String((reference as readonly unknown[])[1]);

/** Only the columns that Heddle asks for: a server tells no others. */
function monitoredOf(table: string, row: WireRow): WireRow {
  const unasked =
    table === 'Open_vSwitch'
      ? ['bridges', 'next_cfg', 'external_ids']
      : table === 'Controller'
        ? ['max_backoff']
        : [];
  return Object.fromEntries(Object.entries(row).filter(([column]) => !unasked.includes(column)));
}

function mutateRow(row: WireRow, [column, mutator, value]: readonly [string, string, unknown]): void {
  const before = row[column];
  if (mutator === '+=') row[column] = Number(before) + Number(value);
  else if (Array.isArray(before) && before[0] === 'map') {
    const pairs = new Map(pairsOf(before));
    for (const [key, held] of pairsOf(value)) if (!pairs.has(key)) pairs.set(key, held);
    row[column] = ['map', [...pairs]];
  } else {
    const there = new Map(setOf(before).map(one => [keyOf(one), one]));
    const isReference = Array.isArray(value) && value[0] === 'uuid';
    for (const one of isReference ? [value] : setOf(value)) {
      if (mutator === 'insert') there.set(keyOf(one), one);
      else there.delete(keyOf(one));
    }
    row[column] = ['set', [...there.values()]];
  }
}

/** The client's end of a connection; what it writes is answered in a later turn. */
export class FakeStream implements Stream {
  readonly peer: string;
  readonly pending = 0;
  handlers: StreamHandlers | undefined;
  readonly #onRequest: (request: Request) => void;
  isOpen = true;

  constructor(handlers: StreamHandlers | undefined, onRequest: (request: Request) => void, peer = 'ovsdb') {
    this.handlers = handlers;
    this.#onRequest = onRequest;
    this.peer = peer;
  }

  write(bytes: Uint8Array | string): void {
    if (typeof bytes !== 'string') throw new Error('OVSDB is text');
    queueMicrotask(() => this.ask(JSON.parse(bytes)));
  }

  /** A text that has come, parsed. */
  ask(text: unknown): void {
    const request = text as Request;
    // A reply to an echo, or a cancellation, asks for nothing.
    if (this.isOpen && typeof request.method === 'string' && request.id !== null) this.#onRequest(request);
  }

  tell(text: string): void {
    if (this.isOpen) this.handlers?.received(new TextEncoder().encode(text));
  }

  destroy(): void {
    queueMicrotask(() => this.end('closed on this side'));
  }

  end(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.handlers?.closed(reason);
  }
}

/** Effects whose connections lead to fake databases, by endpoint. */
export class NetEffects implements Effects {
  readonly clock = new FakeEffects();
  readonly hosts = new Map<string, FakeOvsdb>();
  now = this.clock.now;
  after = this.clock.after;
  every = this.clock.every;
  defer = this.clock.defer;
  random = this.clock.random;
  connect = (endpoint: Endpoint, handlers: StreamHandlers & { opened(): void }): Stream => {
    const host = this.hosts.get(formatEndpoint(endpoint));
    if (host === undefined) throw new Error(`nothing is at ${formatEndpoint(endpoint)}`);
    return host.connect(handlers);
  };
}
