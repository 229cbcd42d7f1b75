/** Networks that the physical network carries, and no tunnel: with VLANs on the hosts' uplinks. */
import type { HostFacts } from './facts.js';
import { type Joint, keyOf } from './fabric.js';
import type { FoundNetwork } from './networks.js';

/**
 * The tag of each network whose frames leave by the hosts' uplinks, wherever it is, as somebody has said by the uplinks' trunks or tags.
 *
 * @param uplinks by host
 */
export function wireVlans(
  networks: readonly FoundNetwork[],
  joints: readonly Joint[],
  uplinks: ReadonlyMap<HostFacts, string>,
): ReadonlyMap<FoundNetwork, number> {
  const tags = new Map<string, number>();
  for (const { a, b, sure, ports } of joints) {
    const uplink = uplinks.get(a.host);
    if (sure && typeof b === 'number' && ports.some(({ port }) => port.name === uplink))
      tags.set(keyOf(a), b);
  }
  const found = new Map<FoundNetwork, number>();
  for (const network of networks) {
    const [tag, ...others] = new Set(network.parts.map(part => tags.get(keyOf(part)) ?? 0));
    const isElsewhere = network.tunnels.length + network.cards.length + others.length > 0;
    if (tag !== undefined && tag !== 0 && !isElsewhere) found.set(network, tag);
  }
  return found;
}
