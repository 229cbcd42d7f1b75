import type { LearnedFlow } from '../../intent/index.js';
import { isGroupMac, type Mac } from '../../lib/addresses.js';

/** A MAC of a network. */
export interface Key {
  readonly vni: number;
  readonly mac: Mac;
}

/** What a learned flow is about; undefined: it is none that the overlay's actions write. */
export function keyOf({ match }: LearnedFlow): Key | undefined {
  let vni: number | undefined;
  let mac: Mac | undefined;
  for (const one of match) {
    if (one.field === 'metadata' && one.mask === undefined) vni = Number(one.value);
    if (one.field === 'eth_dst' && one.mask === undefined) mac = one.value;
  }
  return vni === undefined || mac === undefined || isGroupMac(mac) ? undefined : { vni, mac };
}
