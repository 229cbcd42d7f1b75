import t from 'tap';
import { encode, type Message, type MultipartReply, OFPP, OFPPR } from '../../src/openflow/index.js';
import { type SessionOutput, timing as sessionTiming } from '../../src/openflow/session/session.js';
import { featuresIn } from '../../src/openflow/session/features.js';
import { port } from '../support/port.js';
import {
  noData,
  dpid,
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
  done,
  cookiesOf,
  greeted,
  readyDriver,
} from '../support/session-driver.js';

t.test('hello', t => {
  t.test('says 1.3 in its header and in its bitmap', t => {
    t.strictSame(sent(new Driver().open()), [{ type: 'hello', xid: 1, version: 4, versions: [4] }]);
    t.end();
  });

  t.test('every way to agree on 1.3', t => {
    for (const message of [
      hello(4),
      hello(5),
      hello(6),
      hello(4, [4]),
      hello(6, [1, 4, 6]),
      // The bitmap counts, whatever the header says [OF1.3.5 6.3.1].
      hello(1, [1, 4]),
    ]) {
      const driver = new Driver();
      driver.open();
      t.strictSame(
        sent(driver.hear(message)).map(one => one.type),
        ['features_request', 'set_config', 'multipart_request', 'multipart_request', 'barrier_request'],
        JSON.stringify(message),
      );
      t.equal(driver.state.phase, 'features');
    }
    t.end();
  });

  t.test('no common version: HELLO_FAILED with a text, and an error that says what to do', t => {
    const cases: readonly (readonly [Message, RegExp])[] = [
      [hello(1), /speaks OpenFlow 1\.0, not OpenFlow 1\.3/],
      [hello(3), /speaks OpenFlow 1\.2, /],
      [hello(5, [1, 5]), /speaks OpenFlow 1\.0, OpenFlow 1\.4, /],
      [hello(4, []), /speaks no version of OpenFlow, /],
      [hello(4, [40]), /speaks version 40, /],
    ];
    for (const [message, text] of cases) {
      const driver = new Driver();
      driver.open();
      const outputs = driver.hear(message);
      const [answer, ...more] = sent(outputs);
      t.strictSame(more, []);
      t.match(answer, { type: 'error', xid: 77, errorType: 0, code: 0 });
      if (message.type === 'hello')
        t.match(answer, { version: message.version }, 'in a version that it knows');
      const data = answer?.type === 'error' ? new TextDecoder().decode(answer.data) : '';
      t.match(data, /^[\x20-\x7e]*OpenFlow 1\.3[\x20-\x7e]*$/);
      t.equal(closing(outputs)?.code, 'OF_BAD_VERSION');
      t.match(closing(outputs)?.message, text);
      t.match(closing(outputs)?.message, /ovs-vsctl set bridge \S+ protocols=OpenFlow13/);
      t.equal(outputs.at(-1)?.type, 'close', 'the text goes out first');
      t.equal(driver.state.phase, 'closed');
    }
    t.end();
  });

  t.test('a bitmap of half a million versions is not all written into a log', t => {
    const driver = new Driver();
    driver.open();
    const many = Array.from({ length: 500_000 }, (_, index) => index + 100);
    t.ok((closing(driver.hear(hello(4, many)))?.message.length ?? 0) < 300);
    t.end();
  });

  t.test('the switch refuses us, before its hello or after it', t => {
    for (const first of [[], [hello(6)]]) {
      const driver = new Driver();
      driver.open();
      driver.hear(...first);
      const outputs = driver.hear(error(1, 0, 0));
      t.equal(closing(outputs)?.code, 'OF_BAD_VERSION');
      t.match(closing(outputs)?.message, /OFPHFC_INCOMPATIBLE.*protocols=OpenFlow13/);
      t.strictSame(sent(outputs), [], 'an error is not answered');
    }
    t.end();
  });

  t.test('anything else in its place ends the connection', t => {
    for (const message of [
      features(2),
      packetIn(),
      barrier(1),
      { type: 'echo_request', xid: 1, data: noData } as const,
    ]) {
      const driver = new Driver();
      driver.open();
      const outputs = driver.hear(message);
      t.equal(closing(outputs)?.code, 'OF_BAD_FRAME');
      t.match(closing(outputs)?.message, `the first message was ${message.type}`);
    }
    const driver = new Driver();
    driver.open();
    t.equal(closing(driver.garble(new Uint8Array(8)))?.code, 'OF_BAD_FRAME');
    t.end();
  });
  t.end();
});

