import type { Flow } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import { applyActions, gotoTable, masked } from '../../openflow/index.js';
import { flow, from } from './flow.js';
import { learnFromPort, learnFromRemote, meshKey, portKey, remoteKey } from './learn.js';
import type { Host, Member } from './members.js';
import { accepts } from './mesh.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';
import { cameFrom } from './tunnel-fields.js';

/**
 * Sources are learned behind ports with no attached-mac, behind trunks, and from foreign VTEPs. A network with neither has no flow here:
 * one would put the source address into every cached datapath flow. Nothing is learned from managed hosts: a VM there
 * could take over a MAC of this host's.
 */
export function learnFlows(
  host: Host,
  { network, locals, peers }: Segment,
  tables: TableNumbers,
  cookieFor: (key: string) => bigint,
): readonly Flow[] {
  const metadata = BigInt(network.vni);
  const { tunnelPort } = host;
  const next = gotoTable(tables.suppress);
  const fromPorts = locals
    .filter(({ learns }) => learns)
    .map(({ port, ofport }) => {
      const cookie = cookieFor(portKey(network.vni, port, ofport));
      return flow(
        tables.learn,
        50,
        { metadata, in_port: ofport },
        applyActions([learnFromPort(tables.learned, cookie)]),
        next,
      );
    });
  const remotes = tunnelPort === undefined ? [] : network.remotes;
  const fromRemotes = remotes.map(remote => {
    const cookie = cookieFor(remoteKey(network.vni, remote));
    const learn = learnFromRemote(tables.learned, cookie, remote, Number(tunnelPort));
    return flow(
      tables.learn,
      60,
      { metadata, reg0: from.remote, ...cameFrom(remote) },
      applyActions([learn]),
      next,
    );
  });
  const fromMesh = host.mesh
    .filter(mesh => !mesh.managed && accepts(mesh, network))
    .map(({ port, ofport }) => {
      const cookie = cookieFor(meshKey(network.vni, port, ofport));
      return flow(
        tables.learn,
        70,
        { metadata, in_port: ofport },
        applyActions([learnFromPort(tables.learned, cookie)]),
        next,
      );
    });
  if (fromPorts.length + fromRemotes.length + fromMesh.length === 0) return [];
  // What is known from OVSDB is never learned, so that nobody else can claim it.
  const known = [
    ...macsOf(locals),
    ...peers.flatMap(({ members }) => macsOf(members.filter(m => m.network === network))),
  ];
  const knownFlows = [...new Set(known)].map(mac =>
    flow(tables.learn, 100, { metadata, eth_src: mac }, next),
  );
  return [
    // Learned, a group address as source would draw a whole network's broadcasts to one port [IEEE 802.1Q 8.7].
    flow(tables.learn, 110, { metadata, eth_src: groupAddresses }),
    ...fromPorts,
    ...fromRemotes,
    ...fromMesh,
    ...knownFlows,
  ];
}

const groupAddresses = masked(0x01_00_00_00_00_00, 0x01_00_00_00_00_00);

const macsOf = (members: readonly Member[]): readonly Mac[] =>
  members.flatMap(({ mac }) => (mac === undefined ? [] : [mac]));
