import fc from '../support/fast-check.js';
import t from 'tap';
import { bundleAdd, type BundleControl, encode, OFPPR } from '../../src/openflow/index.js';
import type { SessionOutput } from '../../src/openflow/session/session.js';
import { maxParts } from '../../src/openflow/session/exchange.js';
import { xidAfter, xidSteps } from '../../src/openflow/session/xid.js';
import { port } from '../support/port.js';
import {
  hello,
  barrier,
  error,
  portStatus,
  packetIn,
  flowMod,
  askFlows,
  askGroups,
  flowPart,
  groupPart,
  Driver,
  sent,
  closing,
  outcomes,
  done,
  cookiesOf,
  greeted,
  readyDriver,
} from '../support/session-driver.js';

t.test('exchanges', t => {
  t.test('messages are numbered, the barrier comes last, and its answer is the outcome', t => {
    const driver = readyDriver();
    const [first = 0, second = 0, last = 0] = driver.ask(1, [flowMod, flowMod]);
    t.strictSame([first, second, last], [7, 8, 9]);
    t.strictSame(driver.hear(error(second)), []);
    const { replies, errors, first: told } = done(driver.hear(barrier(last)));
    t.strictSame(replies, []);
    t.strictSame(errors, [{ index: 1, error: error(second) }]);
    t.equal(told, first);
    t.end();
  });

  t.test('a bundled message carries the number of its envelope', t => {
    const driver = readyDriver();
    const outputs = driver.step({
      type: 'exchange',
      token: 1,
      messages: [flowMod, bundleAdd(0, 1, 3, flowMod)],
      now: 0,
    });
    const [, add] = sent(outputs);
    t.match(add, { type: 'bundle_add', xid: 8, message: { xid: 8 } });
    t.end();
  });

  t.test('replies are joined from their parts, two requests at a time, two exchanges at a time', t => {
    const driver = readyDriver();
    const [flows = 0, groups = 0, last = 0] = driver.ask(1, [askFlows, askGroups]);
    const [otherFlows = 0, otherLast = 0] = driver.ask(2, [askFlows]);
    t.strictSame(
      driver.hear(
        flowPart(flows, [1n], true),
        groupPart(groups, [1], true),
        flowPart(otherFlows, [8n], true),
        flowPart(flows, [2n, 3n], true),
        groupPart(groups, [2]),
        flowPart(flows, []),
        flowPart(otherFlows, [9n]),
      ),
      [],
    );
    const { replies } = done(driver.hear(barrier(last)));
    t.strictSame(cookiesOf(replies), [1n, 2n, 3n]);
    t.strictSame(
      replies.flatMap(reply =>
        reply.type === 'multipart_reply' && reply.body.type === 'group_desc'
          ? reply.body.entries.map(({ groupId }) => groupId)
          : [],
      ),
      [1, 2],
    );
    t.equal(replies.length, 2);
    t.strictSame(cookiesOf(done(driver.hear(barrier(otherLast))).replies), [8n, 9n]);
    t.end();
  });

  t.test('a state that was kept is not changed by what comes after it', t => {
    const driver = readyDriver();
    const [flows = 0, last = 0] = driver.ask(1, [askFlows]);
    driver.hear(flowPart(flows, [1n], true));
    const kept = driver.state;
    driver.hear(flowPart(flows, [2n]));
    t.strictSame(cookiesOf(done(driver.hear(barrier(last))).replies), [1n, 2n]);
    const again = new Driver(kept);
    again.hear(flowPart(flows, [3n]));
    t.strictSame(cookiesOf(done(again.hear(barrier(last))).replies), [1n, 3n]);
    t.end();
  });

  t.test('an answer that is not whole is not taken for the whole', t => {
    type Bad = (driver: Driver, flows: number, last: number) => readonly SessionOutput[];
    const cases: readonly (readonly [string, RegExp, Bad])[] = [
      [
        'more to come',
        /last part of its flow/,
        (d, flows, last) => d.hear(flowPart(flows, [1n], true), barrier(last)),
      ],
      ['no answer', /any part of its flow/, (d, _, last) => d.hear(barrier(last))],
      [
        'another kind',
        /group_desc that was not asked for/,
        (d, flows, last) => d.hear(groupPart(flows, [1]), barrier(last)),
      ],
      [
        'two kinds',
        /group_desc that was not asked for/,
        (d, flows, last) => d.hear(flowPart(flows, [1n], true), groupPart(flows, [1]), barrier(last)),
      ],
      [
        'a part that cannot be read',
        /cannot be read/,
        (d, flows) => [...d.hear(flowPart(flows, [1n], true)), ...d.garble(encode(flowPart(flows, [2n])))],
      ],
      [
        'a part too many',
        /more than 4096 parts/,
        (d, flows) => Array.from({ length: maxParts + 1 }, () => d.hear(flowPart(flows, [], true))).flat(),
      ],
      ['a barrier refused', /refused a barrier/, (d, _, last) => d.hear(error(last, 1, 1))],
      [
        'errors without end',
        /more than 2 errors for 1 message/,
        (d, flows) => d.hear(error(flows), error(flows), error(flows)),
      ],
    ];
    for (const [name, text, run] of cases) {
      const driver = readyDriver();
      const [flows = 0, last = 0] = driver.ask(1, [askFlows]);
      driver.ask(2, [flowMod]);
      const outputs = run(driver, flows, last);
      const all = outcomes(outputs);
      t.strictSame(
        all.map(([token]) => token),
        [1, 2],
        `${name}: each exchange has its one outcome`,
      );
      for (const [, outcome] of all)
        t.match(outcome, { type: 'failed', error: { code: 'OF_INCOMPLETE' } }, name);
      t.equal(closing(outputs)?.code, 'OF_INCOMPLETE', name);
      t.match(closing(outputs)?.message, text, name);
      t.strictSame(driver.lose(), [], 'and no other');
    }
    t.end();
  });

  t.test('a request that was refused needs no answer', t => {
    const driver = readyDriver();
    const [flows = 0, groups = 0, last = 0] = driver.ask(1, [askFlows, askGroups]);
    const { replies, errors } = done(driver.hear(flowPart(flows, [1n]), error(groups, 1, 2), barrier(last)));
    t.strictSame(cookiesOf(replies), [1n]);
    t.strictSame(
      errors.map(({ index }) => index),
      [1],
    );
    t.end();
  });

  t.test('what fails at the commit is told under the add that it was', t => {
    const control = (controlType: BundleControl['controlType']): BundleControl => ({
      type: 'bundle_control',
      xid: 0,
      bundleId: 1,
      controlType,
      flags: 3,
    });
    const driver = readyDriver();
    const [open = 0, , add = 0, addsBarrier = 0] = driver.ask(1, [control('open_request'), flowMod, flowMod]);
    const adds = done(driver.hear({ ...control('open_reply'), xid: open }, barrier(addsBarrier)));
    t.strictSame(adds.replies, [{ ...control('open_reply'), xid: open }]);
    // An exchange that comes between keeps its own errors.
    const [between = 0, betweenBarrier = 0] = driver.ask(2, [flowMod]);
    const [commit = 0, last = 0] = driver.ask(3, [control('commit_request')], adds.first);
    driver.hear(error(between, 5, 2), error(add, 5, 3), error(commit, 0xffff, 2313));
    t.match(done(driver.hear(barrier(betweenBarrier))).errors, [{ index: 0, error: { code: 2 } }]);
    t.match(done(driver.hear(barrier(last))).errors, [
      { index: 2, error: { code: 3 } },
      { index: commit - open, error: { code: 2313 } },
    ]);
    t.end();
  });

  t.test('replies to nothing that was asked change nothing', t => {
    const driver = readyDriver();
    const [flows = 0, last = 0] = driver.ask(1, [askFlows]);
    const strangers = [
      flowPart(last + 50, [5n]),
      flowPart(0, [6n]),
      barrier(last + 50),
      barrier(flows),
      barrier(0),
      error(last + 50),
      error(0),
      error(3),
    ];
    t.strictSame(
      driver.hear(...strangers),
      strangers.map(message => ({ type: 'asynchronous', message })),
    );
    // Nor does what a switch sends by itself under a number like ours.
    t.match(driver.hear(packetIn(flows), portStatus(OFPPR.ADD, port(2), flows), hello()), [
      { type: 'asynchronous', message: { type: 'packet_in' } },
      { type: 'port-status' },
      { type: 'asynchronous', message: { type: 'hello' } },
    ]);
    const { replies, errors } = done(driver.hear(flowPart(flows, [1n]), barrier(last)));
    t.strictSame([cookiesOf(replies), errors], [[1n], []]);
    t.match(
      driver.hear(barrier(last)),
      [{ type: 'asynchronous' }],
      'a barrier answered twice gives one outcome',
    );
    t.end();
  });

  t.test('with nothing to send it is a bare barrier', t => {
    const driver = readyDriver();
    const [last = 0, ...more] = driver.ask(1, []);
    t.strictSame(more, []);
    t.strictSame(done(driver.hear(barrier(last))), { type: 'done', replies: [], errors: [], first: last });
    t.end();
  });

  t.test('on a session that is not ready they fail at once', t => {
    const closedDriver = readyDriver();
    closedDriver.lose();
    for (const driver of [new Driver(), greeted(), closedDriver]) {
      const outputs = driver.step({ type: 'exchange', token: 4, messages: [flowMod], now: 0 });
      t.match(outputs, [
        { type: 'outcome', token: 4, outcome: { type: 'failed', error: { code: 'OF_CLOSED' } } },
      ]);
    }
    t.end();
  });

  t.test('all that are open fail, each once, when the connection ends', t => {
    const driver = readyDriver();
    for (const token of [1, 2, 3]) driver.ask(token, [flowMod]);
    const all = outcomes(driver.lose('reset by peer'));
    t.strictSame(
      all.map(([token]) => token),
      [1, 2, 3],
    );
    for (const [, outcome] of all)
      t.match(outcome, { error: { code: 'OF_CLOSED', message: 'reset by peer' } });
    t.strictSame(driver.lose(), []);
    t.end();
  });

  t.test('a barrier that is never answered ends the connection; progress keeps it', t => {
    const driver = readyDriver();
    const [flows = 0] = driver.ask(1, [askFlows]);
    driver.ask(2, []);
    driver.now = 20_000;
    driver.hear(packetIn(), flowPart(flows, [1n], true));
    const lonely = readyDriver();
    lonely.ask(1, [askFlows]);
    lonely.now = 20_000;
    lonely.hear(flowPart(flows, [1n], true));
    lonely.now = 29_999;
    lonely.hear(packetIn());
    t.equal(closing(lonely.at(30_000)), undefined);
    driver.now = 29_999;
    driver.hear(packetIn());
    const outputs = driver.at(30_000);
    t.equal(closing(outputs)?.code, 'OF_TIMEOUT');
    t.strictSame(
      outcomes(outputs).map(([token, outcome]) => [token, outcome.type === 'failed' && outcome.error.code]),
      [
        [1, 'OF_TIMEOUT'],
        [2, 'OF_TIMEOUT'],
      ],
    );
    t.end();
  });
  t.end();
});

