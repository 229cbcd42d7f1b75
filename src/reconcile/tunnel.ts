import type { Ipv4 } from '../lib/addresses.js';
import type { Action, Instruction } from '../openflow/index.js';

/** The tunnel address that these actions send to, where they set one. */
export function tunnelOf(actions: readonly Action[]): Ipv4 | undefined {
  for (const action of actions)
    if (action.type === 'set_field' && action.oxm.field === 'tun_dst') return action.oxm.value;
  return undefined;
}

export const tunnelOfFlow = (instructions: readonly Instruction[]): Ipv4 | undefined =>
  tunnelOf(instructions.flatMap(one => (one.type === 'apply_actions' ? one.actions : [])));
