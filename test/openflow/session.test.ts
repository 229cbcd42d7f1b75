import fc from '../support/fast-check.js';
import t from 'tap';
import type { HeddleError } from '../../src/lib/errors.js';
import {
  bundleAdd,
  type BundleControl,
  encode,
  type ErrorMessage,
  type FlowMod,
  type Message,
  type MultipartReply,
  OFP_NO_BUFFER,
  OFPG,
  OFPMPF_REPLY_MORE,
  OFPP,
  OFPPR,
  OFPTT,
  type PacketIn,
  type Port,
  type PortStatus,
} from '../../src/openflow/index.js';
import {
  initialSession,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  type Asked,
  timing as sessionTiming,
  stepSession,
} from '../../src/openflow/session/session.js';
import { featuresIn } from '../../src/openflow/session/features.js';
import { type ExchangeOutcome, maxParts } from '../../src/openflow/session/exchange.js';
import { append, type Chain, chainToArray, emptyChain } from '../../src/openflow/session/chain.js';
import { maxPorts } from '../../src/openflow/session/ports.js';
import { xidAfter, xidSteps } from '../../src/openflow/session/xid.js';

const noData = new Uint8Array(0);
const dpid = 0x0000_0242_ac11_0002n;

const port = (portNo: number, name = `p${portNo}`): Port => ({
  portNo,
  hwAddr: 0x02_00_00_00_00_00 + portNo,
  name,
  config: 0,
  state: 0,
  curr: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currSpeed: 0,
  maxSpeed: 0,
});

const hello = (version = 4, versions?: readonly number[]): Message => ({
  type: 'hello',
  xid: 77,
  version,
  ...(versions && { versions }),
});
const features = (xid: number, auxiliaryId = 0): Message => ({
  type: 'features_reply',
  xid,
  datapathId: dpid,
  nBuffers: 0,
  nTables: 254,
  auxiliaryId,
  capabilities: 0,
  reserved: 0,
});
const desc = (xid: number): Message => ({
  type: 'multipart_reply',
  xid,
  flags: 0,
  body: { type: 'desc', mfrDesc: 'Nicira', hwDesc: '', swDesc: '3.1.0', serialNum: '', dpDesc: '' },
});
const portDesc = (xid: number, entries: readonly Port[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: { type: 'port_desc', entries },
});
const barrier = (xid: number): Message => ({ type: 'barrier_reply', xid });
const error = (xid: number, errorType = 5, code = 1): ErrorMessage => ({
  type: 'error',
  version: 4,
  xid,
  errorType,
  code,
  data: noData,
});
const portStatus = (reason: number, desc: Port, xid = 0): PortStatus => ({
  type: 'port_status',
  xid,
  reason,
  desc,
});
const packetIn = (xid = 0): PacketIn => ({
  type: 'packet_in',
  xid,
  bufferId: OFP_NO_BUFFER,
  totalLen: 0,
  reason: 0,
  tableId: 0,
  cookie: 0n,
  match: [],
  data: noData,
});
const flowMod: FlowMod = {
  type: 'flow_mod',
  xid: 0,
  cookie: 1n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 1,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions: [],
};
const askFlows: Message = {
  type: 'multipart_request',
  xid: 0,
  flags: 0,
  body: {
    type: 'flow',
    tableId: OFPTT.ALL,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    cookie: 0n,
    cookieMask: 0n,
    match: [],
  },
};
const askGroups: Message = { type: 'multipart_request', xid: 0, flags: 0, body: { type: 'group_desc' } };
const flowPart = (xid: number, cookies: readonly bigint[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: {
    type: 'flow',
    entries: cookies.map(cookie => ({
      tableId: 0,
      durationSec: 0,
      durationNsec: 0,
      priority: 1,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: 0,
      cookie,
      packetCount: 0n,
      byteCount: 0n,
      match: [],
      instructions: [],
    })),
  },
});
const groupPart = (xid: number, ids: readonly number[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: { type: 'group_desc', entries: ids.map(groupId => ({ groupType: 'all', groupId, buckets: [] })) },
});

/** A session with its state kept, and what each input brought about. */
class Driver {
  state: SessionState;
  now: number;
  constructor(state: SessionState = initialSession, now = 0) {
    this.state = state;
    this.now = now;
  }
  step(input: SessionInput): readonly SessionOutput[] {
    const { state, outputs } = stepSession(this.state, input);
    this.state = state;
    return outputs;
  }
  open = (...early: readonly Asked[]) => this.step({ type: 'opened', now: this.now, early });
  hear = (...messages: readonly Message[]) =>
    messages.flatMap(message => this.step({ type: 'message', message, now: this.now }));
  garble = (frame: Uint8Array) => this.step({ type: 'bad-frame', frame, now: this.now });
  at(now: number): readonly SessionOutput[] {
    this.now = now;
    return this.step({ type: 'tick', now });
  }
  lose = (reason = 'reset') => this.step({ type: 'closed', reason });
  /** Opens an exchange; the transaction ids of what it sends, the barrier's last. */
  ask(token: number, messages: readonly Message[], errorsSince?: number): readonly number[] {
    const since = errorsSince === undefined ? {} : { errorsSince };
    const outputs = this.step({ type: 'exchange', token, messages, now: this.now, ...since });
    return sent(outputs).map(({ xid }) => xid);
  }
}

const sent = (outputs: readonly SessionOutput[]): readonly Message[] =>
  outputs.flatMap(output => (output.type === 'send' ? [output.message] : []));
const closing = (outputs: readonly SessionOutput[]): HeddleError | undefined =>
  outputs.find(output => output.type === 'close')?.error;
const outcomes = (outputs: readonly SessionOutput[]): readonly (readonly [number, ExchangeOutcome])[] =>
  outputs.flatMap(output => (output.type === 'outcome' ? [[output.token, output.outcome] as const] : []));
const done = (outputs: readonly SessionOutput[]): ExchangeOutcome & { type: 'done' } => {
  const [[, outcome] = [], ...more] = outcomes(outputs);
  if (outcome?.type !== 'done' || more.length > 0)
    throw new Error(`no single good outcome in ${outputs.length}`);
  return outcome;
};
const cookiesOf = (replies: readonly Message[]): readonly bigint[] =>
  replies.flatMap(reply =>
    reply.type === 'multipart_reply' && reply.body.type === 'flow'
      ? reply.body.entries.map(({ cookie }) => cookie)
      : [],
  );

const phaseOf = ({ state }: Driver): SessionState['phase'] => state.phase;

/** A session in which the hello has been said; the four questions have the transaction ids 2 to 5, the barrier 6. */
function greeted(): Driver {
  const driver = new Driver();
  driver.open();
  driver.hear(hello());
  return driver;
}

function readyDriver(ports: readonly Port[] = [port(1)]): Driver {
  const driver = greeted();
  driver.hear(features(2), desc(4), portDesc(5, ports), barrier(6));
  return driver;
}

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

t.test('an opened session is not opened again', t => {
  const driver = readyDriver();
  driver.ask(1, [flowMod]);
  t.strictSame(driver.open(), []);
  t.equal(outcomes(driver.lose()).length, 1);
  t.equal(sent(driver.open()).length, 1, 'a closed one is');
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
