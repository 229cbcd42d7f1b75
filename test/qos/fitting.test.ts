import t from 'tap';
import type { PolicyConfig } from '../../src/config/config.js';
import { OFPMF } from '../../src/openflow/index.js';
import { fitPolicy, type Host, meterBudget } from '../../src/qos/fitting.js';

const kbit = { rate: { unit: 'kbit', perSecond: 1_000 }, burst: 500 } as const;
const packets = { rate: { unit: 'packet', perSecond: 1_000 }, burst: 500 } as const;
const all = OFPMF.KBPS | OFPMF.PKTPS | OFPMF.BURST | OFPMF.STATS;

const about = { name: 'kvm1', queues: new Set(['voice']) };

const host = (meters: object, datapath: Host['datapath'] = 'netdev'): Host => ({
  ...about,
  datapath,
  features: { ovsVersion: '3.1.0', meters: { most: 200_000, bandTypes: 2, capabilities: all, ...meters } },
});

const policy: PolicyConfig = {
  name: 'gold',
  fromVm: kbit,
  toVm: packets,
  dscp: 46,
  classes: [{ name: 'web', traffic: { protocol: 6 }, fromVm: packets, dscp: 10 }],
};

t.test('what a switch can do stays as it is', t => {
  t.strictSame(fitPolicy(policy, host({})), { policy, misfits: [] });
  t.strictSame(
    fitPolicy(policy, { ...about, datapath: 'system' }),
    { policy, misfits: [] },
    'while nothing is known, nothing is held against it',
  );
  t.end();
});

t.test('what it cannot do is left out, and told with the nearest thing that it can', t => {
  const marksAlone = {
    name: 'gold',
    dscp: 46,
    classes: [{ name: 'web', traffic: { protocol: 6 }, dscp: 10 }],
  };
  for (const [one, pattern] of [
    [host({ most: 0 }), /no meters/],
    [host({ most: 0 }, 'system'), /Linux 4\.18.*police: ingress.*linux-htb/],
    [host({ bandTypes: 4 }), /cannot drop/],
    [host({ capabilities: OFPMF.KBPS | OFPMF.PKTPS }), /no burst/],
    [{ ...about, datapath: 'netdev', features: {} }, /no meters/],
  ] as const) {
    const fitted = fitPolicy(policy, one);
    t.equal(fitted.misfits.length, 1, String(pattern));
    t.match(fitted.misfits[0], pattern);
    t.strictSame(fitted.policy, marksAlone);
  }
  const bitsAlone = fitPolicy(policy, host({ capabilities: OFPMF.KBPS | OFPMF.BURST }));
  t.match(bitsAlone.misfits, [/in packets are not held/]);
  t.strictSame(bitsAlone.policy.fromVm, kbit);
  t.equal(bitsAlone.policy.toVm, undefined);
  const packetsAlone = fitPolicy(policy, host({ capabilities: OFPMF.PKTPS | OFPMF.BURST }));
  t.match(packetsAlone.misfits, [/in bits are not held/]);
  t.strictSame(packetsAlone.policy.classes, policy.classes);
  t.end();
});

t.test('how many meters there may be', t => {
  const most = (ovsVersion: string | undefined, datapath: Host['datapath'], meters = 200_000): number =>
    meterBudget({
      ...about,
      datapath,
      features: {
        ...(ovsVersion !== undefined && { ovsVersion }),
        meters: { most: meters, bandTypes: 2, capabilities: all },
      },
    }).most;
  for (const broken of ['2.13.8', '3.1.0', '3.3.6', '3.4.4', '3.5.2', '3.6.0', 'built by hand', undefined])
    t.equal(most(broken, 'system'), 500, broken ?? 'unknown');
  for (const repaired of ['3.3.7', '3.3.10', '3.4.5', '3.5.3', '3.6.1', '3.7.0', '4.0.0'])
    t.equal(most(repaired, 'system'), 1_400, repaired);
  t.equal(most('3.1.0', 'netdev'), 1_400, 'in userspace nothing breaks');
  t.equal(most('3.1.0', 'netdev', 800), 400, 'half of a few');
  t.equal(most('3.1.0', 'netdev', 1_600), 1_100);
  t.end();
});

t.test('queues', t => {
  const queued: PolicyConfig = { name: 'gold', queue: 'voice', classes: [{ name: 'web', queue: 'bulk' }] };
  const system = fitPolicy(queued, host({}, 'system'));
  t.strictSame(system.misfits, ['kvm1 has no queue bulk (hypervisors.kvm1.egress.queues)']);
  t.strictSame(system.policy, { name: 'gold', queue: 'voice', classes: [{ name: 'web' }] });
  const netdev = fitPolicy(queued, host({}));
  t.match(netdev.misfits[0], /queue voice is not used on kvm1.*userspace.*egress\.max-rate/);
  t.equal(netdev.policy.queue, undefined);
  t.end();
});
