import type { Mac } from '../../lib/addresses.js';
import type { Host, Member } from './members.js';
import { inOrder } from './mobility.js';

interface Attached {
  /** The ports that have it, by their hosts and names. */
  readonly claims: Map<string, Rival>;
  holder: string;
  since: number;
  moves: number;
}

/** Since when, in milliseconds, MACs that OVSDB tells are where they are, and how often they have moved. Kept in place. */
export class Attachments {
  readonly #macs = new Map<string, Attached>();

  of(vni: number, mac: Mac): { readonly since: number; readonly moves: number } | undefined {
    return this.#macs.get(keyOf(vni, mac));
  }

  /** A host that has changed, has come (`before` undefined) or gone (`after` undefined). */
  sync(before: Host | undefined, after: Host | undefined, now: number): void {
    const gone = claimsIn(before);
    const come = claimsIn(after);
    const touched = new Set([...gone, ...come].map(([, { key }]) => key));
    for (const [claim, { key, port }] of gone) if (!come.has(claim)) this.#macs.get(key)?.claims.delete(port);
    for (const { key, port, rival } of come.values()) {
      const attached = this.#macs.get(key);
      if (attached !== undefined) attached.claims.set(port, rival);
      else this.#macs.set(key, { claims: new Map([[port, rival]]), holder: port, since: now, moves: 0 });
    }
    for (const key of touched) this.#settle(key, now);
  }

  #settle(key: string, now: number): void {
    const attached = this.#macs.get(key);
    if (attached === undefined) return;
    const rivals = [...attached.claims.values()];
    inOrder(rivals);
    const holder = rivals[0] && placeOf(rivals[0]);
    if (holder === undefined) this.#macs.delete(key);
    else if (holder !== attached.holder) {
      attached.moves += 1;
      attached.holder = holder;
      attached.since = now;
    }
  }
}

interface Rival {
  readonly host: Host;
  readonly member: Member;
}

const placeOf = ({ host, member }: Rival): string => `${host.name} ${member.port}`;

interface PortClaim {
  readonly key: string;
  readonly port: string;
  readonly rival: Rival;
}

/** By port, network and MAC. */
function claimsIn(host: Host | undefined): ReadonlyMap<string, PortClaim> {
  const claims = new Map<string, PortClaim>();
  for (const member of host?.members ?? []) {
    if (member.mac === undefined || host === undefined) continue;
    const rival = { host, member };
    const key = keyOf(member.network.vni, member.mac);
    const port = placeOf(rival);
    claims.set(`${key} ${port}`, { key, port, rival });
  }
  return claims;
}

const keyOf = (vni: number, mac: Mac): string => `${vni} ${mac}`;
