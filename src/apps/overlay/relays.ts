/**
 * What is for all of a network goes by relays where it has more hosts than a switch makes copies of one packet for
 * (docs/adr/0011-relays.md). Its hosts are in parts, the same for all of them. A host sends to its own part by itself, and to one host
 * of each other part, by a VNI that says so; that one sends it to the rest of its part. So each host gets one copy, in two
 * steps at most: what a relay sends has the network's own VNI, and nobody sends that on.
 */
import type { NetworkConfig } from '../../config/config.js';
import { type Flow, type Group, groupIds } from '../../intent/index.js';
import {
  applyActions,
  type Bucket,
  bucket,
  gotoTable,
  group,
  load,
  masked,
  resubmit,
  setField,
  writeMetadata,
} from '../../openflow/index.js';
import { compareVteps, type Vtep } from '../../lib/vtep.js';
import { flow, from } from './flow.js';
import type { Host } from './members.js';
import { onceFor } from './once.js';
import type { Spread } from './spreads.js';
import type { TableNumbers } from './tables.js';
import { sendTo } from './tunnel-fields.js';

/** How what is for all of a network is copied, by the file. The same object for as long as that is. */
export interface Copying {
  /** Copies of one packet that a switch makes, at most. */
  readonly most: number;
  /** Of all networks: no other may be taken for relays. */
  readonly vnis: ReadonlySet<number>;
}

export interface Relaying {
  /** By which a relay is told to send on. */
  readonly vni: number;
  /** The network's hosts. */
  readonly parts: readonly (readonly Host[])[];
  /** Whether hosts send by relays. False: they only take what is sent so, as there may soon be too many of them. */
  readonly isInUse: boolean;
}

/** What one packet for all takes where its sender makes all copies itself: to other VTEPs, and to the ports of the host with the most. */
export function copiesOf(network: NetworkConfig, { parts }: Spread): Copies {
  const ports = Math.max(0, ...[...parts.values()].map(({ members }) => members.length));
  const remote = network.wire === undefined ? parts.size - 1 + network.remotes.length : 1;
  return { remote, ports };
}

export interface Copies {
  readonly remote: number;
  readonly ports: number;
}

/** Hosts get ready to be relays when this much of what a switch can do is used. */
const readyAt = 0.75;

const made = new WeakMap<Spread, { readonly copying: Copying; readonly relaying: Relaying | undefined }>();

/** @returns undefined: all of its hosts send to all others; also where a tunnel of `mesh` is used, or the VNI for relays is taken */
export function relayingOf(network: NetworkConfig, spread: Spread, copying: Copying): Relaying | undefined {
  const before = made.get(spread);
  if (before?.copying === copying) return before.relaying;
  const relaying = plan(network, spread, copying);
  made.set(spread, { copying, relaying });
  return relaying;
}

function plan(network: NetworkConfig, spread: Spread, { most, vnis }: Copying): Relaying | undefined {
  const { remote, ports } = copiesOf(network, spread);
  const vni = relayVni(network.vni);
  if (network.wire !== undefined || remote + ports <= most * readyAt) return undefined;
  if (vni === 0 || vnis.has(vni)) return undefined;
  const hosts = [...spread.parts.values()].map(({ host }) => host);
  if (hosts.some(({ mesh }) => mesh.some(({ networks }) => networks.includes(network)))) return undefined;
  hosts.sort((a, b) => compareVteps(a.vtep, b.vtep));
  // As many parts as hosts in each, and a power of two: they stay the same while some hosts come or go.
  const count = 2 ** Math.max(1, Math.round(Math.log2(hosts.length) / 2));
  const parts = Array.from({ length: count }, (_, index) =>
    hosts.filter(({ vtep }) => digits(vtep) % count === index),
  ).filter(({ length }) => length > 0);
  return { vni, parts, isInUse: remote + ports > most };
}

/** The other half of all VNIs: told from the network's own by its first bit [RFC 7348 5: 24 bits]. */
export const relayVni = (vni: number): number => vni ^ 0x800000;

