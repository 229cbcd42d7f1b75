import t from 'tap';
import { labDatapath } from '../../lab/datapath.js';
import { heddleYaml } from '../../lab/heddle-file.js';
import { Progress } from '../../lab/progress.js';
import { parseConfig } from '../../src/config/parse.js';
import { Cleanup, cleanUpOnSignals } from '../../lab/cleanup.js';
import { CommandError, run } from '../../lab/exec.js';
import { decodeDatagram, encodeProbe, encodeReply } from '../../lab/guest/protocol.js';
import { Tally } from '../../lab/guest/tally.js';
import { gate } from '../../lab/gate.js';
import { inNamespace, ipBatch, thisMachine, type Host } from '../../lab/host.js';
import {
  checkHostName,
  checkLabId,
  interfaceName,
  namespaceName,
  parseNamespaceName,
  portName,
  randomLabId,
} from '../../lab/names.js';
import { parsePing, pingCommand } from '../../lab/ping.js';
import { missingForLab } from '../../lab/requirements.js';
import { start } from '../../lab/background.js';
import { parseIperf } from '../../lab/iperf.js';
import type { Cell } from '../../lab/reachability.js';
import { reachabilityTable, wrongCells } from '../../lab/table.js';
import { waitFor } from '../../lab/wait.js';

const labFailed = { code: 'LAB_FAILED' };

t.test('run: output, input, exit codes, time and interruption', async t => {
  const cat = await run(['cat'], { input: 'a\nb' });
  t.same(cat, { stdout: 'a\nb', stderr: '', code: 0 });
  t.equal((await run(['sh', '-c', 'echo "$X"'], { env: { X: 'y z' } })).stdout, 'y z\n');
  t.equal((await run(['sh', '-c', 'exit 3'], { accept: [0, 3] })).code, 3);
  // What a program ignores of its input is no error.
  t.equal((await run(['true'], { input: 'x'.repeat(1 << 20) })).code, 0);

  const failed = await run(['sh', '-c', 'echo out; echo why >&2; exit 4']).catch((e: unknown) => e);
  t.ok(failed instanceof CommandError);
  t.match(failed, { code: 'COMMAND_FAILED', exitCode: 4, stdout: 'out\n', stderr: 'why\n' });
  t.match(String(failed), /exit 4: exit code 4: why$/);

  await t.rejects(run(['no-such-program-here']), { message: /not found/ });
  await t.rejects(run([]), { code: 'COMMAND_FAILED' });
  await t.rejects(run(['sleep', '10'], { timeoutMs: 50 }), { message: /killed after 50 ms/ });
  await t.rejects(run(['sleep', '10'], { signal: AbortSignal.timeout(50) }), { message: /interrupted/ });
});

t.test('start: lines, writing, stopping, and one that ignores SIGTERM', async t => {
  const lines: string[] = [];
  const cat = await start(['sh', '-c', 'echo ready >&2; cat'], {
    onLine: (line, from) => lines.push(`${from} ${line}`),
  });
  cat.write('hello\n');
  await waitFor('the echo', () => lines.includes('stdout hello'));
  t.ok(lines.includes('stderr ready'));
  t.same(await cat.stop(), { code: undefined, signal: 'SIGTERM' });
  t.same(await cat.stop(), { code: undefined, signal: 'SIGTERM' }, 'stopping twice is no error');

  const deaf: string[] = [];
  const stubborn = await start(['sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 0.05; done'], {
    onLine: line => deaf.push(line),
  });
  await waitFor('the trap', () => deaf.length > 0);
  t.same(await stubborn.stop('SIGTERM', 100), { code: undefined, signal: 'SIGKILL' });
  await t.rejects(start(['no-such-program-here']), { code: 'COMMAND_FAILED' });
});

