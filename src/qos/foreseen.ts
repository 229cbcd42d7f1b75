import type { Config, PolicyConfig } from '../config/config.js';
import { fitPolicy } from './fitting.js';
import { queueNumbers } from './shaping.js';

/**
 * What hosts will not do of the policies that networks use, as far as the file alone tells: of their switches nothing is known
 * yet. Each text once, however many hosts it is of.
 */
export function foreseen({ hypervisors, networks }: Config): readonly string[] {
  const named = networks.flatMap(({ policy, ports }) => [policy, ...ports.map(port => port.policy)]);
  const policies = new Map<string, PolicyConfig>();
  for (const policy of named) if (policy !== undefined) policies.set(policy.name, policy);
  return [
    ...new Set(
      [...policies.values()].flatMap(policy =>
        hypervisors.flatMap(({ name, datapath, egress }) =>
          fitPolicy(policy, { name, datapath, queues: queueNumbers(egress) }).misfits.map(
            text => `policy ${policy.name}: ${text}`,
          ),
        ),
      ),
    ),
  ];
}
