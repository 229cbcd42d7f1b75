/** What one file says differently from another. */
import t from 'tap';
import type { Config } from '../../src/config/config.js';
import { difference, tellDifference } from '../../src/config/difference.js';
import { parseConfig } from '../../src/config/parse.js';

const configOf = (text: string): Config => {
  const parsed = parseConfig(text, 'test.yaml');
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  return parsed.config;
};

const file = `
openflow: { listen: tcp:192.0.2.1:6653 }
apps:
  - overlay
  - learning-switch: { idle-timeout: 60 }
hypervisors:
  kvm1: { ovsdb: tcp:192.0.2.11:6640, vtep: 10.97.0.1 }
  kvm2: { ovsdb: tcp:192.0.2.12:6640, vtep: 10.97.0.2 }
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }, { port: vnet7, on: kvm1 }] }
  red: { vni: 6000 }
`;
const before = configOf(file);
const told = (after: string): readonly string[] => tellDifference(difference(before, configOf(after)));

t.test('what is said', t => {
  t.strictSame(told(file), []);
  t.strictSame(told(`# a comment\n\n${file.replaceAll('vni: 5000', 'vni: 0x1388')}`), [], 'in other words');
  const cases: readonly (readonly [string, string, ...string[]])[] = [
    ['vni: 5000', 'vni: 5001', 'network blue changed'],
    ['  blue:', '  azure:', 'network azure added', 'network blue removed'],
    ['"fw*"', '"fw?"', 'network blue changed'],
    ['on: kvm1', 'on: kvm2', 'network blue changed'],
    ['{ vni: 6000 }', '{ vni: 6000, remotes: [10.97.0.9] }', 'network red changed'],
    ['  red: { vni: 6000 }\n', '', 'network red removed'],
    ['vtep: 10.97.0.2', 'vtep: 10.97.0.3', 'hypervisor kvm2 changed'],
    ['12:6640,', '12:6640, bridge: br0,', 'hypervisor kvm2 changed'],
    ['  kvm2:', '  kvm3:', 'hypervisor kvm3 added', 'hypervisor kvm2 removed'],
    ['12:6640,', '12:6641,', 'hypervisor kvm2 changed'],
    ['timeout: 60', 'timeout: 61', 'app learning-switch changed'],
    ['  - overlay\n', '  - overlay\n  - ./own.js\n', 'app ./own.js added'],
    ['  - learning-switch: { idle-timeout: 60 }\n', '', 'app learning-switch removed'],
    [
      '.1:6653',
      '.2:6653',
      'openflow.listen changed',
      'openflow.advertise changed', // which is what is listened on, where the file says nothing else
    ],
    ['.1:6653', '.1:6653, advertise: tcp:192.0.2.9:6653', 'openflow.advertise changed'],
    ['apps:', 'ovsdb: { listen: tcp:0.0.0.0:6640 }\napps:', 'ovsdb.listen changed'],
    ['apps:', 'api: { listen: "tcp:127.0.0.1:8654" }\napps:', 'api.listen changed'],
  ];
  for (const [from, to, ...expected] of cases) {
    t.ok(file.includes(from), from);
    t.strictSame(told(file.replace(from, to)), expected, `${from} -> ${to}`);
  }
  t.end();
});

t.test('what is said in another order', t => {
  const lines = file.split('\n');
  const swapped = (one: string): string => {
    const at = lines.findIndex(line => line.startsWith(one));
    return lines
      .with(at, lines[at + 1] ?? '')
      .with(at + 1, lines[at] ?? '')
      .join('\n');
  };
  t.strictSame(told(swapped('  kvm1')), [], 'maps have none');
  t.strictSame(told(swapped('  blue')), []);
  t.strictSame(told(swapped('  - overlay')), ['order of the apps changed']);
  t.end();
});

t.test('several of one kind', t => {
  const text = file
    .replace('  red: { vni: 6000 }\n', '  green: { vni: 7000 }\n  white: { vni: 7001 }\n')
    .replaceAll('6640', '6641');
  const said = difference(before, configOf(text));
  t.strictSame(said.networks, { added: ['green', 'white'], removed: ['red'], changed: [] });
  t.strictSame(tellDifference(said), [
    'hypervisors kvm1, kvm2 changed',
    'networks green, white added',
    'network red removed',
  ]);
  t.end();
});
