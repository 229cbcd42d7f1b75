import t from 'tap';
import type { StreamHandlers } from '../../src/controller/effects.js';
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
import { type Message, OFPPR } from '../../src/openflow/index.js';
import { checkPart } from '../../src/reconcile/check.js';
import { FakeEffects, FakeLog, MemoryStream, settled } from '../support/fake-effects.js';
import { FakeSwitch } from '../support/fake-switch.js';
import { port } from '../support/port.js';
import { packetIn, packetOut, answers, bytesOf, messagesIn } from '../support/switch-line.js';

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
