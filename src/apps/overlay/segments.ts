import type { NetworkConfig } from '../../config/config.js';
import type { Mac } from '../../lib/addresses.js';
import type { Claims } from './holders.js';
import type { Host, Member } from './members.js';
import type { Relaying } from './relays.js';
import type { Spread, Spreads } from './spreads.js';
import { type MeshSending, type Way, waysOf } from './ways.js';

/** A network on one host. */
export interface Segment {
  readonly network: NetworkConfig;
  readonly spread: Spread;
  readonly locals: readonly Member[];
  /** Other hosts that have ports in it. */
  readonly peers: readonly Host[];
  /** All MACs that are known in it, here and there. */
  readonly claims: ReadonlyMap<Mac, Claims>;
  /** Where its broadcasts go besides. */
  readonly ways: readonly Way[];
  /** Where there are too many of these for one packet. */
  readonly relaying?: Relaying;
}

/** A network on a host. @param others all of them: a tunnel of somebody's making may lead to one without this network */
export function segmentOf(
  host: Host,
  network: NetworkConfig,
  spread: Spread,
  others: readonly Host[],
  sending: MeshSending,
  relaying?: Relaying,
): Segment {
  const peers = [...spread.parts.values()].flatMap(part => (part.host.name === host.name ? [] : [part.host]));
  return {
    network,
    spread,
    locals: spread.parts.get(host.name)?.members ?? [],
    peers,
    claims: spread.claims,
    ways: waysOf(host, network, host.mesh.length === 0 ? peers : others, sending),
    ...(relaying !== undefined && { relaying }),
  };
}

/** The networks that have ports on a host. */
export function networksOn(
  host: Host | undefined,
  spreads: Spreads,
): readonly (readonly [NetworkConfig, Spread])[] {
  return [...new Set((host?.members ?? []).map(({ network }) => network))].flatMap(network => {
    const spread = spreads.get(network);
    return spread === undefined ? [] : [[network, spread] as const];
  });
}
