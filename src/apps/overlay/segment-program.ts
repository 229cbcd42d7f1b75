import type { NetworkConfig } from '../../config/config.js';
import type { Flow, Group, Setup } from '../../intent/index.js';
import { sameItems } from '../../lib/same.js';
import { accessFlows } from './access.js';
import { arrivalFlows } from './arrivals.js';
import { floodFlows, groupsOf } from './flood.js';
import { learnFlows } from './learn-flows.js';
import { addressFlows } from './learn-ips.js';
import type { Host } from './members.js';
import type { Place } from './promote.js';
import { type Copying, relayFlows, relayingOf } from './relays.js';
import { segmentOf } from './segments.js';
import type { Spread, SpreadPart } from './spreads.js';
import type { StormMeters } from './storms.js';
import { suppressFlows } from './suppress.js';
import type { TableNumbers } from './tables.js';
import { meshFlows, tunnelFlows } from './tunnels.js';
import { unicastFlows } from './unicast.js';
import type { MeshSending } from './ways.js';
import { wireFlows } from './wire.js';

/** What a host does for one network. */
export interface SegmentProgram {
  /** What its own ports say alone, and what all ports of the network do: the first stays as it is while others come and go. */
  readonly blocks: readonly (readonly Flow[])[];
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
  readonly copying: Copying;
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
}

/** All that a program depends on, beside the spread and the host's place in it. */
interface Terms {
  readonly tables: TableNumbers;
  readonly sending: MeshSending;
  /** Of its meters. */
  readonly ids: string;
  readonly copying: Copying;
}

interface Made extends Terms {
  readonly program: SegmentProgram;
  /** Hosts of which it was asked whether they are served, and what was said. */
  readonly served: ReadonlyMap<Host, boolean>;
}

/** The last program of each host, by its name. */
const made = new WeakMap<Spread, Map<string, Made>>();

/**
 * Where a VM comes or goes, each host of its network looks at that network alone: what the others come to is known. It is not with
 * tunnels of somebody's making, where more than the network and its hosts has a say.
 *
 * @param before what it came to the last time: what is still the same stays the same objects
 */
export function segmentProgram(
  input: SegmentInput,
  network: NetworkConfig,
  spread: Spread,
  before?: SegmentProgram,
): SegmentProgram {
  const { host, sending, storms, copying, tables } = input;
  if (host.mesh.length > 0) return makeProgram(input, network, spread, before);
  let programs = made.get(spread);
  if (programs === undefined) made.set(spread, (programs = new Map<string, Made>()));
  const terms: Terms = { tables, sending, ids: storms.idsOf(network), copying };
  const known = programs.get(host.name);
  if (known !== undefined && haveSameTerms(known, terms) && areServed(known.served, input.isServed))
    return known.program;
  const served = new Map<Host, boolean>();
  const isServed = asked(input.isServed, served);
  const program = makeProgram({ ...input, isServed }, network, spread, known?.program ?? before);
  programs.set(host.name, { ...terms, program, served });
  return program;
}

/** The same question, with the answers kept. */
export const asked =
  (isServed: (host: Host) => boolean, answers: Map<Host, boolean>) =>
  (host: Host): boolean => {
    const answer = isServed(host);
    answers.set(host, answer);
    return answer;
  };

/** Whether the answers are the same still. */
export function areServed(answers: ReadonlyMap<Host, boolean>, isServed: (host: Host) => boolean): boolean {
  for (const [host, answer] of answers) if (isServed(host) !== answer) return false;
  return true;
}

const haveSameTerms = (a: Terms, b: Terms): boolean =>
  a.tables === b.tables && a.sending === b.sending && a.ids === b.ids && a.copying === b.copying;

function makeProgram(
  input: SegmentInput,
  network: NetworkConfig,
  spread: Spread,
  before: SegmentProgram | undefined,
): SegmentProgram {
  const { host, others, sending, isServed, storms, copying, tables, learnedCookie } = input;
  const relaying = relayingOf(network, spread, copying);
  const segment = segmentOf(host, network, spread, others, sending, relaying);
  const own = ownFlows(input, network, spread);
  const learned = new Set(own.learned);
  const cookieFor = (key: string): bigint => {
    const cookie = learnedCookie(key);
    learned.add(cookie);
    return cookie;
  };
  const shared = [
    ...relayFlows(host, network, relaying, tables),
    ...arrivalFlows(host, segment, tables, sending, cookieFor),
    ...learnFlows(host, segment, tables, cookieFor),
    ...suppressFlows(segment, storms, tables),
    ...unicastFlows(host, segment, tables, sending, isServed),
  ];
  const blocks = [own.flows, shared].map((block, index) => orBefore(block, before?.blocks[index]));
  const groups = groupsOf(host, segment, tables, isServed).map((group, index) =>
    sameOrNew(group, before?.groups[index]),
  );
  // Not all of a segment: it is kept, and what is known of MACs is much.
  const place = { network, peers: segment.peers };
  return { blocks, groups, learned: [...learned], place };
}

const orBefore = <T>(items: readonly T[], before: readonly T[] | undefined): readonly T[] =>
  before !== undefined && sameItems(items, before) ? before : items;

/** Buckets are the same objects where they say the same. */
const sameOrNew = (group: Group, before: Group | undefined): Group =>
  before?.id === group.id && sameItems(group.buckets, before.buckets) ? before : group;

interface OwnFlows {
  readonly flows: readonly Flow[];
  readonly learned: readonly bigint[];
}

const madeOfOwn = new WeakMap<SpreadPart, OwnFlows & Terms>();

/** What does not depend on other hosts. */
function ownFlows(
  { host, sending, storms, copying, tables, learnedCookie }: SegmentInput,
  network: NetworkConfig,
  spread: Spread,
): OwnFlows {
  const part = spread.parts.get(host.name);
  const terms: Terms = { tables, sending, ids: storms.idsOf(network), copying };
  const before = part && madeOfOwn.get(part);
  if (before !== undefined && host.mesh.length === 0 && haveSameTerms(before, terms)) return before;
  const learned = new Set<bigint>();
  const cookieFor = (key: string): bigint => {
    const cookie = learnedCookie(key);
    learned.add(cookie);
    return cookie;
  };
  const flows = [
    ...(part?.members ?? []).flatMap(member => [
      ...accessFlows(member, tables),
      ...addressFlows(member, tables, cookieFor),
    ]),
    ...tunnelFlows(host, network, tables),
    ...meshFlows(host, network, tables),
    ...wireFlows(host, network, tables),
    ...floodFlows(host, network, storms, tables),
  ];
  const own = { ...terms, flows, learned: [...learned] };
  if (part !== undefined) madeOfOwn.set(part, own);
  return own;
}
