import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { Endpoint } from '../../src/config/config.js';
import { Controller } from '../../src/controller/controller.js';
import type { Stream } from '../../src/controller/effects.js';
import { Switches } from '../../src/controller/switches.js';
import { api } from '../../src/http/api.js';
import { realEffects } from '../../src/io/effects.js';
import { readText } from '../../src/io/files.js';
import { serve } from '../../src/io/http-server.js';
import { connect, listen, listenError } from '../../src/io/streams.js';
import { decode, encode, FrameSplitter } from '../../src/openflow/index.js';
import { FakeLog } from '../support/fake-effects.js';

const loopback = { host: '127.0.0.1', port: 0 };

/** What a connection told, and ways to wait for it. */
class Ear {
  readonly chunks: Uint8Array[] = [];
  /** Bytes received. */
  size = 0;
  readonly told: string[] = [];
  stream: Stream | undefined;
  readonly #waiting = new Set<() => void>();

  opened = (): void => this.#tell('opened');
  received = (chunk: Uint8Array): void => {
    this.chunks.push(chunk);
    this.size += chunk.length;
    this.#wake();
  };
  closed = (reason: string): void => this.#tell(`closed: ${reason}`);

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get isClosed(): boolean {
    return this.told.some(text => text.startsWith('closed'));
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  #tell(text: string): void {
    this.told.push(text);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const open = (endpoint: Endpoint, timeout?: number): Ear => {
  const ear = new Ear();
  ear.stream = connect(endpoint, ear, timeout);
  return ear;
};
const tcp = (port: number, host = '127.0.0.1'): Endpoint => ({ transport: 'tcp', host, port });

/** A listener whose connections are ears. */
async function listenWithEars(): Promise<{ port: number; ears: Ear[]; close(): Promise<void> }> {
  const ears: Ear[] = [];
  const listener = await listen(loopback, stream => {
    const ear = new Ear();
    ear.stream = stream;
    ears.push(ear);
    return ear;
  });
  return { ...listener, ears };
}

const eventually = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 2));
};

