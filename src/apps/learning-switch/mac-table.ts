import type { Mac } from '../../lib/addresses.js';
import { emptyList, Recency, type RecencyList } from './recency.js';
import { enlarged, none, StationIndex } from './station-index.js';

export { none } from './station-index.js';

/** A MAC in its VLAN; undefined: untagged. */
export interface Station {
  readonly vlan: number | undefined;
  readonly mac: Mac;
}

/** What learning has changed. */
export interface Learned {
  /** The port that the MAC was on before; undefined when it was not known. */
  readonly before?: number;
  /** Who was forgotten to make room, where flows may lead to it. */
  readonly evicted?: Station;
}

/** The stations of one VLAN. */
interface Vlan {
  /** Nobody has sent to them yet. */
  readonly newcomers: RecencyList;
  /** Somebody has, so that there may be flows to them. */
  readonly sentTo: RecencyList;
}

/** A key's upper half: the VLAN (1 to 4096, 0 untagged) above the 16 upper bits of the MAC. Both halves are signed. */
export const keyHigh = (vlan: number | undefined, macHigh: number): number =>
  ((vlan === undefined ? 0 : vlan + 1) << 16) | macHigh;

const isSentTo = 1;

/**
 * Which port each MAC of one switch was last seen on, for each VLAN. Entries have numbers, by which the packet path asks; a
 * number is good until the next change. Bounded: a table that is full makes room in its largest VLAN, so that a flood of
 * made-up MACs pushes out its like. The newcomer goes that has not changed for longest, as nobody has sent to it, as long as
 * newcomers are more than an eighth of the VLAN: then goes whom nobody has sent to for longest.
 */
export class MacTable {
  readonly #limit: number;
  readonly #index: StationIndex;
  readonly #recency = new Recency();
  readonly #vlans = new Map<number, Vlan>();
  /** Has at least as many stations as any other, unless it has fewer than `#second`. */
  #largest: Vlan = newVlan();
  #second = 0;
  /** By entry. Ports of 32 bits are kept as signed numbers. */
  #ports = new Int32Array(16);
  #flags = new Int32Array(16);
  /** Entries below the `#used` first that have no station now. */
  readonly #free: number[] = [];
  #used = 0;

  constructor(limit: number, seed?: number) {
    this.#limit = limit;
    this.#index = new StationIndex(seed);
  }

  get size(): number {
    return this.#used - this.#free.length;
  }

  /** @returns `none` where it is not known */
  find(high: number, low: number): number {
    return this.#index.find(high, low);
  }

