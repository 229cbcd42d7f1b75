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

t.test('what classes say', t => {
  t.strictSame(
    gold(
      '{ dscp: trust, classes: [{ name: voice, match: { dscp: [ef, 40], protocol: udp, destination-ports: [5060, 5061, 16384-16511] }, rate: 1mbit }, { name: web, match: { protocol: tcp, source: 10.0.0.0/8, networks: [blue] }, dscp: af21 }, { name: mac, match: { source-mac: "02:00:00:00:00:01" }, dscp: trust }, { name: rest, from-vm: { rate: 100pps } }] }',
    ),
    {
      dscp: 'trust',
      classes: [
        {
          name: 'voice',
          traffic: {
            dscp: [46, 40],
            protocol: 17,
            destinationPorts: [
              { from: 5060, to: 5061 },
              { from: 16384, to: 16511 },
            ],
          },
          fromVm: kbit(1_000, 500),
          toVm: kbit(1_000, 500),
        },
        {
          name: 'web',
          traffic: { protocol: 6, source: { version: 4, value: 0x0a000000, length: 8 }, networks: [5000] },
          dscp: 18,
        },
        { name: 'mac', traffic: { sourceMac: 0x020000000001 }, dscp: 'trust' },
        { name: 'rest', fromVm: { rate: { unit: 'packet', perSecond: 100 }, burst: 50 } },
      ],
    },
  );
  t.end();
});

t.test('mistakes in classes', t => {
  const at = 'qos.policies.gold.classes';
  const some = '{ name: b, dscp: le }';
  for (const [classes, mistake] of [
    ['[]', `${at}: found a list, expected at least one class`],
    [
      '[{ name: a, match: {}, dscp: ef }]',
      `${at}[0].match: expected something that the packets have: a class of all others has no match`,
    ],
    [
      '[{ name: a, match: { destination-ports: 80 }, dscp: ef }]',
      `${at}[0].match.destination-ports: found 80, expected a protocol beside it that has ports: tcp, udp or sctp`,
    ],
    [
      '[{ name: a, match: { protocol: tpc }, dscp: ef }]',
      `${at}[0].match.protocol: found "tpc", expected a protocol: arp, icmp, tcp, udp, gre, esp, icmpv6, sctp, or an IP protocol's number from 0 to 255; did you mean "tcp"?`,
    ],
    [
      '[{ name: a, match: { protocol: tcp, destination-ports: [80, 90-85] }, dscp: ef }]',
      `${at}[0].match.destination-ports[1]: found "90-85", expected a port or a range of ports from 1 to 65535, such as 443 or 8000-8099`,
    ],
    [
      '[{ name: a, match: { source: 10.0.0.1/24 }, dscp: ef }]',
      `${at}[0].match.source: found "10.0.0.1/24", expected an IP address or prefix such as 10.0.0.0/24 or fd00::/64: this one has bits behind its /24`,
    ],
    [
      '[{ name: a, match: { source: 10.0.0.1, destination: "fd00::1" }, dscp: ef }]',
      `${at}[0].match: expected two addresses of one version of IP: no packet has one of each`,
    ],
    [
      '[{ name: a, match: { source-mac: "ff:ff:ff:ff:ff:ff" }, dscp: ef }]',
      `${at}[0].match.source-mac: found "ff:ff:ff:ff:ff:ff", expected the MAC of one host: this is a group, which sends nothing`,
    ],
    [
      '[{ name: a, match: { networks: [bleu] }, dscp: ef }]',
      `${at}[0].match.networks[0]: found "bleu", expected a network's name; did you mean "blue"?`,
    ],
    [
      '[{ name: a, match: { protocol: tcp, source-ports: 1-65534, destination-ports: 1-65534 }, dscp: ef }]',
      `${at}[0].match: expected what at most 512 flows can say, and this takes 1800: ranges of ports that begin and end at multiples of 2, 4, 8 … take fewer`,
    ],
    [
      `[{ name: a, dscp: ef }, ${some}]`,
      `${at}[0]: expected a match, as other classes follow: the one of all others comes last`,
    ],
    [
      `[{ name: b, match: { dscp: ef }, dscp: ef }, ${some}]`,
      `${at}[1].name: found "b", expected another name: a class of this policy has it already`,
    ],
    [
      '[{ name: a, rate: 1gbit }], rate: 100mbit',
      `${at}[0]: expected a rate of at most 100mbit, which is the policy's own for all of a port: 1gbit would never be reached`,
    ],
    ['[{ name: a }]', `${at}[0]: expected a rate, from-vm, to-vm, dscp or queue: this says nothing`],
  ] as const) {
    const found = told(file(`{ classes: ${classes} }`)).map(text => text.replace(/^h.yaml:8:\d+: /, ''));
    t.ok(found.includes(mistake), `${classes}\n${found.join('\n')}`);
  }
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
    ['{}', `${at}11: qos.policies.gold: expected a rate, from-vm, to-vm, dscp or queue: this says nothing`],
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
      `${at}13: qos.policies.gold.rat: unknown key, expected one of rate, burst, from-vm, to-vm, dscp, queue, classes; did you mean "rate"?`,
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
  const shaped = file('{ dscp: ef }')
    .replace('qos: gold, ', '')
    .replace(', qos: other', '')
    .replace('vtep: 10.97.0.1', 'vtep: 10.97.0.1, uplink: eth0, egress: { max-rate: 1gbit }');
  t.match(told(`apps: [overlay]\n${shaped}`), [
    /apps: hypervisors\.kvm1\.egress says how a host sends, which the app qos applies/,
  ]);
  t.strictSame(
    told(withApps('[overlay, ./my-qos.js]')),
    [],
    "a module of the user's own may stand in for it",
  );
  t.end();
});
