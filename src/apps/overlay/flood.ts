import { type Flow, type Group, groupIds } from '../../intent/index.js';
import { applyActions, type Bucket, bucket, group, resubmit, setField } from '../../openflow/index.js';
import { flow, from } from './flow.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';
import type { Way } from './ways.js';

/** No output port found: from a local port to all members everywhere, from a tunnel to the local members alone. */
export function floodFlows(vni: number, tables: TableNumbers): readonly Flow[] {
  const metadata = BigInt(vni);
  return [
    flow(
      tables.flood,
      100,
      { metadata, reg1: 0, reg0: from.local },
      applyActions([group(groupIds.flood(vni))]),
    ),
    flow(tables.flood, 90, { metadata, reg1: 0 }, applyActions([group(groupIds.local(vni))])),
  ];
}

/**
 * Head-end replication [RFC 7348 4.2, with unicast in the multicast group's place]: Open vSwitch cannot send VXLAN to a
 * multicast group. Only hosts that have the network are in its list. Each bucket works on a copy of the packet.
 */
export function groupsOf({ network, locals, ways }: Segment, tables: TableNumbers): readonly Group[] {
  const toVtep = ({ vtep, ofport }: Way): Bucket =>
    bucket([setField({ tun_dst: vtep }), setField({ reg1: ofport }), resubmit(tables.output)]);
  return [
    {
      id: groupIds.local(network.vni),
      groupType: 'all',
      buckets: locals.map(({ ofport }) => bucket([setField({ reg1: ofport }), resubmit(tables.afterFlood)])),
    },
    {
      id: groupIds.flood(network.vni),
      groupType: 'all',
      buckets: [bucket([group(groupIds.local(network.vni))]), ...ways.map(toVtep)],
    },
  ];
}
