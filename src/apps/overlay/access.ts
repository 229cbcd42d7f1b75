import type { Flow } from '../../intent/index.js';
import {
  applyActions,
  gotoTable,
  OFPP,
  output,
  popVlan,
  pushVlan,
  setField,
  writeMetadata,
} from '../../openflow/index.js';
import { flow } from './flow.js';
import type { Member } from './members.js';
import { hasAddresses } from './storms.js';
import { toSender } from './suppress.js';
import type { TableNumbers } from './tables.js';

/** OFPVID_PRESENT: in a match and in set_field, a VLAN has it, and an untagged frame has not [OF1.3.5 7.2.3.7]. */
export const tagPresent = 0x1000;

/** The frames of a network that come in by a port of it. */
export const arrivingBy = ({ ofport, vlan }: Member): Parameters<typeof flow>[2] => ({
  in_port: ofport,
  ...(vlan === undefined ? { vlan_tci: { value: 0, mask: 0x1fff } } : { vlan_vid: tagPresent | vlan }),
});

/**
 * An access port takes untagged frames only: a tagged one of a VM would be a way into nowhere that was meant. A VLAN of a
 * trunk is told by the outermost tag, which ends at the switch; a tag within it is none of the overlay's. A port is given
 * frames of its networks alone, whatever a group or a flow before says.
 */
export function accessFlows(member: Member, tables: TableNumbers): readonly Flow[] {
  const { ofport, network, vlan } = member;
  const metadata = BigInt(network.vni);
  const next = [writeMetadata(metadata), gotoTable(tables.afterSource)];
  const toPort = { metadata, reg1: ofport };
  const back = hasAddresses(network) ? [{ metadata, in_port: ofport, reg1: toSender }] : [];
  if (vlan === undefined) {
    return [
      flow(tables.classify, 100, arrivingBy(member), ...next),
      flow(tables.output, 100, toPort, applyActions([output(ofport)])),
      ...back.map(answered => flow(tables.output, 100, answered, applyActions([output(OFPP.IN_PORT)]))),
    ];
  }
  const tag = { vlan_vid: tagPresent | vlan };
  const tagged = [pushVlan(), setField(tag)];
  return [
    flow(tables.classify, 100, arrivingBy(member), applyActions([popVlan()]), ...next),
    flow(tables.output, 100, toPort, applyActions([...tagged, output(ofport)])),
    ...back.map(answered =>
      flow(tables.output, 100, answered, applyActions([...tagged, output(OFPP.IN_PORT)])),
    ),
  ];
}
