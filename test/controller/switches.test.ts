import t from 'tap';
import type { StreamHandlers } from '../../src/controller/effects.js';
import {
  fullAt,
  hopelessAt,
  hopelessGreetingAt,
  maxBadFrames,
  SwitchConnection,
} from '../../src/controller/switch-connection.js';
import { dpidOfName } from '../../src/config/dpid.js';
import { Takeovers } from '../../src/controller/contest.js';
import { type Evidence, whyLeftAlone } from '../../src/controller/left-alone.js';
import { maxGreeting, Switches, type SwitchesOptions } from '../../src/controller/switches.js';
import {
  type AppEvent,
  emptyProgram,
  makeCookie,
  type Scope,
  type SwitchView,
} from '../../src/intent/index.js';
import {
  decode,
  encode,
  FrameSplitter,
  type Message,
  OFP_NO_BUFFER,
  OFPP,
  OFPPR,
  output,
  type PacketIn,
  type PacketOut,
  type Port,
} from '../../src/openflow/index.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';
import { checkPart } from '../../src/reconcile/check.js';
import { FakeEffects, FakeLog, MemoryStream, settled } from '../support/fake-effects.js';
import { FakeSwitch } from '../support/fake-switch.js';

const noData = new Uint8Array(0);
const hello: Message = { type: 'hello', xid: 1, version: 4, versions: [4] };
const echo = (xid: number, size = 0): Message => ({ type: 'echo_request', xid, data: new Uint8Array(size) });
const packetIn = (text: string): PacketIn => ({
  type: 'packet_in',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  totalLen: text.length,
  reason: 0,
  tableId: 0,
  cookie: 0n,
  match: [],
  data: Uint8Array.from(Buffer.from(text)),
});
const packetOut = (data: Uint8Array, port: number = OFPP.FLOOD): PacketOut => ({
  type: 'packet_out',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  inPort: OFPP.CONTROLLER,
  actions: [output(port)],
  data,
});
const port = (portNo: number): Port => ({
  portNo,
  hwAddr: 0,
  name: `p${portNo}`,
  config: 0,
  state: 0,
  curr: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currSpeed: 0,
  maxSpeed: 0,
});
const features = (xid: number, datapathId = 7n): Message => ({
  type: 'features_reply',
  xid,
  datapathId,
  nBuffers: 0,
  nTables: 254,
  auxiliaryId: 0,
  capabilities: 0,
  reserved: 0,
});
const answers = (dpid = 7n): readonly Message[] => [
  features(2, dpid),
  {
    type: 'multipart_reply',
    xid: 4,
    flags: 0,
    body: { type: 'desc', mfrDesc: 'M', hwDesc: 'H', swDesc: 'S', serialNum: '', dpDesc: '' },
  },
  { type: 'multipart_reply', xid: 5, flags: 0, body: { type: 'port_desc', entries: [port(1)] } },
  { type: 'barrier_reply', xid: 6 },
];
const bytesOf = (...messages: readonly Message[]): Uint8Array =>
  Buffer.concat(messages.map(one => encode(one)));
const messagesIn = (stream: MemoryStream): readonly Message[] => {
  const frames = new FrameSplitter();
  return stream.writes.splice(0).flatMap(bytes => [...frames.push(bytes)].map(decode));
};
const typesIn = (stream: MemoryStream): readonly string[] => messagesIn(stream).map(({ type }) => type);

/** One connection over a stream in memory, and all that it told. */
class Line {
  readonly stream = new MemoryStream();
  readonly effects = new FakeEffects();
  readonly told: string[] = [];
  readonly connection: SwitchConnection = new SwitchConnection(this.stream, this.effects, {
    ready: ({ dpid }) => this.told.push(`ready ${dpid}`),
    asynchronous: ({ type }) => {
      this.told.push(type);
      if (type === 'packet_in') this.connection.send([packetOut(noData)]);
    },
    portStatus: ({ desc }) => this.told.push(`port ${desc.portNo}`),
    closed: reason => this.told.push(`closed: ${reason}`),
  });

  constructor() {
    this.stream.handlers = this.connection;
    this.connection.open();
  }

  hear(...messages: readonly Message[]): void {
    this.connection.received(bytesOf(...messages));
  }

