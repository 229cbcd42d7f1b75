import type { LearnedFlow, LearnedNews } from '../../intent/index.js';
import type { Dpid, Mac } from '../../lib/addresses.js';
import { isHeld, type Moves, moved, noMoves } from './damping.js';
import { type Place, samePlace } from './learn-sources.js';
import { type Key, keyOf } from './learned-key.js';
import { Shares } from './shares.js';

/** That a switch has learned a MAC. */
interface Sighting {
  readonly cookie: bigint;
  /** When, in milliseconds. */
  readonly since: number;
  /** When the switch was last asked to forget it, as the MAC is elsewhere; it counts no more, and stays until the switch tells that it went. */
  askedAt?: number;
}

/** A MAC of a network that at least one switch has learned. */
export interface Seen {
  readonly vni: number;
  readonly mac: Mac;
  /** Where it is taken to be; undefined while no sighting can be placed. */
  readonly place?: Place;
  /** Since when it is there, in milliseconds. */
  readonly since: number;
  readonly moves: Moves;
  /** Where else it was, or was said to be, the last time. */
  readonly elsewhere?: Place;
}

interface Entry extends Seen {
  readonly sightings: Map<Dpid, Sighting>;
  place?: Place;
  since: number;
  moves: Moves;
  elsewhere?: Place;
}

/** What has become of a MAC. */
export interface Move {
  readonly seen: Seen;
  readonly from?: Place;
  readonly to?: Place;
}

/** A sighting that is no longer true: the switch is to forget it, so that it tells when the MAC comes back. May be told again. */
export interface Stale {
  readonly dpid: Dpid;
  readonly cookie: bigint;
  readonly vni: number;
  readonly mac: Mac;
}

export interface Outcome {
  readonly moves: readonly Move[];
  readonly stale: readonly Stale[];
}

/** What is known of the switches at the moment. */
export interface Look {
  /** In milliseconds. */
  readonly now: number;
  /** The place that a cookie of a switch stands for; 'none': no place any more; undefined: its host is not known yet. */
  placeOf(dpid: Dpid, cookie: bigint, vni: number): Place | 'none' | undefined;
}

/** A switch that has not forgotten what it was asked to is asked again after so long: above what one takes that is polled. Milliseconds. */
export const askAgainAfter = 20_000;

/** So many MACs of one switch are looked at: far above what its ports may learn, unless there are very many. */
export const mostOfSwitch = 65_536;

/**
 * Where the MACs are that switches have learned by themselves. Of several switches that have learned one, the last to do so has it:
 * a VM behind a trunk may move, and its old switch hears nothing more of it. One that is claimed in turn is held.
 *
 * Kept in place: there may be thousands, and changes come one by one.
 */
export class Sightings {
  readonly #byVni = new Map<number, Map<Mac, Entry>>();
  readonly #bySwitch = new Map<Dpid, Shares<Entry>>();
  readonly #told = new Set<Dpid>();
  #tellings = 0;
  readonly #held = new Set<Entry>();
  /** With a sighting that its switch has been asked to forget. */
  readonly #leaving = new Set<Entry>();

  /** Whether a switch has told what it has learned, since the start. */
  hasTold(dpid: Dpid): boolean {
    return this.#told.has(dpid);
  }

  /** Another number whenever `hasTold` may say another thing. */
  get tellings(): number {
    return this.#tellings;
  }

