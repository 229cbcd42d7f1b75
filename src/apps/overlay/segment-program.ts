import type { NetworkConfig } from '../../config/config.js';
import type { Flow, Group, Setup } from '../../intent/index.js';
import { accessFlows } from './access.js';
import { arrivalFlows } from './arrivals.js';
import { floodFlows, groupsOf } from './flood.js';
import { learnFlows } from './learn-flows.js';
import { addressFlows } from './learn-ips.js';
import type { Host } from './members.js';
import type { Place } from './promote.js';
import { segmentOf } from './segments.js';
import type { Spread } from './spreads.js';
import type { StormMeters } from './storms.js';
import { suppressFlows } from './suppress.js';
import type { TableNumbers } from './tables.js';
import { meshFlows, tunnelFlows } from './tunnels.js';
import { unicastFlows } from './unicast.js';
import type { MeshSending } from './ways.js';
import { wireFlows } from './wire.js';

/** What a host does for one network. */
export interface SegmentProgram {
  readonly flows: readonly Flow[];
  readonly groups: readonly Group[];
  /** Cookies under which its switch learns. */
  readonly learned: readonly bigint[];
  /** Who else is to be told of what it learns. */
  readonly place: Place;
}

export interface SegmentInput {
  readonly host: Host;
  readonly others: readonly Host[];
  readonly sending: MeshSending;
  readonly isServed: (host: Host) => boolean;
  readonly storms: StormMeters;
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
}

/** All that a program depends on, beside the spread and the host's place in it. */
interface Terms {
  readonly tables: TableNumbers;
  readonly sending: MeshSending;
  /** Of its meters. */
  readonly ids: string;
}

/** The last program of each host, by its name. */
const made = new WeakMap<Spread, Map<string, Terms & { readonly program: SegmentProgram }>>();

/**
 * Where a VM comes or goes, each host of its network looks at that network alone: what the others come to is known. It is not where
 * more than the network and its hosts has a say: of VMs that migrate, and with tunnels of somebody's making.
 */
export function segmentProgram(input: SegmentInput, network: NetworkConfig, spread: Spread): SegmentProgram {
  const { host, sending, storms, tables } = input;
  if (host.mesh.length > 0 || spread.hasRivals) return makeProgram(input, network, spread);
  let programs = made.get(spread);
  if (programs === undefined)
    made.set(spread, (programs = new Map<string, Terms & { readonly program: SegmentProgram }>()));
  const ids = storms.idsOf(network);
  const before = programs.get(host.name);
  if (before?.tables === tables && before.sending === sending && before.ids === ids) return before.program;
  const program = makeProgram(input, network, spread);
  programs.set(host.name, { tables, sending, ids, program });
  return program;
}

function makeProgram(
  { host, others, sending, isServed, storms, tables, learnedCookie }: SegmentInput,
  network: NetworkConfig,
  spread: Spread,
): SegmentProgram {
  const segment = segmentOf(host, network, spread, others, sending);
  const learned = new Set<bigint>();
  const cookieFor = (key: string): bigint => {
    const cookie = learnedCookie(key);
    learned.add(cookie);
    return cookie;
  };
  const flows = [
    ...segment.locals.flatMap(member => [
      ...accessFlows(member, tables),
      ...addressFlows(member, tables, cookieFor),
    ]),
    ...tunnelFlows(host, network, tables),
    ...meshFlows(host, network, tables),
    ...wireFlows(host, network, tables),
    ...arrivalFlows(host, segment, tables, sending, cookieFor),
    ...learnFlows(host, segment, tables, cookieFor),
    ...suppressFlows(segment, storms, tables),
    ...unicastFlows(host, segment, tables, sending, isServed),
    ...floodFlows(host, segment, storms, tables),
  ];
  // Not all of a segment: it is kept, and what is known of MACs is much.
  const place = { network, peers: segment.peers };
  return { flows, groups: groupsOf(segment, tables), learned: [...learned], place };
}
