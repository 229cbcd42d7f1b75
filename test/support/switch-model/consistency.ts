/** What Open vSwitch refuses in a flow's actions: setting a header's field where the match does not ask for that header. */
import type { Action, Instruction, Match } from '../../../src/openflow/index.js';
import { conditionOf, maxTags, tagPresent } from './fields.js';
import type { Refused } from './tables.js';

const OFPBAC_MATCH_INCONSISTENT: Refused = [2, 10];
const OFPBAC_BAD_TAG: Refused = [2, 12];

/** What is known of every frame that the flow matches, from action to action. */
interface Known {
  readonly etherType: bigint | undefined;
  tags: number;
  isConsistent: boolean;
}

/** That a tag is one too many is told before all else. */
export function inconsistency(match: Match, instructions: readonly Instruction[]): Refused | undefined {
  const known = knownOf(match);
  for (const type of ['apply_actions', 'write_actions'] as const)
    for (const one of instructions) if (one.type === type && !fits(one.actions, known)) return OFPBAC_BAD_TAG;
  return known.isConsistent ? undefined : OFPBAC_MATCH_INCONSISTENT;
}

function knownOf(match: Match): Known {
  const conditions = match.map(conditionOf);
  const isTagged = conditions.some(
    ({ name, value, mask }) => name === 'vlan_tci' && (value & mask & tagPresent) !== 0n,
  );
  const etherType = conditions.find(({ name }) => name === 'eth_type')?.value;
  return { tags: isTagged ? 1 : 0, etherType, isConsistent: true };
}

/** @returns false where a tag is pushed for which there is no room */
const fits = (actions: readonly Action[], known: Known): boolean =>
  actions.every(action => fitsOne(action, known));

function fitsOne(action: Action, known: Known): boolean {
  switch (action.type) {
    case 'push_vlan':
      known.tags += 1;
      return known.tags <= maxTags;
    case 'pop_vlan':
      known.isConsistent &&= known.tags > 0;
      known.tags = Math.max(known.tags - 1, 0);
      return true;
    case 'set_field':
      known.isConsistent &&= isThere(action.oxm.field, known);
      return true;
    case 'load':
      known.isConsistent &&= isThere(action.dst, known);
      return true;
    case 'move':
      known.isConsistent &&= isThere(action.src, known) && isThere(action.dst, known);
      return true;
    case 'clone': {
      const copy = { ...known };
      const isFit = fits(action.actions, copy);
      known.isConsistent &&= copy.isConsistent;
      return isFit;
    }
    default:
      return true;
  }
}

function isThere(field: unknown, { tags, etherType }: Known): boolean {
  const name = typeof field === 'string' ? field.replace(/^nxm_/, '') : '';
  if (name === 'vlan_vid' || name === 'vlan_pcp') return tags > 0;
  if (name.startsWith('arp_')) return etherType === 0x0806n;
  if (name.startsWith('ipv4_')) return etherType === 0x0800n;
  return true;
}
