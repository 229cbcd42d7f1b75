import type { AppMessage, LearnedNews, Problem, Step } from '../../intent/index.js';
import { type Dpid, formatMac } from '../../lib/addresses.js';
import { sameItems } from '../../lib/same.js';
import { formatVtep, type Vtep } from '../../lib/vtep.js';
import { flowMod, match } from '../../openflow/index.js';
import { AddressBook } from './address-book.js';
import { Attachments } from './attachments.js';
import { usualDamping } from './damping.js';
import { addressKey } from './learn-ips.js';
import { placesOf, tellPlace } from './learn-sources.js';
import { type Host, hostsByDpid } from './members.js';
import { Promoted } from './promote.js';
import { type Look, mostOfSwitch, type Outcome, Sightings } from './sightings.js';

type Hosts = ReadonlyMap<string, Host>;

/** What it brings about that MACs are found elsewhere. */
export type Consequences = Required<Pick<Step<unknown>, 'changed' | 'sendTo'>>;

/** The same, as time passes. */
export type Timely = Required<Pick<Step<unknown>, 'changed' | 'sendTo' | 'tellAnew'>>;

export interface LocationsOptions {
  /** Of what is learned behind a place: `Setup.learnedCookie`. */
  readonly cookieOf: (key: string) => bigint;
  /** The table that switches learn into. */
  readonly table: number;
  /** The one that they note addresses in. */
  readonly addressTable: number;
}

/**
 * So long a host's switch is waited for that has not told yet what it has learned: what leads there from before is of less and less use
 * then, and what is missing is flooded. Milliseconds.
 */
export const patience = 60_000;

/** So many flaps are told one by one. */
const mostTold = 10;

/** Where all MACs are: what OVSDB tells of them, and what switches have learned. Kept in place. */
export class Locations {
  readonly sightings = new Sightings();
  readonly promoted = new Promoted();
  readonly attachments = new Attachments();
  readonly addresses = new AddressBook();
  readonly #options: LocationsOptions;
  /** As they were when they were last looked at. */
  #hosts: Hosts = new Map();
  /** Since when switches are waited for. */
  #awaited: ReadonlyMap<Dpid, number> = new Map();
  /** Switches that have been waited for in vain. */
  readonly #overdue = new Set<Dpid>();
  /** A switch is not waited for any more: what the others have kept for its sake may go. */
  #isOver = false;
  #kept: { hosts: readonly Host[]; tellings: number; vteps: ReadonlySet<Vtep> } | undefined;

  constructor(options: LocationsOptions) {
    this.#options = options;
  }