  /** Those that have told anything. */
  get switches(): ReadonlySet<Dpid> {
    return new Set([...this.#told, ...this.#bySwitch.keys()]);
  }

  /** Switches that have learned more than is looked at. */
  get overfull(): ReadonlySet<Dpid> {
    return new Set([...this.#bySwitch].flatMap(([dpid, { isWanting }]) => (isWanting ? [dpid] : [])));
  }

  /** Switches that are to tell all anew, as there is room for what was left out. @param now in milliseconds */
  toAsk(now: number): readonly Dpid[] {
    return [...this.#bySwitch].flatMap(([dpid, its]) => (its.isToAsk(now) ? [dpid] : []));
  }

  /** MACs that are claimed in turn. */
  get held(): Iterable<Seen> {
    return this.#held;
  }

  /** How many MACs a switch has learned under each of its cookies. */
  counts(dpid: Dpid): ReadonlyMap<bigint, number> {
    const counts = new Map<bigint, number>();
    for (const { sightings } of this.#bySwitch.get(dpid) ?? []) {
      const cookie = sightings.get(dpid)?.cookie;
      if (cookie !== undefined) counts.set(cookie, (counts.get(cookie) ?? 0) + 1);
    }
    return counts;
  }

  *of(vni: number): Iterable<Seen> {
    for (const entry of this.#byVni.get(vni)?.values() ?? []) if (entry.place !== undefined) yield entry;
  }

  onNews({ dpid, whole, changes }: LearnedNews, look: Look): Outcome {
    const touched = new Set<Entry>();
    if (whole) {
      this.#told.add(dpid);
      this.#tellings += 1;
      this.#bySwitch.get(dpid)?.begin();
      for (const entry of this.#goneFrom(dpid, changes)) {
        this.#forget(entry, dpid);
        touched.add(entry);
      }
    }
    for (const { type, flow } of changes) {
      const key = keyOf(flow);
      if (key === undefined) continue;
      if (type === 'went') {
        const entry = this.#byVni.get(key.vni)?.get(key.mac);
        if (entry !== undefined && this.#forget(entry, dpid)) touched.add(entry);
        continue;
      }
      for (const entry of this.#see(dpid, key, flow, whole, look.now)) touched.add(entry);
    }
    return this.#settleAll(touched, look);
  }

  /** What a switch's cookies stand for may be other places now. */
  onPlaces(dpid: Dpid, look: Look): Outcome {
    return this.#settleAll(this.#bySwitch.get(dpid) ?? [], look);
  }

  /** MACs that have been held for long enough, and those that a switch has still not forgotten. To be called about once a second. */
  onTime(look: Look): Outcome {
    const over = [...this.#held].filter(({ moves }) => !isHeld(moves, look.now));
    return this.#settleAll(new Set([...over, ...this.#leaving]), look);
  }

  /** A switch that is none of the file's any more. */
  forgetSwitch(dpid: Dpid, look: Look): Outcome {
    this.#told.delete(dpid);
    this.#tellings += 1;
    const its = [...(this.#bySwitch.get(dpid) ?? [])];
    for (const entry of its) this.#forget(entry, dpid);
    this.#bySwitch.delete(dpid);
    return this.#settleAll(its, look);
  }

  /** What a switch had learned, and has no more, as these are all that there are. */
  #goneFrom(dpid: Dpid, changes: LearnedNews['changes']): ReadonlySet<Entry> {
    const gone = new Set(this.#bySwitch.get(dpid));
    for (const { flow } of changes) {
      const key = keyOf(flow);
      const entry = key && this.#byVni.get(key.vni)?.get(key.mac);
      if (entry !== undefined) gone.delete(entry);
    }
    return gone;
  }

  /** @returns what is to be looked at again; nothing where there is no place for it */
  #see(
    dpid: Dpid,
    { vni, mac }: Key,
    { cookie, since }: LearnedFlow,
    whole: boolean,
    now: number,
  ): readonly Entry[] {
    let its = this.#bySwitch.get(dpid);
    if (its === undefined) this.#bySwitch.set(dpid, (its = new Shares<Entry>(mostOfSwitch)));
    const known = this.#byVni.get(vni)?.get(mac);
    const before = known?.sightings.get(dpid);
    const touched: Entry[] = [];
    const giveUp = (one: Entry): void => {
      this.#forget(one, dpid);
      touched.push(one);
    };
    if (before === undefined && !its.isFree(vni, giveUp)) return touched;
    const entry = known ?? this.#enter(vni, mac);
    // What comes after it was to be forgotten is another one.
    const isSame =
      before?.cookie === cookie &&
      (whole || before.askedAt === undefined) &&
      (since === undefined || since < before.since + slack);
    if (!isSame) entry.sightings.set(dpid, { cookie, since: since ?? now });
    its.add(entry);
    return [...touched, entry];
  }

  #enter(vni: number, mac: Mac): Entry {
    const entry: Entry = { vni, mac, sightings: new Map(), since: 0, moves: noMoves };
    const network = this.#byVni.get(vni);
    if (network === undefined) this.#byVni.set(vni, new Map([[mac, entry]]));
    else network.set(mac, entry);
    return entry;
  }

  /** @returns whether it had been seen there */
  #forget(entry: Entry, dpid: Dpid): boolean {
    this.#bySwitch.get(dpid)?.delete(entry);
    return entry.sightings.delete(dpid);
  }

  #settleAll(entries: Iterable<Entry>, look: Look): Outcome {
    const moves: Move[] = [];
    const stale: Stale[] = [];
    for (const entry of [...entries]) this.#settle(entry, look, moves, stale);
    return { moves, stale };
  }

  #settle(entry: Entry, look: Look, moves: Move[], stale: Stale[]): void {
    const { vni, mac, sightings, place: from } = entry;
    let newest: Placed | undefined;
    let here: Placed | undefined;
    const placed: Placed[] = [];
    for (const [dpid, sighting] of [...sightings]) {
      const { cookie, since, askedAt } = sighting;
      const place = look.placeOf(dpid, cookie, vni);
      if (place === 'none') this.#forget(entry, dpid);
      if (place === undefined || place === 'none') continue;
      const one = { dpid, cookie, since, place, sighting };
      placed.push(one);
      if (askedAt !== undefined) continue;
      if (samePlace(place, from) && (here === undefined || since < here.since)) here = one;
      if (newest === undefined || since > newest.since) newest = one;
    }
    if (sightings.size === 0) this.#remove(entry);
    const to = here === undefined ? newest : this.#choose(entry, here, newest ?? here, look.now);
    if (here === undefined || !isHeld(entry.moves, look.now)) this.#held.delete(entry);
    else this.#held.add(entry);
    if (!samePlace(from, to?.place)) {
      if (from !== undefined && to !== undefined) {
        entry.elsewhere = from;
        // Nobody holds on to the place that it came from: that is no quarrel.
        if (here === undefined) entry.moves = { count: entry.moves.count + 1, times: [] };
      }
      entry.since = to?.since ?? 0;
      moves.push({
        seen: entry,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to: to.place }),
      });
    }
    if (to === undefined) delete entry.place;
    else entry.place = to.place;
    if (this.#held.has(entry)) return;
    let isLeaving = false;
    for (const { dpid, cookie, place, sighting } of placed) {
      if (to !== undefined && samePlace(place, to.place)) delete sighting.askedAt;
      else if (to !== undefined || sighting.askedAt !== undefined) {
        isLeaving = true;
        if (sighting.askedAt !== undefined && look.now < sighting.askedAt + askAgainAfter) continue;
        sighting.askedAt = look.now;
        stale.push({ dpid, cookie, vni, mac });
      }
    }
    if (isLeaving) this.#leaving.add(entry);
    else this.#leaving.delete(entry);
  }

  /** Of where it is and where it has been seen last. */
  #choose(entry: Entry, here: Placed, newest: Placed, now: number): Placed {
    if (newest.since === here.since || samePlace(here.place, newest.place)) return here;
    if (isHeld(entry.moves, now)) return here;
    const { moves, follow } = moved(entry.moves, now);
    entry.moves = moves;
    if (!follow) entry.elsewhere = newest.place;
    return follow ? newest : here;
  }

  #remove(entry: Entry): void {
    this.#held.delete(entry);
    this.#leaving.delete(entry);
    const network = this.#byVni.get(entry.vni);
    network?.delete(entry.mac);
    if (network?.size === 0) this.#byVni.delete(entry.vni);
  }
}

interface Placed extends Sighting {
  readonly dpid: Dpid;
  readonly place: Place;
  /** The one that is kept. */
  readonly sighting: Sighting;
}

/** A flow's age is told in steps, and a little late: below this much more, it is the one from before. Milliseconds. */
const slack = 2_000;
