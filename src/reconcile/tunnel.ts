import type { Ipv4 } from '../lib/addresses.js';
import type { Action, Instruction } from '../openflow/index.js';

/** The tunnel address that these actions send to, where they set one. */
export function tunnelOf(actions: readonly Action[]): Ipv4 | undefined {
  for (const action of actions)
    if (action.type === 'set_field' && action.oxm.field === 'tun_dst') return action.oxm.value;
  return undefined;
}

export function tunnelOfFlow(instructions: readonly Instruction[]): Ipv4 | undefined {
  for (const one of instructions) {
    const tunnel = one.type === 'apply_actions' ? tunnelOf(one.actions) : undefined;
    if (tunnel !== undefined) return tunnel;
  }
  return undefined;
}
