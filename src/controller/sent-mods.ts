import type { Dpid } from '../lib/addresses.js';
import { getU16 } from '../lib/struct/index.js';
import type { Message } from '../openflow/index.js';

/** How many messages that change a switch were sent to it, those in bundles included. */
export interface SentMods {
  readonly flowMods: number;
  readonly groupMods: number;
  readonly meterMods: number;
}

export const noMods: SentMods = { flowMods: 0, groupMods: 0, meterMods: 0 };

const sum = (a: SentMods, b: SentMods): SentMods => ({
  flowMods: a.flowMods + b.flowMods,
  groupMods: a.groupMods + b.groupMods,
  meterMods: a.meterMods + b.meterMods,
});

const flowModType = 14;

/** Counts what one connection sends. */
export class ModCounter {
  #flowMods = 0;
  #groupMods = 0;
  #meterMods = 0;

  get counted(): SentMods {
    return { flowMods: this.#flowMods, groupMods: this.#groupMods, meterMods: this.#meterMods };
  }

  /** Messages that an app has written by itself. */
  countIn(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at + 8 <= end; at += Math.max(8, getU16(bytes, at + 2)))
      if (bytes[at + 1] === flowModType) this.#flowMods += 1;
  }

  count(message: Message): void {
    switch (message.type) {
      case 'flow_mod':
        this.#flowMods += 1;
        break;
      case 'group_mod':
        this.#groupMods += 1;
        break;
      case 'meter_mod':
        this.#meterMods += 1;
        break;
      case 'bundle_add':
        this.count(message.message);
        break;
      default:
    }
  }
}

/** Switches whose counts outlive their connections: anybody may dial in with any datapath id. */
const mostSwitches = 10_000;

/** What was sent to switches over connections that have ended, since Heddle's start. */
export class PastMods {
  readonly #past = new Map<Dpid, SentMods>();

  add(dpid: Dpid, mods: SentMods): void {
    const before = this.#past.get(dpid) ?? noMods;
    this.#past.delete(dpid);
    this.#past.set(dpid, sum(before, mods));
    const [oldest] = this.#past.keys();
    if (this.#past.size > mostSwitches && oldest !== undefined) this.#past.delete(oldest);
  }

  /** Together with what its present connection has counted. */
  with(dpid: Dpid, mods: SentMods): SentMods {
    return sum(this.#past.get(dpid) ?? noMods, mods);
  }
}
