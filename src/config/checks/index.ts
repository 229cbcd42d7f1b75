import type { Facts } from '../facts.js';
import type { Finding } from '../mistake.js';
import type { LineOf } from '../source.js';
import { checkApps } from './apps.js';
import { checkHypervisors } from './hypervisors.js';
import { checkNetworks } from './networks.js';
import { checkPolicies } from './policies.js';
import { checkPorts } from './ports.js';
import { checkUplinks } from './uplinks.js';

/** What is wrong between parts of the file that are each right. */
export const checkFacts = (facts: Facts, lineOf: LineOf): Finding[] =>
  [checkApps, checkHypervisors, checkNetworks, checkPorts, checkUplinks, checkPolicies].flatMap(check =>
    check(facts, lineOf),
  );
