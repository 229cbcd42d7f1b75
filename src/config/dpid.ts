import type { Dpid } from '../lib/addresses.js';

/** "Hd": marks the datapath ids that Heddle makes. A bridge's own begins with the MAC's two leading zero bytes. */
const mark = 0x4864n << 48n;
const mask48 = (1n << 48n) - 1n;
const mask64 = (1n << 64n) - 1n;

/**
 * The datapath id of a hypervisor that the file gives none: 0x4864 in the upper 16 bits, and below them the 64-bit FNV-1a
 * hash of the name's UTF-8 bytes, folded to 48 bits by exclusive or. It depends on the name alone and must never change:
 * a switch that dials in is recognised by it.
 */
export function dpidOfName(name: string): Dpid {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask64;
  }
  return mark | ((hash >> 48n) ^ (hash & mask48));
}

/** Whether Heddle has made this datapath id, for whatever name. */
export const isMadeFromName = (dpid: Dpid): boolean => dpid >> 48n === mark >> 48n;
