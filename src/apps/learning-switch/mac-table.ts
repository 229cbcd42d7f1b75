import type { Mac } from '../../lib/addresses.js';

/** Which port each MAC of one switch was last seen on, for each VLAN. Bounded: the longest unchanged entry makes room. */
export class MacTable {
  readonly #limit: number;
  /** By VLAN (-1: untagged), then by MAC. */
  readonly #vlans = new Map<number, Map<Mac, number>>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  portOf(vlan: number | undefined, mac: Mac): number | undefined {
    return this.#vlans.get(vlan ?? untagged)?.get(mac);
  }

  /** @returns the port that the MAC was on before; undefined when it was not known */
  learn(vlan: number | undefined, mac: Mac, port: number): number | undefined {
    const key = vlan ?? untagged;
    let macs = this.#vlans.get(key);
    if (macs === undefined) {
      macs = new Map<Mac, number>();
      this.#vlans.set(key, macs);
    }
    const before = macs.get(mac);
    if (before === port) return before;
    if (before !== undefined) macs.delete(mac);
    else if (this.#size >= this.#limit) this.#evict();
    else this.#size += 1;
    // Set anew, so that a Map's order is from the longest unchanged to the newest.
    if (!this.#vlans.has(key)) this.#vlans.set(key, macs);
    macs.set(mac, port);
    return before;
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

  /** From the VLAN that was heard of first: its oldest MAC goes, and the VLAN with its last one. */
  #evict(): void {
    for (const [vlan, macs] of this.#vlans) {
      for (const mac of macs.keys()) {
        macs.delete(mac);
        if (macs.size === 0) this.#vlans.delete(vlan);
        return;
      }
    }
  }
}

const untagged = -1;
