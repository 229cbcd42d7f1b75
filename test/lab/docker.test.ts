import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import * as z from 'zod';
import { serveOrders } from '../../lab/docker/agent.js';
import { LineSplitter, openChannel } from '../../lab/docker/channel.js';
import { deviceWith, labAddress } from '../../lab/docker/container-lab.js';
import { order } from '../../lab/docker/protocol.js';
import { RemoteHost } from '../../lab/docker/remote-host.js';
import { Rendezvous } from '../../lab/docker/rendezvous.js';
import { CommandError, run } from '../../lab/exec.js';
import { controllerAddress, managementAddress, underlayAddress } from '../../lab/plan.js';
import { scenarioYaml } from '../../lab/scenario.js';
import { waitFor } from '../../lab/wait.js';
import { parseConfig } from '../../src/config/parse.js';

const labFailed = { code: 'LAB_FAILED' };

/** Two ends of a stream in memory: what one writes, the other reads, cut into chunks of `size` bytes. */
function pair(size = 7): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        for (let at = 0; at < chunk.length; at += size) other().push(chunk.subarray(at, at + size));
        done();
      },
      final: done => {
        other().push(null);
        done();
      },
    });
  const left: Duplex = make(() => right);
  const right: Duplex = make(() => left);
  return [left, right];
}

function hostAndAgent(t: Test) {
  const [ours, theirs] = pair();
  const served = serveOrders(theirs).finally(() => theirs.end());
  const host = new RemoteHost('kvm9', ours);
  t.teardown(() => host.dismiss());
  return { host, served, ours };
}

t.test('lines: wherever the chunks end, and not without bound', t => {
  const text = 'one\n\ntwo ü\nthree\n';
  for (let size = 1; size <= text.length; size++) {
    const splitter = new LineSplitter();
    const bytes = Buffer.from(text);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      lines.push(...splitter.push(bytes.subarray(at, at + size)));
    t.same(lines, ['one', '', 'two ü', 'three'], `chunks of ${size}`);
  }
  const small = new LineSplitter(4);
  t.same(small.push(Buffer.from('1234\n12')), ['1234']);
  t.throws(() => small.push(Buffer.from('345')), labFailed);
  t.end();
});

t.test('a channel ends at what is no message', async t => {
  const bad = ['{', '[]', '{"op":"run","id":0,"argv":["true"]}', '{"op":"run","id":1,"argv":[]}', 'null'];
  bad.push('{"op":"stop","id":1,"signal":"SIGNONE"}', '{"op":"run","id":1,"argv":["a"],"shell":true}');
  for (const line of bad) {
    const [ours, theirs] = pair();
    const channel = openChannel(theirs, order, () => t.fail(`${line} was heard`));
    ours.write(`${line}\n`);
    t.match(await channel.ended, labFailed, line);
    await channel.closed;
    channel.send('into nothing');
  }
});

t.test('a program runs over there as it does here', async t => {
  const { host } = hostAndAgent(t);
  t.same(await host.run(['cat'], { input: 'ä\nb' }), { stdout: 'ä\nb', stderr: '', code: 0 });
  t.equal((await host.run(['sh', '-c', 'echo "$X"; exit 3'], { env: { X: 'y z' }, accept: [3] })).code, 3);
  const many = await Promise.all([1, 2, 3, 4].map(n => host.run(['echo', String(n)])));
  t.same(
    many.map(({ stdout }) => stdout),
    ['1\n', '2\n', '3\n', '4\n'],
  );

  const argv = ['sh', '-c', 'echo out; echo why >&2; exit 4'];
  const [there, here] = await Promise.all([host, { run }].map(at => at.run(argv).catch((e: unknown) => e)));
  t.ok(there instanceof CommandError && here instanceof CommandError);
  const { why, exitCode, stdout, stderr } = here as CommandError;
  t.match(there, { why, exitCode, stdout, stderr, code: 'COMMAND_FAILED' });
  t.match(String(there), /kvm9: sh/);
  await t.rejects(host.run(['no-such-program-here']), { message: /not found/ });
  await t.rejects(host.run(['sleep', '10'], { timeoutMs: 50 }), { message: /killed after 50 ms/ });
  await t.rejects(host.run(['sleep', '10'], { signal: AbortSignal.timeout(50) }), { message: /interrupted/ });
  await t.rejects(host.run(['true'], { signal: AbortSignal.abort() }), { message: /interrupted/ });
});

t.test('a program that goes on: lines, writing, stopping', async t => {
  const { host } = hostAndAgent(t);
  const lines: string[] = [];
  const cat = await host.start(['sh', '-c', 'echo ready >&2; cat; echo "$X"; exit 5'], {
    env: { X: 'end' },
    onLine: (line, from) => lines.push(`${from} ${line}`),
  });
  cat.write('hello\n');
  await waitFor('the echo', () => lines.includes('stdout hello') && lines.includes('stderr ready'));
  t.ok(existsSync(`/proc/${cat.pid}`));
  t.same(await cat.stop(), { code: undefined, signal: 'SIGTERM' });
  const short = await host.start(['sh', '-c', 'exit 5']);
  t.same(await short.exited, { code: 5, signal: undefined });
  const log = `${t.testdir()}/log`;
  await host.start(['echo', 'written'], { log });
  await waitFor('the log', () => readFileSync(log, 'utf8') === 'written\n');
  await t.rejects(host.start(['no-such-program-here']), { code: 'COMMAND_FAILED' });
});