t.test('streams', t => {
  t.test('carry bytes both ways, large ones too', async t => {
    const server = await listenWithEars();
    const here = open(tcp(server.port));
    await here.until(() => here.told.includes('opened'));
    t.equal(here.stream?.peer, `127.0.0.1:${server.port}`);
    await eventually(() => server.ears.length === 1);
    const [there] = server.ears;
    t.match(there?.stream?.peer, /^127\.0\.0\.1:\d+$/);

    const large = Buffer.alloc(20 * 2 ** 20, 'heddle');
    here.stream?.write(large);
    t.ok((here.stream?.pending ?? 0) > 0, 'what the kernel does not take yet is counted');
    there?.stream?.write('text, ');
    there?.stream?.write(Buffer.from('bytes'));
    await there?.until(() => there.size === large.length);
    t.ok(there?.bytes.equals(large));
    await here.until(() => here.size === 11);
    t.equal(here.bytes.toString(), 'text, bytes');
    t.equal(here.stream?.pending, 0);

    await server.close();
    await here.until(() => here.isClosed);
    t.strictSame(here.told, ['opened', 'closed: the other end closed the connection']);
    t.strictSame(there?.told, ['closed: closed on this side']);
  });

  t.test('memory may be written to again where the stream is drained, and not before', async t => {
    const server = await listenWithEars();
    const here = open(tcp(server.port));
    await eventually(() => server.ears.length === 1);
    const [there] = server.ears;
    let block = Buffer.alloc(50_000);
    let [again, size] = [0, 0];
    for (let round = 0; round < 200; round += 1) {
      block.fill(round);
      here.stream?.write(block);
      size += block.length;
      if (here.stream?.isDrained === true) again += 1;
      else block = Buffer.alloc(block.length);
      if (round % 20 === 0) await there?.until(() => there.size === size);
    }
    t.ok(again > 0, `${again} blocks were used again`);
    await there?.until(() => there.size === size);
    const blocks = Array.from({ length: 200 }, (_, round) => Buffer.alloc(50_000, round));
    t.ok(there?.bytes.equals(Buffer.concat(blocks)), 'all came as it was written');
    await server.close();
  });

  t.test('a half-closed connection is a closed one', async t => {
    const server = await listenWithEars();
    const client = dial({ port: server.port, host: loopback.host, allowHalfOpen: true });
    client.end('last words');
    await eventually(() => server.ears[0]?.isClosed === true);
    t.equal(server.ears[0]?.bytes.toString(), 'last words');
    t.strictSame(server.ears[0]?.told, ['closed: the other end closed the connection']);
    client.destroy();
    await server.close();
  });

  t.test('a broken connection says so', async t => {
    const server = await listenWithEars();
    const client = dial({ port: server.port, host: loopback.host });
    await eventually(() => server.ears.length === 1);
    client.resetAndDestroy();
    await eventually(() => server.ears[0]?.isClosed === true);
    t.strictSame(server.ears[0]?.told, ['closed: the other end broke the connection off']);
    await server.close();
  });

  t.test('after the end nothing is written, and the end is told once', async t => {
    const server = await listenWithEars();
    const here = open(tcp(server.port));
    await here.until(() => here.told.includes('opened'));
    here.stream?.destroy();
    t.doesNotThrow(() => here.stream?.write('too late'));
    here.stream?.destroy();
    t.notOk(here.isClosed, 'told later, never from inside a call');
    await here.until(() => here.isClosed);
    here.stream?.write('much too late');
    await eventually(() => server.ears[0]?.isClosed === true);
    t.equal(server.ears[0]?.size, 0);
    t.strictSame(here.told, ['opened', 'closed: closed on this side']);
    await server.close();
  });

  t.test('destroyed before it is open', async t => {
    const server = await listenWithEars();
    const here = open(tcp(server.port));
    here.stream?.destroy();
    await here.until(() => here.isClosed);
    t.strictSame(here.told, ['closed: closed on this side']);
    await server.close();
  });

  t.test('the last words before a destroy arrive', async t => {
    const listener = await listen(loopback, stream => ({
      received: () => {
        stream.write('because');
        stream.destroy();
      },
      closed: () => undefined,
    }));
    const here = open(tcp(listener.port));
    here.stream?.write('why?');
    await here.until(() => here.isClosed);
    t.equal(here.bytes.toString(), 'because');
    await listener.close();
  });

  t.test('connections that cannot be made', async t => {
    const server = await listenWithEars();
    await server.close();
    const directory = t.testdir({ file: 'no socket' });
    const cases: readonly (readonly [Endpoint, RegExp])[] = [
      [tcp(server.port), /^closed: connection refused: nothing listens there$/],
      [{ transport: 'unix', path: join(directory, 'absent.sock') }, /^closed: no such socket$/],
      [{ transport: 'unix', path: join(directory, 'file') }, /^closed: (connection refused|.*ENOTSOCK)/],
      [{ transport: 'unix', path: `/tmp/${'x'.repeat(300)}` }, /^closed: /],
      [tcp(6640, 'no..name'), /^closed: no address is known for this name$/],
    ];
    for (const [endpoint, text] of cases) {
      const ear = open(endpoint, 2_000);
      t.strictSame(ear.told, [], 'not before connect has returned');
      await ear.until(() => ear.isClosed);
      t.equal(ear.told.length, 1);
      t.match(ear.told[0], text);
    }
  });

  t.test('a host that says nothing is given up', async t => {
    // A program that listens and never accepts: when its queue is full, the kernel lets further attempts wait.
    const deaf = spawn(process.execPath, ['-e', deafServer], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => deaf.kill('SIGKILL'));
    const port = await new Promise<number>(resolve =>
      deaf.stdout.once('data', text => resolve(Number(text))),
    );
    const ears = Array.from({ length: 8 }, () => open(tcp(port), 400));
    const silent = (): readonly Ear[] => ears.filter(({ isClosed }) => isClosed);
    await eventually(() => silent().length >= 4);
    for (const ear of silent()) t.strictSame(ear.told, ['closed: no answer within 0.4 s']);
    for (const ear of ears) ear.stream?.destroy();
  });

  t.test('an open connection may be silent for longer than it may take to open', async t => {
    const server = await listenWithEars();
    const here = open(tcp(server.port), 60);
    await here.until(() => here.told.includes('opened'));
    await new Promise(resolve => setTimeout(resolve, 120));
    t.strictSame(here.told, ['opened']);
    await server.close();
    await here.until(() => here.isClosed);
  });

  t.test('unix sockets', async t => {
    const path = join(t.testdir({}), 'db.sock');
    const sockets: Socket[] = [];
    const server: Server = createServer(socket =>
      sockets.push(socket.on('data', data => socket.write(data))),
    );
    await new Promise<void>(resolve => server.listen(path, resolve));
    const here = open({ transport: 'unix', path });
    here.stream?.write('{"id":1}');
    await here.until(() => here.size === 8);
    t.equal(here.stream?.peer, path);
    t.equal(here.bytes.toString(), '{"id":1}');
    for (const socket of sockets) socket.destroy();
    await here.until(() => here.isClosed);
    await new Promise(resolve => server.close(resolve));
    t.notOk(existsSync(path));
  });
  t.end();
});

