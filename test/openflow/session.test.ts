import fc from '../support/fast-check.js';
import t from 'tap';
import { encode, type Message, OFPP, OFPPR, type Port } from '../../src/openflow/index.js';
import type { SessionInput, SessionOutput } from '../../src/openflow/session/session.js';
import { append, type Chain, chainToArray, emptyChain } from '../../src/openflow/session/chain.js';
import { maxPorts } from '../../src/openflow/session/ports.js';
import { port } from '../support/port.js';
import {
  noData,
  hello,
  features,
  desc,
  portDesc,
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
  phaseOf,
  readyDriver,
} from '../support/session-driver.js';

t.test('liveness', t => {
  t.test('silence is asked about, and then ends the connection', t => {
    const driver = readyDriver();
    t.strictSame(driver.at(4_999), []);
    const [question, ...more] = sent(driver.at(5_000));
    t.strictSame(more, []);
    t.match(question, { type: 'echo_request', xid: 7 });
    t.strictSame(driver.at(9_999), [], 'asked once');
    t.equal(closing(driver.at(10_000))?.code, 'OF_TIMEOUT');
    t.end();
  });

  t.test('an answer buys five seconds more', t => {
    const driver = readyDriver();
    driver.at(5_000);
    driver.now = 9_900;
    t.strictSame(driver.hear({ type: 'echo_reply', xid: 7, data: noData }), []);
    t.strictSame(driver.at(14_899), []);
    t.match(sent(driver.at(14_900)), [{ type: 'echo_request', xid: 8 }]);
    t.end();
  });

  t.test('a peer that sends packets and never answers an echo is alive, until it falls silent', t => {
    const driver = readyDriver();
    for (let now = 500; now <= 60_000; now += 500) {
      t.strictSame(closing(driver.at(now)), undefined);
      t.equal(driver.hear(packetIn()).length, 1);
    }
    // Also one that is asked, and answers by a packet only.
    driver.at(66_000);
    driver.now = 66_500;
    driver.hear(packetIn());
    t.equal(closing(driver.at(71_100)), undefined);
    const outputs = [72_000, 73_000, 76_000, 77_000].flatMap(now => [...driver.at(now)]);
    t.strictSame(sent(outputs).length, 1, 'asked again');
    t.equal(closing(outputs)?.code, 'OF_TIMEOUT');
    t.end();
  });

  t.test('the packet path keeps its state, but for the time once in a second', t => {
    const driver = readyDriver();
    const { state } = driver;
    driver.now = 999;
    driver.hear(packetIn());
    t.equal(driver.state, state);
    driver.now = 1_000;
    driver.hear(packetIn());
    t.match(driver.state, { heardAt: 1_000 });
    t.end();
  });

  t.test('their echoes are answered with their data', t => {
    const data = Uint8Array.from({ length: 1_000 }, (_, index) => index);
    t.strictSame(sent(readyDriver().hear({ type: 'echo_request', xid: 9, data })), [
      { type: 'echo_reply', xid: 9, data },
    ]);
    t.end();
  });
  t.end();
});

t.test('ports of a ready switch', t => {
  const driver = readyDriver();
  const names = (outputs: readonly SessionOutput[]) =>
    outputs.flatMap(one =>
      one.type === 'port-status' ? [[...one.info.ports.values()].map(({ name }) => name)] : [],
    );
  t.strictSame(names(driver.hear(portStatus(OFPPR.ADD, port(2)))), [['p1', 'p2']]);
  const before = driver.state.phase === 'ready' ? driver.state.info.ports : new Map<number, Port>();
  t.strictSame(names(driver.hear(portStatus(OFPPR.MODIFY, port(2, 'tap')))), [['p1', 'tap']]);
  t.strictSame(names(driver.hear(portStatus(OFPPR.DELETE, port(1)), portStatus(OFPPR.DELETE, port(1)))), [
    ['tap'],
    ['tap'],
  ]);
  t.equal(before.get(2)?.name, 'p2', 'what was handed out stays as it was');

  const full = readyDriver(Array.from({ length: maxPorts }, (_, index) => port(index + 1)));
  const [status] = full.hear(portStatus(OFPPR.ADD, port(OFPP.MAX)));
  t.equal(
    status?.type === 'port-status' && status.info.ports.size,
    maxPorts,
    'no more than a switch can have',
  );
  full.hear(portStatus(OFPPR.MODIFY, port(7, 'seven')));
  t.equal(full.state.phase === 'ready' && full.state.info.ports.get(7)?.name, 'seven');
  t.end();
});

