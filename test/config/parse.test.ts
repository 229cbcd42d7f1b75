import fc from '../support/fast-check.js';
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import * as z from 'zod';
import { parseIpv4 } from '../../src/lib/addresses.js';
import { formatVtep } from '../../src/lib/vtep.js';
import type { Config } from '../../src/config/config.js';
import { dpidOfName } from '../../src/config/dpid.js';
import { formatEndpoint, readApiListen, readOvsdb, readTcp } from '../../src/config/endpoint.js';
import { mistakesOf } from '../../src/config/issues.js';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';
import type { Source } from '../../src/config/source.js';

function parsed(text: string): { config: Config; source: Source } {
  const result = parseConfig(text, 'h.yaml');
  if (!result.ok) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return result;
}
const configOf = (text: string): Config => parsed(text).config;
const loopback = (port: number) => ({ transport: 'tcp', host: '127.0.0.1', port });

t.test('no file, and files that say nothing', t => {
  for (const text of ['', '\n\n', '# nothing\n', '---\n...\n', '~', '{}', '\ufeff']) {
    t.strictSame(configOf(text), {
      openflow: { listen: loopback(6653), advertise: loopback(6653) },
      api: { listen: loopback(8653) },
      apps: [{ name: 'learning-switch', options: {}, path: ['apps'] }],
      hypervisors: [],
      networks: [],
    });
  }
  t.strictSame(configOf('apps: []\n').apps, [], 'no apps is not the same as no word about them');
  t.end();
});

const everything = `openflow: { listen: "tcp:[::]:6653", advertise: tcp:Controller.example:6653 }
ovsdb: { listen: "tcp:[::]:6640" }
api: { listen: "[::1]:0" }
apps:
  - overlay
  - learning-switch: { idle-timeout: 300 }
  - ./apps/mine.js: {}
  - ../b.js
hypervisors:
  kvm1: &like { ovsdb: unix:/run/openvswitch/db.sock, vtep: 10.97.0.1 }
  kvm.2:
    ovsdb: tcp:[fe80:0::0:1]:6640
    bridge: br1
    datapath: netdev
    vtep: 10.97.0.2
    datapath-id: 0x4864000000000001
    uplink: eth0
  kvm3: { ovsdb: { system-id: 2e1a5f1c-7d4e-4d3a-9d55-0f6b2b1d8c11 }, vtep: 10.97.0.3 }
networks:
  blue:
    vni: 5e3
    ports:
      - iface-id: "fw*"
      - { port: "fw1-p", on: kvm1, addresses: [10.0.0.1, "fd00::1"] }
      - { port: eth1, vlan: 10, max-macs: 4096 }
    remotes: [10.97.0.9]
    mesh: ["vxlan*"]
    flood: { unknown-unicast: drop, broadcast: 1000pps }
    mac-age: 600
    learn-ips: true
  "5": { vni: 16777215, ports: [] }
  6: { vni: 0x1 }
`;

