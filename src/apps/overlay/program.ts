import type { Keep, Program, Setup } from '../../intent/index.js';
import { departureFlows, type Departures } from './departures.js';
import type { Locations } from './locations.js';
import type { Host } from './members.js';
import type { Place } from './promote.js';
import { segmentProgram } from './segment-program.js';
import { networksOn } from './segments.js';
import type { Spreads } from './spreads.js';
import { stormMeters } from './storms.js';
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

interface Made extends Settled {
  readonly input: ProgramInput;
  /** Hosts of which it was asked whether they are served, and what was said. */
  readonly served: ReadonlyMap<Host, boolean>;
  /** With what was learned, the last time. */
  whole?: Program;
}

/** The last program of each host. */
const made = new WeakMap<Host, Made>();

/**
 * The overlay's flows for one host: the same object as before while nothing has changed, so that a switch that connects anew
 * need not wait until they are made and encoded again.
 */
export function overlayProgram(input: ProgramInput, locations: Locations): Program {
  const settled = settledOf(input);
  const { host, hosts, sending, tables } = input;
  const blocks = [
    ...(settled.program.blocks ?? []),
    ...settled.places.flatMap(place => locations.promoted.blocks(host, place, tables, sending)),
  ];
  const keep = keepOf(host, hosts, locations);
  const { whole } = settled;
  if (whole !== undefined && sameItems(whole.blocks ?? [], blocks) && sameKeep(whole.keep, keep))
    return whole;
  return (settled.whole = { ...settled.program, blocks, keep });
}

function settledOf(input: ProgramInput): Made {
  const before = made.get(input.host);
  if (before !== undefined && isStillTrue(before, input)) return before;
  const served = new Map<Host, boolean>();
  const isServed = (host: Host): boolean => {
    const answer = input.isServed(host);
    served.set(host, answer);
    return answer;
  };
  const now: Made = { input, served, ...settle({ ...input, isServed }) };
  made.set(input.host, now);
  return now;
}

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);

const sameKeep = (a: Keep | undefined, b: Keep): boolean =>
  a === b || (a instanceof Set && b instanceof Set && sameItems([...a], [...b]));

const isStillTrue = ({ input: before, served }: Made, now: ProgramInput): boolean =>
  (Object.keys(now) as (keyof ProgramInput)[]).every(key => key === 'isServed' || before[key] === now[key]) &&
  [...served].every(([host, answer]) => now.isServed(host) === answer);

/**
 * Registers, throughout:
 *   metadata  the network: its VNI
 *   reg0      where from (flow.ts)
 *   reg1      the output port; 0 not known yet
 */
function settle(input: ProgramInput): Settled {
  const { host, hosts, spreads, departures, sending, isServed, tables, numberMeters } = input;
  const others = hosts.filter(other => other.name !== host.name);
  const its = networksOn(host, spreads);
  const networks = its.map(([network]) => network);
  const storms = stormMeters(networks, numberMeters);
  const segments = its.map(([network, spread]) =>
    segmentProgram({ ...input, others, storms }, network, spread),
  );
  const flows = [
    // The host itself may be reached by its uplink alone, and Heddle's connections with it.
    ...(host.uplink === undefined ? [] : uplinkFlows(host.uplink, tables)),
    ...peerFlows(others, tables),
    ...suppressTables(networks, tables),
    ...missOfUnicast(tables),
    ...departureFlows(host, departures, spreads, tables, sending, isServed),
    ...tunnelOutput(host, tables),
  ];
  return {
    program: {
      flows,
      blocks: segments.map(segment => segment.flows),
      groups: segments.flatMap(({ groups }) => groups),
      meters: storms.meters,
      learned: new Set(segments.flatMap(({ learned }) => learned)),
    },
    places: segments.map(({ place }) => place),
  };
}

/**
 * A host that has not answered yet may have any network and any VM, and what its switch has learned has to be heard: what is sent to
 * it from before stays. Where the uplink is not there, all stays: the flows that lead to it may come true again, and nothing else
 * could bring the host back.
 */
const keepOf = ({ uplink }: Host, hosts: readonly Host[], locations: Locations): Keep =>
  uplink !== undefined && uplink.ofport === undefined
    ? 'all'
    : new Set(hosts.filter(host => !host.known || locations.isAwaited(host)).map(({ vtep }) => vtep));