  onNews(news: LearnedNews, hosts: Hosts, now: number): Consequences {
    this.addresses.onNews(news, this.#options.addressTable, now);
    const host = hostsByDpid(hosts).get(news.dpid);
    if (news.whole && host !== undefined && this.isAwaited(host)) this.#isOver = true;
    return this.#take([this.sightings.onNews(news, this.#look(hosts, now))], hosts);
  }

  /** Whether it may have learned what it has not told yet since the start: until then, what is sent to it stays. */
  isAwaited({ dpid, members }: Host): boolean {
    return !this.sightings.hasTold(dpid) && !this.#overdue.has(dpid) && members.some(({ learns }) => learns);
  }

  /** Where hosts are that have not been read, or are waited for: the same set while it holds the same. */
  awaited(hosts: readonly Host[]): ReadonlySet<Vtep> {
    const { tellings } = this.sightings;
    const before = this.#kept;
    if (before?.hosts === hosts && before.tellings === tellings) return before.vteps;
    const list = hosts.filter(host => !host.known || this.isAwaited(host)).map(({ vtep }) => vtep);
    const isSame = before !== undefined && sameItems([...before.vteps], list);
    const vteps = isSame ? before.vteps : new Set(list);
    this.#kept = { hosts, tellings, vteps };
    return vteps;
  }

  /**
   * To be called about once a second. Switches that have told, or need not be waited for any more, are news to all others, and
   * come together here: after a start there may be many.
   *
   * @param ours the datapath ids of the file's hypervisors, those that have not been read too
   */
  onTime(hosts: Hosts, now: number, ours: ReadonlySet<Dpid>): Timely {
    const look = this.#look(hosts, now);
    const outcomes = [...this.sightings.switches]
      .filter(dpid => !ours.has(dpid))
      .map(dpid => this.sightings.forgetSwitch(dpid, look));
    this.addresses.keepSwitches(ours);
    for (const dpid of this.#overdue)
      if (!ours.has(dpid) && this.#overdue.delete(dpid)) this.#kept = undefined;
    this.#wait(hosts, now);
    const isOver = this.#isOver;
    this.#isOver = false;
    const { changed, sendTo } = this.#take([...outcomes, this.sightings.onTime(look)], hosts);
    return {
      changed: isOver ? [...hosts.values()].map(({ dpid }) => dpid) : changed,
      sendTo,
      tellAnew: this.sightings.toAsk(now),
    };
  }

  #wait(hosts: Hosts, now: number): void {
    const awaited = new Map<Dpid, number>();
    for (const host of hosts.values()) {
      if (!this.isAwaited(host)) continue;
      const since = this.#awaited.get(host.dpid) ?? now;
      if (now - since < patience) awaited.set(host.dpid, since);
      else {
        this.#overdue.add(host.dpid);
        this.#kept = undefined;
        this.#isOver = true;
      }
    }
    this.#awaited = awaited;
  }

  /** Hosts may have changed. */
  refresh(hosts: Hosts, now: number): Consequences {
    const look = this.#look(hosts, now);
    const outcomes: Outcome[] = [];
    const before = this.#hosts;
    this.#hosts = hosts;
    if (before !== hosts) {
      for (const name of new Set([...before.keys(), ...hosts.keys()])) {
        const [was, is] = [before.get(name), hosts.get(name)];
        if (was === is) continue;
        this.attachments.sync(was, is, now);
        if (is?.known === true) this.addresses.keepOnly(is.dpid, this.#addressCookies(is));
        if (was !== undefined && this.isAwaited(was) && !(is !== undefined && this.isAwaited(is)))
          this.#isOver = true;
        // One that has to be read anew, as its OVSDB is elsewhere now, has not forgotten what it has told.
        for (const dpid of new Set([was?.dpid, is?.dpid]))
          if (dpid !== undefined) outcomes.push(this.sightings.onPlaces(dpid, look));
      }
    }
    return this.#take(outcomes, hosts);
  }

  #addressCookies({ members }: Host): ReadonlySet<bigint> {
    return new Set(
      members
        .filter(({ network }) => network.learnIps === true)
        .map(member => this.#options.cookieOf(addressKey(member))),
    );
  }

  problems(hosts: readonly Host[]): readonly Problem[] {
    const held = [...this.sightings.held];
    return [
      ...held.slice(0, mostTold).flatMap(({ mac, place, elsewhere }) =>
        place === undefined
          ? []
          : [
              {
                network: place.network.name,
                message: `MAC ${formatMac(mac)} is seen in several places in turn, ${tellPlace(place)}${elsewhere === undefined ? '' : ` and ${tellPlace(elsewhere)}`}, more than ${usualDamping.moves} times in ${usualDamping.withinMs / 1000} s: it is taken to be where it was for ${usualDamping.holdMs / 1000} s; look for a loop, or for two VMs with one MAC`,
              },
            ],
      ),
      ...(held.length > mostTold
        ? [
            {
              app: 'overlay',
              message: `${held.length - mostTold} more MACs are seen in several places in turn`,
            },
          ]
        : []),
      ...hosts.flatMap(host => this.#fullPlaces(host)),
      ...hosts
        .filter(({ dpid }) => this.sightings.overfull.has(dpid))
        .map(({ name }) => ({
          hypervisor: name,
          message: `its switch has learned more than ${mostOfSwitch} MACs: the other hosts are not told of all of them, of the networks with the most first`,
        })),
    ];
  }

  /** Places behind which as many MACs have been learned as may be. */
  #fullPlaces(host: Host): readonly Problem[] {
    const places = placesOf(host, this.#options.cookieOf);
    return [...this.sightings.counts(host.dpid)].flatMap(([cookie, count]) => {
      const place = places.get(cookie);
      if (place === undefined || count < place.most) return [];
      const { network, port, vtep, most } = place;
      return {
        ...{ hypervisor: host.name, network: network.name, ...(port !== undefined && { port }) },
        message: `its switch has learned ${most} MACs behind ${port === undefined ? `VTEP ${formatVtep(vtep ?? 0)}` : 'it'}, and takes no more: what is for others is flooded${port === undefined ? '' : '; max-macs of the port in the file is that limit'}`,
      };
    });
  }

  #look(hosts: Hosts, now: number): Look {
    const byDpid = hostsByDpid(hosts);
    return {
      now,
      placeOf: (dpid, cookie, vni) => {
        const host = byDpid.get(dpid);
        if (host?.known !== true) return undefined;
        const place = placesOf(host, this.#options.cookieOf).get(cookie);
        return place?.network.vni === vni ? place : 'none';
      },
    };
  }

  #take(outcomes: readonly Outcome[], hosts: Hosts): Consequences {
    const vnis = new Set<number>();
    const sendTo = new Map<Dpid, AppMessage[]>();
    for (const { moves, stale } of outcomes) {
      for (const move of moves) if (this.promoted.take(move)) vnis.add(move.seen.vni);
      for (const { dpid, cookie, vni, mac } of stale) {
        const forget = flowMod({
          command: 'delete_strict',
          tableId: this.#options.table,
          priority: 100,
          cookie,
          cookieMask: 2n ** 64n - 1n,
          match: match({ metadata: BigInt(vni), eth_dst: mac }),
        });
        const messages = sendTo.get(dpid);
        if (messages === undefined) sendTo.set(dpid, [forget]);
        else messages.push(forget);
      }
    }
    const changed =
      vnis.size === 0
        ? []
        : [...hosts.values()]
            .filter(({ members }) => members.some(({ network }) => vnis.has(network.vni)))
            .map(({ dpid }) => dpid);
    return { changed, sendTo };
  }
}
