import type { NetworkConfig } from '../../config/config.js';
import { groupBy } from '../../lib/group-by.js';
import type { Host, Member } from './members.js';
import { type MeshSending, type Way, waysOf } from './ways.js';

/** A network on one host. */
export interface Segment {
  readonly network: NetworkConfig;
  readonly locals: readonly Member[];
  /** Other hosts that have ports in it. */
  readonly peers: readonly Host[];
  /** Where its broadcasts go besides. */
  readonly ways: readonly Way[];
}

/** The networks that have ports on a host. */
export function segmentsOf(host: Host, others: readonly Host[], sending: MeshSending): readonly Segment[] {
  return [...groupBy(host.members, ({ network }) => network)].map(([network, locals]) => ({
    network,
    locals,
    peers: others.filter(other => other.members.some(member => member.network === network)),
    ways: waysOf(host, network, others, sending),
  }));
}
