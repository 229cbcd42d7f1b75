import type { NetworkConfig } from '../../config/config.js';
import type { Problem } from '../../intent/index.js';
import type { Host } from './members.js';

/**
 * So many copies into VXLAN over IPv4 Open vSwitch 3.1 makes of one packet on its userspace datapath: the actions of a packet may take
 * 64 kB. It makes no copy after that, and tells nobody but its log. What the kernel's takes is near it.
 */
export const mostCopies = 780;

/** Networks that are on more hosts than one packet's copies reach. */
export function copyProblems(networks: readonly NetworkConfig[], hosts: readonly Host[]): readonly Problem[] {
  const uses = new Map<NetworkConfig, Map<Host, number>>();
  for (const host of hosts) {
    for (const { network } of host.members) {
      const counts = uses.get(network) ?? new Map<Host, number>();
      uses.set(network, counts.set(host, (counts.get(host) ?? 0) + 1));
    }
  }
  return networks.flatMap(network => {
    const counts = uses.get(network) ?? new Map<Host, number>();
    const remote = network.wire === undefined ? counts.size - 1 + network.remotes.length : 1;
    const [worst, ports] = [...counts].reduce<readonly [string, number]>(
      (most, [{ name }, count]) => (count > most[1] ? [name, count] : most),
      ['', 0],
    );
    if (remote + ports <= mostCopies) return [];
    return {
      network: network.name,
      message: `what is for all takes ${remote + ports} copies on ${worst} (${remote} to other VTEPs, ${ports} to its own ports), and Open vSwitch makes some ${mostCopies} of one packet: the last ones get none; divide the network, and give ports attached-mac and addresses, so that less is for all`,
    };
  });
}
