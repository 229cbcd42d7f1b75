import type { Keep, Program, Setup } from '../../intent/index.js';
import { accessFlows } from './access.js';
import { arrivalFlows } from './arrivals.js';
import { floodFlows, groupsOf } from './flood.js';
import { learnFlows } from './learn-flows.js';
import type { Host } from './members.js';
import { segmentsOf } from './segments.js';
import { stormMeters } from './storms.js';
import { suppressFlows, suppressTables } from './suppress.js';
import type { TableNumbers } from './tables.js';
import { meshFlows, peerFlows, tunnelFlows, tunnelOutput } from './tunnels.js';
import { uplinkFlows } from './underlay.js';
import { missOfUnicast, unicastFlows } from './unicast.js';
import type { MeshSending } from './ways.js';
import { wireFlows } from './wire.js';

export interface ProgramInput {
  readonly host: Host;
  /** All hosts, this one too; the same list while none of them has changed. */
  readonly hosts: readonly Host[];
  readonly sending: MeshSending;
  /** Whether a host's switch is connected, and does what Heddle wants. */
  readonly isServed: (host: Host) => boolean;
  readonly tables: TableNumbers;
  readonly learnedCookie: Setup['learnedCookie'];
  readonly numberMeters: Setup['numberMeters'];
}

interface Made {
  readonly input: ProgramInput;
  /** Hosts of which it was asked whether they are served, and what was said. */
  readonly served: ReadonlyMap<Host, boolean>;
  readonly program: Program;
}

/** The last program of each host. */
const made = new WeakMap<Host, Made>();

/**
 * The overlay's flows for one host: the same object as before while nothing has changed, so that a switch that connects anew
 * need not wait until they are made and encoded again.
 */
export function overlayProgram(input: ProgramInput): Program {
  const before = made.get(input.host);
  if (before !== undefined && isStillTrue(before, input)) return before.program;
  const served = new Map<Host, boolean>();
  const isServed = (host: Host): boolean => {
    const answer = input.isServed(host);
    served.set(host, answer);
    return answer;
  };
  const program = programOf({ ...input, isServed });
  made.set(input.host, { input, served, program });
  return program;
}

const isStillTrue = ({ input: before, served }: Made, now: ProgramInput): boolean =>
  (Object.keys(now) as (keyof ProgramInput)[]).every(key => key === 'isServed' || before[key] === now[key]) &&
  [...served].every(([host, answer]) => now.isServed(host) === answer);

/**
 * Registers, throughout:
 *   metadata  the network: its VNI
 *   reg0      where from (flow.ts)
 *   reg1      the output port; 0 not known yet
 */
function programOf(input: ProgramInput): Program {
  const { host, hosts, sending, isServed, tables, learnedCookie, numberMeters } = input;
  const others = hosts.filter(other => other.name !== host.name);
  const segments = segmentsOf(host, others, sending);
  const networks = segments.map(({ network }) => network);
  const storms = stormMeters(networks, numberMeters);
  const learned = new Set<bigint>();
  const cookieFor = (key: string): bigint => {
    const cookie = learnedCookie(key);
    learned.add(cookie);
    return cookie;
  };
  const flows = [
    // The host itself may be reached by its uplink alone, and Heddle's connections with it.
    ...(host.uplink === undefined ? [] : uplinkFlows(host.uplink, tables)),
    ...host.members.flatMap(member => accessFlows(member, tables)),
    ...segments.flatMap(segment => [
      ...tunnelFlows(host, segment.network, tables),
      ...meshFlows(host, segment.network, tables),
      ...wireFlows(host, segment.network, tables),
      ...arrivalFlows(host, segment, tables),
      ...learnFlows(host, segment, tables, cookieFor),
      ...suppressFlows(segment, storms, tables),
      ...unicastFlows(host, segment, tables, sending, isServed),
      ...floodFlows(host, segment, storms, tables),
    ]),
    ...peerFlows(others, tables),
    ...suppressTables(networks, tables),
    ...missOfUnicast(tables),
    ...tunnelOutput(host, tables),
  ];
  return {
    flows,
    groups: segments.flatMap(segment => groupsOf(segment, tables)),
    meters: storms.meters,
    learned,
    keep: keepOf(host, hosts),
  };
}

/**
 * A host that has not answered yet may have any network and any VM: what is sent to it from before stays. Where the uplink is
 * not there, all stays: the flows that lead to it may come true again, and nothing else could bring the host back.
 */
const keepOf = ({ uplink }: Host, hosts: readonly Host[]): Keep =>
  uplink !== undefined && uplink.ofport === undefined
    ? 'all'
    : new Set(hosts.filter(({ known }) => !known).map(({ vtep }) => vtep));
