import type { NetworkConfig } from '../../config/config.js';
import type { Problem } from '../../intent/index.js';
import { copiesOf, type Copying, relayedCopies, relayingOf, relayVni } from './relays.js';
import type { Spreads } from './spreads.js';

/**
 * So many copies into VXLAN over IPv4 Open vSwitch 3.1 makes of one packet on its userspace datapath: the actions of a packet may take
 * 64 kB. It makes no copy after that, and tells nobody but its log. What the kernel's takes is near it.
 */
export const mostCopies = 780;

/** Networks whose packets for all do not reach all of their hosts, or ports. */
export function copyProblems(
  networks: readonly NetworkConfig[],
  spreads: Spreads,
  copying: Copying,
): readonly Problem[] {
  return networks.flatMap(network => {
    const spread = spreads.get(network);
    if (spread === undefined) return [];
    const relaying = relayingOf(network, spread, copying);
    const { remote, ports } = relaying?.isInUse
      ? relayedCopies(network, spread, relaying)
      : copiesOf(network, spread);
    if (remote + ports <= copying.most) return [];
    return {
      network: network.name,
      message: `what is for all takes ${remote + ports} copies on some host (${remote} to other VTEPs, ${ports} to its own ports), and Open vSwitch makes some ${copying.most} of one packet: the last ones get none; ${whatToDo(network, copying, relaying !== undefined)}divide the network, and give ports attached-mac and addresses, so that less is for all`,
    };
  });
}

/** Why there are no relays. */
const whatToDo = (network: NetworkConfig, { vnis }: Copying, hasRelays: boolean): string =>
  !hasRelays && network.wire === undefined && vnis.has(relayVni(network.vni))
    ? `relays would take VNI ${relayVni(network.vni)}, which another network has: give that one another; or `
    : '';
