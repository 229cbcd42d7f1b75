import { type Flow, type Group, groupIds, type Program } from '../../intent/index.js';
import type { Ipv4, Mac } from '../../lib/addresses.js';
import {
  applyActions,
  type Bucket,
  bucket,
  gotoTable,
  group,
  type Instruction,
  masked,
  match,
  move,
  output,
  resubmit,
  setField,
  writeMetadata,
} from '../../openflow/index.js';
import type { NetworkConfig } from '../../config/config.js';
import { type Claim, claimsOf } from './holders.js';
import { learnFromPort, learnFromRemote, portKey, remoteKey } from './learn.js';
import type { Host, Member } from './members.js';
import type { TableNumbers } from './tables.js';

/**
 * The overlay's flows for one host. Registers, throughout:
 *   metadata  the network: its VNI
 *   reg0      where from: bit 0 a tunnel, bit 1 a VTEP that Heddle does not manage; 0 a local port
 *   reg1      the output port; 0 not known yet
 */
export interface ProgramInput {
  readonly host: Host;
  /** All hosts, this one too. */
  readonly hosts: readonly Host[];
  readonly tables: TableNumbers;
  readonly learnedCookie: (key: string) => bigint;
}

const fromTunnel = 1;
const fromRemote = 3;

interface Segment {
  readonly network: NetworkConfig;
  readonly locals: readonly Member[];
  readonly peers: readonly Host[];
}

export function overlayProgram({ host, hosts, tables, learnedCookie }: ProgramInput): Program {
  const others = hosts.filter(other => other.name !== host.name);
  const segments = segmentsOf(host, others);
  const learned = new Set<bigint>();
  const cookieFor = (key: string): bigint => {
    const cookie = learnedCookie(key);
    learned.add(cookie);
    return cookie;
  };
  const flows = [
    ...host.members.flatMap(member => accessFlows(member, tables)),
    ...segments.flatMap(segment => [
      ...tunnelFlows(host, segment, tables),
      ...learnFlows(host, segment, tables, cookieFor),
      ...unicastFlows(host, segment, tables),
      ...floodFlows(segment.network.vni, tables),
    ]),
    ...others.map(({ vtep }) => flow(tables.tunnelSource, 100, { tun_src: vtep }, gotoTable(tables.unicast))),
    ...missOfUnicast(tables),
    ...tunnelOutput(host, tables),
  ];
  return {
    flows,
    groups: segments.flatMap(segment => groupsOf(host, segment, tables)),
    learned,
    // A host that has not answered yet may have any network and any VM: what is sent to it from before stays.
    keep: new Set(hosts.filter(({ known }) => !known).map(({ vtep }) => vtep)),
  };
}

function segmentsOf(host: Host, others: readonly Host[]): readonly Segment[] {
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
  }));
}

const flow = (
  table: number,
  priority: number,
  fields: Parameters<typeof match>[0],
  ...instructions: Instruction[]
): Flow => ({
  table,
  priority,
  match: match(fields),
  instructions,
});

/**
 * An access port takes untagged frames only: a tagged one of a VM would be a way into nowhere that was meant. It is given
 * frames of its network alone, whatever a group or a flow before says.
 */
function accessFlows({ ofport, network }: Member, tables: TableNumbers): readonly Flow[] {
  const untagged = { in_port: ofport, vlan_tci: { value: 0, mask: 0x1fff } };
  const metadata = BigInt(network.vni);
  return [
    flow(tables.classify, 100, untagged, writeMetadata(metadata), gotoTable(tables.afterSource)),
    flow(tables.output, 100, { metadata, reg1: ofport }, applyActions([output(ofport)])),
  ];
}

/** From the tunnel: the VNI says the network; who may send with it is the next table's question. */
function tunnelFlows(host: Host, { network }: Segment, tables: TableNumbers): readonly Flow[] {
  if (host.tunnelPort === undefined) return [];
  const metadata = BigInt(network.vni);
  return [
    flow(
      tables.classify,
      100,
      { in_port: host.tunnelPort, tunnel_id: metadata },
      applyActions([setField({ reg0: fromTunnel })]),
      writeMetadata(metadata),
      gotoTable(tables.tunnelSource),
    ),
    ...network.remotes.map(remote =>
      flow(
        tables.tunnelSource,
        100,
        { tun_src: remote, metadata },
        applyActions([setField({ reg0: fromRemote })]),
        gotoTable(tables.learn),
      ),
    ),
  ];
}

/**
 * Sources are learned behind ports with no attached-mac, and from foreign VTEPs. A network with neither has no flow here:
 * one would put the source address into every cached datapath flow. Nothing is learned from managed hosts: a VM there
 * could take over a MAC of this host's.
 */