t.test('everything that a file may say', t => {
  t.strictSame(configOf(everything), {
    openflow: {
      listen: { transport: 'tcp', host: '::', port: 6653 },
      advertise: { transport: 'tcp', host: 'controller.example', port: 6653 },
    },
    ovsdb: { listen: { transport: 'tcp', host: '::', port: 6640 } },
    api: { listen: { transport: 'tcp', host: '::1', port: 0 } },
    apps: [
      { name: 'overlay', options: {}, path: ['apps', 0] },
      { name: 'learning-switch', options: { 'idle-timeout': 300 }, path: ['apps', 1, 'learning-switch'] },
      { name: './apps/mine.js', options: {}, path: ['apps', 2, './apps/mine.js'] },
      { name: '../b.js', options: {}, path: ['apps', 3] },
    ],
    hypervisors: [
      {
        name: 'kvm1',
        ovsdb: { transport: 'unix', path: '/run/openvswitch/db.sock' },
        bridge: 'br-int',
        datapath: 'system',
        vtep: parseIpv4('10.97.0.1'),
        dpid: dpidOfName('kvm1'),
      },
      {
        name: 'kvm.2',
        ovsdb: { transport: 'tcp', host: 'fe80::1', port: 6640 },
        bridge: 'br1',
        datapath: 'netdev',
        vtep: parseIpv4('10.97.0.2'),
        uplink: 'eth0',
        dpid: 0x4864000000000001n,
      },
      {
        name: 'kvm3',
        ovsdb: { transport: 'dial-in', systemId: '2e1a5f1c-7d4e-4d3a-9d55-0f6b2b1d8c11' },
        bridge: 'br-int',
        datapath: 'system',
        vtep: parseIpv4('10.97.0.3'),
        dpid: dpidOfName('kvm3'),
      },
    ],
    networks: [
      { name: '5', vni: 16777215, ports: [], remotes: [], mesh: [], flood: {} },
      { name: '6', vni: 1, ports: [], remotes: [], mesh: [], flood: {} },
      {
        name: 'blue',
        vni: 5000,
        ports: [
          { by: 'iface-id', glob: 'fw*' },
          {
            by: 'port',
            glob: 'fw1-p',
            on: 'kvm1',
            addresses: [
              { version: 4, value: 0x0a000001 },
              { version: 6, value: 0xfd00_0000_0000_0000_0000_0000_0000_0001n },
            ],
          },
          { by: 'port', glob: 'eth1', vlan: 10, maxMacs: 4096 },
        ],
        remotes: [parseIpv4('10.97.0.9')],
        mesh: ['vxlan*'],
        flood: { 'unknown-unicast': 'drop', broadcast: 1000 },
        macAge: 600,
        learnIps: true,
      },
    ],
  });
  t.end();
});

t.test('what depends on other parts', t => {
  const host = 'hypervisors: { a: { ovsdb: unix:/a, vtep: 10.0.0.1 } }\n';
  t.strictSame(
    configOf(host).apps.map(app => app.name),
    ['overlay', 'learning-switch'],
  );
  const wildcard = configOf('openflow: { listen: tcp:0.0.0.0:6653 }\n');
  t.equal(wildcard.openflow.advertise.host, '0.0.0.0', 'nobody is told it where there are no hypervisors');
  const listens = configOf(`openflow: { listen: tcp:10.0.0.9:6653 }\n${host}`);
  t.strictSame(listens.openflow.advertise, listens.openflow.listen);
  t.end();
});

t.test('datapath ids are taken as they are written', t => {
  const dpid = (written: string) =>
    configOf(`hypervisors: { a: { ovsdb: unix:/a, vtep: 10.0.0.1, datapath-id: ${written} } }`).hypervisors[0]
      ?.dpid;
  t.equal(dpid('"00000000000000e1"'), 0xe1n);
  t.equal(dpid('00000000000000e1'), 0xe1n, 'not a float');
  t.equal(dpid('0000000000000010'), 0x10n, 'not ten');
  t.equal(dpid('0xFFFFFFFFFFFFFFFF'), 0xffffffffffffffffn, 'not rounded');
  t.end();
});

t.test('aliases stand for whole values', t => {
  const { config, source } = parsed(`apps:
- ./a.js: &options { deep: [1, { x: 2 }] }
- ./b.js: *options
`);
  t.strictSame(
    config.apps.map(app => app.options),
    [{ deep: [1, { x: 2 }] }, { deep: [1, { x: 2 }] }],
  );
  t.strictSame(source.locate(['apps', 1, './b.js', 'deep', 1, 'x']), { line: 2, column: 37 });
  t.strictSame(source.locateKey(['apps', 1, './b.js']), { line: 3, column: 3 });
  t.end();
});

