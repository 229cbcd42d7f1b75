import type { NetworkConfig } from '../../config/config.js';
import type { Flow, Keep, Program, Setup } from '../../intent/index.js';
import { sameItems } from '../../lib/same.js';
import type { Vtep } from '../../lib/vtep.js';
import { departureFlows, type Departures } from './departures.js';
import type { Locations } from './locations.js';
import type { Host } from './members.js';
import type { Place } from './promote.js';
import type { Copying } from './relays.js';
import { areServed, asked, type SegmentProgram, segmentProgram } from './segment-program.js';
import { networksOn } from './segments.js';
import type { Spreads } from './spreads.js';
import { type StormMeters, stormMeters } from './storms.js';
import { suppressTables } from './suppress.js';
import type { TableNumbers } from './tables.js';
import { peerFlows, tunnelOutput } from './tunnels.js';
import { uplinkFlows } from './underlay.js';
import { missOfUnicast } from './unicast.js';
import type { MeshSending } from './ways.js';

export interface ProgramInput {
  readonly host: Host;
  /** All hosts, this one too; the same list while none of them has changed. */
  readonly hosts: readonly Host[];
  readonly spreads: Spreads;
  /** VMs that have left this host. */
  readonly departures: Departures;
  readonly copying: Copying;
  readonly sending: MeshSending;
  /** Whether a host's switch is connected, and does what Heddle wants. */
  readonly isServed: (host: Host) => boolean;
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
  readonly numberMeters: Setup['numberMeters'];
}

/** What depends on what OVSDB tells alone, and not on what switches have learned. */
interface Settled {
  readonly program: Program;
  readonly places: readonly Place[];
}

/** The networks of a host, and what is said of them all together. */
interface Basis {
  readonly networks: readonly NetworkConfig[];
  readonly storms: StormMeters;
  readonly peers: Peers;
  readonly flows: readonly Flow[];
}

interface Made extends Settled {
  readonly input: ProgramInput;
  readonly basis: Basis;
  readonly segments: readonly SegmentProgram[];
  /** Hosts of which it was asked whether they are served, and what was said. */
  readonly served: ReadonlyMap<Host, boolean>;
  /** With what was learned, the last time. */
  whole?: Program;
}

/** The last program of each host. */
const made = new WeakMap<Host, Made>();

/**
 * The overlay's flows for one host: the same object as before while nothing has changed, so that a switch that connects anew
 * need not wait until they are made and encoded again. Of a part that has not changed, the same objects.
 */
export function overlayProgram(input: ProgramInput, locations: Locations): Program {
  const settled = settledOf(input);
  const { host, hosts, sending, tables } = input;
  const promoted = settled.places.flatMap(place => locations.promoted.blocks(host, place, tables, sending));
  const own = settled.program.blocks ?? [];
  // There are few of them, and not for long.
  const departed = departureFlows(input);
  const blocks =
    promoted.length + departed.length === 0
      ? own
      : [...own, ...promoted, ...(departed.length === 0 ? [] : [departed])];
  const keep = keepOf(host, hosts, locations);
  const { whole } = settled;
  if (whole !== undefined && sameItems(whole.blocks ?? [], blocks) && whole.keep === keep) return whole;
  return (settled.whole = { ...settled.program, blocks, keep });
}

function settledOf(input: ProgramInput): Made {
  const before = made.get(input.host);
  if (before !== undefined && isStillTrue(before, input)) return before;
  const served = new Map<Host, boolean>();
  const now = settle({ ...input, isServed: asked(input.isServed, served) }, served, before);
  made.set(input.host, now);
  return now;
}

const isStillTrue = ({ input: before, served }: Made, now: ProgramInput): boolean =>
  before.hosts === now.hosts &&
  before.spreads === now.spreads &&
  hasSameTerms(before, now) &&
  areServed(served, now.isServed);

const hasSameTerms = (a: ProgramInput, b: ProgramInput): boolean =>
  a.sending === b.sending &&
  a.copying === b.copying &&
  a.tables === b.tables &&
  a.learnedCookie === b.learnedCookie &&
  a.numberMeters === b.numberMeters;

