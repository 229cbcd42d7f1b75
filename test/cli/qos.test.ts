import t from 'tap';
import { formatUsage } from '../../src/cli/qos-text.js';
import { usageBetween } from '../../src/cli/qos-usage.js';
import { proofOf, readArrived, readSent, trialOf } from '../../src/cli/qos-proof.js';
import type { LimitCounters, LimitStatus, PortTraffic, QosStatus } from '../../src/controller/qos-status.js';

const limit: LimitStatus = {
  hypervisor: 'kvm1',
  port: 'vnet7',
  network: 'blue',
  policy: 'gold',
  direction: 'from-vm',
  unit: 'kbit',
  perSecond: 10_000,
  burst: 5_000,
  meter: 18_500,
};
const counted = (at: number, passedBytes: number, droppedBytes = 0): LimitCounters => ({
  at,
  passedPackets: passedBytes / 1_000,
  passedBytes,
  droppedPackets: droppedBytes / 1_000,
  droppedBytes,
});
const traffic = (at: number, receivedBytes: number, sentBytes: number): PortTraffic => ({
  hypervisor: 'kvm1',
  port: 'vnet7',
  at,
  receivedBytes,
  sentBytes,
  receiveDropped: 1,
  sendDropped: 2,
});
const status = (limits: readonly LimitStatus[], ...ports: PortTraffic[]): QosStatus => ({
  limits,
  ports,
  queues: [],
});

t.test('what passed between two answers', t => {
  const packets: LimitStatus = { ...limit, class: 'web', unit: 'packet', perSecond: 1_000 };
  const usage = usageBetween(
    status(
      [
        { ...limit, counted: counted(1_000, 0) },
        { ...packets, counted: counted(1_000, 5_000) },
      ],
      traffic(1_000, 0, 0),
    ),
    status(
      [
        { ...limit, counted: counted(3_000, 2_000_000, 500_000) },
        { ...packets, counted: counted(3_000, 1_005_000) },
      ],
      traffic(3_000, 2_500_000, 125_000),
    ),
  );
  t.strictSame(
    usage.limits.map(({ passing, dropping }) => [passing, dropping]),
    [
      [8_000, 2_000],
      [500, 0],
    ],
  );
  t.strictSame(usage.ports, [{ hypervisor: 'kvm1', port: 'vnet7', fromVm: 10_000, toVm: 500, dropped: 3 }]);
  t.end();
});

t.test('of what has not been counted twice, no rate is told', t => {
  const now = { ...limit, counted: counted(3_000, 1_000) };
  for (const before of [
    status([]),
    status([limit]),
    status([{ ...limit, port: 'vnet8', counted: counted(1_000, 0) }]),
    status([{ ...limit, counted: counted(3_000, 0) }]),
  ])
    t.equal(usageBetween(before, status([now])).limits[0]?.passing, undefined);
  const restarted = usageBetween(status([{ ...limit, counted: counted(1_000, 9_000) }]), status([now]));
  t.equal(restarted.limits[0]?.passing, 0, 'a counter that went back');
  t.end();
});

t.test('as a table', t => {
  const usage = {
    limits: [
      { ...limit, counted: counted(3_000, 2_000_000, 500_000), passing: 8_000, dropping: 2_000 },
      { ...limit, class: 'web', direction: 'to-vm', meter: undefined } as unknown as LimitStatus,
    ],
    ports: [{ hypervisor: 'kvm1', port: 'vnet7', fromVm: 10_000, toVm: 500.4, dropped: 3 }],
    queues: [
      {
        hypervisor: 'kvm1',
        port: 'eth0',
        number: 1,
        name: 'voice',
        minKbit: 1_000,
        maxKbit: 5_000,
        sending: 1_234.4,
      },
    ],
  };
  t.equal(
    formatUsage(usage, true),
    [
      'HYPERVISOR  PORT   NETWORK  POLICY  CLASS  WAY      LIMIT   NOW    DROPPING  PASSED    DROPPED      USED',
      'kvm1        vnet7  blue     gold    -      from-vm  10mbit  8mbit  2mbit     2k (2MB)  500 (500kB)  ████████░░ !',
      'kvm1        vnet7  blue     gold    web    to-vm    10mbit  -      -         not held  -            -',
      '',
      'HYPERVISOR  PORT   FROM VM  TO VM    DROPPED BY PORT',
      'kvm1        vnet7  10mbit   500kbit  3',
      '',
      'HYPERVISOR  PORT  QUEUE  MIN    MAX    NOW       SENT  DROPPED',
      'kvm1        eth0  voice  1mbit  5mbit  1234kbit  -     -',
      '',
      'Some limits are not held here: `heddle status` says which, and why.',
    ].join('\n'),
  );
  t.notMatch(formatUsage(usage, false), /█/);
  t.match(formatUsage({ limits: [], ports: [], queues: [] }, true), /No port has a limit/);
  t.end();
});

