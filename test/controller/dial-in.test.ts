/** Hosts that dial in with their OVSDB: who is served, who is refused, and what hostile ones cost. */
import t from 'tap';
import type { Stream, StreamHandlers } from '../../src/controller/effects.js';
import { portsOf, replicaFromJson, replicaToJson } from '../../src/ovsdb/index.js';
import { builtin, Fixture } from '../support/controller-world.js';
import { FakeOvsdb, FakeStream } from '../support/fake-ovsdb.js';
import { settled } from '../support/fake-effects.js';

const file = `
openflow: { listen: tcp:192.0.2.1:6653 }
ovsdb: { listen: tcp:0.0.0.0:6640 }
hypervisors:
  kvm1: { ovsdb: { system-id: one }, vtep: 10.97.0.1, datapath-id: "0000000000000001" }
  kvm2: { ovsdb: { system-id: two }, vtep: 10.97.0.2, datapath-id: "0000000000000002" }
`;

class DialIn extends Fixture {
  constructor(text = file) {
    super(text, [builtin('overlay'), builtin('learning-switch')]);
  }

  readonly accept = (stream: Stream): StreamHandlers => this.controller.acceptOvsdb(stream);

  dial(host: FakeOvsdb, systemId: string, peer?: string): FakeStream {
    return host.dialIn(this.accept, { systemId, ...(peer !== undefined && { peer }) });
  }

