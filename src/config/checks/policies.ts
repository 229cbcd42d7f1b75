import { nearMiss } from '../../lib/near-miss.js';
import type { Facts } from '../facts.js';
import { didYouMean, quoted, type Finding } from '../mistake.js';

/** Policies, and networks in their classes, that are named and are not there. */
export const checkPolicies = (facts: Facts): Finding[] => [
  ...checkNamed(facts),
  ...checkClasses(facts),
  ...checkQueues(facts),
  ...checkEgress(facts),
];

function checkQueues({ hypervisors, queues }: Facts): Finding[] {
  const known = new Set(hypervisors.flatMap(host => host.queues));
  const none =
    'expected the name of a queue, and no hypervisor has one: they stand under hypervisors.NAME.egress.queues';
  return queues
    .filter(({ queue }) => !known.has(queue))
    .map(({ queue, path }) => ({
      path,
      found: quoted(queue),
      message: known.size === 0 ? none : "expected the name of a queue of a hypervisor's (egress.queues)",
      ...didYouMean(nearMiss(queue, known)),
    }));
}

const checkEgress = ({ hypervisors }: Facts): Finding[] =>
  hypervisors
    .filter(({ shaped, uplink }) => shaped && uplink === undefined)
    .map(({ path }) => ({
      path: [...path, 'egress'],
      at: 'key',
      message:
        'needs `uplink` beside it: what is shaped is the NIC that is a port of this very bridge; for one that is not, use tc(8)',
    }));

const checkClasses = ({ networks, classNetworks }: Facts): Finding[] => {
  const known = new Set(networks.map(({ name }) => name));
  return classNetworks
    .filter(({ network }) => !known.has(network))
    .map(({ network, path }) => ({
      path,
      found: quoted(network),
      message: "expected a network's name",
      ...didYouMean(nearMiss(network, known)),
    }));
};

function checkNamed({ networks, policies }: Facts): Finding[] {
  if (policies === undefined) return [];
  const known = new Set(policies);
  const expected =
    policies.length === 0
      ? 'expected the name of a policy, and this file has none: they stand under qos.policies'
      : 'expected the name of a policy (qos.policies)';
  return networks
    .flatMap(network => network.policies)
    .filter(({ policy }) => !known.has(policy))
    .map(({ policy, path }) => ({
      path,
      found: quoted(policy),
      message: expected,
      ...didYouMean(nearMiss(policy, known)),
    }));
}
