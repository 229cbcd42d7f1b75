/** A file that changes while Heddle runs: seen, read, and taken as a whole or not at all. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Door } from '../../src/cli/door.js';
import { Reloader } from '../../src/cli/reload.js';
import type { TcpEndpoint } from '../../src/config/endpoint.js';
import type { Stream } from '../../src/controller/effects.js';
import { connect, listen } from '../../src/io/streams.js';
import { fileStamp, watchFile } from '../../src/io/watch-file.js';
import { HeddleError } from '../../src/lib/errors.js';
import { FakeLog } from '../support/fake-effects.js';

/** Milliseconds between two looks. */
const period = 10;

async function until(what: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !what(); round++) await sleep(period);
}

t.test('what is seen of a file', async t => {
  const dir = t.testdir({ 'f.yaml': 'one', v1: { 'g.yaml': 'one' }, v2: { 'g.yaml': 'two' } });
  /** @returns how often a change was told */
  async function seen(t: Test, path: string, change: () => Promise<unknown>): Promise<number> {
    let told = 0;
    const watch = watchFile(path, await fileStamp(path), () => told++, period);
    t.teardown(() => watch.close());
    await sleep(5 * period);
    t.equal(told, 0, 'nothing yet');
    await change();
    await until(() => told > 0);
    await sleep(5 * period);
    return told;
  }
  const file = join(dir, 'f.yaml');
  t.equal(await seen(t, file, () => writeFile(file, 'other')), 1, 'written in place');
  const replace = async (): Promise<void> => {
    await writeFile(join(dir, '.f.swp'), 'other');
    await rename(join(dir, '.f.swp'), file);
  };
  t.equal(await seen(t, file, replace), 1, 'replaced, by one of the same size');
  t.equal(await seen(t, file, () => rm(file)), 1, 'gone');
  t.equal(await fileStamp(file), undefined);
  t.equal(await seen(t, file, () => writeFile(file, 'back')), 1, 'back');
  const whileWritten = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      await writeFile(file, 'x'.repeat(round));
      await sleep(period / 2);
    }
  };
  const often = await seen(t, file, whileWritten);
  t.ok(often >= 1 && often < 10, `told ${often} times while it was written 20 times`);

  // As Kubernetes changes a mounted ConfigMap: one link, above the file, is replaced.
  await symlink('v1', join(dir, '..data'));
  await mkdir(join(dir, 'etc'));
  await symlink('../..data/g.yaml', join(dir, 'etc/g.yaml'));
  const swap = async (): Promise<void> => {
    await symlink('v2', join(dir, '..tmp'));
    await rename(join(dir, '..tmp'), join(dir, '..data'));
  };
  t.equal(await seen(t, join(dir, 'etc/g.yaml'), swap), 1, 'a link on the way there is swapped');
  t.equal(await fileStamp('/dev/null'), undefined, 'no file that could be read again');
});

class Fixture {
  readonly told: string[] = [];
  readonly log = new FakeLog();
  /** Thrown by the next move of that door, or by the controller. */
  fault: string | undefined;
  readonly reloader: Reloader;

