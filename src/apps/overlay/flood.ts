import { type Flow, type Group, groupIds } from '../../intent/index.js';
import type { FloodKind, NetworkConfig } from '../../config/config.js';
import type { Vtep } from '../../lib/vtep.js';
import {
  applyActions,
  type Bucket,
  bucket,
  group,
  masked,
  meter,
  resubmit,
  setField,
} from '../../openflow/index.js';
import { flow, from } from './flow.js';
import type { Host, Member } from './members.js';
import { onceFor } from './once.js';
import { hasForeign } from './mesh.js';
import { relayGroup, relayWays, toRelay } from './relays.js';
import type { Segment } from './segments.js';
import type { StormMeters } from './storms.js';
import type { TableNumbers } from './tables.js';
import { sendTo } from './tunnel-fields.js';
import type { Way } from './ways.js';

/** No output port found: from a local port to all members everywhere, from a tunnel to the local members alone. */
export function floodFlows(
  host: Host,
  network: NetworkConfig,
  storms: StormMeters,
  tables: TableNumbers,
): readonly Flow[] {
  const metadata = BigInt(network.vni);
  const toAll = applyActions([group(groupIds.flood(network.vni))]);
  const toLocals = applyActions([group(groupIds.local(network.vni))]);
  const missed = { metadata, reg1: 0 };
  const fromTunnel = flow(tables.flood, 90, missed, toLocals);
  if (Object.keys(network.flood).length === 0)
    return [flow(tables.flood, 100, { ...missed, reg0: from.local }, toAll), fromTunnel];
  // What a managed host sends it has limited itself; foreign VTEPs are limited as ports are.
  const sources = [
    [from.local, toAll] as const,
    ...(hasForeign(host, network) ? [[fromRemote, toLocals] as const] : []),
  ];
  return [
    ...kinds.flatMap(({ kind, priority, dst }) => {
      const id = storms.idOf(network, kind);
      const limit = id === undefined ? [] : [meter(id)];
      return sources.map(([reg0, actions]) => {
        const passing = network.flood[kind] === 'drop' ? [] : [...limit, actions];
        return flow(tables.flood, priority, { ...missed, reg0, ...dst }, ...passing);
      });
    }),
    fromTunnel,
  ];
}

const fromRemote = masked(from.remote & ~from.tunnel, from.remote & ~from.tunnel);

/** [IEEE 802.3 3.2.3]: all ones is the broadcast address, and an address whose first bit is set a group's. */
const kinds: readonly {
  readonly kind: FloodKind;
  readonly priority: number;
  readonly dst: Parameters<typeof flow>[2];
}[] = [
  { kind: 'broadcast', priority: 130, dst: { eth_dst: 0xff_ff_ff_ff_ff_ff } },
  {
    kind: 'multicast',
    priority: 120,
    dst: { eth_dst: masked(0x01_00_00_00_00_00, 0x01_00_00_00_00_00) },
  },
  { kind: 'unknown-unicast', priority: 110, dst: {} },
];

/**
 * Head-end replication [RFC 7348 4.2, with unicast in the multicast group's place]: Open vSwitch cannot send VXLAN to a
 * multicast group. Only hosts that have the network are in its list. Each bucket works on a copy of the packet.
 */
export function groupsOf(
  host: Host,
  { network, locals, ways, relaying }: Segment,
  tables: TableNumbers,
  isServed: (host: Host) => boolean,
): readonly Group[] {
  const toVtep = ({ vtep, ofport }: Way): Bucket =>
    onceFor(tables, `bucket ${vtep} ${ofport}`, () =>
      bucket([
        ...(vtep === undefined ? [] : [sendTo(vtep)]),
        setField({ reg1: ofport }),
        resubmit(tables.output),
      ]),
    );
  const toLocal = ({ ofport }: Member): Bucket =>
    onceFor(tables, `bucket ${ofport}`, () =>
      bucket([setField({ reg1: ofport }), resubmit(tables.afterFlood)]),
    );
  const toLocals = onceFor(tables, `locals ${network.vni}`, () =>
    bucket([group(groupIds.local(network.vni))]),
  );
  const { tunnelPort } = host;
  const byRelays =
    relaying?.isInUse === true && tunnelPort !== undefined
      ? { ...relayWays(host, relaying, isServed), vni: relaying.vni, tunnelPort }
      : undefined;
  // VTEPs that Heddle does not manage learn from where a frame comes: nobody can send to them in another's place.
  const direct = new Set<Vtep | undefined>([
    ...network.remotes,
    ...(byRelays?.direct ?? []).map(({ vtep }) => vtep),
  ]);
  const itself = byRelays === undefined ? ways : ways.filter(({ vtep }) => direct.has(vtep));
  const relays =
    byRelays?.relays.map(relay => toRelay(relay, byRelays.vni, byRelays.tunnelPort, tables)) ?? [];
  return [
    {
      id: groupIds.local(network.vni),
      groupType: 'all',
      buckets: locals.map(toLocal),
    },
    {
      id: groupIds.flood(network.vni),
      groupType: 'all',
      buckets: [toLocals, ...itself.map(toVtep), ...relays],
    },
    ...(relaying !== undefined && tunnelPort !== undefined
      ? [relayGroup(host, network, relaying, vtep => toVtep({ vtep, ofport: tunnelPort }))]
      : []),
  ];
}