t.test('transaction ids', t => {
  t.test('run in a ring without 0', t => {
    const last = 0xffff_ffff;
    t.strictSame([xidAfter(1, 1), xidAfter(last, 1), xidAfter(last - 1, 3), xidAfter(5, 0)], [2, 1, 2, 5]);
    t.strictSame([xidSteps(7, 7), xidSteps(7, 9), xidSteps(last, 1), xidSteps(9, 7)], [0, 2, 1, last - 2]);
    t.equal(xidSteps(1, 0), Infinity);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: last }), fc.integer({ min: 0, max: 1 << 20 }), (from, steps) => {
        const to = xidAfter(from, steps);
        return to >= 1 && to <= last && xidSteps(from, to) === steps;
      }),
    );
    t.end();
  });

  t.test('an exchange goes over the end of the ring, wherever that falls', t => {
    for (let before = 0; before <= 6; before++) {
      const { state } = readyDriver();
      if (state.phase !== 'ready') throw new Error('not ready');
      const driver = new Driver({ ...state, xid: 0xffff_ffff - before });
      const xids = driver.ask(1, [flowMod, askFlows, flowMod]);
      t.equal(new Set(xids).size, 4);
      t.notOk(xids.includes(0));
      t.ok(Math.max(...xids) <= 0xffff_ffff);
      const [first = 0, flows = 0, third = 0, last = 0] = xids;
      driver.hear(error(0), flowPart(flows, [1n]), error(third));
      const adds = done(driver.hear(barrier(last)));
      t.strictSame(cookiesOf(adds.replies), [1n]);
      t.match(adds.errors, [{ index: 2 }]);
      // The commit's own numbers may stand before those of the adds.
      const [commit = 0, commitBarrier = 0] = driver.ask(2, [flowMod], first);
      driver.hear(error(third), error(commit));
      t.match(done(driver.hear(barrier(commitBarrier))).errors, [{ index: 2 }, { index: 4 }]);
    }
    t.end();
  });
  t.end();
});

