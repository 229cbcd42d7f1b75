import {
  OvsdbSession,
  zeroUuid,
  type Operation,
  type Replica,
  type SessionOptions,
  type SessionOutput,
  type Uuid,
} from '../../src/ovsdb/index.js';

export const uuidOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as Uuid;
/** Three rows, in an order. */
export const [a, b, c] = [uuidOf(10), uuidOf(11), uuidOf(12)];

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

export interface Sent {
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A server in memory: `answer` says what it does with a request; undefined means that it stays silent. */
export class FakeServer {
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

export const reply = ({ id }: Sent, result: unknown) => ({ id, result, error: null });
export const refuse = ({ id }: Sent, error: unknown) => ({ id, result: null, error });
export const update3 = (updates: unknown, transaction: string = zeroUuid) => ({
  id: null,
  method: 'update3',
  params: ['heddle', transaction, updates],
});

/** Answers as Open vSwitch does; each test replaces what it is about. */
export const answers =
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