t.test('clean-up: last first, once, whatever single steps say', async t => {
  const seen: string[] = [];
  const cleanup = new Cleanup();
  cleanup.add('first', () => seen.push('first'));
  cleanup.add('second', () => Promise.reject(new Error('stuck')));
  const forget = cleanup.add('third', () => seen.push('third'));
  cleanup.add('fourth', () => seen.push('fourth'));
  forget();
  t.notOk(cleanup.begun.aborted);
  const [one, two] = await Promise.all([cleanup.run(), cleanup.run()]);
  t.same(seen, ['fourth', 'first']);
  t.same(one, [{ step: 'second', message: 'stuck' }]);
  t.equal(one, two);
  t.ok(cleanup.begun.aborted);
});

t.test('clean-up on a signal, which then ends the process as shells expect', async t => {
  const cleanup = new Cleanup();
  let undone = 0;
  cleanup.add('one', () => undone++);
  const code = new Promise<number>(resolve => {
    const unhook = cleanUpOnSignals(cleanup, resolve);
    t.teardown(unhook);
  });
  process.emit('SIGINT');
  t.equal(await code, 130);
  t.equal(undone, 1);
});

t.test('names fit the kernel and tell whose they are', t => {
  t.equal(namespaceName('3f2a', 'kvm1'), 'hdl-3f2a-kvm1');
  t.same(parseNamespaceName('hdl-3f2a-red-1'), { id: '3f2a', host: 'red-1' });
  for (const foreign of ['kvm1', 'hdl-', 'hdl-3f2a', 'hdl-3F2A-x', 'xhdl-3f2a-x', 'hdl-123456789-x']) {
    t.equal(parseNamespaceName(foreign), undefined, foreign);
  }
  t.match(randomLabId(), /^[0-9a-f]{4}$/);
  t.equal(checkLabId(randomLabId()).length, 4);
  t.equal(portName('red-1'), 'red-1-p');
  t.equal(portName('x'.repeat(13)).length, 15);
  for (const bad of ['', '-x', 'a/b', 'a b', 'x'.repeat(14), '../x'])
    t.throws(() => checkHostName(bad), labFailed, bad);
  for (const bad of ['', 'A', 'all-of-it', '..', '123456789'])
    t.throws(() => checkLabId(bad), labFailed, bad);
  for (const bad of ['', 'x'.repeat(16), 'a/b', 'a b']) t.throws(() => interfaceName(bad), labFailed, bad);
  t.end();
});

t.test('ping: its command and its summary', t => {
  const { argv, timeoutMs } = pingCommand('10.0.0.2', {
    count: 5,
    intervalMs: 10,
    timeoutMs: 500,
    size: 1400,
  });
  t.equal(argv.join(' '), 'ping -n -q -c 5 -i 0.01 -W 0.5 -s 1400 10.0.0.2');
  t.ok(timeoutMs > 600);
  t.same(parsePing('3 packets transmitted, 2 received, 33.3333% packet loss, time 402ms\n'), {
    sent: 3,
    received: 2,
  });
  t.same(
    parsePing(
      'PING 10.0.0.2\n\n--- statistics ---\n4 packets transmitted, 0 received, +4 errors, 100% packet loss',
    ),
    { sent: 4, received: 0 },
  );
  t.same(parsePing('ping: connect: Network is unreachable'), { sent: 0, received: 0 });
  t.end();
});

t.test('waitFor: a value, a late one, a time that is over', async t => {
  t.equal(await waitFor('now', () => 7), 7);
  let looks = 0;
  t.equal(await waitFor('soon', () => (++looks < 3 ? undefined : looks), { intervalMs: 1 }), 3);
  const never = waitFor('the moon', () => Promise.reject(new Error('no moon')), {
    timeoutMs: 20,
    intervalMs: 5,
  });
  await t.rejects(never, { ...labFailed, message: 'waited 20 ms for the moon: no moon' });
  await t.rejects(waitFor('x', () => false, { signal: AbortSignal.abort() }));
});

t.test('a host in a namespace says so in every command', async t => {
  const seen: string[] = [];
  const machine: Host = {
    name: 'fake',
    run: (argv, options) => {
      seen.push([...argv, options?.input ?? ''].join(' '));
      return Promise.resolve({ stdout: '', stderr: '', code: 0 });
    },
    start: () => Promise.reject(new Error('not here')),
  };
  await ipBatch(inNamespace(machine, 'hdl-1-a'), ['link set lo up', 'link set x up']);
  t.same(seen, ['ip netns exec hdl-1-a ip -batch - link set lo up\nlink set x up\n']);
});

