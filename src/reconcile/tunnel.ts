import type { Vtep } from '../lib/vtep.js';
import type { Action, Instruction } from '../openflow/index.js';

/** The tunnel address that these actions send to, where they set one. */
export function tunnelOf(actions: readonly Action[]): Vtep | undefined {
  for (const action of actions) {
    if (action.type !== 'set_field') continue;
    const { oxm } = action;
    if (oxm.field === 'tun_dst' || oxm.field === 'tun_ipv6_dst') return oxm.value;
  }
  return undefined;
}

export function tunnelOfFlow(instructions: readonly Instruction[]): Vtep | undefined {
  for (const one of instructions) {
    const tunnel = one.type === 'apply_actions' ? tunnelOf(one.actions) : undefined;
    if (tunnel !== undefined) return tunnel;
  }
  return undefined;
}
