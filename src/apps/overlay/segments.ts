import type { NetworkConfig } from '../../config/config.js';
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
  const locals = new Map<NetworkConfig, Member[]>();
  for (const member of host.members) {
    const members = locals.get(member.network);
    if (members === undefined) locals.set(member.network, [member]);
    else members.push(member);
  }
  return [...locals].map(([network, members]) => ({
    network,
    locals: members,
    peers: others.filter(other => other.members.some(member => member.network === network)),
    ways: waysOf(host, network, others, sending),
  }));
}