t.test('a closed gate lets nothing start and ends what runs', async t => {
  const { host, close } = gate(thisMachine);
  t.equal((await host.run(['echo', 'x'])).stdout, 'x\n');
  const sleeping = t.rejects(host.run(['sleep', '10']), { message: /interrupted/ });
  await close();
  await sleeping;
  await t.rejects(host.run(['true']), labFailed);
  await t.rejects(host.start(['true']), labFailed);
});

t.test('what is missing is told, with how to get it', t => {
  const all = { uid: 0, has: () => true, canUse: () => true };
  t.same(missingForLab(all), []);
  t.match(missingForLab({ ...all, uid: 1000 }), [/^root: /]);
  t.same(missingForLab({ ...all, has: program => !program.startsWith('ov'), canUse: () => false }), [
    'openvswitch-switch: apt-get install openvswitch-switch',
    '/dev/net/tun: modprobe tun',
  ]);
  t.end();
});

t.test('probes and replies between guests', t => {
  const probe = { token: '17', sequence: 3 };
  const reply = { ...probe, by: 'blue-2' };
  t.same(decodeDatagram(encodeProbe(probe)), probe);
  t.same(decodeDatagram(encodeReply(reply)), reply);
  const probeText = encodeProbe(probe);
  for (const foreign of [
    '',
    'hello',
    `${probeText} x`,
    `${probeText}\n`,
    'heddle-lab reply 1 2',
    'heddle-lab probe 1 x',
  ]) {
    t.equal(decodeDatagram(foreign), undefined, JSON.stringify(foreign));
  }
  t.end();
});

t.test('a tally counts what was lost, for how long, and who answered', t => {
  const tally = new Tally();
  for (let i = 0; i < 10; i++) t.equal(tally.send(), i);
  t.notOk(tally.complete);
  for (const sequence of [0, 1, 4, 5, 9]) tally.reply(sequence, 'b');
  tally.reply(5, 'b');
  tally.reply(5, 'c');
  tally.reply(77, 'b');
  t.same(tally.result(10), {
    sent: 10,
    received: 5,
    lost: 5,
    longestGapMs: 30,
    gaps: [
      { from: 2, lost: 2 },
      { from: 6, lost: 3 },
    ],
    duplicates: 1,
    turns: [
      { from: 0, by: 'b' },
      { from: 5, by: 'c' },
      { from: 9, by: 'b' },
    ],
    by: { b: 6, c: 1 },
  });
  t.same(new Tally().result(1), {
    sent: 0,
    received: 0,
    lost: 0,
    longestGapMs: 0,
    duplicates: 0,
    gaps: [],
    turns: [],
    by: {},
  });
  t.end();
});

t.test('iperf3: TCP, UDP and an error', t => {
  const sum = { bits_per_second: 20e6, lost_percent: 50 };
  t.same(parseIperf(JSON.stringify({ end: { sum } })), { bitsPerSecond: 10e6, lostPercent: 50 });
  const received = { end: { sum_received: { bits_per_second: 9e6 } } };
  t.same(parseIperf(JSON.stringify(received)), { bitsPerSecond: 9e6, lostPercent: undefined });
  t.throws(() => parseIperf('{"end":{},"error":"unable to connect"}'), {
    ...labFailed,
    message: /unable to connect/,
  });
  t.end();
});

const cell = (from: string, to: string, more: Partial<Cell> = {}): Cell => {
  const expected = from[0] === to[0];
  return { from, to, expected, reached: expected, pinged: true, leaked: [], ...more };
};