  constructor(file: string, stamp?: string) {
    this.reloader = new Reloader({
      file,
      stamp,
      log: this.log,
      controller: {
        reload: ({ config }) => {
          this.#may('reload', `${config.networks.length} networks`);
          return config.networks.map(({ name }) => `network ${name} added`);
        },
        refuse: mistakes => void this.told.push(...mistakes.map(one => `refused: ${one}`)),
      },
      openflow: { move: to => this.#move('openflow', to) },
      ovsdb: { move: to => this.#move('ovsdb', to) },
      api: { move: to => this.#move('api', to) },
    });
  }

  #move(door: string, to: TcpEndpoint | undefined) {
    this.#may(door, `to ${to?.port ?? 'nowhere'}`);
    return Promise.resolve({
      done: () => void this.told.push(`${door} done`),
      undo: () => Promise.resolve(void this.told.push(`${door} undone`)),
    });
  }

  #may(who: string, what: string): void {
    if (this.fault === who) throw new HeddleError('LISTEN_FAILED', `no ${who}`);
    this.told.push(`${who} ${what}`);
  }
}

t.test('a file is read again', async t => {
  const file = join(t.testdir({ 'f.yaml': 'api: { listen: "127.0.0.1:8654" }\n' }), 'f.yaml');
  const moves = ['openflow to 6653', 'ovsdb to nowhere', 'api to 8654'];
  const good = [...moves, 'reload 0 networks', 'openflow done', 'ovsdb done', 'api done'];
  const fixture = new Fixture(file, await fileStamp(file));
  const { reloader, told, log } = fixture;
  await reloader.request('if changed');
  t.strictSame(told, [], 'nothing has changed');
  await reloader.request('yes');
  t.strictSame(told.splice(0), good);
  t.strictSame(log.told, [`${file} was read again: it says nothing new`]);

  await Promise.all([reloader.request('yes'), reloader.request('if changed'), reloader.request('yes')]);
  t.strictSame(told.splice(0), [...good, ...good], 'asked while it is read: once more');

  await writeFile(file, 'openflow: { listen: 7 }\nnetwork: {}\n');
  await reloader.request('if changed');
  t.match(told.splice(0), [
    /^refused: .*f.yaml:1:21: openflow.listen: found 7, expected /,
    /^refused: .*f.yaml:2:1: network: unknown key, /,
  ]);
  t.match(log.lines.at(-1), {
    level: 'error',
    message: /f.yaml was refused, and all stays as it is:\n.*:1:21: /,
  });
  await reloader.request('if changed');
  t.strictSame(told, [], 'refused once');
  await rm(file);
  await reloader.request('if changed');
  t.match(told.splice(0), [/^refused: cannot read .*: there is no such file$/]);

  await writeFile(file, 'api: { listen: "127.0.0.1:8654" }\n');
  const faults: Readonly<Record<string, readonly string[]>> = {
    openflow: ['refused: no openflow'],
    api: ['openflow to 6653', 'ovsdb to nowhere', 'openflow undone', 'ovsdb undone', 'refused: no api'],
    reload: [...moves, 'openflow undone', 'ovsdb undone', 'api undone', 'refused: no reload'],
  };
  for (const [fault, expected] of Object.entries(faults)) {
    fixture.fault = fault;
    await reloader.request('yes');
    t.strictSame(told.splice(0), expected, `a fault of ${fault}`);
  }
});

t.test('doors', async t => {
  /** What a door takes, from whoever knocks. */
  let guests = 0;
  const gone: string[] = [];
  const open = (endpoint: TcpEndpoint) =>
    listen(endpoint, () => {
      guests += 1;
      return { received: () => undefined, closed: reason => void gone.push(reason) };
    });
  const knocking: Stream[] = [];
  t.teardown(() => knocking.forEach(stream => stream.destroy()));
  const knock = async (host: string, port: number): Promise<boolean> => {
    const before = guests;
    let isOver = false;
    const stream = connect(
      { transport: 'tcp', host, port },
      { opened: () => (isOver = true), received: () => undefined, closed: () => (isOver = true) },
    );
    knocking.push(stream);
    await until(() => isOver);
    await sleep(20);
    return guests > before;
  };
  const at = (host: string, port: number): TcpEndpoint => ({ transport: 'tcp', host, port });
  /** Free just now. */
  const freePort = (): Promise<number> =>
    new Promise(resolve => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    });
  const [port, other, taken] = [await freePort(), await freePort(), await freePort()];
  const thief = await listen(at('127.0.0.1', taken), () => ({
    received: () => undefined,
    closed: () => undefined,
  }));
  t.teardown(() => thief.close());
  const door = await Door.open(at('127.0.0.1', port), open);
  t.teardown(() => door.close());
  t.equal(door.address, `127.0.0.1:${port}`);
  t.ok(await knock('127.0.0.1', port));

  (await door.move(at('127.0.0.1', port))).done();
  t.ok(await knock('127.0.0.1', port), 'no move');
  await t.rejects(door.move(at('127.0.0.1', taken)), { code: 'LISTEN_FAILED' });
  t.ok(await knock('127.0.0.1', port), 'it stays where it was');

  const move = await door.move(at('127.0.0.1', other));
  t.strictSame([await knock('127.0.0.1', port), await knock('127.0.0.1', other)], [true, true], 'both');
  await move.undo();
  t.strictSame([await knock('127.0.0.1', port), await knock('127.0.0.1', other)], [true, false]);
  t.equal(door.port, port);
  (await door.move(at('127.0.0.1', other))).done();
  t.strictSame([await knock('127.0.0.1', port), await knock('127.0.0.1', other)], [false, true]);
  t.strictSame(gone, [], 'who is in, stays');

  const wider = await door.move(at('0.0.0.0', other));
  t.ok(await knock('127.0.0.2', other), 'all addresses, at the same port');
  await wider.undo();
  t.strictSame([await knock('127.0.0.2', other), await knock('127.0.0.1', other)], [false, true]);
  await t.rejects(door.move(at('203.0.113.77', other)), { code: 'LISTEN_FAILED' });
  t.ok(await knock('127.0.0.1', other), 'open again, where it had to be shut for a moment');

  const shut = await door.move(undefined);
  t.ok(await knock('127.0.0.1', other), 'not shut before it is decided');
  shut.done();
  t.strictSame([door.address, door.port, await knock('127.0.0.1', other)], [undefined, undefined, false]);
  const opened = await door.move(at('127.0.0.1', port));
  t.ok(await knock('127.0.0.1', port));
  await opened.undo();
  t.strictSame([door.address, await knock('127.0.0.1', port)], [undefined, false]);
});