const deafServer = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** Connects many times at once, and tells how many of them stood before it gave up. Usage: node -e … PORT COUNT */
const dialsMany = `
  const { connect } = require('node:net');
  const [port, count] = process.argv.slice(1).map(Number);
  let standing = 0;
  const end = () => { console.log(standing); process.exit(); };
  setTimeout(end, 20_000);
  for (let i = 0; i < count; i += 1)
    connect(port, '127.0.0.1').on('connect', () => { if (++standing === count) end(); }).on('error', () => undefined);
`;

t.test('listening', t => {
  const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  const skip = most < 1_000 && `net.core.somaxconn is ${most} here`;
  t.test('a thousand connections stand before the first of them is looked at', { skip }, async t => {
    const server = await listenWithEars();
    // Nothing is accepted meanwhile: the kernel alone keeps them, or loses their SYNs.
    const args = ['-e', dialsMany, String(server.port), '1000'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    t.equal(stdout.trim(), '1000', stderr);
    await server.close();
  });

  t.test('on an address that is taken says what to do', async t => {
    const first = await listen(loopback, () => new Ear());
    const at = { host: loopback.host, port: first.port };
    const text = new RegExp(
      `^127\\.0\\.0\\.1:${first.port} is in use by another program \\(see .ss -ltnp sport = :${first.port}`,
    );
    await t.rejects(
      listen(at, () => new Ear()),
      { code: 'LISTEN_FAILED', message: text },
    );
    await t.rejects(
      serve(at, () => new Response('')),
      { code: 'LISTEN_FAILED', message: text },
    );
    await first.close();
    const again = await listen(at, () => new Ear());
    t.equal(again.port, first.port, 'and is free when it is closed');
    await again.close();
  });

  t.test('on an address that this machine does not have', async t => {
    await t.rejects(
      listen({ host: '203.0.113.77', port: 0 }, () => new Ear()),
      {
        code: 'LISTEN_FAILED',
        message: /this machine has no address 203\.0\.113\.77.*ip address/,
      },
    );
    await t.rejects(
      listen({ host: 'no..name', port: 0 }, () => new Ear()),
      { code: 'LISTEN_FAILED', message: /no address is known for the name no\.\.name/ },
    );
  });

  t.test('for other reasons', t => {
    const error = (code: string) => Object.assign(new Error(`listen ${code}`), { code });
    const text = (code: string, host = '10.0.0.1') => listenError({ host, port: 80 }, error(code)).message;
    t.match(text('EACCES'), /10\.0\.0\.1:80: ports below 1024 need root/);
    t.match(text('EADDRINUSE', '::'), /^\[::\]:80 is in use/);
    t.match(text('EMFILE'), /cannot listen on 10\.0\.0\.1:80: listen EMFILE/);
    t.match(text('ENOTFOUND', 'ctl'), /no address is known for the name ctl/);
    t.end();
  });
  t.end();
});

t.test('a switch of OpenFlow 1.0 gets its reason over a real socket', async t => {
  const log = new FakeLog();
  const effects = realEffects();
  const switches = new Switches({
    effects,
    log,
    leaveAlone: () => undefined,
    hypervisorOf: () => undefined,
    wanted: () => undefined,
    isTakenOver: () => false,
    onEvent: () => [],
  });
  const listener = await listen(loopback, stream => switches.accept(stream));
  const here = open(tcp(listener.port));
  here.stream?.write(Uint8Array.of(1, 0, 0, 8, 0, 0, 0, 9));
  await here.until(() => here.isClosed);
  const messages = [...new FrameSplitter().push(here.bytes)].map(decode);
  t.match(messages, [{ type: 'hello' }, { type: 'error', version: 1, xid: 9, errorType: 0, code: 0 }]);
  t.match(log.told, [/127\.0\.0\.1:\d+: the switch speaks OpenFlow 1\.0/]);
  t.ok(encode({ type: 'barrier_request', xid: 1 }).length === 8);
  await listener.close();
});

t.test('the real clock, timers and random numbers', async t => {
  const effects = realEffects();
  const start = effects.now();
  let ticks = 0;
  const every = effects.every(5, () => (ticks += 1));
  const never = effects.after(10, () => t.fail('it was cancelled'));
  never.cancel();
  await new Promise<void>(resolve => effects.after(50, resolve));
  every.cancel();
  t.ok(ticks >= 2);
  const seen = ticks;
  const order: string[] = [];
  effects.defer(() => order.push('deferred'));
  await Promise.resolve().then(() => order.push('promise'));
  await new Promise<void>(resolve => effects.after(20, resolve));
  t.strictSame(order, ['promise', 'deferred']);
  t.equal(ticks, seen);
  t.ok(effects.now() - start >= 45);
  const randoms = Array.from({ length: 100 }, () => effects.random());
  t.ok(randoms.every(random => random >= 0 && random < 1));
});

t.test('files', async t => {
  const directory = t.testdir({
    'good.yaml': 'networks: {} # ж',
    'bom.yaml': '\ufeffapps: []',
    'latin1.yaml': Buffer.from([0x61, 0xe9, 0x62]),
    'large.yaml': Buffer.alloc(4 * 1024 * 1024 + 1, '#'),
    'limit.yaml': Buffer.alloc(4 * 1024 * 1024, '#'),
    'empty.yaml': '',
  });
  t.equal(await readText(join(directory, 'good.yaml')), 'networks: {} # ж');
  t.equal(await readText(join(directory, 'bom.yaml')), 'apps: []');
  t.equal(await readText(join(directory, 'empty.yaml')), '');
  t.equal((await readText(join(directory, 'limit.yaml'))).length, 4 * 1024 * 1024);
  const unreadable: readonly (readonly [string, RegExp])[] = [
    [join(directory, 'absent.yaml'), /^cannot read .*absent\.yaml: there is no such file/],
    [join(directory, 'latin1.yaml'), /it is not UTF-8 text/],
    [join(directory, 'large.yaml'), /it has more than 4194304 bytes/],
    [directory, /it is a folder/],
    ['/dev/zero', /it has more than 4194304 bytes/],
    ['a\0b', /^cannot read /],
  ];
  for (const [path, message] of unreadable)
    await t.rejects(readText(path), { code: 'FILE_UNREADABLE', message });
});

t.test('the HTTP interface', async t => {
  const config = {
    openflow: {
      listen: { transport: 'tcp', ...loopback },
      advertise: { transport: 'tcp', host: '127.0.0.1', port: 6653 },
    },
    api: { listen: { transport: 'tcp', ...loopback } },
    apps: [],
    hypervisors: [],
    networks: [],
  } as const;
  const controller = new Controller({ config, apps: [], effects: realEffects(), log: new FakeLog() });
  const server = await serve(
    loopback,
    api({
      status: () => controller.status(),
      macs: network => controller.macs(network),
      qos: () => controller.qos(),
      readings: () => controller.readings(),
      host: id => controller.hostOf(id),
    }).fetch,
  );
  const url = `http://127.0.0.1:${server.port}`;
  const status = await fetch(`${url}/v1/status`);
  t.equal(status.status, 200);
  t.match(status.headers.get('content-type'), /application\/json/);
  t.equal(status.headers.get('access-control-allow-origin'), null);
  t.equal(status.headers.get('cache-control'), 'no-store');
  t.match(await status.json(), { ok: true, switches: [], hypervisors: [], problems: [] });

  const readings = await fetch(`${url}/v1/readings`);
  t.strictSame([readings.status, await readings.json()], [200, { readings: [] }]);
  t.equal((await fetch(`${url}/v1/readings`, { method: 'POST' })).status, 405);

  const macs = await fetch(`${url}/v1/macs`);
  t.strictSame([macs.status, await macs.json()], [200, { macs: [] }]);
  const nowhere = await fetch(`${url}/v1/macs?network=a%20"b"`);
  t.equal(nowhere.status, 404);
  t.match(await nowhere.json(), { error: 'there is no network "a \\"b\\"": `heddle status` lists them' });

  const host = await fetch(`${url}/v1/hosts/kvm1%2f..%2f`);
  t.strictSame([host.status, await host.json()], [404, { error: 'no host of this system-id is connected' }]);
  t.equal((await fetch(`${url}/v1/hosts/kvm1`, { method: 'POST' })).status, 405);

  for (const path of ['/', '/v1', '/v1/status/', '/v1/status/x', '/%2e%2e/etc/passwd']) {
    const answer = await fetch(url + path);
    t.equal(answer.status, 404, path);
    t.match(await answer.json(), { error: /^no \/.* here: try \/v1\/status$/ });
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await fetch(`${url}/v1/status`, { method });
    t.strictSame([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD'], method);
  }
  t.equal((await fetch(`${url}/v1/status`, { method: 'HEAD' })).status, 200);

  const ask = (host: string, path = '/v1/status') =>
    api({
      status: () => controller.status(),
      macs: network => controller.macs(network),
      qos: () => controller.qos(),
      readings: () => controller.readings(),
      host: id => controller.hostOf(id),
    }).fetch(new Request(`http://x${path}`, { headers: { host } }));
  for (const host of [
    'localhost',
    'localhost:8653',
    'LocalHost:1',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:8653',
    '[::1]',
  ])
    t.equal((await ask(host)).status, 200, host);
  for (const host of [
    '',
    'evil.example',
    'evil.example:8653',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:80:127.0.0.1',
    '10.0.0.1',
    '127.1',
    '::1',
    'x@localhost',
  ]) {
    t.equal((await ask(host)).status, 403, JSON.stringify(host));
    t.equal((await ask(host, '/nothing')).status, 403, 'nor are paths told');
  }

  const broken = api({
    status: () => {
      throw new RangeError('oops');
    },
    macs: () => undefined,
    qos: () => Promise.reject(new Error('not asked for')),
    readings: () => Promise.reject(new Error('not asked for')),
    host: () => undefined,
  });
  const answer = await broken.fetch(new Request('http://x/v1/status', { headers: { host: 'localhost' } }));
  t.equal(answer.status, 500);
  t.strictSame(await answer.json(), { error: 'a fault in Heddle itself: oops' });

  t.comment('closing does not wait for those who hold on');
  const holder = dial({ port: server.port, host: '127.0.0.1' });
  holder.on('error', () => undefined);
  await new Promise<void>(resolve => holder.once('connect', resolve));
  await server.close();
  await t.rejects(fetch(url));
  holder.destroy();
});
