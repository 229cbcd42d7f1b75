import type { NetworkConfig } from '../../config/config.js';
import type { Flow } from '../../intent/index.js';
import type { Vtep } from '../../lib/vtep.js';
import { applyActions, gotoTable, move, output, setField, writeMetadata } from '../../openflow/index.js';
import { flow, from } from './flow.js';
import type { Host } from './members.js';
import { accepts } from './mesh.js';
import { onceFor } from './once.js';
import type { TableNumbers } from './tables.js';
import { cameFrom } from './tunnel-fields.js';

/** From the tunnel: the VNI says the network; who may send with it is the next table's question. */
export function tunnelFlows(host: Host, network: NetworkConfig, tables: TableNumbers): readonly Flow[] {
  if (host.tunnelPort === undefined || network.wire !== undefined) return [];
  const metadata = BigInt(network.vni);
  return [
    flow(
      tables.classify,
      100,
      { in_port: host.tunnelPort, tunnel_id: metadata },
      applyActions([setField({ reg0: from.tunnel })]),
      writeMetadata(metadata),
      gotoTable(tables.tunnelSource),
    ),
    ...network.remotes.map(remote =>
      flow(
        tables.tunnelSource,
        100,
        { ...cameFrom(remote), metadata },
        applyActions([setField({ reg0: from.remote })]),
        gotoTable(tables.learn),
      ),
    ),
  ];
}

/** Managed hosts send with their own VTEPs, whatever the network: V flows for all of them, not one for each network. */
export const peerFlows = (others: readonly Vtep[], tables: TableNumbers): readonly Flow[] =>
  others.map(vtep =>
    onceFor(tables, `peer ${vtep}`, () =>
      flow(tables.tunnelSource, 100, cameFrom(vtep), gotoTable(tables.unicast)),
    ),
  );

/**
 * From and to tunnels that somebody else made: who may send by one its remote_ip says, so the table that asks for that is
 * passed by. One that leads to a VTEP that Heddle does not manage is as those in `remotes`.
 */
export function meshFlows({ mesh }: Host, network: NetworkConfig, tables: TableNumbers): readonly Flow[] {
  const metadata = BigInt(network.vni);
  return mesh
    .filter(one => accepts(one, network))
    .flatMap(({ ofport, keys, managed, networks }) => {
      const arrived = { in_port: ofport, ...(keys === 'flow' && { tunnel_id: metadata }) };
      const taken = flow(
        tables.classify,
        100,
        arrived,
        applyActions([setField({ reg0: managed ? from.tunnel : from.remote })]),
        writeMetadata(metadata),
        gotoTable(managed ? tables.unicast : tables.learn),
      );
      // What was learned of a foreign VTEP goes back by the port that it came in by.
      if (managed && !networks.includes(network)) return [taken];
      const send = [...(keys === 'flow' ? [move('metadata', 'tunnel_id')] : []), output(ofport)];
      return [
        taken,
        flow(tables.output, 100, { metadata, reg1: ofport, reg0: from.local }, applyActions(send)),
      ];
    });
}

/**
 * One flow for all networks, since a network's metadata is its VNI. What came from a tunnel never leaves by it again:
 * split horizon.
 */
export function tunnelOutput({ tunnelPort }: Host, tables: TableNumbers): readonly Flow[] {
  if (tunnelPort === undefined) return [];
  return [
    flow(
      tables.output,
      100,
      { reg1: tunnelPort, reg0: from.local },
      applyActions([move('metadata', 'tunnel_id'), output(tunnelPort)]),
    ),
  ];
}
