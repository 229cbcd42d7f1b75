import t from 'tap';
import {
  beginWatch,
  busyFor,
  endWatch,
  FlowWatch,
  mostEvents,
  mostSuspects,
  touchedBy,
} from '../../src/controller/flow-watch.js';
import { makeCookie } from '../../src/intent/index.js';
import { decode, encode, type FlowUpdate, type Message } from '../../src/openflow/index.js';
import { HeddleError } from '../../src/lib/errors.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';
import { settled } from '../support/fake-effects.js';

const mine = (hash: number): bigint => makeCookie(9, 'static', hash);
const touched = (cookie: bigint, type: 'added' | 'deleted' | 'modified' = 'modified'): FlowUpdate => ({
  type,
  reason: 0,
  priority: 1,
  idleTimeout: 0,
  hardTimeout: 0,
  tableId: 0,
  cookie,
  match: [],
  instructions: [],
});
const told = (...entries: readonly FlowUpdate[]): Message => ({
  type: 'multipart_reply',
  xid: 0,
  flags: 0,
  body: { type: 'flow_monitor', entries },
});

const taken: ExchangeOutcome = { type: 'done', replies: [], errors: [], first: 1 };
const refused: ExchangeOutcome = {
  ...taken,
  errors: [
    {
      index: 0,
      error: { type: 'error', version: 4, xid: 1, errorType: 1, code: 2, data: new Uint8Array(0) },
    },
  ],
};

/** A watch, and what it did. */
function watching(answer: ExchangeOutcome = taken): { readonly watch: FlowWatch; readonly did: unknown[] } {
  const did: unknown[] = [];
  const watch = new FlowWatch({
    exchange: messages => {
      did.push(...messages);
      return Promise.resolve(answer);
    },
    isOwnTold: tableId => tableId === 70,
    onSuspect: () => did.push('suspect'),
    onTooMuch: () => did.push('too much'),
  });
  return { watch, did };
}

t.test('what an event means', t => {
  for (const type of ['added', 'deleted', 'modified'] as const) {
    t.equal(touchedBy(touched(mine(1), type)), mine(1), type);
    for (const cookie of [0n, 0xabcn, makeCookie(9, 'learned', 1), makeCookie(9, 'reactive', 1)])
      t.equal(touchedBy(touched(cookie, type)), undefined, `${type} ${cookie}`);
  }
  t.equal(touchedBy({ type: 'abbrev', xid: 7 }), undefined, 'what this connection did itself');
  t.equal(touchedBy({ type: 'unknown', typeId: 9, body: new Uint8Array(4) }), undefined);
  t.end();
});

t.test('where the switch tells what Heddle does itself, that is no hint', t => {
  const { watch, did } = watching();
  watch.begin();
  const [update] = [touched(mine(1), 'added')];
  watch.heard(told({ ...update, tableId: 70 } as FlowUpdate));
  t.equal(watch.suspect, undefined);
  watch.heard(told({ ...update, tableId: 60 } as FlowUpdate));
  t.equal(watch.suspect, mine(1));
  t.same(did.slice(1), ['suspect']);
  t.end();
});

t.test('what is asked can be said', t => {
  for (const message of [beginWatch, endWatch]) t.match(decode(encode(message)), { type: message.type });
  t.end();
});

t.test('a watch', t => {
  const { watch, did } = watching();
  watch.heard(told(touched(mine(1))));
  t.equal(watch.suspect, undefined, 'nobody has asked');
  watch.begin();
  watch.begin();
  t.strictSame(did.splice(0), [beginWatch], 'asks once');
  watch.heard({ type: 'barrier_reply', xid: 0 });
  watch.heard(told());
  t.equal(watch.suspect, undefined);
  watch.heard(told(touched(mine(1)), { type: 'abbrev', xid: 3 }, touched(mine(2)), touched(0xabcn)));
  watch.heard(told(touched(mine(3))));
  t.strictSame(did.splice(0), ['suspect'], 'tells of the first');
  watch.looked(cookie => cookie !== mine(2));
  t.equal(watch.suspect, mine(2), 'what was not looked at stays');
  watch.looked(() => true);
  t.equal(watch.suspect, undefined);
  watch.heard(told(touched(mine(1))));
  t.strictSame(did.splice(0), ['suspect'], 'and of the first after that');
  t.end();
});

t.test('a switch that will not tell is asked once', async t => {
  for (const answer of [
    refused,
    { type: 'failed', error: new HeddleError('OF_CLOSED', 'gone') },
  ] satisfies ExchangeOutcome[]) {
    const { watch, did } = watching(answer);
    watch.begin();
    await settled();
    watch.begin();
    watch.heard(told(touched(mine(1))));
    t.equal(watch.suspect, undefined);
    t.strictSame(did, [beginWatch]);
  }
});

t.test('keeps so many cookies and no more', t => {
  const { watch } = watching();
  watch.begin();
  for (let hash = 0; hash < 2 * mostSuspects; hash++) watch.heard(told(touched(mine(hash))));
  let kept = 0;
  watch.looked(() => ++kept > 0);
  t.equal(kept, mostSuspects);
  t.end();
});

t.test('too many events, for too long', t => {
  /** @returns what came of that many events in each of these seconds */
  const after = (seconds: readonly number[], update: FlowUpdate): readonly unknown[] => {
    const { watch, did } = watching();
    watch.begin();
    watch.tick(0);
    for (const [second, events] of seconds.entries()) {
      watch.heard(told(...Array.from({ length: events }, () => update)));
      watch.tick((second + 1) * 1_000);
    }
    return did.slice(1);
  };
  const foreign = touched(0xabcn);
  const much = mostEvents + 1;
  const long = busyFor / 1_000;
  t.strictSame(after(Array(long - 1).fill(much), foreign), []);
  t.strictSame(after(Array(3 * long).fill(much), foreign), [endWatch, 'too much'], 'told once');
  t.strictSame(after(Array(3 * long).fill(mostEvents), foreign), [], 'so many are borne');
  const paused = Array.from({ length: 4 * long }, (_, second) => (second % long === 0 ? 1 : much));
  t.strictSame(after(paused, foreign), [], 'a second of rest, and it begins anew');
  t.strictSame(after(Array(3 * long).fill(much), { type: 'abbrev', xid: 1 }), [], 'our own do not count');

  const { watch, did } = watching();
  watch.begin();
  for (let now = 0; now <= 3 * busyFor; now += 1_000) {
    watch.tick(now);
    watch.heard(told(...Array.from({ length: much }, (_, hash) => touched(mine(hash)))));
  }
  t.equal(watch.suspect, undefined, 'nothing is looked at any more');
  t.strictSame(did.slice(-2), [endWatch, 'too much']);
  t.end();
});
