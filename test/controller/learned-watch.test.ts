import t from 'tap';
import {
  asChanges,
  busyFor,
  LearnedWatch,
  mostChanges,
  mostEarly,
  pollPeriod,
  restFor,
} from '../../src/controller/learned-watch.js';
import { type LearnedChange, makeCookie } from '../../src/intent/index.js';
import {
  decode,
  encode,
  type ErrorMessage,
  type FlowStats,
  type FlowUpdate,
  type Message,
} from '../../src/openflow/index.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';
import { settled } from '../support/fake-effects.js';

const cookieOf = (port: number): bigint => makeCookie(1, 'learned', port);
const update = (cookie: bigint, type: 'added' | 'deleted' | 'modified' = 'added'): FlowUpdate => ({
  ...{ type, reason: 0, priority: 100, idleTimeout: 0, hardTimeout: 300, tableId: 70 },
  ...{ cookie, match: [], instructions: [] },
});
const stats = (cookie: bigint, durationSec: number): FlowStats => ({
  ...{ tableId: 70, durationSec, durationNsec: 500_000_000, priority: 100, idleTimeout: 0, hardTimeout: 300 },
  ...{ flags: 0, cookie, packetCount: 0n, byteCount: 0n, match: [], instructions: [] },
});
const told = (...entries: readonly FlowUpdate[]): Message => ({
  ...{ type: 'multipart_reply', xid: 0, flags: 0, body: { type: 'flow_monitor', entries } },
});
const refusal: ErrorMessage = {
  ...{ type: 'error', version: 4, xid: 1, errorType: 1, code: 2, data: new Uint8Array(0) },
};
const done = (reply?: Message, error?: ErrorMessage): ExchangeOutcome => ({
  type: 'done',
  replies: reply === undefined ? [] : [reply],
  errors: error === undefined ? [] : [{ index: 0, error }],
  first: 1,
});