/** The sum of an address's bytes: addresses that follow each other come into all parts, also where they differ in a byte before the last. */
function digits(vtep: Vtep): number {
  let sum = 0;
  for (let rest = BigInt(vtep); rest > 0n; rest >>= 8n) sum += Number(rest & 0xffn);
  return sum;
}

/** To whom a host sends what is for all, and how. */
export interface RelayWays {
  /** With the network's own VNI. */
  readonly direct: readonly Host[];
  /** With that of relays. */
  readonly relays: readonly Host[];
}

/**
 * A part's hosts take turns in being its relay, by who sends. One whose switch is not connected is none: it may not have what is wanted
 * of it. Where none is, each is sent to.
 */
export function relayWays(host: Host, { parts }: Relaying, isServed: (host: Host) => boolean): RelayWays {
  const turn = digits(host.vtep);
  const direct: Host[] = [];
  const relays: Host[] = [];
  for (const part of parts) {
    if (part.some(({ name }) => name === host.name)) {
      direct.push(...part.filter(({ name }) => name !== host.name));
      continue;
    }
    const able = part.filter(isServed);
    const relay = able[turn % Math.max(1, able.length)];
    if (relay === undefined || part.length === 1) direct.push(...part);
    else relays.push(relay);
  }
  return { direct, relays };
}

/** Copies of one packet that a host makes at most, with relays. */
export function relayedCopies(network: NetworkConfig, spread: Spread, { parts }: Relaying): Copies {
  const largest = Math.max(...parts.map(({ length }) => length));
  return {
    remote: largest - 1 + parts.length - 1 + network.remotes.length,
    ports: copiesOf(network, spread).ports,
  };
}

/** To a relay: its VNI is put where the output table takes one from. */
export const toRelay = (host: Host, vni: number, ofport: number, tables: TableNumbers): Bucket =>
  onceFor(tables, `relay ${host.vtep} ${vni} ${ofport}`, () =>
    bucket([
      sendTo(host.vtep),
      setField({ metadata: BigInt(vni) }),
      setField({ reg1: ofport }),
      resubmit(tables.output),
    ]),
  );

/** What a relay sends on, it sends as its own; then the packet goes the way of all that tunnels bring. */
export function relayFlows(
  { tunnelPort }: Host,
  network: NetworkConfig,
  relaying: Relaying | undefined,
  tables: TableNumbers,
): readonly Flow[] {
  if (relaying === undefined || tunnelPort === undefined) return [];
  const metadata = BigInt(network.vni);
  return [
    flow(
      tables.classify,
      100,
      { in_port: tunnelPort, tunnel_id: BigInt(relaying.vni) },
      applyActions([setField({ reg0: from.tunnel | from.relayed })]),
      writeMetadata(metadata),
      gotoTable(tables.tunnelSource),
    ),
    flow(
      tables.unicast,
      200,
      { metadata, reg0: masked(from.relayed, from.relayed) },
      applyActions([
        setField({ reg0: from.local }),
        // A switch sends nothing to the port that it came in by [OF1.3.5 7.2.1].
        load(0n, 'nxm_in_port'),
        group(groupIds.relay(network.vni)),
        load(BigInt(tunnelPort), 'nxm_in_port'),
        setField({ reg0: from.tunnel }),
        resubmit(tables.unicast),
      ]),
    ),
  ];
}

/** The rest of a relay's part. */
export function relayGroup(
  host: Host,
  network: NetworkConfig,
  relaying: Relaying,
  toVtep: (vtep: Vtep) => Bucket,
): Group {
  const own = relaying.parts.find(part => part.some(({ name }) => name === host.name)) ?? [];
  const others = own.filter(({ name }) => name !== host.name);
  return {
    id: groupIds.relay(network.vni),
    groupType: 'all',
    buckets: others.map(({ vtep }) => toVtep(vtep)),
  };
}
