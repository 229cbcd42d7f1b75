/** The commands: what they print, and how they end. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { check } from '../../src/cli/check.js';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { readConfig } from '../../src/cli/read-config.js';
import { formatStatus, status } from '../../src/cli/status.js';
import { table } from '../../src/cli/table.js';
import type { Status } from '../../src/controller/status.js';
import { api } from '../../src/http/api.js';
import { serve } from '../../src/io/http-server.js';
import { listen } from '../../src/io/streams.js';
import type { HeddleError } from '../../src/lib/errors.js';
import { heddle, printed } from '../support/printed.js';

/** What a file's mistakes are, one in each line, without the folder that it is in. */
async function mistakes(path: string): Promise<string[]> {
  try {
    await readConfig(path);
    return [];
  } catch (thrown) {
    const { code, message } = thrown as HeddleError;
    if (code !== 'CONFIG_INVALID') throw thrown;
    return message.replaceAll(`${dirname(path)}/`, '').split('\n');
  }
}

t.test('apps of a file', async t => {
  const good = `
    name: 'good', scope: 'others', options: z.strictObject({ rate: z.int().min(1).default(5) }),
    tables: [{ name: 'first', stage: 'guard', miss: 'next' }],
    init: () => ({}), on: (event, state) => ({ state }), desired: () => ({}),`;
  const module = (body: string): string => `import { z } from 'zod';\nexport default {${good}${body}};\n`;
  const dir = t.testdir({
    'good.mjs': module(''),
    'named.mjs': module("name: 'overlay',"),
    'more.mjs': module('ports: () => [], report: () => ({}),'),
    faults: {
      'syntax.mjs': 'export default {',
      'throws.mjs': "throw new Error('no licence');",
      'none.mjs': 'export const app = 1;',
      'null.mjs': 'export default null;',
      'name.mjs': module("name: 'my app',"),
      'scope.mjs': module("scope: 'all',"),
      'options.mjs': module('options: {},'),
      'tables.mjs': module('tables: {},'),
      'unnamed.mjs': module('tables: [null],'),
      'stage.mjs': module("tables: [{ name: 'x', stage: 'toString', miss: 'next' }],"),
      'miss.mjs': module("tables: [{ name: 'x', stage: 'guard' }],"),
      'twins.mjs': module(
        "tables: [{ name: 'x', stage: 'guard', miss: 'next' }, { name: 'x', stage: 'mark', miss: 'next' }],",
      ),
      'init.mjs': module('init: undefined,'),
      'desired.mjs': module("desired: 'all',"),
      'ports.mjs': module('ports: [],'),
      'reconfigure.mjs': module('reconfigure: true,'),
      'check.mjs': module(
        "name: 'check', options: z.unknown().transform(() => { throw new Error('cannot tell'); }),",
      ),
    },
  });
  let count = 0;
  const file = async (apps: readonly string[]): Promise<string[]> => {
    const path = join(dir, `file${++count}.yaml`);
    await writeFile(path, ['apps:', ...apps.map(app => `  - ${app}`)].join('\n'));
    const told = await mistakes(path);
    return told.map(line => line.replace(`file${count}.yaml:`, ''));
  };

  t.strictSame(await file(['learning-switch', './good.mjs', './more.mjs']), [
    '4:5: apps[2]: a second app that calls itself good',
  ]);
  const path = join(dir, 'run.yaml');
  await writeFile(path, 'apps:\n  - ./good.mjs: { rate: 7 }\n  - learning-switch\n');
  t.match((await readConfig(path)).apps, [
    { module: { name: 'good' }, options: { rate: 7 } },
    { module: { name: 'learning-switch' }, options: { 'idle-timeout': 300 } },
  ]);
  t.strictSame(
    (await readConfig(undefined)).apps.map(({ module }) => module.name),
    ['learning-switch'],
    'no file at all',
  );

  const known =
    'built in are overlay, qos, learning-switch; a module of your own is named by its path (./my-app.js)';
  t.strictSame(await file(['learning-swich', 'router', './good.mjs: { rat: 7 }']), [
    `2:5: apps[0]: there is no app called learning-swich: ${known}; did you mean "learning-switch"?`,
    `3:5: apps[1]: there is no app called router: ${known}`,
    '4:19: apps[2]."./good.mjs".rat: unknown key, expected one of rate; did you mean "rate"?',
  ]);
  t.match(await file(['./good.mjs: { rate: fast }']), [/^2:25: .*rate: found "fast", expected number$/]);
  t.match(
    await file(['nothing', 'overlay', './named.mjs']),
    [/no app called nothing/, /^4:5: apps\[2\]: a second app that calls itself overlay$/],
    'told at the second, whatever came before',
  );

  const fault = async (name: string): Promise<string> => (await file([`./faults/${name}.mjs`])).join('\n');
  const expected: Readonly<Record<string, RegExp>> = {
    missing: /cannot load .*missing\.mjs: Cannot find module/,
    syntax: /cannot load .*syntax\.mjs: /,
    throws: /cannot load .*throws\.mjs: no licence$/,
    none: /none\.mjs is not a controller app: its default export must be an object \(see defineApp\)$/,
    null: /its default export must be an object/,
    name: /`name` must be a short text$/,
    scope: /`scope` must be "hypervisors" or "others"$/,
    options: /`options` must be a zod schema$/,
    tables: /`tables` must be a list$/,
    unnamed: /each of `tables` must have a `name`$/,
    stage: /table x: `stage` must be one of classify, tunnel-source, guard, .*, output$/,
    miss: /table x: `miss` must be "next", "drop" or "own"$/,
    twins: /two of `tables` are called x$/,
    init: /`init` must be a function$/,
    desired: /`desired` must be a function$/,
    ports: /`ports` must be a function or left out$/,
    reconfigure: /`reconfigure` must be a function or left out$/,
    check: /the options of check could not be checked: cannot tell$/,
  };
  for (const [name, message] of Object.entries(expected)) t.match(await fault(name), message, name);
});

