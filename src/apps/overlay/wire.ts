import type { NetworkConfig } from '../../config/config.js';
import type { Flow, Problem } from '../../intent/index.js';
import {
  applyActions,
  gotoTable,
  output,
  popVlan,
  pushVlan,
  setField,
  writeMetadata,
} from '../../openflow/index.js';
import { tagPresent } from './access.js';
import { flow, from } from './flow.js';
import type { Host } from './members.js';
import type { TableNumbers } from './tables.js';

/**
 * A network that is a VLAN of the wire: its frames come and go by the host's uplink with their tag, and other hosts are reached by the
 * physical network, not by tunnels. What comes from there goes to ports here or nowhere, as what comes from a tunnel does.
 */
export function wireFlows(host: Host, network: NetworkConfig, tables: TableNumbers): readonly Flow[] {
  const uplink = host.uplink?.ofport;
  if (network.wire === undefined || uplink === undefined) return [];
  const metadata = BigInt(network.vni);
  const tag = { vlan_vid: tagPresent | network.wire };
  return [
    flow(
      tables.classify,
      100,
      { in_port: uplink, ...tag },
      applyActions([popVlan(), setField({ reg0: from.tunnel })]),
      writeMetadata(metadata),
      gotoTable(tables.unicast),
    ),
    flow(
      tables.output,
      100,
      { metadata, reg1: uplink, reg0: from.local },
      applyActions([pushVlan(), setField(tag), output(uplink)]),
    ),
  ];
}

/** Ports of such a network on a host that has no way to the wire. */
export const wireProblems = ({ name, uplink, members }: Host): readonly Problem[] =>
  uplink !== undefined
    ? []
    : [...new Set(members.map(({ network }) => network))]
        .filter(({ wire }) => wire !== undefined)
        .map(network => ({
          hypervisor: name,
          network: network.name,
          message: `it is VLAN ${network.wire ?? 0} of the physical network, and the file names no uplink of this host: its ports here reach each other alone`,
        }));
