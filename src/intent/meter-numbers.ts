import { hashText, maxApps } from './cookie.js';

/**
 * Meters have no cookies, so ours are told by their ids: 0x4801 and the 44,800 behind it, where other programs begin at 1,
 * and all below the 65,536 that Open vSwitch's userspace datapath has at least.
 */
const placesOfApp = 1_400;
const places = maxApps * placesOfApp;

export const meterIds = {
  /** @param place 1 to 44,800, no two alike in one switch */
  of: (place: number): number => 0x4800 + place,
  isOurs: (id: number): boolean => id > 0x4800 && id <= 0x4800 + places,
  /**
   * How many one app has in a switch unless it asks for more: some versions of Open vSwitch lose all at a restart with 1,017
   * and more, and two apps of Heddle's own make meters.
   */
  most: 500,
  /** How many ids there are for one app. */
  places: placesOfApp,
} as const;

/**
 * Ids for an app's meters, by the names that it gives them. A Heddle that is started anew gives the same ones with no memory:
 * each name has a place by its hash; of names with one place, the first in order has it, and the others the free places
 * behind it. An id stays for as long as its name is there, but where such a neighbour comes or goes.
 *
 * @param app its number, 0 to 31
 * @param names each once
 * @param most of more than so many names, the last in order get no id
 */
export function numberMeters(
  app: number,
  names: Iterable<string>,
  most: number = meterIds.most,
): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const ids = new Map<string, number>();
  for (const name of [...names].sort().slice(0, Math.min(most, placesOfApp))) {
    let place = hashText(name) % placesOfApp;
    while (taken.has(place)) place = (place + 1) % placesOfApp;
    taken.add(place);
    ids.set(name, meterIds.of(app * placesOfApp + place + 1));
  }
  return ids;
}