t.test('any sequence: no throw, one outcome for each token, one end', t => {
  const xid = fc.oneof(fc.integer({ min: 0, max: 14 }), fc.constantFrom(0xffff_fffe, 0xffff_ffff));
  const more = fc.boolean();
  const message: fc.Arbitrary<Message> = fc.oneof(
    fc.constantFrom(hello(), hello(), hello(1), hello(6, [4, 6])),
    xid.map(id => features(id)),
    xid.map(id => desc(id)),
    fc.tuple(xid, more).map(([id, flag]) => portDesc(id, [port(id)], flag)),
    fc.tuple(xid, more).map(([id, flag]) => flowPart(id, [1n], flag)),
    fc.tuple(xid, more).map(([id, flag]) => groupPart(id, [1], flag)),
    xid.map(barrier),
    fc.tuple(xid, fc.constantFrom(0, 1, 5, 0xffff)).map(([id, type]) => error(id, type)),
    xid.map(packetIn),
    fc.tuple(xid, fc.integer({ min: 0, max: 4 })).map(([id, reason]) => portStatus(reason, port(id), id)),
    xid.map((id): Message => ({ type: 'echo_request', xid: id, data: noData })),
    xid.map((id): Message => ({ type: 'echo_reply', xid: id, data: noData })),
    xid.map((id): Message => ({ type: 'barrier_request', xid: id })),
    xid.map((id): Message => ({ type: 'unknown', version: 4, typeId: 27, xid: id, body: noData })),
  );
  const handshake: readonly Message[] = [hello(), features(2), desc(4), portDesc(5, []), barrier(6)];
  const input = fc.oneof(
    { weight: 8, arbitrary: message.map(one => ({ type: 'message' as const, message: one })) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.constantFrom(flowMod, askFlows, askGroups), { maxLength: 3 })
        .map(messages => ({ type: 'exchange' as const, messages })),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'tick' as const }) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 20 }).map(frame => ({ type: 'bad-frame' as const, frame })),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'opened' as const }) },
    { weight: 1, arbitrary: fc.constant({ type: 'closed' as const, reason: 'lost' }) },
  );
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(input, fc.integer({ min: 0, max: 4_000 })), { maxLength: 60 }),
      (shaken, inputs) => {
        const driver = new Driver();
        let token = 1;
        driver.open({ token, messages: [askFlows, askGroups] });
        if (shaken) driver.hear(...handshake);
        const told: number[] = [];
        for (const [one, wait] of inputs) {
          driver.now += wait;
          const { now } = driver;
          const before = phaseOf(driver);
          const given: SessionInput =
            one.type === 'exchange'
              ? { ...one, token: ++token, now }
              : one.type === 'closed'
                ? one
                : { ...one, now };
          const outputs = driver.step(given);
          told.push(...outcomes(outputs).map(([id]) => id));
          const ends = outputs.filter(({ type }) => type === 'close').length;
          if (ends > 0 && (ends > 1 || before === 'closed' || phaseOf(driver) !== 'closed')) return false;
          for (const out of sent(outputs)) encode(out);
        }
        told.push(...outcomes(driver.lose()).map(([id]) => id));
        // Every token once, none twice, none that was not given.
        return (
          told.length === token && new Set(told).size === token && told.every(id => id >= 1 && id <= token)
        );
      },
    ),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a chain keeps what was appended, in order, and what was before', t => {
  const one: Chain<number> = append(emptyChain, 1);
  const two = append(one, 2);
  const other = append(one, 3);
  t.strictSame(
    [chainToArray(emptyChain), chainToArray(one), chainToArray(two), chainToArray(other)],
    [[], [1], [1, 2], [1, 3]],
  );
  t.strictSame([emptyChain.size, one.size, two.size], [0, 1, 2]);
  t.end();
});