t.test('places in a file', t => {
  const { source } = parsed(everything);
  t.strictSame(source.locate([]), { line: 1, column: 1 });
  t.strictSame(source.locate(['networks', 'blue', 'vni']), { line: 21, column: 10 });
  t.strictSame(source.locateKey(['networks', 'blue', 'vni']), { line: 21, column: 5 });
  t.strictSame(source.locate(['networks', 'blue', 'ports', 1]), { line: 24, column: 9 });
  t.strictSame(source.locate(['networks', 'blue', 'missing', 'more']), { line: 21, column: 5 });
  t.equal(source.valueAt(['networks', 'blue', 'vni']), 5000);
  t.equal(source.valueAt(['networks', 'blue', 'constructor']), undefined);
  t.end();
});

t.test("mistakes in an app's own options", t => {
  const text = `apps:
- plain
- ./a.js:
    rate: fast
    burst: 2
    mode: slwo
    nested: [{ key: 1, extra: 2 }]
    odd: 4
`;
  const { config, source } = parsed(text);
  const options = z.strictObject({
    rate: z.number(),
    burst: z.number().min(3),
    mode: z.enum(['fast', 'slow']).default('fast'),
    nested: z.array(z.strictObject({ key: z.string(), 'extra-key': z.string().optional() })).optional(),
    odd: z.number().refine(value => value % 2 === 1, 'must be odd'),
    needed: z.string(),
  });
  const told = (index: number): string[] => {
    const app = config.apps[index];
    const result = options.safeParse(app?.options);
    if (app === undefined || result.success) return [];
    return mistakesOf(result.error, app.path, source, options).map(formatMistake).sort();
  };
  t.strictSame(told(1), [
    'h.yaml:4:11: apps[1]."./a.js".rate: found "fast", expected number',
    'h.yaml:4:5: apps[1]."./a.js".needed: missing, expected string',
    'h.yaml:5:12: apps[1]."./a.js".burst: found 2, expected number to be >=3',
    'h.yaml:6:11: apps[1]."./a.js".mode: found "slwo", expected one of "fast"|"slow"; did you mean "slow"?',
    'h.yaml:7:21: apps[1]."./a.js".nested[0].key: found 1, expected string; did you mean "1", in quotes?',
    'h.yaml:7:24: apps[1]."./a.js".nested[0].extra: unknown key, expected one of key, extra-key',
    'h.yaml:8:10: apps[1]."./a.js".odd: found 4: must be odd',
  ]);
  t.strictSame(told(0), [
    'h.yaml:2:3: apps[0].burst: missing, expected number',
    'h.yaml:2:3: apps[0].needed: missing, expected string',
    'h.yaml:2:3: apps[0].odd: missing, expected number',
    'h.yaml:2:3: apps[0].rate: missing, expected number',
  ]);
  const unknown = z.strictObject({}).safeParse(config.apps[1]?.options);
  const [first] = unknown.success ? [] : mistakesOf(unknown.error, ['apps', 1, './a.js'], source);
  t.match(first, { line: 4, column: 5, message: 'unknown key' }, 'without the schema no keys are offered');
  t.end();
});

t.test('endpoints', t => {
  const good: [read: typeof readOvsdb, text: string, formatted: string][] = [
    [readOvsdb, 'tcp:10.0.0.1:6640', 'tcp:10.0.0.1:6640'],
    [readOvsdb, 'tcp:[FE80::0:1]:6640', 'tcp:[fe80::1]:6640'],
    [readOvsdb, 'tcp:KVM_1.example:6640', 'tcp:kvm_1.example:6640'],
    [readOvsdb, 'unix:/var/run/db.sock', 'unix:/var/run/db.sock'],
    [readTcp, 'tcp:0.0.0.0:0', 'tcp:0.0.0.0:0'],
    [readApiListen, 'localhost:8653', 'tcp:localhost:8653'],
    [readApiListen, 'tcp:127.1.2.3:8653', 'tcp:127.1.2.3:8653'],
  ];
  for (const [read, text, formatted] of good) {
    const reading = read(text);
    t.equal('value' in reading ? formatEndpoint(reading.value) : reading.problem, formatted);
  }
  const bad = [
    '',
    'tcp:',
    'tcp::1',
    'tcp:a',
    'tcp:a:',
    'tcp:a:b',
    'tcp:a:1:2',
    'tcp:[a]:1',
    'tcp:[::1%eth0]:1',
  ];
  const worse = ['tcp:-a:1', 'tcp:a-:1', 'tcp:a..b:1', 'tcp:1.2.3:1', 'tcp:a b:1', 'tcp:[::1]/:1', 'unix:'];
  const long = [`tcp:${'a'.repeat(64)}:1`, `tcp:${'a.'.repeat(130)}a:1`, `tcp:${':'.repeat(100)}:1`];
  for (const text of [...bad, ...worse, ...long]) t.ok('problem' in readOvsdb(text), text);
  t.end();
});

