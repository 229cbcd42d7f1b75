/** Connections that are accepted before they may be answered. */
import t from 'tap';
import { EarlySwitches, mostUnread, mostWaiting } from '../../src/controller/early-switches.js';
import { MemoryStream, settled } from '../support/fake-effects.js';
import { Fixture } from '../support/controller-world.js';

/** One who waits, and what came of it. */
class Bench {
  isTooEarly = true;
  readonly told: string[] = [];
  readonly early = new EarlySwitches({
    effects: { defer: run => setImmediate(run) },
    isTooEarly: () => this.isTooEarly,
    accept: stream => {
      this.told.push(`accepted ${stream.peer}`);
      return {
        received: chunk => this.told.push(`received ${Buffer.from(chunk).toString()}`),
        closed: reason => this.told.push(`closed: ${reason}`),
      };
    },
  });

  wait(): MemoryStream {
    const stream = new MemoryStream();
    stream.handlers = this.early.wait(stream);
    return stream;
  }

  async look(): Promise<void> {
    this.early.look();
    await settled();
  }
}

t.test('what was said meanwhile is not lost', async t => {
  const bench = new Bench();
  const stream = bench.wait();
  stream.handlers?.received(Buffer.from('one'));
  stream.handlers?.received(Buffer.from('two'));
  await bench.look();
  t.strictSame(bench.told, [], 'it is too early still');
  bench.isTooEarly = false;
  await bench.look();
  stream.handlers?.received(Buffer.from('three'));
  stream.handlers?.closed('cut');
  t.strictSame(bench.told, [
    'accepted 192.0.2.1:40000',
    'received one',
    'received two',
    'received three',
    'closed: cut',
  ]);
  await bench.look();
  t.equal(bench.told.length, 5, 'once');
});

t.test('who goes meanwhile is forgotten', async t => {
  const bench = new Bench();
  bench.wait().handlers?.closed('cut');
  bench.isTooEarly = false;
  await bench.look();
  t.strictSame(bench.told, []);
});

t.test('bounds', async t => {
  const bench = new Bench();
  const talker = bench.wait();
  talker.handlers?.received(new Uint8Array(mostUnread));
  t.notOk(talker.isDestroyed);
  talker.handlers?.received(new Uint8Array(1));
  t.ok(talker.isDestroyed, 'who says more than hello');
  const streams = Array.from({ length: mostWaiting + 1 }, () => bench.wait());
  t.strictSame(
    streams.flatMap(({ isDestroyed }, index) => (isDestroyed ? [index] : [])),
    [mostWaiting],
    'who is one too many',
  );
  bench.early.close();
  t.ok(streams.every(({ isDestroyed }) => isDestroyed));
  bench.isTooEarly = false;
  await bench.look();
  t.strictSame(bench.told, []);
});

t.test('a bridge that comes before its host has been read is answered when it has', async t => {
  const fixture = new Fixture();
  const [host1] = fixture.hosts;
  const [switch1] = fixture.switches;
  host1.away = 'connection refused';
  await fixture.start();
  const stream = switch1.connect(stream => fixture.controller.accept(stream), '192.0.2.11:40000');
  await fixture.settle();
  t.strictSame(fixture.controller.status().switches, []);
  t.notOk(stream.isDestroyed);
  host1.away = undefined;
  fixture.effects.clock.advance(1_000);
  await fixture.settle();
  t.match(fixture.controller.status().switches, [{ hypervisor: 'kvm1', state: 'in sync' }]);
  t.equal(switch1.stream, stream, 'on the connection that it came with');
  fixture.controller.stop();
});