t.test('what a switch can do', t => {
  const reply = (body: MultipartReply['body']): Message => ({
    type: 'multipart_reply',
    xid: 1,
    flags: 0,
    body,
  });
  const about = {
    type: 'desc',
    mfrDesc: 'Nicira, Inc.',
    swDesc: '3.1.0',
    serialNum: '',
    dpDesc: '',
  } as const;
  const meters = {
    type: 'meter_features',
    maxMeter: 200_000,
    bandTypes: 2,
    capabilities: 15,
    maxBands: 1,
    maxColor: 0,
  } as const;
  t.strictSame(featuresIn([reply({ ...about, hwDesc: 'Open vSwitch' }), reply(meters)]), {
    ovsVersion: '3.1.0',
    meters: { most: 200_000, bandTypes: 2, capabilities: 15 },
  });
  t.strictSame(featuresIn([reply({ ...about, hwDesc: 'of another make' })]), {});
  t.end();
});

t.test('the switch is asked what it is', t => {
  t.test('and known by its answers', t => {
    const driver = greeted();
    t.strictSame(driver.hear(features(2), desc(4), portDesc(5, [port(1), port(OFPP.LOCAL, 'br0')])), []);
    const [ready, ...more] = driver.hear(barrier(6));
    t.strictSame(more, []);
    const info = {
      dpid,
      tables: 254,
      description: 'Nicira 3.1.0',
      features: {},
      ports: new Map([
        [1, port(1)],
        [OFPP.LOCAL, port(OFPP.LOCAL, 'br0')],
      ]),
    };
    t.strictSame(ready, { type: 'ready', info });
    t.end();
  });

  t.test('ports come in parts', t => {
    const driver = greeted();
    driver.hear(portDesc(5, [port(1)], true), features(2), portDesc(5, [port(2)], true), desc(4));
    driver.hear(portDesc(5, [port(3)]), barrier(6));
    t.strictSame(driver.state.phase === 'ready' && [...driver.state.info.ports.keys()], [1, 2, 3]);
    t.end();
  });

  t.test('ports that change meanwhile are neither lost nor undone', t => {
    const portsAfter = (...messages: readonly Message[]) => {
      const driver = greeted();
      driver.hear(features(2), desc(4), ...messages, barrier(6));
      return driver.state.phase === 'ready'
        ? [...driver.state.info.ports.values()].map(({ name }) => name)
        : [];
    };
    const all = portDesc(5, [port(1), port(2)]);
    t.strictSame(portsAfter(all, portStatus(OFPPR.ADD, port(3))), ['p1', 'p2', 'p3']);
    t.strictSame(portsAfter(all, portStatus(OFPPR.DELETE, port(1))), ['p2']);
    t.strictSame(portsAfter(all, portStatus(OFPPR.MODIFY, port(2, 'new'))), ['p1', 'new']);
    t.strictSame(
      portsAfter(portStatus(OFPPR.MODIFY, port(2, 'old')), all),
      ['p2', 'p1'],
      'the later word counts',
    );
    t.strictSame(
      portsAfter(portDesc(5, [port(1)], true), portStatus(OFPPR.DELETE, port(1)), portDesc(5, [port(2)])),
      ['p2'],
    );
    // A switch numbers what it sends by itself as it likes.
    t.strictSame(portsAfter(all, portStatus(OFPPR.ADD, port(3), 5)), ['p1', 'p2', 'p3']);
    t.end();
  });

  t.test('a status between hello and hello is a first message that is no hello', t => {
    const driver = new Driver();
    driver.open();
    t.equal(closing(driver.hear(portStatus(OFPPR.ADD, port(1))))?.code, 'OF_BAD_FRAME');
    t.end();
  });

  t.test('echoes are answered, packets and a second hello are let pass', t => {
    const driver = greeted();
    const data = Uint8Array.of(1, 2, 3);
    t.strictSame(driver.hear({ type: 'echo_request', xid: 5, data }), [
      { type: 'send', message: { type: 'echo_reply', xid: 5, data } },
    ]);
    // With transaction ids that look like ours.
    t.strictSame(driver.hear(packetIn(5), hello(), { type: 'echo_reply', xid: 2, data }, barrier(99)), []);
    driver.hear(features(2), desc(4), portDesc(5, []));
    t.equal(driver.hear(barrier(6))[0]?.type, 'ready');
    t.end();
  });

  t.test('what is missing in the answers is told', t => {
    const cases: readonly (readonly [string, readonly Message[], RegExp])[] = [
      ['OF_BAD_FRAME', [desc(4), portDesc(5, [])], /FEATURES_REQUEST with nothing/],
      ['OF_BAD_FRAME', [error(2, 1, 1), desc(4), portDesc(5, [])], /FEATURES_REQUEST with OFPBRC_BAD_TYPE/],
      ['OF_BAD_FRAME', [features(2, 1), desc(4), portDesc(5, [])], /auxiliary/],
      ['OF_INCOMPLETE', [features(2), desc(4)], /before any part of its port_desc/],
      [
        'OF_INCOMPLETE',
        [features(2), desc(4), portDesc(5, [], true)],
        /before the last part of its port_desc/,
      ],
    ];
    for (const [code, answers, text] of cases) {
      const driver = greeted();
      const outputs = driver.hear(...answers, barrier(6));
      t.equal(closing(outputs)?.code, code);
      t.match(closing(outputs)?.message, text);
      t.equal(outputs.length, 1);
      t.equal(driver.state.phase, 'closed');
    }
    t.end();
  });

  t.test('a switch that will not say who made it is served all the same', t => {
    const driver = greeted();
    driver.hear(features(2), error(4, 1, 2), portDesc(5, [port(1)]));
    t.match(driver.hear(barrier(6)), [{ type: 'ready', info: { description: '', dpid } }]);
    t.end();
  });

  t.test('takes ten seconds at most, however much is said', t => {
    for (const driver of [new Driver(), greeted()]) {
      if (driver.state.phase === 'closed') driver.open();
      t.strictSame(driver.at(sessionTiming.handshake - 1), []);
      if (driver.state.phase === 'features') driver.hear(portStatus(OFPPR.ADD, port(9)));
      t.equal(closing(driver.at(sessionTiming.handshake))?.code, 'OF_TIMEOUT');
      t.strictSame(driver.at(sessionTiming.handshake * 2), [], 'told once');
    }
    t.end();
  });
  t.end();
});