/**
 * Registers, throughout:
 *   metadata  the network: its VNI
 *   reg0      where from (flow.ts)
 *   reg1      the output port; 0 not known yet
 */
function settle(input: ProgramInput, served: ReadonlyMap<Host, boolean>, last: Made | undefined): Made {
  const { host, hosts, spreads } = input;
  const before = last !== undefined && hasSameTerms(last.input, input) ? last : undefined;
  const its = networksOn(host, spreads);
  const basis = basisOf(
    input,
    its.map(([network]) => network),
    before?.basis,
  );
  const { storms, networks } = basis;
  const areSameNetworks = networks === before?.basis.networks;
  // Of a host with tunnels of somebody's making, all others have a say.
  const others = host.mesh.length === 0 ? [] : hosts.filter(({ name }) => name !== host.name);
  const segments = its.map(([network, spread], index) => {
    const old = areSameNetworks ? before.segments[index] : undefined;
    return segmentProgram({ ...input, others, storms }, network, spread, old);
  });
  if (before !== undefined && basis === before.basis && sameItems(segments, before.segments))
    return { ...before, input, served };
  const blocks = segments.flatMap(segment => segment.blocks);
  const groups = segments.flatMap(segment => segment.groups);
  const learned = segments.flatMap(segment => segment.learned);
  const old = before?.program;
  const program = {
    flows: basis.flows,
    blocks,
    groups: old !== undefined && sameItems(old.groups, groups) ? old.groups : groups,
    meters: storms.meters,
    learned: old !== undefined && sameItems([...old.learned], learned) ? old.learned : new Set(learned),
  };
  return { input, basis, segments, served, program, places: segments.map(({ place }) => place) };
}

/** All that is the same whatever ports come and go in the networks. */
function basisOf(
  { host, hosts, tables, numberMeters }: ProgramInput,
  networks: readonly NetworkConfig[],
  before: Basis | undefined,
): Basis {
  const peers = peersOf(hosts, tables);
  if (before?.peers === peers && sameItems(before.networks, networks)) return before;
  const flows = [
    // The host itself may be reached by its uplink alone, and Heddle's connections with it.
    ...(host.uplink === undefined ? [] : uplinkFlows(host.uplink, tables)),
    ...peerFlows(
      [...peers].flatMap(([name, vtep]) => (name === host.name ? [] : [vtep])),
      tables,
    ),
    ...suppressTables(networks, tables),
    ...missOfUnicast(tables),
    ...tunnelOutput(host, tables),
  ];
  return { networks, storms: stormMeters(networks, numberMeters), peers, flows };
}

/** All hosts' tunnel addresses, by the hosts' names. */
type Peers = ReadonlyMap<string, Vtep>;

/** The last ones: hosts change all the time, and their addresses hardly ever. */
const peersKnown = new WeakMap<TableNumbers, { hosts: readonly Host[]; readonly peers: Peers }>();

function peersOf(hosts: readonly Host[], tables: TableNumbers): Peers {
  const known = peersKnown.get(tables);
  if (known?.hosts === hosts) return known.peers;
  if (known?.peers.size === hosts.length && hosts.every(({ name, vtep }) => known.peers.get(name) === vtep)) {
    known.hosts = hosts;
    return known.peers;
  }
  const peers = new Map(hosts.map(({ name, vtep }) => [name, vtep]));
  peersKnown.set(tables, { hosts, peers });
  return peers;
}

/**
 * A host that has not answered yet may have any network and any VM, and what its switch has learned has to be heard: what is sent to
 * it from before stays. Where the uplink is not there, all stays: the flows that lead to it may come true again, and nothing else
 * could bring the host back.
 */
const keepOf = ({ uplink }: Host, hosts: readonly Host[], locations: Locations): Keep =>
  uplink !== undefined && uplink.ofport === undefined ? 'all' : locations.awaited(hosts);
