import type { Mac } from '../../lib/addresses.js';

/** A MAC in its VLAN; undefined: untagged. */
export interface Station {
  readonly vlan: number | undefined;
  readonly mac: Mac;
}

/** What learning has changed. */
export interface Learned {
  /** The port that the MAC was on before; undefined when it was not known. */
  readonly before?: number;
  /** Who was forgotten to make room. */
  readonly evicted?: Station;
}

/** Which port each MAC of one switch was last seen on, for each VLAN. Bounded: see `learn`. */
export class MacTable {
  readonly #limit: number;
  /** By VLAN, then by MAC. */
  readonly #vlans = new Map<number | undefined, Map<Mac, number>>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  portOf(vlan: number | undefined, mac: Mac): number | undefined {
    return this.#vlans.get(vlan)?.get(mac);
  }

  /**
   * A table that is full makes room in its largest VLAN, where the entry goes that has not changed for longest: a flood of
   * made-up MACs pushes out its like.
   *
   * @returns undefined when all was known
   */
  learn(vlan: number | undefined, mac: Mac, port: number): Learned | undefined {
    const macs = this.#macsOf(vlan);
    const before = macs.get(mac);
    if (before === port) return undefined;
    if (before !== undefined) {
      // Deleted and set anew, so that the Map's order is from the longest unchanged to the newest.
      macs.delete(mac);
      macs.set(mac, port);
      return { before };
    }
    const evicted = this.#size < this.#limit ? undefined : this.#evict();
    macs.set(mac, port);
    this.#size += 1;
    return evicted === undefined ? {} : { evicted };
  }

  /** Forgets all MACs that were on a port. */
  forgetPort(port: number): void {
    for (const macs of this.#vlans.values()) {
      for (const [mac, at] of macs) {
        if (at !== port) continue;
        macs.delete(mac);
        this.#size -= 1;
      }
    }
  }

  #macsOf(vlan: number | undefined): Map<Mac, number> {
    let macs = this.#vlans.get(vlan);
    if (macs === undefined) {
      macs = new Map<Mac, number>();
      this.#vlans.set(vlan, macs);
    }
    return macs;
  }

  #evict(): Station | undefined {
    let largest: number | undefined;
    let macs = new Map<Mac, number>();
    for (const [vlan, its] of this.#vlans) if (its.size > macs.size) [largest, macs] = [vlan, its];
    for (const mac of macs.keys()) {
      macs.delete(mac);
      this.#size -= 1;
      return { vlan: largest, mac };
    }
    return undefined;
  }
}
