/**
 * A VM has gone to another host, and its port on the one that it has left is gone, too: hypervisors take it away within milliseconds.
 * Other hosts may not know yet that it has moved, and what they still send to its old place is sent on, until their switches
 * have all that is wanted of them.
 */
import type { Flow, World } from '../../intent/index.js';
import type { Dpid, Mac } from '../../lib/addresses.js';
import type { Host } from './members.js';
import { hasLeft } from './mobility.js';
import type { Spreads } from './spreads.js';
import type { TableNumbers } from './tables.js';
import { tunnelFlows } from './tunnels.js';
import { sentOn } from './unicast.js';
import { type MeshSending, wayTo } from './ways.js';

export interface Departure {
  /** The hypervisor that it has left. */
  readonly hypervisor: string;
  readonly vni: number;
  readonly mac: Mac;
  /** When its port went, in milliseconds. */
  readonly since: number;
}

export type Departures = readonly Departure[];

export const noDepartures: Departures = [];

/** It is sent on for so long at least: what is on its way needs some of it, and news of a host is worked in after a moment. Milliseconds. */
export const leastTime = 2_000;
/** A switch that does not say that it has what is wanted is waited for no longer. Milliseconds. */
export const mostTime = 30_000;
/** Beyond, the oldest are sent on no more: a host that loses all its ports has not moved thousands of VMs in half a minute. */
const mostAtOnce = 4_096;

/** @param after the host as it is now; undefined: it is none of the file's any more */
export function departuresAfter(
  departures: Departures,
  before: Host | undefined,
  after: Host | undefined,
  spreads: Spreads,
  now: number,
): Departures {
  if (before === undefined || after?.known !== true) return departures;
  const stays = new Set(after.members.map(({ network, mac = 0 }) => `${network.vni} ${mac}`));
  const left = before.members.flatMap((member): Departures => {
    const { network, mac } = member;
    if (mac === undefined || network.wire !== undefined || stays.has(`${network.vni} ${mac}`)) return [];
    const holder = spreads.get(network)?.claims.get(mac)?.[0];
    const isGone =
      holder !== undefined && holder.host.name !== before.name && hasLeft(holder, { host: before, member });
    return isGone ? [{ hypervisor: before.name, vni: network.vni, mac, since: now }] : [];
  });
  return left.length === 0 ? departures : [...departures, ...left].slice(-mostAtOnce);
}

/** Those of which somebody may still not know. The same list while all are. */
export function stillSentOn(
  departures: Departures,
  hosts: ReadonlyMap<string, Host>,
  { now, isSettled }: Pick<World, 'now' | 'isSettled'>,
): Departures {
  if (departures.length === 0) return departures;
  const settled = new Map<number, boolean>();
  const allHaveIt = (vni: number): boolean => {
    let all = settled.get(vni);
    if (all === undefined) {
      const its = [...hosts.values()].filter(({ members }) => members.some(one => one.network.vni === vni));
      all = isSettled !== undefined && its.every(({ dpid }) => isSettled(dpid));
      settled.set(vni, all);
    }
    return all;
  };
  const still = departures.filter(({ since, vni }) => {
    const time = now() - since;
    return time < leastTime || (time < mostTime && !allHaveIt(vni));
  });
  return still.length === departures.length ? departures : still;
}

const byHost = new WeakMap<Departures, Map<string, Departures>>();

/** Those from one hypervisor: the same list while nothing has changed. */
export function departuresFrom(departures: Departures, hypervisor: string): Departures {
  if (departures.length === 0) return noDepartures;
  let lists = byHost.get(departures);
  if (lists === undefined) byHost.set(departures, (lists = new Map<string, Departures>()));
  let its = lists.get(hypervisor);
  if (its === undefined) {
    its = departures.filter(one => one.hypervisor === hypervisor);
    lists.set(hypervisor, its.length === 0 ? (its = noDepartures) : its);
  }
  return its;
}

export const dpidsLeft = (departures: Departures, hosts: ReadonlyMap<string, Host>): readonly Dpid[] =>
  [...new Set(departures.map(({ hypervisor }) => hypervisor))].flatMap(name => hosts.get(name)?.dpid ?? []);

export interface DepartureInput {
  readonly host: Host;
  /** From this host. */
  readonly departures: Departures;
  readonly spreads: Spreads;
  readonly tables: TableNumbers;
  readonly sending: MeshSending;
  readonly isServed: (host: Host) => boolean;
}

/**
 * Sent on as from a port that waits to go (unicast.ts), and as there only to a switch that is connected and has been heard from: that
 * sends it to its port and nowhere else.
 */
export function departureFlows({
  host,
  departures,
  spreads,
  tables,
  sending,
  isServed,
}: DepartureInput): readonly Flow[] {
  if (departures.length === 0) return [];
  const networks = new Map([...spreads].map(([network, spread]) => [network.vni, { network, spread }]));
  const here = new Set(host.members.map(({ network }) => network.vni));
  const opened = new Set<number>();
  const flows = new Map<string, readonly Flow[]>();
  for (const { vni, mac } of departures) {
    const { network, spread } = networks.get(vni) ?? {};
    const claims = spread?.claims.get(mac);
    if (network === undefined || claims === undefined) continue;
    const [{ host: holder, member }] = claims;
    if (claims.some(claim => claim.host.name === host.name)) continue;
    const way = wayTo(host, network, holder, sending);
    if (member.age.heard === 0 || way === undefined || !isServed(holder)) continue;
    const isOpen = here.has(vni) || opened.has(vni);
    opened.add(vni);
    flows.set(`${vni} ${mac}`, [
      ...(isOpen ? [] : tunnelFlows(host, { ...network, remotes: [] }, tables)),
      sentOn(vni, mac, holder.vtep, way, tables),
    ]);
  }
  return [...flows.values()].flat();
}