  host(name: string) {
    const found = this.controller.status().hypervisors.find(one => one.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  /** Lets so many seconds pass. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.effects.clock.advance(1_000);
      await this.settle();
    }
  }
}

t.test('hosts are known by their system-ids', async t => {
  const site = await new DialIn().start();
  const [one, two] = site.hosts;
  t.match(site.host('kvm1'), { state: 'waiting', ovsdb: 'system-id one', lock: 'unknown' });
  t.match(site.problems(), [
    /^kvm1: its OVSDB has not dialled in yet: .*set-manager tcp:HEDDLE:6640.* must tell one$/,
    /^kvm2: its OVSDB has not dialled in yet/,
  ]);
  site.dial(two, 'two', '192.0.2.12:4711');
  site.dial(one, 'one');
  await site.settle();
  t.match(site.host('kvm1'), { state: 'connected', peer: '192.0.2.11:40000', lock: 'held', transactions: 1 });
  t.match(site.host('kvm2'), { state: 'connected', peer: '192.0.2.12:4711' });
  t.strictSame(one.names('Bridge'), ['br-int'], 'its bridge is made');
  t.match(site.controller.hostOf('one'), { rows: { Bridge: {} } });
  t.equal(site.controller.hostOf('three'), undefined);
  t.strictSame(site.controller.status().strangers, []);
  await site.connect(...site.switches);
  t.equal(site.controller.status().ok, true);

  t.comment('the connection ends, and the host comes back');
  one.cut();
  await site.settle();
  t.match(site.host('kvm1'), { state: 'waiting', lastError: 'the other end closed the connection' });
  t.match(site.problems(), [
    /^kvm1: its OVSDB is not connected any more \(the other end closed the connection\)/,
  ]);
  t.equal(site.controller.hostOf('one'), undefined);
  await site.pass(30);
  t.equal(one.attempts + two.attempts, 0, 'Heddle connects to none by itself');
  site.dial(one, 'one');
  await site.settle();
  t.match(site.host('kvm1'), { state: 'connected', transactions: 1 });
  t.equal(site.controller.status().ok, true);
});

t.test('two with one system-id', async t => {
  const site = await new DialIn().start();
  const [one] = site.hosts;
  const first = site.dial(one, 'one');
  await site.settle();
  const copy = new FakeOvsdb();
  const second = site.dial(copy, 'one', '192.0.2.99:5000');
  await site.settle();
  t.strictSame([first.isOpen, second.isOpen], [true, false], 'the one that is connected is alive, and stays');
  t.strictSame(copy.names('Bridge'), [], 'the other is not touched');
  t.match(site.problems(), [
    /^kvm1: a second host dials in with its system-id, from 192\.0\.2\.99:5000/,
    /kvm1/,
    /kvm2/,
  ]);
  t.match(
    site.log.told.at(-1),
    /kvm1: 192.0.2.99:5000 was refused: it says that it is one, which is connected/,
  );
  await site.pass(61);
  t.notMatch(site.problems().join('\n'), /a second host/, 'it is not told for ever');

  t.comment('a host was cut off, and dials in anew: its old connection says nothing more');
  one.mute = true;
  const again = new FakeOvsdb();
  const third = site.dial(again, 'one', '192.0.2.11:40001');
  await site.settle();
  t.strictSame([first.isOpen, third.isOpen], [true, true], 'it waits');
  await site.pass(6);
  t.strictSame([first.isOpen, third.isOpen], [false, true], 'and takes its place');
  t.match(site.host('kvm1'), { state: 'connected', peer: '192.0.2.11:40001' });
  t.notMatch(site.problems().join('\n'), /a second host/);

  t.comment('a third one pushes out the one that waits, and the old connection breaks');
  again.mute = true;
  const [early, late] = [new FakeOvsdb(), new FakeOvsdb()];
  const fourth = site.dial(early, 'one', '192.0.2.11:40002');
  await site.settle();
  const fifth = site.dial(late, 'one', '192.0.2.11:40003');
  await site.settle();
  t.strictSame([third.isOpen, fourth.isOpen, fifth.isOpen], [true, false, true]);
  third.end('the other end broke the connection off');
  await site.settle();
  t.match(site.host('kvm1'), { state: 'connected', peer: '192.0.2.11:40003' });

  site.controller.stop();
  await site.settle();
  t.equal(fifth.isOpen, false);
});

t.test('strangers', async t => {
  const site = await new DialIn().start();
  for (const systemId of ['who', 'who', 'else']) {
    const stream = site.dial(new FakeOvsdb(), systemId, '203.0.113.5:1');
    await site.settle();
    t.equal(stream.isOpen, false);
  }
  t.strictSame(site.controller.status().strangers, [
    { systemId: 'who', from: '203.0.113.5', secondsAgo: 0 },
    { systemId: 'else', from: '203.0.113.5', secondsAgo: 0 },
  ]);
  t.equal(site.log.told.filter(line => line.includes('"who"')).length, 1, 'each is told once');
  const nameless = site.dial(new FakeOvsdb(), '', '203.0.113.6:1');
  await site.settle();
  t.equal(nameless.isOpen, false);
  t.match(
    site.log.told.at(-1),
    /203.0.113.6 dialled in: its Open_vSwitch row has no external_ids:system-id yet/,
  );
  for (let n = 0; n < 200; n++) site.dial(new FakeOvsdb(), `id${n}`);
  await site.settle();
  const strangers = site.controller.status().strangers ?? [];
  t.ok(strangers.length <= 64, 'no more than so many are remembered');

  t.comment('one that the file gets');
  const { controller } = new DialIn();
  t.same(controller.status().strangers, []);
});

t.test('hostile ones cost only themselves', async t => {
  const site = await new DialIn().start();
  const connect = (peer: string): FakeStream => {
    const stream = new FakeStream(undefined, () => undefined, peer);
    stream.handlers = site.accept(stream);
    return stream;
  };
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '{"id":7,"result":[],"error":null}',
    '{"id":"who","result":null,"error":"no"}',
    '{"id":"who","result":[],"error":null}',
    '{"id":"who","result":[{"rows":[{"external_ids":7}]}],"error":null}',
    '{"id":"who","result":[{"rows":[{"external_ids":["map",[["system-id","' +
      'x'.repeat(300) +
      '"]]]}]}],"error":null}',
    `[${'x'.repeat(300_000)}`,
    '['.repeat(100),
    '{"id":null}',
    '\xff\xfe',
  ]) {
    const stream = connect('203.0.113.7:1');
    stream.tell(bytes);
    await settled();
    t.equal(stream.isOpen, false, bytes.slice(0, 40));
  }
  const asks: string[] = [];
  const echo = new FakeStream(undefined, () => undefined, '203.0.113.8:1');
  echo.write = text => void asks.push(String(text));
  echo.handlers = site.accept(echo);
  echo.tell('{"id":"e","method":"echo","params":[1]}{"id":1,"method":"steal","params":[]}');
  t.match(
    asks,
    [/"method":"transact"/, /"result":\[1\].*"id":"e"/, /unknown method/],
    'echoes are answered meanwhile',
  );
  t.equal(echo.isOpen, true);

  const silent = Array.from({ length: 40 }, (_, n) => connect(`203.0.113.9:${n}`));
  await settled();
  t.equal(silent.filter(({ isOpen }) => isOpen).length, 16, 'from one address, so many at a time');
  site.dial(site.hosts[0], 'one');
  await site.settle();
  t.equal(site.host('kvm1').state, 'connected', 'others come in');
  await site.pass(11);
  t.equal(silent.filter(({ isOpen }) => isOpen).length, 0, 'who does not say who it is is let go');
  t.equal(connect('203.0.113.9:99').isOpen, true, 'and its place is free again');

  const many = Array.from({ length: 2_000 }, (_, n) => connect(`198.51.${n >> 8}.${n & 255}:1`));
  await settled();
  t.equal(many.filter(({ isOpen }) => isOpen).length, 1_023, 'of all together, so many');
  t.equal(site.host('kvm1').state, 'connected');
  site.controller.stop();
  await settled();
  t.equal(many.filter(({ isOpen }) => isOpen).length, 0);
});

t.test('a message that is cut where the connection is taken over', async t => {
  const site = await new DialIn().start();
  const [one] = site.hosts;
  const texts: string[] = [];
  let isHeld = true;
  const held: FakeStream = one.dialIn(
    stream => {
      const handlers = site.accept(stream);
      return {
        closed: reason => handlers.closed(reason),
        received: chunk => {
          const text = Buffer.from(chunk).toString();
          texts.push(text);
          if (!isHeld || !text.includes('external_ids')) {
            handlers.received(chunk);
            return;
          }
          isHeld = false;
          // An echo request of the server comes right behind its answer, in two pieces.
          handlers.received(Buffer.from(`${text}{"id":"echo","method":"ec`));
          handlers.received(Buffer.from('ho","params":["still there?"]}'));
        },
      };
    },
    { systemId: 'one' },
  );
  const said: string[] = [];
  const write = held.write.bind(held);
  held.write = bytes => {
    said.push(String(bytes));
    write(bytes);
  };
  await site.settle();
  t.match(said.join('\n'), /"result":\["still there\?"\]/, 'is answered');
  t.equal(site.host('kvm1').state, 'connected');
});

t.test('its database, on the way to a plan', async t => {
  const site = await new DialIn().start();
  site.dial(site.hosts[0], 'one');
  await site.settle();
  site.hosts[0].addPort('br-int', 'vnet0', { 'iface-id': 'fw1' });
  await site.settle();
  const told = JSON.parse(JSON.stringify(site.controller.hostOf('one'))) as { schema: object; rows: object };
  const rows = replicaFromJson(told);
  t.strictSame(JSON.parse(JSON.stringify(replicaToJson(rows))), told, 'comes out as it went in');
  t.strictSame([...portsOf(rows).values()].map(({ name, bridge }) => `${name} of ${bridge}`).sort(), [
    'br-int of br-int',
    'heddle-vxlan of br-int',
    'vnet0 of br-int',
  ]);
  t.strictSame([rows.isRoot('QoS'), rows.isRoot('Port')], [true, false]);
  for (const nonsense of [
    undefined,
    [],
    {},
    { ...told, schema: {} },
    { ...told, rows: [] },
    { ...told, rows: { Bridge: { x: { new: {} } } } },
    { ...told, rows: { Bridge: { '00000000-0000-4000-8000-000000000001': { new: { name: 7 } } } } },
  ])
    t.throws(() => replicaFromJson(nonsense), { code: 'OVSDB_BAD_MESSAGE' }, JSON.stringify(nonsense));
});
