import t from 'tap';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';

const file = (policies: string, ports = '[{ port: a }, { port: b, qos: other }]') => `hypervisors:
  kvm1: { ovsdb: tcp:10.98.0.1:6640, vtep: 10.97.0.1 }
networks:
  blue: { vni: 5000, qos: gold, ports: ${ports} }
qos:
  policies:
    other: { dscp: cs1 }
    gold: ${policies}
`;

const told = (text: string): readonly string[] => {
  const result = parseConfig(text, 'h.yaml');
  return result.ok ? [] : result.mistakes.map(formatMistake);
};

/** The policy `gold` as it is understood. */
function gold(policies: string) {
  const result = parseConfig(file(policies), 'h.yaml');
  if (!result.ok) return result.mistakes.map(formatMistake);
  const { name, ...policy } = result.config.networks[0]?.policy ?? { name: '' };
  t.equal(name, 'gold');
  return policy;
}

const kbit = (perSecond: number, burst: number) => ({ rate: { unit: 'kbit', perSecond }, burst });

t.test('what policies say', t => {
  const tenMbit = kbit(10_000, 5_000);
  t.strictSame(
    gold('{ rate: 10mbit }'),
    { fromVm: tenMbit, toVm: tenMbit },
    'both ways, half a second of burst',
  );
  t.strictSame(gold('{ from-vm: { rate: 10mbit, burst: 64kbyte }, dscp: ef }'), {
    fromVm: kbit(10_000, 512),
    dscp: 46,
  });
  t.strictSame(gold('{ to-vm: { rate: 1000pps, burst: 250ms } }'), {
    toVm: { rate: { unit: 'packet', perSecond: 1_000 }, burst: 250 },
  });
  t.strictSame(
    gold('{ rate: 8kbit }'),
    { fromVm: kbit(8, 13), toVm: kbit(8, 13) },
    'room for one full frame',
  );
  t.end();
});

t.test('a port may have a policy of its own, and the app comes by itself', t => {
  const result = parseConfig(file('{ rate: 10mbit }'), 'h.yaml');
  t.strictSame(
    result.ok && result.config.networks[0]?.ports.map(({ glob, policy }) => [glob, policy?.name]),
    [
      ['a', undefined],
      ['b', 'other'],
    ],
  );
  t.strictSame(result.ok && result.config.apps.map(({ name }) => name), [
    'overlay',
    'qos',
    'learning-switch',
  ]);
  t.end();
});

t.test('mistakes', t => {
  const at = 'h.yaml:8:';
  for (const [policy, ...mistakes] of [
    ['{}', `${at}11: qos.policies.gold: expected a rate, from-vm, to-vm or dscp: this says nothing`],
    [
      '{ rate: 100mbps }',
      `${at}19: qos.policies.gold.rate: found "100mbps": unknown unit, expected a rate such as 100mbit, 1.5gbit or 5000pps; did you mean "100mbit"?`,
    ],
    [
      '{ rate: 0mbit }',
      `${at}19: qos.policies.gold.rate: found "0mbit", expected a rate from 1kbit to 4294967295kbit`,
    ],
    [
      '{ rate: -5mbit }',
      `${at}19: qos.policies.gold.rate: found "-5mbit", expected a rate such as 100mbit, 1.5gbit or 5000pps`,
    ],
    [
      '{ rate: 5 }',
      `${at}19: qos.policies.gold.rate: found 5, expected a unit behind the number: bit, kbit, mbit, gbit, pps, kpps, mpps`,
    ],
    [
      '{ rate: 5mbit, burst: 100byte }',
      `${at}33: qos.policies.gold.burst: found "100byte", expected a burst of at least 13kbit: less than one full frame lets no such frame pass`,
    ],
    [
      '{ rate: 5mbit, burst: 10packets }',
      `${at}33: qos.policies.gold.burst: found "10packets", expected a burst in bits, bytes or time, as the rate is one of bits`,
    ],
    [
      '{ dscp: ef, burst: 1mbit }',
      `${at}30: qos.policies.gold.burst: found "1mbit", expected a rate beside it`,
    ],
    [
      '{ rate: 5mbit, to-vm: { rate: 5mbit } }',
      `${at}11: qos.policies.gold: expected either rate, which is for both directions, or from-vm and to-vm`,
    ],
    [
      '{ dscp: voice }',
      `${at}19: qos.policies.gold.dscp: found "voice", expected a DSCP: a name such as ef, af41 or cs1, or a number from 0 to 63`,
    ],
    [
      '{ rat: 5mbit }',
      `${at}13: qos.policies.gold.rat: unknown key, expected one of rate, burst, from-vm, to-vm, dscp; did you mean "rate"?`,
    ],
  ] as const)
    t.strictSame(told(file(policy)), mistakes, policy);
  t.strictSame(told(file('{ dscp: 0 }', '[{ port: a, qos: othre }]')), [
    'h.yaml:4:57: networks.blue.ports[0].qos: found "othre", expected the name of a policy (qos.policies); did you mean "other"?',
  ]);
  t.end();
});

t.test('a policy that no app applies is a mistake', t => {
  const withApps = (apps: string) => `apps: ${apps}\n${file('{ rate: 10mbit }')}`;
  t.strictSame(told(withApps('[overlay]')), [
    'h.yaml:1:7: apps: networks.blue.qos names a policy, which the app qos applies, and this list leaves it out: add "qos" to the list, or leave `apps` out to have the usual ones',
  ]);
  t.strictSame(told(withApps('[overlay, qos]')), []);
  t.strictSame(
    told(withApps('[overlay, ./my-qos.js]')),
    [],
    "a module of the user's own may stand in for it",
  );
  t.end();
});
