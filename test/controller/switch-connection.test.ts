import t from 'tap';
import {
  fullAt,
  hopelessAt,
  hopelessGreetingAt,
  maxBadFrames,
} from '../../src/controller/switch-connection.js';
import { flowMod } from '../../src/openflow/index.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';
import { settled } from '../support/fake-effects.js';
import { port } from '../support/port.js';
import {
  noData,
  hello,
  echo,
  packetIn,
  packetOut,
  answers,
  bytesOf,
  messagesIn,
  typesIn,
  Line,
} from '../support/switch-line.js';

t.test('a connection', t => {
  t.test('comes up from bytes, wherever the stream is cut', t => {
    const bytes = bytesOf(hello, ...answers(), packetIn('one'), {
      type: 'port_status',
      xid: 0,
      reason: 0,
      desc: port(9),
    });
    for (const size of [1, 2, 7, 8, 9, 100, bytes.length]) {
      const line = new Line();
      for (let at = 0; at < bytes.length; at += size) line.connection.received(bytes.subarray(at, at + size));
      t.strictSame(line.told, ['ready 7', 'packet_in', 'port 9'], `pieces of ${size}`);
      t.strictSame(typesIn(line.stream), [
        'hello',
        'features_request',
        'set_config',
        'multipart_request',
        'multipart_request',
        'barrier_request',
        'packet_out',
      ]);
    }
    t.end();
  });

  t.test('writes once for all that one read brought about', t => {
    const line = new Line();
    t.equal(line.stream.writes.length, 1, 'its hello');
    line.hear(hello);
    t.equal(line.stream.writes.length, 2, 'its questions');
    line.hear(...answers());
    t.equal(line.stream.writes.length, 2, 'nothing to say: nothing is written');
    line.stream.writes.length = 0;
    line.hear(...Array.from({ length: 50 }, (_, index) => packetIn(`packet ${index}`)), echo(5), echo(6));
    t.equal(line.stream.writes.length, 1);
    t.equal(typesIn(line.stream).length, 52);
    t.end();
  });

  t.test('what was written is not changed by what is written later', t => {
    const line = new Line().ready();
    line.hear(echo(1, 3));
    line.hear(echo(2, 3));
    t.strictSame(
      messagesIn(line.stream).map(({ xid }) => xid),
      [1, 2],
    );
    // The same for what is so large that its memory is handed over.
    line.connection.send(Array.from({ length: 10 }, () => packetOut(new Uint8Array(60_000).fill(1))));
    line.connection.send(Array.from({ length: 10 }, () => packetOut(new Uint8Array(60_000).fill(2))));
    const sizes = messagesIn(line.stream).map(one => one.type === 'packet_out' && one.data[0]);
    t.strictSame(sizes, [...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 10 }, () => 2)]);
    t.end();
  });

  t.test('that is not OpenFlow is closed', t => {
    for (const garbage of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
      '\x04\x00\x00\x07aaaa',
    ]) {
      const line = new Line();
      line.connection.received(Buffer.from(garbage, 'latin1'));
      t.match(line.told, [/^closed: this is not OpenFlow: /], JSON.stringify(garbage));
      t.ok(line.stream.isDestroyed);
      line.hear(hello);
      line.connection.tick();
      t.equal(line.told.length, 1, 'and not listened to any more');
    }
    t.end();
  });

  t.test('that speaks OpenFlow 1.0 gets its reason before the end', async t => {
    const line = new Line();
    line.hear({ type: 'hello', xid: 3, version: 1 });
    t.strictSame(typesIn(line.stream), ['hello', 'error']);
    t.ok(line.stream.isDestroyed);
    t.match(line.told, [/^closed: the switch speaks OpenFlow 1\.0.*protocols=OpenFlow13/]);
    await settled();
    t.equal(line.told.length, 1, 'told once, though the stream tells it too');
  });

  t.test('answers frames that it cannot read, up to a bound', t => {
    const line = new Line().ready();
    const bad = bytesOf(packetIn('some bytes')).slice();
    bad.set([0xff, 0xff], 26); // the length of its match
    for (let count = 1; count <= maxBadFrames; count++) line.connection.received(bad);
    t.strictSame(new Set(typesIn(line.stream)), new Set(['error']));
    t.equal(line.connection.badFrames, maxBadFrames);
    t.strictSame(line.told, []);
    line.hear(packetIn('a good one'));
    t.strictSame(line.told, ['packet_in'], 'each cost itself alone');
    line.connection.received(bad);
    t.match(line.told, ['packet_in', /^closed: more than 100 messages that cannot be read/]);
    t.end();
  });

  t.test('drops packets while the peer does not read, and ends when it is hopeless', t => {
    const line = new Line().ready();
    line.stream.pending = fullAt;
    line.connection.send([packetOut(noData)]);
    t.equal(line.stream.writes.length, 1);
    line.stream.pending = fullAt + 1;
    line.connection.send([packetOut(noData), packetOut(noData)]);
    t.equal(line.stream.writes.length, 1);
    t.equal(line.connection.dropped, 2);
    line.connection.send([packetOut(noData), flowMod({ command: 'delete' })]);
    t.strictSame(typesIn(line.stream).slice(-1), ['flow_mod'], 'a flow that is to go is not kept');
    t.equal(line.connection.dropped, 3);
    line.hear(packetIn('one'), packetIn('two'));
    t.equal(line.connection.dropped, 5, 'and nobody hears of packets that could not be answered');
    t.strictSame(line.told, []);
    line.hear(echo(1));
    t.strictSame(typesIn(line.stream), ['echo_reply'], 'what the protocol asks for is still said');
    line.stream.pending = 0;
    line.hear(packetIn('three'));
    t.strictSame(line.told.splice(0), ['packet_in']);
    line.stream.pending = hopelessAt + 1;
    line.hear(echo(1));
    t.strictSame(line.told, ['closed: it does not read what it is sent']);
    t.ok(line.stream.isDestroyed);
    t.end();
  });

  t.test('a stranger that asks and never reads is not waited for as long', t => {
    const line = new Line();
    line.stream.hold = true;
    line.hear(hello);
    let sent = 0;
    while (!line.stream.isDestroyed && sent < 100 * 2 ** 20) {
      line.hear(echo(1, 60_000));
      sent += 60_000;
    }
    t.ok(sent <= hopelessGreetingAt + 120_000, `${sent} bytes`);
    t.equal(line.told.length, 1);
    t.end();
  });

  t.test('closes once, also when its last words are too many', async t => {
    const line = new Line().ready();
    const outcome = line.connection.exchange([]);
    line.stream.hold = true;
    line.stream.pending = hopelessAt + 1;
    line.connection.close('enough');
    line.connection.close('enough, really');
    line.connection.closed('reset');
    t.strictSame(line.told, ['closed: enough']);
    t.match(await outcome, { type: 'failed', error: { code: 'OF_CLOSED', message: 'enough' } });
    t.match(await line.connection.exchange([]), { type: 'failed', error: { code: 'OF_CLOSED' } });
    line.stream.writes.length = 0;
    line.connection.send([packetOut(noData)]);
    t.equal(line.stream.writes.length, 0);
  });

  t.test('closed by an app in the middle of a read: the rest of it is not told', t => {
    const line = new Line().ready();
    const { connection } = line;
    Object.defineProperty(line.told, 'push', { value: () => connection.close('an app says so') });
    line.hear(packetIn('a'), packetIn('b'));
    t.ok(line.stream.isDestroyed);
    t.end();
  });

  t.test('time: asks a silent peer, then ends', t => {
    const line = new Line().ready();
    line.effects.advance(5_000);
    line.connection.tick();
    t.strictSame(typesIn(line.stream), ['echo_request']);
    line.effects.advance(5_000);
    line.connection.tick();
    t.match(line.told, [/^closed: no answer to an echo request/]);
    t.end();
  });

  t.test('a message that cannot be encoded', async t => {
    const huge = packetOut(new Uint8Array(70_000));
    const line = new Line().ready();
    t.throws(() => line.connection.send([packetOut(noData), huge, packetOut(noData)]), {
      code: 'OF_BAD_FRAME',
    });
    t.strictSame(typesIn(line.stream), ['packet_out', 'packet_out'], 'costs itself alone');

    const pending = line.connection.exchange([packetOut(noData), huge, packetOut(noData)]);
    const sent = messagesIn(line.stream);
    t.strictSame(
      sent.map(({ type }) => type),
      ['packet_out', 'packet_out', 'barrier_request'],
    );
    line.hear({ type: 'barrier_reply', xid: sent.at(-1)?.xid ?? 0 });
    const outcome: ExchangeOutcome = await pending;
    t.match(outcome, { type: 'done', errors: [{ index: 1, error: { errorType: 1, code: 6 } }] });
    t.equal(outcome.type === 'done' && outcome.errors.length, 1);
  });

  t.test('exchanges that are under way when the peer goes fail, each once', async t => {
    const line = new Line().ready();
    const all = [1, 2, 3].map(() => line.connection.exchange([packetOut(noData)]));
    line.connection.closed('reset by peer');
    for (const outcome of await Promise.all(all))
      t.match(outcome, { type: 'failed', error: { message: 'reset by peer' } });
    t.strictSame(line.told, ['closed: reset by peer']);
  });
  t.end();
});

/** Switches with no wishes of their own, and what the apps heard. */