t.test('the table of who reaches whom', t => {
  const names = ['blue-1', 'blue-2', 'red-1'];
  const cells = [
    cell('blue-1', 'blue-2'),
    cell('blue-1', 'red-1'),
    cell('blue-2', 'blue-1', { reached: false }),
    cell('blue-2', 'red-1', { reached: true, leaked: ['12:00 a > b', '12:01 a > b'] }),
    cell('red-1', 'blue-1', { leaked: ['12:02 c > d'] }),
    cell('red-1', 'blue-2'),
  ];
  t.equal(
    reachabilityTable(names, cells, { colour: false }),
    [
      'from \\ to  blue-1     blue-2     red-1',
      'blue-1     -          yes        no',
      'blue-2     NO!        -          YES!',
      'red-1      LEAK!      no         -',
    ].join('\n'),
  );
  t.match(reachabilityTable(names, cells, { colour: true }), /\u001b\[32myes +\u001b\[0m/);
  t.same(wrongCells(cells), [
    'blue-2 does not reach blue-1, which is in its network (its address answers pings, but another station does)',
    'blue-2 reaches red-1, which is in another network; 2 frames arrived, the first: 12:00 a > b',
    'blue-1, in another network, received frames of red-1; 1 frames arrived, the first: 12:02 c > d',
  ]);
  t.same(wrongCells([cell('blue-1', 'blue-2', { reached: false, pinged: false })]), [
    'blue-1 does not reach blue-2, which is in its network (pings are lost too)',
  ]);
  t.end();
});

t.test('progress: in place on a terminal, plain lines in a pipe', async t => {
  const told = async (isTTY: boolean): Promise<string> => {
    let text = '';
    let clock = 0;
    const output = { isTTY, write: (more: string) => (text += more) };
    const progress = new Progress({ output, colour: isTTY, now: () => (clock += 500) });
    t.equal(
      await progress.step('build', detail => {
        detail('half');
        return Promise.resolve(7);
      }),
      7,
    );
    await t.rejects(
      progress.step('break', () => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
    return text;
  };
  t.equal(await told(false), 'ok   build (0.5 s)\nFAIL break (0.5 s)\n');
  const terminal = await told(true);
  t.match(terminal, /\r\u001b\[K\u001b\[36m.\u001b\[0m build: half/);
  t.ok(terminal.endsWith('\u001b[31m✗\u001b[0m break (0.5 s)\n'));
});

t.test('the datapath of the lab', t => {
  t.equal(labDatapath({}), 'netdev');
  t.equal(labDatapath({ LAB_DATAPATH: 'system' }), 'system');
  t.throws(() => labDatapath({ LAB_DATAPATH: 'dpdk' }), {
    code: 'LAB_FAILED',
    message: /dpdk.*netdev or system/,
  });
  t.end();
});

t.test('the file for Heddle', t => {
  const text = heddleYaml({
    listen: 'tcp:10.98.0.254:6653',
    ovsdbPort: 6640,
    hypervisors: [
      { name: 'kvm1', management: '10.98.0.1', vtep: '10.97.0.1' },
      {
        ...{ name: 'kvm2', management: '10.98.0.2', vtep: '10.97.0.2', datapath: 'system', uplink: 'eth0' },
        egress: '{ max-rate: 10mbit }',
      },
    ],
    networks: [
      {
        name: 'blue',
        vni: 5000,
        ports: [{ ifaceId: 'blue*' }, { port: 'x-p', on: 'kvm1', vlan: 10, maxMacs: 5 }],
        remotes: ['10.97.0.9'],
      },
    ],
  });
  const parsed = parseConfig(text, 'heddle.yaml');
  if (!parsed.ok) throw new Error(text);
  t.match(parsed.config.hypervisors, [
    { name: 'kvm1', bridge: 'br-int', datapath: 'netdev', uplink: undefined },
    { name: 'kvm2', datapath: 'system', uplink: 'eth0', egress: {} },
  ]);
  t.match(parsed.config.networks, [
    {
      name: 'blue',
      vni: 5000,
      ports: [
        { by: 'iface-id', glob: 'blue*' },
        { by: 'port', glob: 'x-p', on: 'kvm1', vlan: 10, maxMacs: 5 },
      ],
    },
  ]);
  t.equal(parsed.config.networks[0]?.remotes.length, 1);
  t.end();
});