function learnFlows(
  host: Host,
  { network, locals, peers }: Segment,
  tables: TableNumbers,
  cookieFor: (key: string) => bigint,
): readonly Flow[] {
  const metadata = BigInt(network.vni);
  const { tunnelPort } = host;
  const next = gotoTable(tables.unicast);
  const fromPorts = locals
    .filter(({ mac }) => mac === undefined)
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
    const learn = learnFromRemote(tables.learned, cookie, Number(tunnelPort));
    return flow(
      tables.learn,
      60,
      { metadata, reg0: fromRemote, tun_src: remote },
      applyActions([learn]),
      next,
    );
  });
  if (fromPorts.length + fromRemotes.length === 0) return [];
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
    ...knownFlows,
  ];
}

const groupAddresses = masked(0x01_00_00_00_00_00, 0x01_00_00_00_00_00);

const macsOf = (members: readonly Member[]): readonly Mac[] =>
  members.flatMap(({ mac }) => (mac === undefined ? [] : [mac]));

/**
 * Known MACs, before their first packet. A MAC has one match whether it is here or elsewhere, so that where it moves, the
 * new flow takes the old one's place, also while nothing may be deleted.
 */
function unicastFlows(host: Host, { network, peers }: Segment, tables: TableNumbers): readonly Flow[] {
  const metadata = BigInt(network.vni);
  const next = gotoTable(tables.afterFlood);
  const { tunnelPort } = host;
  return [...claimsOf(network, [host, ...peers])].flatMap(([mac, claims]) => {
    const [holder] = claims;
    const known = { metadata, eth_dst: mac };
    const toPort = ({ member }: Claim) => applyActions([setField({ reg1: member.ofport })]);
    if (holder.host === host) return [flow(tables.unicast, 100, known, toPort(holder), next)];
    // From a tunnel a frame goes to a port here or nowhere: who sent it knows already that the MAC has come to this host.
    const waiting = claims.find(claim => claim.host === host);
    const arrived = { ...known, reg0: masked(fromTunnel, fromTunnel) };
    const early = waiting && flow(tables.unicast, 110, arrived, toPort(waiting), next);
    if (tunnelPort === undefined) return early === undefined ? [] : [early];
    const there = applyActions([setField({ tun_dst: holder.host.vtep }), setField({ reg1: tunnelPort })]);
    return [flow(tables.unicast, 100, known, there, next), ...(early === undefined ? [] : [early])];
  });
}

/** A learned flow cannot go on by itself: it is looked up on the way, and leaves reg1 set where it matched. */
const missOfUnicast = (tables: TableNumbers): readonly Flow[] => [
  flow(tables.unicast, 0, {}, applyActions([resubmit(tables.learned)]), gotoTable(tables.flood)),
];

/** No output port found: from a local port to all members everywhere, from a tunnel to the local members alone. */
function floodFlows(vni: number, tables: TableNumbers): readonly Flow[] {
  const metadata = BigInt(vni);
  return [
    flow(tables.flood, 100, { metadata, reg1: 0, reg0: 0 }, applyActions([group(groupIds.flood(vni))])),
    flow(tables.flood, 90, { metadata, reg1: 0 }, applyActions([group(groupIds.local(vni))])),
  ];
}

/**
 * One flow for all networks, since a network's metadata is its VNI. What came from a tunnel never leaves by it again:
 * split horizon.
 */
function tunnelOutput({ tunnelPort }: Host, tables: TableNumbers): readonly Flow[] {
  if (tunnelPort === undefined) return [];
  return [
    flow(
      tables.output,
      100,
      { reg1: tunnelPort, reg0: 0 },
      applyActions([move('metadata', 'tunnel_id'), output(tunnelPort)]),
    ),
  ];
}

/**
 * Head-end replication [RFC 7348 4.2, with unicast in the multicast group's place]: Open vSwitch cannot send VXLAN to a
 * multicast group. Only hosts that have the network are in its list. Each bucket works on a copy of the packet.
 */
function groupsOf(host: Host, { network, locals, peers }: Segment, tables: TableNumbers): readonly Group[] {
  const { tunnelPort } = host;
  const vteps: readonly Ipv4[] =
    tunnelPort === undefined ? [] : [...peers.map(({ vtep }) => vtep), ...network.remotes];
  const toVtep = (vtep: Ipv4): Bucket =>
    bucket([setField({ tun_dst: vtep }), setField({ reg1: Number(tunnelPort) }), resubmit(tables.output)]);
  return [
    {
      id: groupIds.local(network.vni),
      groupType: 'all',
      buckets: locals.map(({ ofport }) => bucket([setField({ reg1: ofport }), resubmit(tables.afterFlood)])),
    },
    {
      id: groupIds.flood(network.vni),
      groupType: 'all',
      buckets: [
        bucket([group(groupIds.local(network.vni))]),
        ...[...new Set(vteps)].sort((a, b) => a - b).map(toVtep),
      ],
    },
  ];
}
