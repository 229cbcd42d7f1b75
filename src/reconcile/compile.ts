import { type Flow, type Group, hash40, type Keep, makeCookie, type Meter } from '../intent/index.js';
import { encode, formatFlow } from '../openflow/index.js';
import { type CheckedPart, checkPart, type EncodedFlow, type Part } from './check.js';
import { flowMod } from './mods.js';

/** Two apps that want different things of one flow: the first keeps it, and it is told. */
export interface Conflict {
  readonly first: string;
  readonly second: string;
  readonly what: string;
}

/** All that is wanted in one switch, in the form in which it is compared. */
export interface Wanted {
  /** By cookie, which says the whole flow. */
  readonly flows: ReadonlyMap<bigint, Flow>;
  readonly groups: ReadonlyMap<number, Group>;
  /** The number of the app that each group belongs to. */
  readonly groupOwners: ReadonlyMap<number, number>;
  readonly meters: ReadonlyMap<number, Meter>;
  readonly learned: ReadonlySet<bigint>;
  /** What stays though it is not wanted (Program.keep), by the app's number. */
  readonly keep: ReadonlyMap<number, Keep>;
  readonly conflicts: readonly Conflict[];
}

/** Puts the apps' parts together. */
export const compile = (parts: readonly Part[]): Wanted => combine(parts.map(part => checkPart(part)));

/** Where two apps claim one flow, the first keeps it. */
export function combine(parts: readonly CheckedPart[]): Wanted {
  const { flows, conflicts } = combineFlows(parts);
  const rest = combineRest(parts);
  return { ...rest, flows, conflicts: [...conflicts, ...rest.conflicts] };
}

export interface CombinedFlows {
  readonly flows: Map<bigint, Flow>;
  readonly conflicts: readonly Conflict[];
  /** Each flow has the cookie that its encoding says: none had to be hashed again. */
  readonly isPlain: boolean;
}

export function combineFlows(parts: readonly CheckedPart[]): CombinedFlows {
  const claims: Claim[] = [];
  const owners = new Map<string, string>();
  const conflicts: Conflict[] = [];
  for (const { app, number, lists } of parts) {
    for (const { flows } of lists) {
      for (const encoded of flows) {
        const owner = owners.get(encoded.key);
        if (owner === undefined) {
          owners.set(encoded.key, app);
          claims.push({ number, encoded, cookie: encoded.cookie });
        } else conflicts.push({ first: owner, second: app, what: formatFlow(encoded.flow) });
      }
    }
  }
  return { ...byCookie(claims), conflicts };
}

/** All but the flows. */
export function combineRest(parts: readonly CheckedPart[]): Omit<Wanted, 'flows'> {
  const groups = new Map<number, Group>();
  const groupOwners = new Map<number, number>();
  const groupClaims = new Map<number, string>();
  const meters = new Map<number, Meter>();
  const meterClaims = new Map<number, string>();
  const learned = new Set<bigint>();
  const keep = new Map<number, Keep>();
  const conflicts: Conflict[] = [];
  for (const { app, number, rest } of parts) {
    for (const group of rest.groups) {
      const owner = groupClaims.get(group.id);
      if (owner !== undefined) conflicts.push({ first: owner, second: app, what: `group ${group.id}` });
      else {
        groupClaims.set(group.id, app);
        groupOwners.set(group.id, number);
        groups.set(group.id, group);
      }
    }
    for (const meter of rest.meters) {
      const owner = meterClaims.get(meter.id);
      if (owner !== undefined) conflicts.push({ first: owner, second: app, what: `meter ${meter.id}` });
      else {
        meterClaims.set(meter.id, app);
        meters.set(meter.id, meter);
      }
    }
    for (const cookie of rest.learned) learned.add(cookie);
    if (rest.keep !== undefined) keep.set(number, rest.keep);
  }
  return { groups, groupOwners, meters, learned, keep, conflicts };
}

interface Claim {
  readonly number: number;
  readonly encoded: EncodedFlow;
  readonly cookie: bigint;
}

/**
 * Gives each flow a cookie of its own. Where flows hash alike, which is rare, all of them are hashed again, the round
 * with them: were one to keep the cookie, it would depend on the others which flow that is, and the switch's could be
 * taken for another one's.
 */
function byCookie(claims: readonly Claim[]): Omit<CombinedFlows, 'conflicts'> {
  const flows = new Map<bigint, Flow>();
  let left = claims;
  let round = 0;
  while (left.length > 0) {
    const rivals = new Map<bigint, readonly Claim[]>();
    const seen = new Map<bigint, Claim>();
    for (const claim of left) {
      const other = seen.get(claim.cookie);
      if (other === undefined) seen.set(claim.cookie, claim);
      else rivals.set(claim.cookie, [...(rivals.get(claim.cookie) ?? [other]), claim]);
    }
    round += 1;
    const again: Claim[] = [];
    for (const [cookie, claim] of seen) {
      const same = rivals.get(cookie);
      if (same === undefined && !flows.has(cookie)) flows.set(cookie, claim.encoded.flow);
      else for (const one of same ?? [claim]) again.push(rehashed(one, round));
    }
    left = again;
  }
  return { flows, isPlain: round <= 1 };
}

const rehashed = ({ number, encoded }: Claim, round: number): Claim => ({
  number,
  encoded,
  cookie: makeCookie(number, 'static', hash40(encode({ ...flowMod(encoded.flow, 0n), xid: round }))),
});