t.test('the examples are right', t => {
  const folder = new URL('../../examples/', import.meta.url);
  const files = readdirSync(folder).filter(file => file.endsWith('.yaml'));
  t.ok(files.includes('heddle.yaml'));
  for (const file of files) {
    const result = parseConfig(readFileSync(new URL(file, folder), 'utf8'), file);
    t.strictSame(result.ok ? [] : result.mistakes.map(formatMistake), [], file);
  }
  const { config } = parsed(readFileSync(new URL('heddle.yaml', folder), 'utf8'));
  t.strictSame(
    config.hypervisors.map(host => formatVtep(host.vtep)),
    ['10.97.0.1', '10.97.0.2'],
  );
  t.equal(config.networks.length, 2);
  t.end();
});

/** Every text ends in a config, or in at least one mistake that has a place in it; and never in an exception. */
function ends(text: string): boolean {
  const result = parseConfig(text, 'f');
  if (result.ok) return true;
  const lines = text.split('\n').length;
  return (
    result.mistakes.length > 0 &&
    result.mistakes.every(mistake => {
      const placed = mistake.line >= 1 && mistake.line <= lines && mistake.column >= 1;
      return placed && formatMistake(mistake).startsWith(`f:${mistake.line}:${mistake.column}: `);
    })
  );
}

t.test('any text ends well', t => {
  const words =
    'openflow listen api apps hypervisors ovsdb bridge datapath vtep datapath-id networks vni ports';
  const more =
    'iface-id system-id port on remotes qos tls __proto__ constructor << tcp:a:1 unix:/a 10.0.0.1 0x5 ~ 1e3 a';
  const word = fc.constantFrom(...words.split(' '), ...more.split(' '));
  const { value } = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 5 }, word, fc.integer(), fc.jsonValue(), tie('list'), tie('map'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc.dictionary(word, tie('value'), { maxKeys: 6 }),
  }));
  const values = fc.property(value, fc.boolean(), (file, indented) =>
    ends(JSON.stringify(file, null, indented ? 2 : 0)),
  );
  t.doesNotThrow(() => fc.assert(values, { numRuns: 1500 }), 'values');

  const signs = [
    '\n',
    '\n  ',
    '\n\t',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '&a ',
    '*a',
    '!t ',
    '"',
    "'",
    '#',
    '|',
  ];
  const soup = fc.array(fc.oneof(word, fc.constantFrom(...signs, '\0', '\ud800', '%', '---\n', '? ', '@')), {
    maxLength: 60,
  });
  t.doesNotThrow(
    () =>
      fc.assert(
        fc.property(soup, parts => ends(parts.join(''))),
        { numRuns: 3000 },
      ),
    'signs',
  );

  const edits = fc.array(
    fc.tuple(fc.nat(everything.length), fc.nat(12), fc.oneof(fc.constantFrom(...signs), word)),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const mutants = fc.property(edits, list => {
    let text = everything;
    for (const [at, cut, put] of list) text = text.slice(0, at) + put + text.slice(at + cut);
    return ends(text);
  });
  t.doesNotThrow(() => fc.assert(mutants, { numRuns: 1500 }), 'mutants');

  for (let length = 0; length < everything.length; length++) {
    if (!ends(everything.slice(0, length))) t.fail(`cut at ${length}`);
  }
  t.end();
});
