/** `heddle import`: its arguments, what it prints and writes, and how it ends; the hosts are real ovsdb-servers. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { formatFindings } from '../../src/cli/import-text.js';
import { readTargets } from '../../src/cli/import-targets.js';
import type { Imported } from '../../src/import/import.js';
import { OvsdbServer, whyNoServer } from '../support/ovsdb-server.js';
import { heddle } from '../support/printed.js';

t.test('hosts on the command line', t => {
  t.strictSame(readTargets(['tcp:10.0.0.1:6640', 'kvm2=tcp:[fd00::2]:6640', 'unix:/run/a=b']), [
    { endpoint: { transport: 'tcp', host: '10.0.0.1', port: 6640 } },
    { given: 'kvm2', endpoint: { transport: 'tcp', host: 'fd00::2', port: 6640 } },
    { endpoint: { transport: 'unix', path: '/run/a=b' } },
  ]);
  const wrong = [
    '10.0.0.1:6640',
    'ssl:10.0.0.1:6640',
    'a=tcp:10.0.0.2:1',
    'a=tcp:10.0.0.3:1',
    'tcp:10.0.0.2:1',
  ];
  t.throws(() => readTargets(wrong), {
    code: 'CONFIG_INVALID',
    message: [
      '"10.0.0.1:6640": expected tcp:HOST:PORT or unix:PATH, with or without NAME= before it; did you mean "tcp:10.0.0.1:6640"?',
      '"ssl:10.0.0.1:6640": this version of Heddle does not do TLS (ssl:) yet, with or without NAME= before it',
      'two hosts are called a',
      'tcp:10.0.0.2:1 is there twice: each host once',
    ].join('\n'),
  });
  t.end();
});

t.test('findings, for a person', t => {
  const imported: Imported = {
    hosts: [
      { name: 'kvm1', ovsdb: 'tcp:10.0.0.1:6640' },
      { name: 'kvm2', ovsdb: 'tcp:10.0.0.2:6640', error: 'gone\u001b[2J' },
    ],
    findings: [
      { level: 'broken', code: 'loop', what: 'a loop', todo: 'end it' },
      { level: 'note', code: 'no-vms', host: 'kvm1', bridge: 'br0', what: 'it has no VM', todo: 'nothing' },
    ],
    yaml: '',
  };
  t.equal(
    formatFindings(imported, 'x.yaml'),
    [
      'cannot read kvm2 (tcp:10.0.0.2:6640): gone\\u001b[2J',
      'broken: a loop',
      '  to do: end it',
      'note: kvm1, bridge br0: it has no VM',
      '1 host read: 1 broken, 1 note; wrote x.yaml: read it, then heddle check x.yaml and heddle plan x.yaml',
    ].join('\n'),
  );
  t.equal(
    formatFindings({ hosts: [], findings: [], yaml: '' }, undefined),
    '0 hosts read: nothing is wrong with them',
  );
  t.end();
});

t.test('heddle import', { skip: whyNoServer() }, async t => {
  const [one, two] = await Promise.all([OvsdbServer.start(), OvsdbServer.start()]);
  t.teardown(() => Promise.all([one.stop(), two.stop()]));
  const file = join(t.testdir(), 'made.yaml');
  const set = (server: OvsdbServer, self: number, peer: number): void => {
    const vtep = `10.97.0.${self}`;
    server.vsctl(
      ...['set', 'Open_vSwitch', '.', `external-ids:hostname=kvm${self}`],
      ...[
        '--',
        'add-br',
        'br0',
        '--',
        'set',
        'Bridge',
        'br0',
        'rstp_enable=true',
        'other-config:datapath-id=aa',
      ],
      ...['--', 'add-port', 'br0', 'vx', 'tag=10', '--', 'set', 'Interface', 'vx', 'type=vxlan'],
      ...[`options:remote_ip=10.97.0.${peer}`, `options:local_ip=${vtep}`, 'options:key=10'],
      ...['--', 'add-port', 'br0', 'vnet0', 'tag=10', '--', 'set', 'Interface', 'vnet0'],
      ...[`external-ids:iface-id=vm${self}`, 'ingress_policing_rate=5000'],
      ...['--', 'set', 'Port', 'vnet0', 'qos=@qos'],
      ...[
        '--',
        '--id=@qos',
        'create',
        'QoS',
        'type=linux-htb',
        'other-config:max-rate=1000000',
        'queues:1=@queue',
      ],
      ...['--', '--id=@queue', 'create', 'Queue', 'other-config:max-rate=500000'],
      ...[
        '--',
        'add-port',
        'br0',
        'fw',
        'trunks=10,20',
        '--',
        'set',
        'Interface',
        'fw',
        `external-ids:iface-id=fw${self}`,
      ],
      ...['--', '--id=@vnet', 'get', 'Port', 'vnet0', '--', '--id=@mirror', 'create', 'Mirror', 'name=span'],
      ...['select_src_port=@vnet', '--', 'set', 'Bridge', 'br0', 'mirrors=@mirror'],
    );
  };
  set(one, 1, 2);
  set(two, 2, 1);
  two.vsctl('set', 'Bridge', 'br0', 'other-config:datapath-id=bb');
  const hosts = [`unix:${one.path}`, `b=unix:${two.path}`];

  const written = await heddle(t, 'import', ...hosts, '--output', file);
  t.match(written, { out: '', code: 0, err: /2 hosts read: 0 broken, \d+ notes; wrote .*made\.yaml/ });
  t.match(written.err, /vnet0: linux-htb max-rate 1 Mbit\/s 1 queue, ingress policing 5 Mbit\/s/);
  t.match(await heddle(t, 'check', file), { out: /is good: 2 hypervisors, 3 networks/, code: 0 });
  const yaml = await readFile(file, 'utf8');
  t.match(yaml, /^ {2}kvm1:$/m);
  t.match(yaml, /^ {2}b:$/m);
  t.match(yaml, /- \{ port: fw, on: kvm1, vlan: 20 \}/);
  t.match(yaml, /datapath-id: "00000000000000bb"/);

  const printed = await heddle(t, 'import', ...hosts);
  t.equal(printed.out, yaml.trimEnd(), 'on the standard output, where no file is said');
  const json = JSON.parse((await heddle(t, 'import', ...hosts, '--json')).out) as Imported;
  t.equal(json.yaml, yaml);
  t.match(json.hosts, [{ name: 'kvm1' }, { name: 'b' }]);
  t.ok(json.findings.some(({ code, bridge }) => code === 'mirror' && bridge === 'br0'));

  await writeFile(file, 'mine');
  t.match(await heddle(t, 'import', ...hosts, '--output', file), {
    code: 1,
    err: /cannot write .*made\.yaml: it is there already \(--force replaces it\)/,
  });
  t.equal(await readFile(file, 'utf8'), 'mine');
  t.equal((await heddle(t, 'import', ...hosts, '--output', file, '--force')).code, 0);
  t.equal(await readFile(file, 'utf8'), yaml);
  t.match(await heddle(t, 'import', ...hosts, '--output', join(file, 'x')), { code: 1, err: /cannot write/ });
  t.match(await heddle(t, 'import', ...hosts, '--output', '/nowhere/x'), {
    code: 1,
    err: /there is no such folder/,
  });

  t.match(await heddle(t, 'import', ...hosts, '--bridge', 'br9'), {
    code: 2,
    err: /there is no bridge br9 here, but br0/,
  });
  const gone = await heddle(t, 'import', ...hosts, 'kvm3=tcp:127.0.0.1:1');
  t.match(gone, { code: 1, err: /^cannot read kvm3 \(tcp:127\.0\.0\.1:1\): connection refused/m });
  t.match(gone.out, /^# NOT READ, .*kvm3/m);
  t.match(gone.out, /^ {2}kvm1:$/m, 'the others are there');
  t.match(await heddle(t, 'import', 'tcp:127.0.0.1:1', '--output', '/nowhere/x'), {
    code: 1,
    out: '',
    err: /refused/,
  });
  t.match(await heddle(t, 'import', '127.0.0.1'), {
    code: 1,
    out: '',
    err: /expected tcp:HOST:PORT or unix:PATH/,
  });
});
