/**
 * A file that describes hosts which were set up by hand, made from what their databases say, and what is wrong with them.
 * Pure: whoever calls has read the databases.
 */
import type { Endpoint } from '../config/config.js';
import { formatEndpoint, readTcp, type TcpEndpoint } from '../config/endpoint.js';
import type { Replica } from '../ovsdb/index.js';
import { chooseBridge } from './choose-bridge.js';
import { draftHosts } from './draft-hosts.js';
import { draftNetworks, lostFabric } from './draft-networks.js';
import { type HostFacts, vxlansOf } from './facts.js';
import { type Joint, jointsOf, keyOf } from './fabric.js';
import type { Finding } from './finding.js';
import { hostFindings } from './host-findings.js';
import { loopFindings } from './loops.js';
import { nameHosts } from './names.js';
import { type FoundNetwork, findNetworks } from './networks.js';
import { numberNetworks } from './numbers.js';
import { findPeers, peerFindings } from './peers.js';
import { readBridges, readIdentity } from './read.js';
import { shadowFindings } from './tunnel-findings.js';
import { twinFindings } from './twins.js';
import { findUplink, type Uplink, uplinkFindings } from './uplinks.js';
import { findVteps } from './vteps.js';
import { wireVlans } from './wire.js';
import { type Unread, writeYaml } from './yaml.js';

/** OpenFlow's [IANA]. */
const openflowPort = 6653;

export interface HostToImport {
  /** As the person calls it. */
  readonly given?: string;
  readonly endpoint: Endpoint;
  readonly reading:
    | {
        readonly ok: true;
        readonly rows: Replica;
        /** This machine's own address on the connection to the host: where that host can find it. */
        readonly seenFrom?: string;
      }
    | { readonly ok: false; readonly why: string };
}

export interface ImportedHost {
  /** As it is called in the file. */
  readonly name: string;
  readonly ovsdb: string;
  /** Why it could not be read; it is not in the file then. */
  readonly error?: string;
}

export interface Imported {
  readonly hosts: readonly ImportedHost[];
  /** The broken ones first. */
  readonly findings: readonly Finding[];
  readonly yaml: string;
}

/** @param wanted the name of the bridge, where the usual choice is wrong */
export function importHosts(given: readonly HostToImport[], wanted?: string): Imported {
  const names = nameHosts(
    given.map(({ given: name, endpoint, reading }) => ({
      ...(name !== undefined && { given: name }),
      ...(reading.ok && { identity: readIdentity(reading.rows) }),
      endpoint,
    })),
  );
  const unread: Unread[] = [];
  const hosts: HostFacts[] = [];
  for (const [index, { endpoint, reading }] of given.entries()) {
    const name = names[index] ?? '';
    if (!reading.ok) unread.push({ name, ovsdb: formatEndpoint(endpoint), why: reading.why });
    else hosts.push(factsOf(name, endpoint, reading.rows, wanted));
  }
  const { draft, findings } = describe(hosts, wanted);
  const seen = given
    .flatMap(({ reading }) => (reading.ok ? (reading.seenFrom ?? []) : []))
    .filter(isListenable);
  const [listen] = seen;
  const note = seen.every(address => address === listen)
    ? 'this machine, as the hosts see it: Heddle listens here'
    : `this machine, as the first host sees it; others see ${[...new Set(seen)].slice(1, 4).join(', ')}: it needs one that all reach`;
  return {
    hosts: given.map(({ endpoint, reading }, index) => ({
      name: names[index] ?? '',
      ovsdb: formatEndpoint(endpoint),
      ...(!reading.ok && { error: reading.why }),
    })),
    findings,
    yaml: writeYaml(
      {
        ...draft,
        ...(listen !== undefined && {
          listen: { at: openflowAt(listen), note },
        }),
      },
      findings,
      unread,
    ),
  };
}

const openflowAt = (host: string): TcpEndpoint => ({ transport: 'tcp', host, port: openflowPort });

/** An address of one link only (fe80::1%eth0) is none for the file. */
const isListenable = (host: string): boolean => 'value' in readTcp(formatEndpoint(openflowAt(host)));

function factsOf(name: string, ovsdb: Endpoint, rows: Replica, wanted: string | undefined): HostFacts {
  const { systemId } = readIdentity(rows);
  const bridges = readBridges(rows);
  const bridge = chooseBridge(bridges, wanted);
  return { name, ovsdb, ...(systemId !== undefined && { systemId }), bridges, ...(bridge && { bridge }) };
}

function describe(hosts: readonly HostFacts[], wanted: string | undefined) {
  const vteps = findVteps(hosts);
  const tunnels = vxlansOf(hosts);
  const peering = findPeers(tunnels, vteps);
  const joints = jointsOf(hosts, peering.pairs);
  const uplinks = new Map<HostFacts, Uplink>();
  for (const host of hosts) {
    const uplink = findUplink(host);
    if (uplink !== undefined) uplinks.set(host, uplink);
  }
  const cards = new Map([...uplinks].map(([host, { name }]) => [host, name] as const));
  const networks = findNetworks(hosts, joints, tunnels, peering, cards);
  const numbered = numberNetworks(networks, tunnels, vteps, new Set(cards.values()));
  const wire = wireVlans(networks, joints, cards);
  const tunnelled = networks.filter(network => !wire.has(network));
  const ofHosts = draftHosts(hosts, vteps, uplinks, wanted ?? 'br-int');
  const ofNetworks = draftNetworks(numbered, peering, hosts, vteps.family, wire);
  const findings = [
    ...twinFindings(hosts, vteps),
    ...peerFindings(peering),
    ...loopFindings(joints),
    ...ofHosts.findings,
    ...hosts.flatMap(host => [
      ...uplinkFindings(host, uplinks.get(host)),
      ...lostFabric(host, cards.get(host), reachedBy(host, cards.get(host), tunnelled, joints)),
      ...hostFindings(host, { ...(wanted !== undefined && { wanted }) }),
    ]),
    ...shadowFindings(tunnels, numbered, vteps),
    ...ofNetworks.findings,
  ];
  return {
    draft: { hypervisors: ofHosts.hypervisors, networks: ofNetworks.networks },
    findings: [
      ...findings.filter(({ level }) => level === 'broken'),
      ...findings.filter(({ level }) => level === 'note'),
    ],
  };
}

/** The VLANs with VMs on a host that its uplink carries to the physical network. */
function reachedBy(
  host: HostFacts,
  uplink: string | undefined,
  networks: readonly FoundNetwork[],
  joints: readonly Joint[],
): readonly { readonly vlan: number; readonly sure: boolean }[] {
  const parts = new Map(
    networks
      .filter(({ members }) => members.some(({ placed }) => placed.host === host))
      .flatMap(({ parts: all, tunnels }) => all.map(part => ({ part, hasTunnels: tunnels.length > 0 })))
      .filter(({ part }) => part.host === host)
      .map(({ part, hasTunnels }) => [keyOf(part), hasTunnels] as const),
  );
  return (
    joints
      .filter(
        ({ a, b, ports: [card] }) => typeof b === 'number' && a.host === host && card?.port.name === uplink,
      )
      // A VLAN that has tunnels is most likely none of the physical network's, where nobody has said so.
      .filter(({ a, sure }) => (sure ? parts.has(keyOf(a)) : parts.get(keyOf(a)) === false))
      .map(({ a, sure }) => ({ vlan: a.vlan, sure }))
  );
}