t.test('when the lab is gone, what ran for it is ended', async t => {
  const { host, served, ours } = hostAndAgent(t);
  const sleeper = await host.start(['sleep', '100']);
  const running = host.run(['sleep', '100']).catch((e: unknown) => e);
  ours.end();
  t.equal(await served, undefined);
  t.notOk(existsSync(`/proc/${sleeper.pid}`), 'the agent ended it');
  // Its last answer, that it was interrupted, still came.
  t.match(await running, { code: 'COMMAND_FAILED' });
  t.match(await sleeper.exited, { signal: 'SIGKILL' });
});

t.test('when a container is gone, what waits for it fails', async t => {
  const [ours, theirs] = pair();
  const host = new RemoteHost('kvm9', ours);
  const waiting = [host.run(['true']), host.start(['true'])].map(work => work.catch((e: unknown) => e));
  theirs.destroy();
  theirs.end();
  ours.push(null);
  await host.gone;
  for (const error of await Promise.all(waiting)) t.match(error, { message: /container of kvm9 has ended/ });
  await t.rejects(host.run(['true']), labFailed);
  await t.rejects(host.start(['true']), labFailed);
  await host.dismiss();
});

t.test('an agent that talks nonsense is hung up on', async t => {
  const [ours, theirs] = pair();
  const host = new RemoteHost('kvm9', ours);
  const waiting = host.run(['true']).catch((e: unknown) => e);
  theirs.write('{"op":"done","id":1}\n');
  t.match(await waiting, { message: /not a message/ });
  t.ok(ours.destroyed);
});

t.test('agents are known by their addresses, each once', async t => {
  const names = new Map([['127.0.0.1', 'one']]);
  const signal = AbortSignal.timeout(10_000);
  const rendezvous = await Rendezvous.open({ address: '127.0.0.1', port: 0, names, signal });
  const dial = (localAddress: string): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: rendezvous.port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    });
  const hungUp = (socket: Socket): Promise<boolean> =>
    new Promise(resolve => {
      socket.resume();
      for (const event of ['end', 'error']) socket.once(event, () => resolve(socket.destroy().destroyed));
    });
  const stranger = await dial('127.0.0.2');
  t.ok(await hungUp(stranger));
  const agent = await dial('127.0.0.1');
  const served = serveOrders(agent).finally(() => agent.end());
  const host = await rendezvous.host('one');
  t.ok(await hungUp(await dial('127.0.0.1')), 'one is there already');
  t.equal((await host.run(['echo', 'hi'])).stdout, 'hi\n');
  t.equal(rendezvous.hosts.length, 1);
  await t.rejects(rendezvous.host('two', 10), labFailed);
  await rendezvous.close();
  t.equal(await served, undefined);

  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  await t.rejects(Rendezvous.open({ address: '127.0.0.1', port, names, signal }), { code: 'LISTEN_FAILED' });
});

t.test('the interface with an address', t => {
  const json = JSON.stringify([
    { ifname: 'lo', addr_info: [{ local: '127.0.0.1', prefixlen: 8 }] },
    { ifname: 'eth1', addr_info: [{ local: '10.98.0.1' }, { local: '10.97.0.1' }] },
    { ifname: 'eth2', addr_info: [{ local: '10.97.0.11' }] },
  ]);
  t.equal(deviceWith('10.97.0.1', json), 'eth1');
  t.equal(deviceWith('10.97.0.2', json), undefined);
  t.equal(deviceWith('10.97.0.2', '{}'), undefined);
  t.end();
});

const inProject = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

t.test('the file in the container says what the scenario does', t => {
  const hypervisors = [1, 2].map(index => ({
    name: `kvm${index}`,
    management: managementAddress(index),
    vtep: underlayAddress(index),
  }));
  const [file, made] = [inProject('lab/docker/heddle.yaml'), scenarioYaml(hypervisors)].map(text =>
    parseConfig(text, 'heddle.yaml'),
  );
  t.ok(file?.ok && made?.ok);
  t.same(file, made);
  t.end();
});

const address = z.object({ ipv4_address: z.string() });
const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      networks: z.object({ management: address, underlay: address.optional() }),
      privileged: z.never().optional(),
      cap_add: z.array(z.string()).default([]),
      cap_drop: z.array(z.string()).default([]),
      command: z.array(z.string()),
    }),
  ),
});

t.test('docker-compose.yml: the addresses of the plan, and no right too many', t => {
  const { services } = composeFile.parse(parse(inProject('docker-compose.yml'), { merge: true }));
  t.same(Object.keys(services).sort(), ['heddle', 'kvm1', 'kvm2', 'lab']);
  const of = (name: string): unknown => services[name]?.networks;
  const at = (ipv4_address: string): { ipv4_address: string } => ({ ipv4_address });
  for (const index of [1, 2]) {
    const networks = { management: at(managementAddress(index)), underlay: at(underlayAddress(index)) };
    t.same(of(`kvm${index}`), networks);
    t.same(services[`kvm${index}`]?.cap_add, ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN']);
    t.equal(services[`kvm${index}`]?.command.at(-1), labAddress);
  }
  t.same(of('heddle'), { management: at(controllerAddress) });
  t.same(of('lab'), { management: at(labAddress) });
  for (const name of ['heddle', 'lab']) {
    t.match(services[name], { cap_add: [], cap_drop: ['ALL'] });
  }
  t.end();
});
