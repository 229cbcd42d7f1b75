import type { Flow } from '../../intent/index.js';
import { applyActions, gotoTable, output, writeMetadata } from '../../openflow/index.js';
import { flow } from './flow.js';
import type { Member } from './members.js';
import type { TableNumbers } from './tables.js';

/**
 * An access port takes untagged frames only: a tagged one of a VM would be a way into nowhere that was meant. It is given
 * frames of its network alone, whatever a group or a flow before says.
 */
export function accessFlows({ ofport, network }: Member, tables: TableNumbers): readonly Flow[] {
  const untagged = { in_port: ofport, vlan_tci: { value: 0, mask: 0x1fff } };
  const metadata = BigInt(network.vni);
  return [
    flow(tables.classify, 100, untagged, writeMetadata(metadata), gotoTable(tables.afterSource)),
    flow(tables.output, 100, { metadata, reg1: ofport }, applyActions([output(ofport)])),
  ];
}