t.test('what a proof sends, and what it finds', t => {
  const toVm: LimitStatus = { ...limit, port: 'vnet8', direction: 'to-vm', unit: 'packet', perSecond: 1_000 };
  const web: LimitStatus = { ...limit, class: 'web', perSecond: 500 };
  const all = [limit, toVm, web];
  t.equal(
    trialOf(all, { from: 'vnet9', to: 'vnet7', isIpv6: false }),
    undefined,
    'nothing limits the other way',
  );
  t.equal(
    trialOf(all, { from: 'vnet7', to: 'vnet9', isIpv6: false })?.limit,
    limit,
    'classes only where they are meant',
  );
  t.equal(trialOf(all, { from: 'vnet7', to: 'vnet9', class: 'web', isIpv6: false })?.limit, web);
  const elsewhere: LimitStatus = { ...limit, hypervisor: 'kvm2', perSecond: 1 };
  const both = [...all, elsewhere];
  const ports = { from: 'vnet7', to: 'vnet9', isIpv6: false };
  t.throws(() => trialOf(both, ports), {
    message: '--from vnet7 is a port of kvm1 and kvm2: say HYPERVISOR/PORT',
  });
  t.equal(trialOf(both, { ...ports, from: 'kvm1/vnet7' })?.limit, limit);
  const trunk = [limit, { ...limit, network: 'red', perSecond: 1 }];
  t.throws(() => trialOf(trunk, ports), { message: '--from vnet7 is in blue and red: say --network' });
  t.equal(trialOf(trunk, { ...ports, network: 'blue' })?.limit, limit);
  const packets = trialOf(all, { from: 'vnet7', to: 'vnet8', isIpv6: false })!;
  t.equal(packets.limit, toVm, 'the lower one');
  t.equal(packets.sendBitsPerSecond, 1_500 * 200 * 8);
  const half = proofOf(packets, { sent: 1_500 * 1_600, arrived: 500 * 1_600 }, false);
  t.strictSame([half.sent, half.passed, half.share, half.ok], [1_500, 500, 0.5, false]);
  for (const isIpv6 of [false, true]) {
    const bits = trialOf([limit], { from: 'vnet7', to: 'vnet8', isIpv6 })!;
    const sent = bits.sendBitsPerSecond;
    const proof = proofOf(bits, { sent, arrived: sent / 1.5 }, isIpv6);
    t.ok(Math.abs(proof.sent - 15_000) < 1 && Math.abs(proof.passed - 10_000) < 1, 'in bits of frames');
    t.ok(proof.ok);
    t.notOk(proofOf(bits, { sent, arrived: sent / 1.4 }, isIpv6).ok, 'nor is too much well');
  }
  t.end();
});

t.test('what iperf3 tells', t => {
  t.equal(readSent('{"end":{"sum":{"bits_per_second":100}}}'), 100);
  t.equal(readSent('{"error":"unable to connect"}'), 'unable to connect');
  t.equal(readSent(''), 'iperf3 told nothing that can be read');
  t.equal(readSent('{"end":[]}'), 'iperf3 told no result');
  t.equal(readSent('null'), 'iperf3 told no result');
  const lines = [
    'Server listening on 5201 (test #1)',
    '[ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total Datagrams',
    '[  5]   0.00-1.00   sec  2.44 MBytes  30000 Kbits/sec  0.013 ms  0/2137 (0%)  ',
    '[  5]   1.00-2.00   sec  2.44 MBytes  20500 Kbits/sec  0.013 ms  700/2137 (33%)  ',
    '[  5]   2.00-3.00   sec  2.44 MBytes  20000 Kbits/sec  0.013 ms  712/2137 (33%)  ',
    '[  5]   3.00-4.00   sec  2.44 MBytes  19000 Kbits/sec  0.013 ms  712/2137 (33%)  ',
    '[  5]   4.00-4.05   sec  0.10 MBytes  9000 Kbits/sec  0.013 ms  10/30 (33%)  ',
    '- - - - - - - - - - - - - - - - - - - - - - - - -',
    '[  5]   0.00-4.05   sec  9.8 MBytes  21000 Kbits/sec  0.013 ms  2000/8000 (25%)  receiver',
  ].join('\n');
  t.equal(readArrived(lines, 2), 19_500_000);
  t.equal(readArrived('Server listening on 5201', 2), undefined);
  t.end();
});
