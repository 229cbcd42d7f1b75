// alone: it counts packets or bits, and a lab beside it would take some
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { encode } from '../../src/openflow/index.js';
import { ask, exchange, openDoor, Peer } from './support/door.js';
import { answerAs, hello } from './support/handshake.js';
import { heddle, startHeddleIn, statusOf, untilInSync } from './support/heddle-in.js';
import { addGuests, addSwitch, macOf, reconnectSoon, setController } from './support/switch.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** Goes on until it is told to stop: traffic whose flows are taken away again and again, so that Heddle has to work. */
async function keepAsking(
  host: Hypervisor,
  from: Vm,
  to: Vm,
  signal: AbortSignal,
): Promise<{ readonly sent: number; readonly lost: number; readonly longestGapMs: number }> {
  const probing = (await from.agent()).startProbing(to.ip, { intervalMs: 10 });
  while (!signal.aborted) {
    await sleep(200);
    await host.ofctl('del-flows', 'br0', `dl_src=${macOf(1)}`);
  }
  return probing.stop();
}

t.test('what comes in on the network', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const host = await addSwitch(lab);
  const [one, two] = (await addGuests(host, 'one', 'two')) as [Vm, Vm];
  await two.agent();
  const [openflow, api] = await Promise.all([
    openDoor(host.host, lab.directory, 6653),
    openDoor(host.host, lab.directory, 8653),
  ]);
  const running = await startHeddleIn(host.host);
  await setController(host, 'br0');
  await untilInSync(api);
  const said = (pattern: RegExp): number => running.stdout.filter(line => pattern.test(line)).length;

  await t.test('on the OpenFlow port, while a real switch goes on working', async t => {
    const enough = new AbortController();
    const traffic = keepAsking(host, one, two, enough.signal);
    // Those that say too little are given 10 s.
    const silent = await Promise.all(Array.from({ length: 500 }, () => Peer.connect(openflow)));
    const [halfHeader, unfinished, greeted] = await Promise.all([
      Peer.connect(openflow),
      Peer.connect(openflow),
      Peer.connect(openflow),
    ]);
    halfHeader.send(Uint8Array.of(4, 0, 0, 8));
    unfinished.send(Uint8Array.of(4, 0, 0xff, 0xff, 0, 0, 0, 1, 0));
    greeted.send(hello);

    // These Heddle hangs up on at once.
    const wrong: [string | Uint8Array, RegExp][] = [
      [Uint8Array.of(0xff, ...randomBytes(4_000)), /this is not OpenFlow: no OpenFlow: a version of 255/],
      ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', /this is not OpenFlow: no OpenFlow: a version of 71/],
      [Uint8Array.of(4, 0, 0, 3, 0, 0, 0, 1), /this is not OpenFlow: a frame of 3 bytes/],
      [encode({ type: 'barrier_request', xid: 1 }), /the first message was barrier_request, not hello/],
    ];
    const quick = await Promise.all(
      wrong.map(async ([bytes]) => {
        const peer = await Peer.connect(openflow);
        peer.send(bytes);
        return peer.closed;
      }),
    );
    t.comment(`hung up after ${quick.map(ms => `${Math.round(ms)} ms`).join(', ')}`);
    t.ok(
      quick.every(ms => ms < 5_000),
      String(quick),
    );
    for (const [, pattern] of wrong) t.ok(await running.untilSaid(pattern), String(pattern));

    const late = [...silent, halfHeader, unfinished, greeted];
    const lasted = await Promise.all(late.map(peer => peer.closed));
    const [shortest, longest] = [Math.round(Math.min(...lasted)), Math.round(Math.max(...lasted))];
    t.comment(`${late.length} peers without a handshake: closed after ${shortest} to ${longest} ms`);
    t.ok(lasted.every(ms => ms > 9_000 && ms < 14_000));
    // The log comes through a pipe of its own, later than the sockets' end.
    const told = (): boolean => said(/no OpenFlow handshake within 10 s/) >= late.length;
    t.ok(await waitFor('a log line for each of them', told));
    t.match(await statusOf(api), { ok: true, switches: [{ state: 'in sync' }] });
    t.match(greeted.messages, [{ type: 'hello', versions: [4] }, { type: 'features_request' }]);

    enough.abort();
    const { sent, lost, longestGapMs } = await traffic;
    t.comment(`meanwhile: ${lost} of ${sent} probes at 10 ms lost, ${longestGapMs} ms at the longest`);
    t.ok(sent > 500 && lost < sent / 20, `${lost} of ${sent} lost`);
  });

  await t.test('a switch that says garbage after its handshake', async t => {
    const peer = await Peer.connect(openflow, answerAs(0xbadn));
    peer.send(hello);
    await untilInSync(api, 2);
    const garbage = (xid: number): Uint8Array =>
      Uint8Array.of(4, 10, 0, 40, 0, 0, 0, xid, ...randomBytes(16), 0xff, 0xff, ...randomBytes(14));
    for (let xid = 1; xid <= 100; xid++) peer.send(garbage(xid));
    const errors = await waitFor('100 errors', () => {
      const told = peer.messages.filter(message => message.type === 'error');
      return told.length === 100 && told;
    });
    // OFPET_BAD_REQUEST, OFPBRC_BAD_LEN, with the message's beginning
    t.match(errors[99], { errorType: 1, code: 6, xid: 100 });
    t.equal(Buffer.from(errors[99]!.data).subarray(0, 8).toString('hex'), '040a002800000064');
    t.equal((await statusOf(api)).switches.length, 2, 'it costs these messages alone');
    peer.send(garbage(101));
    await peer.closed;
    t.match(
      await running.untilSaid(/disconnected: more than 100 messages/),
      'more than 100 messages that cannot be read',
    );
    t.match(await statusOf(api), { ok: true, switches: [{ state: 'in sync' }] });
  });

  await t.test('a switch of another version gets HELLO_FAILED', async t => {
    const peer = await Peer.connect(openflow);
    peer.send(encode({ type: 'hello', xid: 7, version: 1 }));
    await peer.closed;
    t.match(peer.messages, [
      { type: 'hello', version: 4, versions: [4] },
      { type: 'error', version: 1, xid: 7, errorType: 0, code: 0 },
    ]);
    t.equal(peer.messages.length, 2);
    t.match(
      await running.untilSaid(/speaks OpenFlow 1\.0, not OpenFlow 1\.3/),
      'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13',
    );
  });

  await t.test('on the api', async t => {
    const local = { host: '127.0.0.1:8653' };
    t.match(await ask(api, 'GET', '/v1/status', local), { code: 200, body: /"ok":true/ });
    t.match(await ask(api, 'GET', '/v1/status', { host: 'localhost' }), { code: 200 });
    t.match(await ask(api, 'GET', '/', local), { code: 404, body: '{"error":"no / here: try /v1/status"}' });
    t.match(await ask(api, 'GET', '/v1/../../etc/passwd', local), { code: 404 });
    t.match(await ask(api, 'GET', '/v1/status', { host: 'evil.example' }), { code: 403, body: /loopback/ });
    t.match(await ask(api, 'POST', '/v1/status', local), {
      code: 405,
      body: '{"error":"this interface is read-only: GET it"}',
      headers: { allow: 'GET, HEAD' },
    });
    const { headers } = await ask(api, 'GET', '/v1/status', { ...local, origin: 'http://evil.example' });
    t.notMatch(headers, { 'access-control-allow-origin': /./ });
    t.match(await exchange(api, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
    t.match(await ask(api, 'GET', '/v1/status', local), { code: 200 }, 'it goes on');
  });

  t.same(running.stderr, []);
  t.equal(said(/a fault in Heddle itself/), 0);
  t.same(await running.stop(), { code: 0, signal: undefined });
});

t.test('what stands in the file, and what the machine lacks', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const here = lab.controller;
  const api = await openDoor(here, lab.directory, 8653);
  const write = async (name: string, text: string | Uint8Array): Promise<string> => {
    const file = `${lab.directory}/${name}`;
    await writeFile(file, text);
    return file;
  };

  await t.test('every mistake at once, and no start', async t => {
    const lines = [
      'hypervisors:',
      '  kvm1: { ovsdb: tcp:127.0.0.1:1, vtep: 10.97.0.1, bridg: br1 }',
      'networks:',
      '  zero: { vni: 0 }',
      '  big: { vni: 16777216 }',
      '  blue: { vni: 5000, ports: [{ port: fw1-p, on: kvm1 }] }',
      '  red: { vni: 5000, ports: [{ port: fw1-p, on: kvm1 }] }',
      'apps: [overlai, ./nothere.js]',
    ];
    const file = await write('mistakes.yaml', lines.join('\n'));
    const expected = [
      /:2:52: hypervisors\.kvm1\.bridg: unknown key.*did you mean "bridge"\?/,
      /:4:16: networks\.zero\.vni: found 0, expected a whole number from 1 to 16777215/,
      /:5:15: networks\.big\.vni: found 16777216, expected a whole number from 1 to 16777215/,
      /:7:15: networks\.red\.vni: 5000 is also the VNI of networks\.blue \(line 6\)/,
      /:7:29: networks\.red\.ports\[0\]: port "fw1-p" is also claimed by networks\.blue \(line 6\)/,
      /:8:8: apps\[0\]: there is no app called overlai.*did you mean "overlay"\?/,
      /:8:17: apps\[1\]: cannot load .*nothere\.js: Cannot find module/,
    ];
    for (const command of ['check', 'run', 'plan', 'status']) {
      const { code, stdout, stderr } = await heddle(here, command, file);
      t.equal(code, 1, command);
      t.equal(stdout, '');
      // What asks a running Heddle loads no apps.
      const told = command === 'status' ? expected.filter(one => !one.source.includes('apps')) : expected;
      t.match(stderr.trimEnd().split('\n'), told);
      t.equal(stderr.trimEnd().split('\n').length, told.length, stderr);
    }
  });

  await t.test('files that are none', async t => {
    const cases: [string, RegExp][] = [
      [`${lab.directory}/nosuch.yaml`, /^cannot read .*nosuch\.yaml: .*no such file/],
      [lab.directory, /^cannot read .*: it is a folder/],
      [await write('random', randomBytes(3_000)), /^cannot read .*random: it is not UTF-8 text/],
      [await write('flow.yaml', '{ apps: ['), /flow\.yaml:1:\d+: not valid YAML: /],
      [await write('page.yaml', '<html></html>'), /page\.yaml:1:1: this is an HTML or XML page, not YAML/],
      [await write('list.yaml', '- a\n- b\n'), /list\.yaml:1:1: .*expected a map/],
    ];
    const outputs = await Promise.all(cases.map(([file]) => heddle(here, 'run', file)));
    for (const [index, [, expected]] of cases.entries()) {
      t.match(outputs[index], { code: 1, stdout: '', stderr: expected });
      t.notMatch(outputs[index]!.stderr, /\n +at /, 'no stack');
    }
  });

  await t.test('the command line', async t => {
    t.match(await heddle(here, '--help'), { code: 0, stdout: /run .*check .*status .*Exit codes: 0 /s });
    const wrong: [string[], RegExp][] = [
      [['frob'], /unknown command 'frob'/],
      [['run', '--frob'], /unknown option '--frob'/],
      [['run', '--log-level', 'loud'], /Allowed choices are debug, info, warn, error/],
      [['run', 'a', 'b'], /too many arguments/],
      [['check'], /missing required argument 'FILE'/],
      [[], /Usage: heddle/],
    ];
    const outputs = await Promise.all(wrong.map(([args]) => heddle(here, ...args)));
    for (const [index, [args, expected]] of wrong.entries()) {
      t.match(outputs[index], { code: 1, stdout: '', stderr: expected }, args.join(' '));
    }
    t.match(await heddle(here, 'status'), {
      code: 1,
      stdout: '',
      stderr: /no Heddle answers at 127\.0\.0\.1:8653 .*is `heddle run` running/,
    });
  });

  await t.test('addresses in use', async t => {
    const first = await startHeddleIn(here);
    t.match(await heddle(here, 'run'), {
      code: 1,
      stdout: '',
      stderr: /^127\.0\.0\.1:6653 is in use by another program \(see `ss -ltnp sport = :6653`\)/,
    });
    const file = await write('api.yaml', 'openflow: { listen: tcp:127.0.0.1:6654 }\n');
    t.match(await heddle(here, 'run', file), { code: 1, stderr: /^127\.0\.0\.1:8653 is in use/ });
    const elsewhere = await write('nowhere.yaml', 'openflow: { listen: tcp:192.0.2.1:6653 }\n');
    t.match(await heddle(here, 'run', elsewhere), {
      code: 1,
      stderr: /this machine has no address 192\.0\.2\.1/,
    });
    t.match(await statusOf(api), { ok: true, switches: [] }, 'the first goes on');
    t.same(await first.stop('SIGINT'), { code: 0, signal: undefined });
  });

  await t.test('an OVSDB that cannot be reached', async t => {
    const file = await write(
      'away.yaml',
      'hypervisors:\n  kvm1: { ovsdb: tcp:127.0.0.1:6640, vtep: 10.97.0.1 }\nnetworks: { blue: { vni: 5 } }\n',
    );
    const running = await startHeddleIn(here, file);
    const problem =
      /no OVSDB connection to tcp:127\.0\.0\.1:6640 yet: connection refused.*Heddle keeps trying/;
    const { code, stdout } = await waitFor('status to say so', async () => {
      const told = await heddle(here, 'status', file);
      return problem.test(told.stdout) && told;
    });
    t.equal(code, 2);
    t.match(stdout, /kvm1: no OVSDB connection/);
    t.match(await statusOf(api), { ok: false, hypervisors: [{ state: 'connecting' }] });
    // It comes: ovsdb-server of no hypervisor, with an empty database, is enough to see that Heddle has kept trying.
    const database = `${lab.directory}/late.db`;
    await here.run(['ovsdb-tool', 'create', database]);
    const server = await here.start([
      'ovsdb-server',
      database,
      '--remote=ptcp:6640:127.0.0.1',
      `--unixctl=${lab.directory}/late.ctl`,
      '-vconsole:off',
    ]);
    await waitFor('Heddle to connect', async () =>
      (await statusOf(api)).hypervisors.some(({ state }) => state !== 'connecting'),
    );
    t.same(await running.stop(), { code: 0, signal: undefined });
    await server.stop();
  });

  await t.test('logs: for people on a terminal, JSON in a pipe', async t => {
    const main = join(projectRoot(), 'dist/package/main.js');
    const onTerminal = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const command = `timeout --preserve-status -s TERM 4 '${process.execPath}' '${main}' run`;
      const { stdout, code } = await here.run(['script', '-qec', command, '/dev/null'], { env });
      t.equal(code, 0);
      return stdout;
    };
    const plain = await onTerminal({ NO_COLOR: '1' });
    t.match(
      plain,
      /^\[?\d\d:\d\d:\d\d\.\d{3}\]? INFO: Heddle listens for switches on tcp:127\.0\.0\.1:6653/m,
    );
    t.match(plain, /Heddle stops; flows and settings stay as they are/);
    t.notMatch(plain, /\x1b\[/, 'NO_COLOR');
    t.notMatch(plain, /[{}"]/, 'no fields');
    t.match(await onTerminal({ NO_COLOR: '' }), /\x1b\[3\dm/, 'colours');
    const piped = await startHeddleIn(here);
    await piped.stop();
    for (const line of piped.stdout) t.match(JSON.parse(line), { level: 30, time: /^\d{4}-/, msg: /./ });
  });
});

t.test('apps that go wrong', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const host = await addSwitch(lab);
  const [one, two] = (await addGuests(host, 'one', 'two')) as [Vm, Vm];
  const api = await openDoor(host.host, lab.directory, 8653);
  const module = join(projectRoot(), 'test/live/support/apps/faulty.js');
  const fileFor = async (at: string): Promise<string> => {
    const file = `${lab.directory}/${at}.yaml`;
    await writeFile(file, `apps:\n  - ${module}: { at: ${at} }\n  - learning-switch\n`);
    return file;
  };

  t.match(await heddle(host.host, 'run', await fileFor('start')), {
    code: 1,
    stdout: '',
    stderr: /^app faulty failed to start: this app fails at its start\n$/,
  });

  const cases: [string, RegExp][] = [
    ['event', /^threw \d+ times, last: this app fails at a packet-in/],
    ['answer', /^threw \d+ times, last: /],
    ['desired', /^threw .*this app fails when it is asked for its flows/],
    ['nothing', /^threw .*/],
    ['encoding', /^threw .*output\.port.*-1/],
    ['refused', /^refused priority=7,.*in_port=9.*: OFPBAC_MATCH_INCONSISTENT/],
    ['report', /^threw .*this app fails when it is asked how it is/],
  ];
  let first = true;
  for (const [at, expected] of cases) {
    await t.test(`at: ${at}`, async t => {
      const running = await startHeddleIn(host.host, await fileFor(at));
      if (first) await setController(host, 'br0');
      first = false;
      await waitFor('the switch', async () => (await statusOf(api)).switches.length === 1);
      await reconnectSoon(host, 'br0');
      await host.ofctl('del-flows', 'br0', `dl_src=${macOf(1)}`);
      await waitFor('the others to go on', async () => {
        const { received } = await one.ping(two.ip, { count: 1, timeoutMs: 300 });
        return received === 1;
      });
      const { problems, ok } = await statusOf(api);
      t.equal(ok, false);
      t.equal(problems.length, 1, JSON.stringify(problems));
      t.match(problems[0], { message: expected, ...(at !== 'refused' && { where: 'app faulty' }) });
      const { code, stdout } = await heddle(host.host, 'status');
      t.equal(code, 2);
      t.match(stdout, at === 'refused' ? /: refused priority=7/ : /app faulty: threw /);
      t.same(running.stderr, []);
      t.same(await running.stop(), { code: 0, signal: undefined });
    });
  }
});