/** A watch over a switch that a test plays; `did` is what it told and sent, in words. */
class Bench {
  now = 0;
  tables: readonly number[] = [70];
  readonly did: string[] = [];
  readonly #answers: ((outcome: ExchangeOutcome) => void)[] = [];
  readonly watch = new LearnedWatch({
    tables: () => this.tables,
    exchange: messages => {
      const words = messages.map(wordsOf).join();
      const isCancel = messages.every(({ type }) => type === 'flow_monitor_cancel');
      this.did.push(`${isCancel ? 'sends' : 'asks'} ${words}`);
      if (isCancel) return Promise.resolve(done());
      return new Promise(resolve => this.#answers.push(resolve));
    },
    now: () => this.now,
    onNews: (changes, whole) => this.did.push(`${whole ? 'all' : 'news'} ${changes.map(tell).join()}`),
    onPolling: why => this.did.push(`polls: ${why}`),
  });

  async answer(outcome: ExchangeOutcome): Promise<void> {
    this.#answers.shift()?.(outcome);
    await settled();
  }

  /** Lets time pass in steps of a second. */
  pass(ms: number, each = (): void => undefined): void {
    for (const end = this.now + ms; this.now < end; this.now += 1_000) {
      each();
      this.watch.tick(this.now + 1_000);
    }
  }

  told(): string[] {
    return this.did.splice(0);
  }
}

const wordsOf = (message: Message): string => {
  const again = decode(encode(message));
  if (again.type !== 'multipart_request') return again.type;
  const { body } = again;
  return body.type === 'flow_monitor'
    ? `monitor ${body.entries.map(one => one.tableId).join('+')}`
    : body.type;
};
const tell = ({ type, flow: { cookie, since } }: LearnedChange): string =>
  `${type} ${cookie & 0xffn}${since === undefined ? '' : `@${since}`}`;

t.test('a switch that tells', async t => {
  const bench = new Bench();
  bench.watch.heard(told(update(cookieOf(1))));
  bench.watch.begin();
  bench.watch.begin();
  t.strictSame(bench.told(), ['asks monitor 70'], 'asks once');
  bench.now = 5_000;
  bench.watch.heard(told(update(cookieOf(3)), update(cookieOf(2), 'deleted')));
  t.strictSame(bench.told(), [], 'what has happened since is told after all that there is');
  await bench.answer(done(told(update(cookieOf(1)), update(cookieOf(2)), update(5n))));
  t.strictSame(bench.told(), ['all came 1,came 2', 'news came 3@5000,went 2@5000']);
  bench.watch.heard(
    told(
      update(makeCookie(1, 'static', 7)),
      { type: 'abbrev', xid: 3 },
      update(cookieOf(4)),
      update(cookieOf(5), 'modified'),
      update(cookieOf(4), 'deleted'),
    ),
  );
  t.strictSame(bench.told(), ['news came 4@5000,came 5@5000,went 4@5000'], 'in their order');
  bench.watch.heard(told(update(makeCookie(1, 'reactive', 7))));
  bench.watch.heard({ type: 'barrier_reply', xid: 0 });
  bench.pass(60_000);
  t.strictSame(bench.told(), [], 'and is not asked again');
  bench.tables = [70, 71];
  bench.pass(1_000);
  t.strictSame(bench.told(), ['sends flow_monitor_cancel', 'asks monitor 70+71'], 'unless tables change');
  bench.watch.close();
  await bench.answer(done(told(update(cookieOf(1)))));
  bench.watch.heard(told(update(cookieOf(1))));
  t.strictSame(bench.told(), [], 'nothing of a connection that has ended');
});

t.test('which tables a switch tells of', async t => {
  const bench = new Bench();
  bench.tables = [70, 71];
  const told = (): boolean[] => [70, 71, 72].map(table => bench.watch.isWatching(table));
  t.strictSame(told(), [false, false, false], 'none before it has been asked to');
  bench.watch.begin();
  t.strictSame(told(), [true, true, false], 'it may tell before its answer has come');
  await bench.answer(done());
  bench.tables = [70];
  t.strictSame(told(), [true, true, false], 'those that it was asked for, whatever is wanted by now');
  bench.pass(1_000);
  await bench.answer(done(undefined, refusal));
  t.strictSame(told(), [false, false, false], 'none of which it is asked now and then');
});

t.test('all of it once more', async t => {
  const bench = new Bench();
  bench.watch.again();
  t.strictSame(bench.told(), [], 'not before it has begun');
  bench.watch.begin();
  bench.watch.again();
  t.strictSame(bench.told(), ['asks monitor 70'], 'nor while it is being asked');
  await bench.answer(done());
  bench.told();
  bench.watch.again();
  t.strictSame(bench.told(), ['sends flow_monitor_cancel', 'asks monitor 70']);
  await bench.answer(done(told(update(cookieOf(1)))));
  t.strictSame(bench.told(), ['all came 1']);
});

t.test('a switch that does not know how to', async t => {
  const bench = new Bench();
  bench.now = 100_000;
  bench.watch.begin();
  await bench.answer(done(undefined, refusal));
  t.strictSame(bench.told(), ['asks monitor 70', 'polls: unknown']);
  bench.pass(1_000);
  const dump: Message = {
    ...{ type: 'multipart_reply', xid: 1, flags: 0 },
    body: { type: 'flow', entries: [stats(cookieOf(1), 40)] },
  };
  bench.pass(3 * pollPeriod);
  t.strictSame(bench.told(), ['asks flow'], 'one question at a time');
  await bench.answer(done(dump));
  t.strictSame(bench.told(), [`all came 1@${bench.now - 40_500}`]);
  bench.pass(pollPeriod);
  t.strictSame(bench.told(), ['asks flow']);
  await bench.answer(done(undefined, refusal));
  t.strictSame(bench.told(), [], 'what it would not tell stays as it was');
  bench.pass(2 * restFor);
  t.strictSame(bench.told(), ['asks flow'], 'and it is not asked to tell again');
});

t.test('too much to be told', async t => {
  const bench = new Bench();
  bench.watch.begin();
  await bench.answer(done(told()));
  bench.told();
  const hear = (count: number) => () =>
    bench.watch.heard(told(...Array.from({ length: count }, (_, index) => update(cookieOf(index & 0xff)))));
  bench.pass(4 * busyFor, hear(mostChanges));
  t.notOk(
    bench.told().some(words => !words.startsWith('news')),
    'so much is borne',
  );
  bench.pass(busyFor - 1_000, hear(mostChanges + 1));
  bench.pass(1_000);
  t.notOk(bench.told().some(words => !words.startsWith('news')));
  bench.pass(busyFor + 1_000, hear(mostChanges + 1));
  t.strictSame(
    bench.told().filter(words => !words.startsWith('news')),
    ['sends flow_monitor_cancel', 'polls: too many', 'asks flow'],
  );
  hear(1)();
  t.strictSame(bench.told(), [], 'what was under way is not heard');
  await bench.answer(done());
  bench.pass(restFor);
  t.ok(bench.told().includes('asks monitor 70'), 'after a while it is told again');
});

t.test('more than is kept, before it has told what there is', async t => {
  const bench = new Bench();
  bench.watch.begin();
  const many = Array.from({ length: mostEarly / 2 }, () => update(cookieOf(1)));
  for (let round = 0; round < 4; round++) bench.watch.heard(told(...many));
  bench.told();
  await bench.answer(done(told(update(cookieOf(1)))));
  t.strictSame(bench.told(), ['sends flow_monitor_cancel', 'polls: too many'], 'nothing of that is believed');
  bench.pass(1_000);
  t.strictSame(bench.told(), ['asks flow']);
});

t.test('nobody wants to know', t => {
  const bench = new Bench();
  bench.tables = [];
  bench.watch.begin();
  bench.pass(60_000);
  t.strictSame(bench.told(), []);
  bench.tables = [70];
  bench.watch.begin();
  t.strictSame(bench.told(), ['asks monitor 70'], 'until somebody does');
  t.end();
});

t.test('how old a flow is', t => {
  t.strictSame(asChanges([stats(cookieOf(1), 2)], 10_000).map(tell), ['came 1@7500']);
  t.end();
});