t.test('tables of text', t => {
  t.equal(
    table(
      ['NAME', 'N'],
      [
        ['a', '1'],
        ['longer', ''],
        ['', '22'],
      ],
    ),
    ['NAME    N', 'a       1', 'longer  -', '-       22'].join('\n'),
  );
  t.equal(table(['A'], []), 'A');
  t.end();
});

const calm: Status = {
  ok: true,
  uptimeSeconds: 5,
  switches: [],
  hypervisors: [],
  networks: [],
  ports: [],
  problems: [],
};
const busy: Status = {
  ok: false,
  uptimeSeconds: 5,
  switches: [
    {
      dpid: '0000000000000001',
      hypervisor: 'kvm1',
      peer: '192.0.2.11:4711',
      connectedSeconds: 4,
      state: 'in sync',
      ports: 3,
      flows: 17,
      groups: 2,
      sent: 19,
      mods: { flowMods: 17, groupMods: 2, meterMods: 0 },
      refused: [],
      badFrames: 0,
      dropped: 0,
    },
  ],
  hypervisors: [
    {
      name: 'kvm1',
      ovsdb: 'tcp:192.0.2.11:6640',
      state: 'connected',
      bridge: 'br-int',
      dpid: '0000000000000001',
      vtep: '10.97.0.1',
      openflow: 'in sync',
      ports: 2,
      transactions: 1,
      lock: 'held',
    },
    {
      name: 'kvm2',
      ovsdb: 'unix:/run/db.sock',
      state: 'connecting',
      lastError: 'no such socket',
      bridge: 'br-int',
      dpid: '0000000000000002',
      vtep: '10.97.0.2',
      openflow: 'not connected',
      ports: 0,
      transactions: 0,
      lock: 'unknown',
    },
  ],
  networks: [{ name: 'blue', vni: 5000, hypervisors: ['kvm1', 'kvm2'], ports: 2, remotes: [] }],
  ports: [
    { hypervisor: 'kvm1', port: 'v1', network: 'blue', ofport: 3, ifaceId: 'fw1', mac: '02:00:00:00:00:01' },
    { hypervisor: 'kvm1', port: 'v2', error: 'no\u001b[2J such device' },
  ],
  problems: [{ where: 'kvm1 port v2', message: 'no\u001b[2J such device' }],
};