  portAt(entry: number): number {
    return (this.#ports[entry] ?? 0) >>> 0;
  }

  /** A flow to this station is to be made. */
  sendTo(entry: number): void {
    const vlan = this.#vlanOf(entry);
    if (vlan.sentTo.newest === entry) return;
    this.#recency.remove(this.#listOf(vlan, entry), entry);
    this.#flags[entry] = isSentTo;
    this.#recency.add(vlan.sentTo, entry);
  }

  /**
   * Learns one that is not known, where that leaves no flow astray.
   *
   * @returns false, and nothing has changed, where somebody would have to be forgotten that flows may lead to
   */
  add(high: number, low: number, port: number): boolean {
    if (this.size >= this.#limit) {
      const victim = this.#victim();
      if (this.#flags[victim] === isSentTo) return false;
      this.#remove(victim);
    }
    this.#insert(high, low, port);
    return true;
  }

  /** Whom a flow is to be made for. */
  portOf(vlan: number | undefined, mac: Mac): number | undefined {
    const entry = this.#entryOf(vlan, mac);
    return entry === none ? undefined : this.portAt(entry);
  }

  /** @returns undefined when all was known */
  learn(vlan: number | undefined, mac: Mac, port: number): Learned | undefined {
    const entry = this.#entryOf(vlan, mac);
    if (entry === none) {
      const evicted = this.size < this.#limit ? undefined : this.#evict();
      this.#insert(keyHigh(vlan, Math.floor(mac / 2 ** 32)), mac, port);
      return evicted === undefined ? {} : { evicted };
    }
    const before = this.portAt(entry);
    if (before === port) return undefined;
    this.#ports[entry] = port;
    const list = this.#listOf(this.#vlanOf(entry), entry);
    this.#recency.remove(list, entry);
    this.#recency.add(list, entry);
    return { before };
  }

  /** As `sendTo`, of one that is known. */
  sendToMac(vlan: number | undefined, mac: Mac): void {
    const entry = this.#entryOf(vlan, mac);
    if (entry !== none) this.sendTo(entry);
  }

  /** Forgets all MACs that were on a port. */
  forgetPort(port: number): void {
    const free = new Set(this.#free);
    for (let entry = 0; entry < this.#used; entry += 1)
      if (this.portAt(entry) === port && !free.has(entry)) this.#remove(entry);
    this.#compareVlans();
  }

  #entryOf(vlan: number | undefined, mac: Mac): number {
    return this.#index.find(keyHigh(vlan, Math.floor(mac / 2 ** 32)), mac);
  }

  #vlanOf(entry: number): Vlan {
    return this.#vlanAt(this.#index.highOf(entry) >>> 16);
  }

  #vlanAt(key: number): Vlan {
    let vlan = this.#vlans.get(key);
    if (vlan === undefined) {
      vlan = newVlan();
      this.#vlans.set(key, vlan);
    }
    return vlan;
  }

  #listOf(vlan: Vlan, entry: number): RecencyList {
    return this.#flags[entry] === isSentTo ? vlan.sentTo : vlan.newcomers;
  }

  #insert(high: number, low: number, port: number): void {
    const entry = this.#free.pop() ?? this.#used++;
    if (entry >= this.#ports.length) {
      this.#ports = enlarged(this.#ports, 2 * this.#ports.length);
      this.#flags = enlarged(this.#flags, this.#ports.length);
    }
    this.#index.put(entry, high, low);
    this.#ports[entry] = port;
    this.#flags[entry] = 0;
    const vlan = this.#vlanAt(high >>> 16);
    this.#recency.add(vlan.newcomers, entry);
    const size = sizeOf(vlan);
    if (vlan === this.#largest) return;
    if (size > sizeOf(this.#largest)) this.#compareVlans();
    else if (size > this.#second) this.#second = size;
  }

  #remove(entry: number): void {
    this.#recency.remove(this.#listOf(this.#vlanOf(entry), entry), entry);
    this.#index.take(entry);
    this.#free.push(entry);
  }

  #compareVlans(): void {
    let [largest, second] = [this.#largest, 0];
    for (const vlan of this.#vlans.values()) if (sizeOf(vlan) > sizeOf(largest)) largest = vlan;
    for (const vlan of this.#vlans.values()) if (vlan !== largest) second = Math.max(second, sizeOf(vlan));
    this.#largest = largest;
    this.#second = second;
  }

  #victim(): number {
    if (sizeOf(this.#largest) < this.#second) this.#compareVlans();
    const { newcomers, sentTo } = this.#largest;
    const fewNewcomers = newcomers.size <= (newcomers.size + sentTo.size) >> 3;
    return fewNewcomers && sentTo.size > 0 ? sentTo.oldest : newcomers.oldest;
  }

  #evict(): Station | undefined {
    const victim = this.#victim();
    const high = this.#index.highOf(victim);
    const vlan = high >>> 16;
    const mac = (high & 0xffff) * 2 ** 32 + (this.#index.lowOf(victim) >>> 0);
    const hasFlows = this.#flags[victim] === isSentTo;
    this.#remove(victim);
    return hasFlows ? { vlan: vlan === 0 ? undefined : vlan - 1, mac } : undefined;
  }
}

const newVlan = (): Vlan => ({ newcomers: emptyList(), sentTo: emptyList() });
const sizeOf = ({ newcomers, sentTo }: Vlan): number => newcomers.size + sentTo.size;
