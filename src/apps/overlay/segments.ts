import type { NetworkConfig } from '../../config/config.js';
import { groupBy } from '../../lib/group-by.js';
import type { Mac } from '../../lib/addresses.js';
import { type Claims, claimsOf } from './holders.js';
import type { Host, Member } from './members.js';
import { type MeshSending, type Way, waysOf } from './ways.js';

/** A network on one host. */
export interface Segment {
  readonly network: NetworkConfig;
  readonly locals: readonly Member[];
  /** Other hosts that have ports in it. */
  readonly peers: readonly Host[];
  /** All MACs that are known in it, here and there. */
  readonly claims: ReadonlyMap<Mac, Claims>;
  /** Where its broadcasts go besides. */
  readonly ways: readonly Way[];
}

/** The networks that have ports on a host. */
export function segmentsOf(host: Host, others: readonly Host[], sending: MeshSending): readonly Segment[] {
  return [...groupBy(host.members, ({ network }) => network)].map(([network, locals]) => {
    const peers = others.filter(other => other.members.some(member => member.network === network));
    return {
      network,
      locals,
      peers,
      claims: claimsOf(network, [host, ...peers]),
      ways: waysOf(host, network, others, sending),
    };
  });
}