t.test('frames that cannot be read', t => {
  const frame = (version: number, type: number, xid: number, size = 100): Uint8Array => {
    const bytes = new Uint8Array(size).fill(0xee);
    bytes.set([version, type, size >> 8, size & 0xff, xid >>> 24, xid >>> 16, xid >>> 8, xid]);
    return bytes;
  };
  const driver = readyDriver();
  driver.ask(1, [askFlows]);
  t.strictSame(driver.garble(frame(4, 10, 7)), [
    {
      type: 'send',
      message: {
        type: 'error',
        version: 4,
        xid: 7,
        errorType: 1,
        code: 6,
        data: frame(4, 10, 7).slice(0, 64),
      },
    },
  ]);
  t.match(driver.garble(frame(1, 5, 0xfedc_ba98)), [
    { message: { type: 'error', version: 4, xid: 0xfedc_ba98, errorType: 1, code: 0 } },
  ]);
  t.strictSame(driver.garble(frame(4, 1, 99)), [], 'an error is never answered by an error');
  t.match(driver.garble(Uint8Array.of(4, 10)), [{ message: { xid: 0 } }]);
  t.equal(driver.state.phase, 'ready');

  const early = greeted();
  t.match(
    early.garble(frame(4, 12, 0)),
    [{ type: 'send', message: { type: 'error' } }],
    'also in the handshake',
  );
  t.equal(early.state.phase, 'features');
  t.equal(closing(early.garble(frame(4, 19, 5)))?.code, 'OF_INCOMPLETE', 'but not where an answer is lost');
  t.strictSame(early.garble(frame(4, 10, 0)), [], 'nothing more is said on a closed session');
  t.end();
});