t.test('a status for people', t => {
  t.equal(formatStatus(calm), 'No switch is connected.\n\nNothing is wrong.');
  t.equal(
    formatStatus(busy),
    [
      'Hypervisors',
      'NAME  OVSDB                            BRIDGE  OPENFLOW       VTEP       PORTS  TRANSACTIONS',
      'kvm1  tcp:192.0.2.11:6640              br-int  in sync        10.97.0.1  2      1',
      'kvm2  connecting to unix:/run/db.sock  br-int  not connected  10.97.0.2  0      0',
      '',
      'Networks',
      'NAME  VNI   PORTS  HYPERVISORS  REMOTES',
      'blue  5000  2      kvm1 kvm2    -',
      '',
      'Ports',
      'HYPERVISOR  PORT  NETWORK  OFPORT  IFACE-ID  MAC                ERROR',
      'kvm1        v1    blue     3       fw1       02:00:00:00:00:01  -',
      'kvm1        v2    -        -       -         -                  no\\u001b[2J such device',
      '',
      'Switches',
      'DATAPATH-ID       HYPERVISOR  FROM             STATE    PORTS  FLOWS  GROUPS  MODS SENT',
      '0000000000000001  kvm1        192.0.2.11:4711  in sync  3      17     2       17 flow, 2 group',
      '',
      'Wrong',
      'kvm1 port v2: no\\u001b[2J such device',
    ].join('\n'),
  );
  t.match(
    formatStatus({
      ...calm,
      hypervisors: busy.hypervisors.map((one, index) => ({
        ...one,
        ovsdb: `system-id id${index}`,
        ...(index === 0 ? { peer: '192.0.2.11:5' } : { state: 'waiting' as const }),
      })),
      strangers: [{ systemId: 'id\u001b[2J', from: '192.0.2.12', secondsAgo: 7 }],
    }),
    /kvm1 {2}system-id id0 \(192\.0\.2\.11:5\)[^]*kvm2 {2}waiting for system-id id1 [^]*SYSTEM-ID +FROM +LAST\nid\\u001b\[2J +192\.0\.2\.12 +7 s ago\n/,
  );
  t.equal(
    formatStatus({ ...calm, reload: { secondsAgo: 7, ok: true, changes: ['a', 'b'], mistakes: [] } }),
    'File read again 7 s ago: a; b\n\nNo switch is connected.\n\nNothing is wrong.',
  );
  t.match(
    formatStatus({ ...calm, reload: { secondsAgo: 7, ok: false, changes: [], mistakes: ['x', 'y'] } }),
    /^File read again 7 s ago: refused for 2 mistakes \(below\); the file before it is in force\n/,
  );
  t.match(
    formatStatus({ ...calm, meshReplacement: 'switching' }),
    /^The mesh is being replaced: hosts send to each other by Heddle's own ports/,
  );
  t.end();
});

t.test('heddle status', async t => {
  let told: unknown = calm;
  const http = await serve(
    { host: '127.0.0.1', port: 0 },
    api({
      status: () => told as Status,
      macs: () => undefined,
      qos: () => Promise.resolve({ limits: [], ports: [], queues: [] }),
      readings: () => Promise.resolve([]),
      host: () => undefined,
    }).fetch,
  );
  t.teardown(() => http.close());
  const address = `127.0.0.1:${http.port}`;

  let answer = await printed(t, () => status(undefined, { api: address }));
  t.strictSame([answer.result, answer.out], [exitCodes.ok, formatStatus(calm)]);
  told = busy;
  answer = await printed(t, () => status(undefined, { api: address }));
  t.strictSame([answer.result, answer.out], [exitCodes.attention, formatStatus(busy)]);
  answer = await printed(t, () => status(undefined, { api: address, json: true }));
  t.strictSame([answer.result, JSON.parse(answer.out)], [exitCodes.attention, busy]);

  const dir = t.testdir({ 'heddle.yaml': `api: { listen: ${address} }\n` });
  answer = await printed(t, () => status(join(dir, 'heddle.yaml'), {}));
  t.equal(answer.result, exitCodes.attention, "the file's address");
  const wrong = join(dir, 'wrong.yaml');
  await writeFile(wrong, `apps: [./none.js]\nnetworks: []\napi: { listen: ${address} }\n`);
  answer = await printed(t, () => status(wrong, {}));
  t.equal(answer.result, exitCodes.attention, 'also of a file with mistakes, which the one that runs tells');
  await writeFile(wrong, 'networks: []\napi: { listen: 127.0.0.1:1 }\n');
  await t.rejects(status(wrong, {}), { code: 'CONFIG_INVALID', message: /wrong.yaml:1:11: networks/ });
  t.strictSame(await heddle(t, 'status', '--api', address), { out: formatStatus(busy), err: '', code: 2 });

  for (const odd of [null, 7, {}, { ...calm, problems: 'none' }]) {
    told = odd;
    await t.rejects(status(undefined, { api: address }), {
      name: 'HeddleError',
      message: /no Heddle answers at/,
    });
  }
  const mute = await listen({ host: '127.0.0.1', port: 0 }, stream => {
    stream.write('SSH-2.0-OpenSSH\r\n');
    return { received: () => undefined, closed: () => undefined };
  });
  t.teardown(() => mute.close());
  for (const nobody of [`127.0.0.1:${mute.port}`, '127.0.0.1:1', 'nonsense here'])
    await t.rejects(status(undefined, { api: nobody }), {
      name: 'HeddleError',
      message: /`heddle run` running/,
    });
  t.match(await heddle(t, 'status', '--api', '127.0.0.1:1'), {
    out: '',
    err: /no Heddle answers at 127/,
    code: 1,
  });
});

t.test('heddle check', async t => {
  const dir = t.testdir({
    'good.yaml': `
openflow: { listen: tcp:192.0.2.1:6653 }
hypervisors: { kvm1: { ovsdb: tcp:192.0.2.11:6640, vtep: 10.97.0.1 } }
networks: { blue: { vni: 1 }, red: { vni: 2 } }
`,
    'bad.yaml': 'netwroks: {}\napi: { listen: 0.0.0.0:80 }\n',
  });
  const good = join(dir, 'good.yaml');
  const { result, out } = await printed(t, () => check(good));
  t.equal(result, exitCodes.ok);
  t.equal(out, `${good} is good: 1 hypervisor, 2 networks, apps overlay, learning-switch`);
  const bad = await heddle(t, 'check', join(dir, 'bad.yaml'));
  t.equal(bad.code, 1);
  t.match(bad.err.split('\n'), [/bad\.yaml:1:1: netwroks: unknown key/, /bad\.yaml:2:\d+: api\.listen: /]);
  t.match(await heddle(t, 'check', join(dir, 'none.yaml')), {
    err: /^cannot read .*: there is no such file$/,
    code: 1,
  });
  t.match(await heddle(t, 'check', dir), { err: /it is a folder$/, code: 1 });
  t.match(await heddle(t, 'run', join(dir, 'bad.yaml')), { err: /unknown key/, code: 1 });
});