t.test('what is asked early', t => {
  /** The handshake's own have the transaction ids 2 to 6, the early ones 7, 8 and, with the barrier, 9. */
  const opened = (): Driver => {
    const driver = new Driver();
    t.equal(
      sent(driver.open({ token: 1, messages: [askFlows, askGroups] })).length,
      1,
      'not before their hello',
    );
    return driver;
  };
  const shaken = (): Driver => {
    const driver = opened();
    t.strictSame(
      sent(driver.hear(hello())).map(({ xid }) => xid),
      [2, 3, 4, 5, 6, 7, 8, 9],
      'goes out with the questions of the handshake',
    );
    return driver;
  };
  const handshake = [features(2), desc(4), portDesc(5, [port(1)]), barrier(6)];

  t.test('is answered after the switch is known', t => {
    const driver = shaken();
    t.match(driver.hear(...handshake), [{ type: 'ready', info: { dpid } }]);
    driver.hear(flowPart(7, [1n], true), groupPart(8, [1]), flowPart(7, [2n]));
    const { replies, first } = done(driver.hear(barrier(9)));
    t.strictSame(cookiesOf(replies), [1n, 2n]);
    t.equal(first, 7);
    t.strictSame(driver.ask(2, [flowMod]), [10, 11]);
    t.equal(outcomes(driver.lose()).length, 1, 'the other one is still open');
    t.end();
  });

  t.test('or before, by a switch that keeps no order', t => {
    const driver = shaken();
    driver.hear(features(2), flowPart(7, [1n]), error(8));
    const { replies, errors } = done(driver.hear(barrier(9)));
    t.strictSame(cookiesOf(replies), [1n]);
    t.match(errors, [{ index: 1 }]);
    t.match(driver.hear(...handshake.slice(1)), [{ type: 'ready', info: { dpid } }]);
    t.equal(outcomes(driver.lose()).length, 0, 'nothing is open any more');
    t.end();
  });

  t.test('has one outcome, however the handshake ends', t => {
    const ends: Readonly<Record<string, (driver: Driver) => readonly SessionOutput[]>> = {
      'it is lost': driver => driver.lose(),
      'no hello': driver => driver.hear(features(2)),
      'a hello that cannot be read': driver => driver.garble(encode(hello())),
      'another version': driver => driver.hear(hello(1)),
      'our version is refused': driver => driver.hear(error(1, 0, 0)),
      'it takes too long': driver => driver.at(sessionTiming.handshake),
      'our version is refused late': driver => driver.hear(hello(), error(1, 0, 0)),
      'no features': driver => driver.hear(hello(), ...handshake.slice(1)),
      'an auxiliary connection': driver => driver.hear(hello(), features(2, 1), ...handshake.slice(1)),
      'ports are missing': driver => driver.hear(hello(), features(2), desc(4), barrier(6)),
      'an answer that is not whole': driver => driver.hear(hello(), flowPart(7, [1n], true), barrier(9)),
      'an early answer that cannot be read': driver => [
        ...driver.hear(hello()),
        ...driver.garble(encode(barrier(7))),
      ],
      'it is lost after the hello': driver => [...driver.hear(hello()), ...driver.lose()],
    };
    for (const [name, end] of Object.entries(ends)) {
      const driver = opened();
      t.match(outcomes(end(driver)), [[1, { type: 'failed' }]], name);
      t.equal(driver.state.phase, 'closed', name);
      t.strictSame(driver.lose(), [], name);
    }
    t.end();
  });
  t.end();
});

t.test('an opened session is not opened again', t => {
  const driver = readyDriver();
  driver.ask(1, [flowMod]);
  t.strictSame(driver.open(), []);
  t.equal(outcomes(driver.lose()).length, 1);
  t.equal(sent(driver.open()).length, 1, 'a closed one is');
  t.end();
});