  ready(): this {
    this.hear(hello, ...answers());
    this.stream.writes.length = 0;
    this.told.length = 0;
    return this;
  }
}

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

  t.test('drops what apps send while the peer does not read, and ends when it is hopeless', t => {
    const line = new Line().ready();
    line.stream.pending = fullAt;
    line.connection.send([packetOut(noData)]);
    t.equal(line.stream.writes.length, 1);
    line.stream.pending = fullAt + 1;
    line.connection.send([packetOut(noData), packetOut(noData)]);
    t.equal(line.stream.writes.length, 1);
    t.equal(line.connection.dropped, 2);
    line.hear(echo(1));
    t.equal(line.stream.writes.length, 2, 'what the protocol asks for is still said');
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
class Fleet {
  readonly effects = new FakeEffects();
  readonly log = new FakeLog();
  readonly events: AppEvent[] = [];
  reply: (event: AppEvent, view: SwitchView) => readonly Message[] = () => [];
  readonly switches: Switches;

  constructor(options: Partial<SwitchesOptions> = {}) {
    this.switches = new Switches({
      effects: this.effects,
      log: this.log,
      hypervisorOf: dpid => (dpid === 7n ? 'kvm7' : undefined),
      leaveAlone: () => undefined,
      wanted: () => [checkPart({ app: 'none', number: 9, program: emptyProgram })],
      isTakenOver: () => false,
      onEvent: (event, view) => {
        this.events.push(event);
        return this.reply(event, view);
      },
      ...options,
    });
  }

  async connect(fake: FakeSwitch): Promise<FakeSwitch> {
    fake.connect(stream => this.switches.accept(stream));
    await fake.settle();
    return fake;
  }

  /** What apps were told since the last time. */
  news(): readonly string[] {
    return this.events.splice(0).map(event => event.type);
  }
}

/** How often a switch was asked for its flows. */
const dumpsIn = (fake: FakeSwitch): number =>
  fake.log.filter(message => message.type === 'multipart_request' && message.body.type === 'flow').length;

t.test('switches', t => {
  t.test('a switch is told when it has been read, and nothing of it before', async t => {
    const fleet = new Fleet();
    const fake = new FakeSwitch({ dpid: 7n, ports: [port(1)] });
    fake.connect(stream => fleet.switches.accept(stream));
    fake.send(...answers(), packetIn('too early'), {
      type: 'port_status',
      xid: 0,
      reason: OFPPR.ADD,
      desc: port(2),
    });
    fake.send(packetIn('also too early'));
    t.equal(fleet.switches.all.length, 1);
    t.strictSame(fleet.news(), []);
    t.strictSame([...(fleet.switches.views.get(7n)?.ports.keys() ?? [])], [1, 2], 'but its ports are kept');
    // The handshake is answered once more, which belongs to nothing, and what was asked together with it.
    await fake.settle();
    t.strictSame(fleet.news(), ['switch-up']);
    fake.send(packetIn('now'));
    fake.send({ type: 'port_status', xid: 0, reason: OFPPR.DELETE, desc: port(2) });
    t.match(fleet.events, [
      { type: 'packet-in', dpid: 7n, packet: { data: Buffer.from('now') } },
      { type: 'port-status', dpid: 7n, reason: OFPPR.DELETE, port: { portNo: 2 } },
    ]);
    t.strictSame([...(fleet.switches.views.get(7n)?.ports.keys() ?? [])], [1]);
    t.match(fleet.switches.views.get(7n), { hypervisor: 'kvm7' });
    t.match(fleet.log.told, [/^kvm7 connected/]);
  });

  t.test('what apps answer goes to the switch that the event came from, in one write', async t => {
    const fleet = new Fleet();
    fleet.reply = event => (event.type === 'packet-in' ? [packetOut(event.packet.data)] : []);
    const [one, two] = [
      await fleet.connect(new FakeSwitch({ dpid: 1n })),
      await fleet.connect(new FakeSwitch({ dpid: 2n })),
    ];
    one.send(packetIn('a'), packetIn('b'));
    t.equal(one.stream?.writes.length, 1);
    t.equal(two.stream?.writes.length, 0);
    t.match(one.stream && messagesIn(one.stream), [{ data: Buffer.from('a') }, { data: Buffer.from('b') }]);
  });

  t.test('an app that answers what cannot be sent loses that message only', async t => {
    const fleet = new Fleet();
    fleet.reply = event =>
      event.type === 'packet-in' ? [packetOut(new Uint8Array(70_000)), packetOut(event.packet.data)] : [];
    const fake = await fleet.connect(new FakeSwitch({ dpid: 7n }));
    fake.send(packetIn('a'), packetIn('b'));
    t.equal(fake.stream && messagesIn(fake.stream).length, 2);
    t.equal(fleet.log.lines.filter(({ level }) => level === 'error').length, 2);
    t.ok(fake.isConnected);
  });

  t.test('a switch is read together with the handshake', async t => {
    const fleet = new Fleet();
    const fake = new FakeSwitch({ dpid: 7n });
    fake.connect(stream => fleet.switches.accept(stream));
    t.equal(fake.stream?.writes.length, 2, 'a hello, and all questions');
    await fake.settle();
    t.strictSame(fleet.news(), ['switch-up']);
    t.equal(fleet.switches.all[0]?.sync.phase, 'in sync');
    t.equal(dumpsIn(fake), 1);
    const read = fleet.switches.readAgain(7n);
    await fake.settle();
    t.match(await read, { view: { dpid: 7n } });
    t.equal(dumpsIn(fake), 2, 'an answer is of use once');
  });

  t.test('what it said while another connection could change it does not count', async t => {
    const fleet = new Fleet();
    const old = await fleet.connect(new FakeSwitch({ dpid: 7n }));
    t.equal(dumpsIn(old), 1);
    const anew = await fleet.connect(new FakeSwitch({ dpid: 7n }));
    t.equal(dumpsIn(anew), 2, 'it is read once the other one has ended');
    t.equal(fleet.switches.all[0]?.sync.phase, 'in sync');
  });

  t.test('the same switch connects anew: the newer connection counts', async t => {
    const fleet = new Fleet();
    const old = await fleet.connect(new FakeSwitch({ dpid: 7n, ports: [port(1)] }));
    const oldStream = old.stream;
    t.strictSame(fleet.news(), ['switch-up']);
    const anew = await fleet.connect(new FakeSwitch({ dpid: 7n, ports: [port(2)] }));
    t.ok(oldStream?.isDestroyed);
    t.strictSame(fleet.news(), ['switch-down', 'switch-up'], 'in this order');
    t.equal(fleet.switches.all.length, 1);
    t.equal(fleet.switches.all[0]?.sync.phase, 'in sync');
    t.strictSame([...(fleet.switches.views.get(7n)?.ports.keys() ?? [])], [2]);
    t.ok(anew.isConnected);

    t.comment('what the old one still says, and its late end, change nothing');
    old.send(packetIn('a ghost'));
    old.cut();
    await settled();
    t.strictSame(fleet.news(), []);
    t.ok(fleet.switches.views.has(7n));
    anew.send(packetIn('alive'));
    t.strictSame(fleet.news(), ['packet-in']);
    anew.cut();
    t.strictSame(fleet.news(), ['switch-down']);
    t.equal(fleet.switches.views.size, 0);
  });

  t.test('connects anew while it is being read: up and down come in pairs', async t => {
    const fleet = new Fleet();
    const slow = new FakeSwitch({ dpid: 7n });
    slow.connect(stream => fleet.switches.accept(stream));
    slow.send(...answers());
    t.equal(fleet.switches.all.length, 1);
    const anew = await fleet.connect(new FakeSwitch({ dpid: 7n }));
    await slow.settle();
    t.strictSame(fleet.news(), ['switch-up']);
    anew.cut();
    t.strictSame(fleet.news(), ['switch-down']);
  });

  t.test('a switch that goes while it is being read was never there', async t => {
    const fleet = new Fleet();
    const fake = new FakeSwitch({ dpid: 7n });
    fake.connect(stream => fleet.switches.accept(stream));
    fake.send(...answers());
    fake.cut();
    await settled();
    t.strictSame(fleet.news(), []);
    t.equal(fleet.switches.views.size, 0);
  });

  t.test('greetings are limited, known switches are not counted', async t => {
    const fleet = new Fleet();
    await fleet.connect(new FakeSwitch({ dpid: 7n }));
    const accept = (): readonly [MemoryStream, StreamHandlers] => {
      const stream = new MemoryStream();
      const handlers = fleet.switches.accept(stream);
      stream.handlers = handlers;
      return [stream, handlers];
    };
    const greeting = Array.from({ length: maxGreeting }, accept);
    t.notOk(greeting.some(([stream]) => stream.isDestroyed));
    const [late, handlers] = accept();
    t.ok(late.isDestroyed);
    t.equal(late.writes.length, 0);
    t.doesNotThrow(() => {
      handlers.received(Uint8Array.of(1));
      handlers.closed('gone');
    });
    t.ok(accept()[0].isDestroyed, 'one that was refused makes no room');
    greeting[0]?.[1].closed('gone');
    t.notOk(accept()[0].isDestroyed, 'one that goes does');
    t.ok(accept()[0].isDestroyed);

    fleet.effects.advance(10_000);
    fleet.switches.tick();
    await settled();
    t.equal(greeting.filter(([stream]) => stream.isDestroyed).length, maxGreeting - 1, 'time is up for them');
    t.notOk(accept()[0].isDestroyed);
    t.equal(fleet.switches.all.length, 1);
  });

  t.test('a packet costs the same with few switches and with many', async t => {
    const fleet = new Fleet();
    const first = await fleet.connect(new FakeSwitch({ dpid: 1n }));
    const packets = bytesOf(...Array.from({ length: 200 }, (_, index) => packetIn(`packet ${index}`)));
    const time = (): number => {
      const times = Array.from({ length: 15 }, () => {
        const start = performance.now();
        for (let round = 0; round < 10; round++) first.connection.received(packets);
        fleet.events.length = 0;
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    time();
    const alone = time();
    for (let dpid = 2n; dpid <= 1_000n; dpid++) await fleet.connect(new FakeSwitch({ dpid }));
    const among = time();
    t.equal(fleet.switches.all.length, 1_000);
    // A search through all of them would cost hundreds of times as much.
    t.ok(among < alone * 10 + 1, `${alone} ms alone, ${among} ms among 1,000`);
  });

  t.test('lets go of all of them at the end', async t => {
    const fleet = new Fleet();
    const fakes = [];
    for (const dpid of [1n, 2n, 3n]) fakes.push(await fleet.connect(new FakeSwitch({ dpid })));
    const stranger = new MemoryStream();
    stranger.handlers = fleet.switches.accept(stranger);
    fleet.news();
    fleet.switches.closeAll('Heddle stops');
    await settled();
    t.ok(stranger.isDestroyed);
    t.notOk(fakes.some(({ isConnected }) => isConnected));
    t.strictSame(fleet.news(), ['switch-down', 'switch-down', 'switch-down']);
    t.equal(fleet.switches.all.length, 0);
    fleet.switches.tick();
  });
  t.end();
});

t.test('switches that are left alone', async t => {
  const verdict: { why?: string } = {};
  const asked: unknown[] = [];
  const fleet = new Fleet({
    leaveAlone: (_view, holds) => {
      asked.push(holds?.flows.size);
      return verdict.why;
    },
  });
  const one = new FakeSwitch({ dpid: 5n });
  one.connect(stream => fleet.switches.accept(stream));
  await one.settle();
  t.strictSame(asked, [undefined, 0], 'asked before anything is read, and after');
  t.strictSame(
    fleet.events.map(({ type }) => type),
    ['switch-up'],
  );
  t.equal(fleet.switches.views.size, 1);

  verdict.why = 'left alone: a test';
  fleet.switches.judge();
  fleet.switches.judge();
  t.strictSame(
    fleet.events.map(({ type }) => type),
    ['switch-up', 'switch-down'],
    'to the apps it is gone',
  );
  t.equal(fleet.switches.views.size, 0);
  t.equal(fleet.switches.all[0]?.leftAlone, verdict.why);

  const two = new FakeSwitch({ dpid: 6n });
  two.connect(stream => fleet.switches.accept(stream));
  await two.settle();
  fleet.switches.reconcile(6n);
  await two.settle();
  t.equal(fleet.events.length, 2, 'no app is told');
  t.notOk(
    two.log.some(message => ['flow_mod', 'group_mod', 'bundle_control'].includes(message.type)),
    'nothing is sent',
  );
  t.equal(fleet.switches.all.length, 2, 'both stay connected');
});

t.test('why a switch is left alone', t => {
  const scopes = new Map<number, Scope>([
    [1, 'hypervisors'],
    [2, 'others'],
  ]);
  const scopeOf = (app: number): Scope | undefined => scopes.get(app);
  const why = (more: Partial<Evidence>): string | undefined => whyLeftAlone({ dpid: 7n, scopeOf, ...more });
  const cookie = (app: number, kind: 'static' | 'learned' = 'static'): bigint => makeCookie(app, kind, 1);
  const remedy = /del-flows BRIDGE cookie=0x4864000000000000\/0xffff000000000000/;
  t.equal(why({}), undefined);
  t.match(why({ dpid: dpidOfName('kvm1') }), remedy);
  t.match(why({ bridge: { name: 'br-int', hypervisor: 'kvm1' } }), /bridge br-int of kvm1/);
  t.match(why({ holds: { cookies: [cookie(0), cookie(1)], groups: 0 } }), remedy);
  t.match(why({ holds: { cookies: [cookie(1, 'learned')], groups: 0 } }), remedy);
  t.match(why({ holds: { cookies: [], groups: 1 } }), remedy);
  t.equal(why({ holds: { cookies: [cookie(0), cookie(2), cookie(9)], groups: 0 } }), undefined);
  t.equal(why({ holds: { cookies: [cookie(2)], groups: 1 } }), undefined, "groups of a user's own app");
  t.end();
});

t.test('two switches with one datapath id', t => {
  const takeovers = new Takeovers();
  t.equal(takeovers.took(7n, 'a', 'b', 0), false);
  t.equal(takeovers.took(7n, 'b', 'a', 10_000), false, 'a switch that came back twice');
  t.equal(takeovers.problems(10_000).size, 0);
  t.equal(takeovers.took(7n, 'a', 'b', 15_000), true);
  t.match(takeovers.problems(15_000).get(7n), /a and b/);
  t.equal(takeovers.problems(74_999).size, 1);
  t.equal(takeovers.problems(75_000).size, 0, 'a minute after the last');
  t.end();
});
