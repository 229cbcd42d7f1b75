import type { Flow } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import { type Action, applyActions, gotoTable, masked } from '../../openflow/index.js';
import { flow, from } from './flow.js';
import { learnFromPort, learnFromRemote, type Learning } from './learn.js';
import { type LearnSource, meshSources, portSources, remoteSources } from './learn-sources.js';
import type { Host, Member } from './members.js';
import { onceOf } from './once.js';
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
  const { tunnelPort = 0 } = host;
  const next = gotoTable(tables.suppress);
  const learning = (priority: number, from: Parameters<typeof flow>[2], learn: Action): Flow =>
    flow(tables.learn, priority, { metadata, ...from }, applyActions([learn]), next);
  const bounds = ({ key, most }: LearnSource): Learning => ({
    ...{ table: tables.learned, cookie: cookieFor(key) },
    ...{ most, macAge: network.macAge },
  });
  const fromPorts = portSources(host, network).map(source =>
    learning(50, { in_port: source.member.ofport }, learnFromPort(bounds(source))),
  );
  const fromRemotes = remoteSources(host, network).map(source =>
    learning(
      60,
      { reg0: from.remote, ...cameFrom(source.vtep) },
      learnFromRemote(bounds(source), source.vtep, tunnelPort),
    ),
  );
  const fromMesh = meshSources(host, network).map(source =>
    learning(70, { in_port: source.ofport }, learnFromPort(bounds(source))),
  );
  if (fromPorts.length + fromRemotes.length + fromMesh.length === 0) return [];
  // What is known from OVSDB is never learned, so that nobody else can claim it.
  const known = [...locals, ...peers.flatMap(({ members }) => members.filter(m => m.network === network))];
  const byMac = new Map(known.filter(hasMac).map(member => [member.mac, member]));
  const knownFlows = [...byMac.values()].map(member =>
    onceOf(tables, member, 'learn', () => flow(tables.learn, 100, { metadata, eth_src: member.mac }, next)),
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

const hasMac = (member: Member): member is Member & { readonly mac: Mac } => member.mac !== undefined;
