/** What is said between a bridge and its controllers, message by message, as `ovs-ofctl snoop` shows it. */
import type { Hypervisor } from '../../../lab/hypervisor.js';

export interface Wire {
  /** The messages so far, each by the name that ovs-ofctl gives it: OFPT_FLOW_MOD, ONFT_BUNDLE_CONTROL. */
  messages(): readonly string[];
  stop(): Promise<readonly string[]>;
}

/** Watches until it is stopped, or the bridge's ovs-vswitchd ends. */
export async function watchWire(hypervisor: Hypervisor, bridge = 'br-int'): Promise<Wire> {
  const names: string[] = [];
  const program = await hypervisor.host.start(['ovs-ofctl', 'snoop', bridge], {
    env: { OVS_RUNDIR: hypervisor.directory },
    onLine: line => {
      const name = /^([A-Z]+_[A-Z_0-9]+) /.exec(line)?.[1];
      if (name !== undefined) names.push(name);
    },
  });
  return {
    messages: () => names,
    stop: async () => {
      await program.stop('SIGTERM');
      return names;
    },
  };
}

/** Whether a message of this name changes what a switch does with packets, or sends one. */
export const changesSwitch = (name: string): boolean => /_MOD$|_BUNDLE_|PACKET_OUT/.test(name);
