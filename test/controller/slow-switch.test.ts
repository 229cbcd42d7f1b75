/** A switch that asks and does not read, over a real socket. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { learningSwitch } from '../../src/apps/learning-switch/learning-switch.js';
import { parseConfig } from '../../src/config/parse.js';
import { Controller } from '../../src/controller/controller.js';
import type { Stream } from '../../src/controller/effects.js';
import { fullAt } from '../../src/controller/switch-connection.js';
import { realEffects } from '../../src/io/effects.js';
import { listen } from '../../src/io/streams.js';
import { Frames } from '../../bench/load/frames.js';
import { Greeting } from '../../bench/load/switches/greeting.js';
import { numberIn, Packets } from '../../bench/load/switches/packets.js';
import { FakeLog } from '../support/fake-effects.js';

/** Answers to a chunk of 64 KiB, and some room. Bytes. */
const chunkful = 2 ** 19;

t.test(
  'what a switch asks is dropped and counted while it does not read, and answered again when it does',
  async t => {
    const parsed = parseConfig('', 'heddle.yaml');
    if (!parsed.ok) throw new Error('a mistake in an empty file');
    const controller = new Controller({
      config: parsed.config,
      apps: [{ module: learningSwitch, options: learningSwitch.options.parse({}) }],
      effects: realEffects(),
      log: new FakeLog(),
    });
    let ours: Stream | undefined;
    const listener = await listen({ host: '127.0.0.1', port: 0 }, stream => {
      ours = stream;
      return controller.accept(stream);
    });
    const greeting = new Greeting(7n);
    const packets = new Packets({ macs: 10, fresh: false });
    let answers: number[] = [];
    const theirs = connect({ port: listener.port, host: '127.0.0.1' });
    const frames = new Frames((bytes, at, length) => {
      if (bytes[at + 1] === 13) answers.push(numberIn(bytes, at));
      const reply = bytes[at + 1] === 14 ? undefined : greeting.answer(bytes, at, length);
      if (reply !== undefined) theirs.write(reply);
    });
    theirs.on('data', chunk => frames.push(chunk));
    theirs.write(Greeting.hello);
    while (!greeting.isProgrammed) await sleep(5);

    const status = () => controller.status().switches[0];
    let asked = 0;
    const ask = (count: number): void => {
      const block = Buffer.alloc(count * packets.size);
      for (let i = 0; i < count; i += 1) packets.put(block, i * packets.size, asked++, true);
      theirs.write(block);
    };
    theirs.pause();
    let most = 0;
    while ((status()?.dropped ?? 0) < 10_000) {
      ask(1_000);
      await sleep(1);
      most = Math.max(most, ours?.pending ?? 0);
    }
    t.ok(most > fullAt, 'it has not read for long');
    t.ok(most < fullAt + chunkful, `${most} bytes wait for it, and no more`);
    t.match(controller.status().problems, [
      { where: '0000000000000007', message: /messages to it were dropped/ },
    ]);

    theirs.resume();
    while (theirs.writableLength > 0 || (ours?.pending ?? 0) > 0) await sleep(5);
    while (answers.length + (status()?.dropped ?? 0) < asked) await sleep(5);
    t.equal(answers.length + (status()?.dropped ?? 0), asked, 'each was answered or counted');
    answers = [];
    ask(100);
    while (answers.length < 100) await sleep(5);
    t.strictSame(
      answers,
      Array.from({ length: 100 }, (_, i) => asked - 100 + i),
    );
    t.equal(status()?.badFrames, 0);
    theirs.destroy();
    controller.stop();
    await listener.close();
  },
);
