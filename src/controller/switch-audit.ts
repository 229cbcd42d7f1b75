import { type Flow, type Group, type Meter, staticCookies } from '../intent/index.js';
import { askForFlows, type FlowStats, type Message, multipart, OFPM } from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import { type Edit, hashOf, lookAt } from '../reconcile/edits.js';

/** So many flows are looked at in a round of audits of all switches: some hundredths of the time that it takes. */
const flowsPerRound = 16_384;
const fewestFlows = 64;

/** How many flows of one switch are looked at in one audit, or somewhat fewer. */
export const flowsPerAudit = (switches: number): number =>
  Math.max(fewestFlows, Math.floor(flowsPerRound / Math.max(1, switches)));

/** What a switch has answered to an audit; undefined where it does not tell it. */
export interface AuditAnswer {
  readonly flowCount: number | undefined;
  readonly groups: readonly Group[] | undefined;
  readonly meters: readonly Meter[] | undefined;
  /** Those of the slice. */
  readonly flows: readonly FlowStats[] | undefined;
}

/** What an audit is to be about. */
export interface AuditScope {
  /** How many static flows there should be. */
  readonly count: number;
  readonly groups: Iterable<Group>;
  /** How many of the flows are to be looked at, and about how many buckets in each audit. */
  readonly sliceSize: number;
  /** The switch does not tell its flows. */
  readonly isUnread: boolean;
  /** The cookie of a flow that is to be among them; left out: they have their turns. */
  readonly suspect?: bigint | undefined;
}

/**
 * Looks whether a switch still has what is ours, a little at a time: the number of static flows, all meters, what a slice of the
 * flows says, and all groups. OpenFlow 1.3 has no question for some of the groups: where they have many buckets, they are asked
 * for in some audits only. (One that is deleted takes flows with it, which are counted.)
 */
export class SwitchAudit {
  #turn = 0;
  /** Hashes of flows that this switch writes in another way than they were sent, by cookie: no more than are wanted. */
  readonly #spelled = new Map<bigint, number>();
  #slice: FlowSlice = sliceOf(0n, 1, 1);

  next({ count, groups, sliceSize, isUnread, suspect }: AuditScope): readonly Message[] {
    const isTurn = this.#turn % turnsFor(groups, sliceSize) === 0;
    if (suspect === undefined) this.#turn += 1;
    this.#slice = sliceOf(suspect ?? BigInt(this.#turn), count, sliceSize);
    return [
      askForFlows({ cookie: staticCookies.cookie, cookieMask: staticCookies.mask }, 'aggregate'),
      ...(isTurn ? [multipart({ type: 'group_desc' })] : []),
      multipart({ type: 'meter_config', meterId: OFPM.ALL }),
      ...(isUnread ? [] : [askForFlows(this.#slice)]),
    ];
  }

  /** Asks once more for the slice that was asked for last. */
  get again(): readonly Message[] {
    return [askForFlows(this.#slice)];
  }

  /** Whether the flow of this cookie is in the slice that was asked for last. */
  isIn(cookie: bigint): boolean {
    return (cookie & this.#slice.cookieMask) === this.#slice.cookie;
  }

  edits({ flows = [] }: AuditAnswer, wanted: ReadonlyMap<bigint, Flow>): readonly Edit[] {
    const { edits, spelled } = lookAt(flows, wanted, this.#spelled);
    for (const [cookie, hash] of spelled) this.#spelled.set(cookie, hash);
    if (this.#spelled.size > wanted.size)
      for (const cookie of this.#spelled.keys()) if (!wanted.has(cookie)) this.#spelled.delete(cookie);
    return edits;
  }

  /**
   * These flows have been sent anew, and taken. What still reads as before was not edited: the switch writes it that way.
   *
   * @returns how many flows were edited
   */
  prove(edits: readonly Edit[], { flows = [] }: AuditAnswer): number {
    const now = new Map(flows.map(entry => [entry.cookie, entry]));
    return edits.filter(({ cookie, hash }) => {
      const entry = now.get(cookie);
      if (entry === undefined || hash === undefined || hashOf(entry) !== hash) return true;
      this.#spelled.set(cookie, hash);
      return false;
    }).length;
  }
}

/** In one of how many audits groups are asked for. */
function turnsFor(groups: Iterable<Group>, sliceSize: number): number {
  let buckets = 0;
  for (const group of groups) buckets += group.buckets.length;
  return Math.max(1, Math.ceil(buckets / sliceSize));
}

interface FlowSlice {
  readonly cookie: bigint;
  readonly cookieMask: bigint;
}

/** A part of the static flows by the last bits of their cookies, which are those of a hash: a part of each table. */
function sliceOf(number: bigint, count: number, sliceSize: number): FlowSlice {
  let slices = 1;
  while (slices * sliceSize < count) slices *= 2;
  const low = BigInt(slices - 1);
  return { cookie: staticCookies.cookie | (number & low), cookieMask: staticCookies.mask | low };
}

export function readAudit({ replies }: ExchangeOutcome & { readonly type: 'done' }): AuditAnswer {
  let flowCount: number | undefined;
  let groups: readonly Group[] | undefined;
  let meters: readonly Meter[] | undefined;
  let flows: readonly FlowStats[] | undefined;
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply') continue;
    const { body } = reply;
    if (body.type === 'aggregate') ({ flowCount } = body);
    if (body.type === 'flow') flows = body.entries;
    if (body.type === 'group_desc')
      groups = body.entries.map(({ groupId: id, groupType, buckets }) => ({ id, groupType, buckets }));
    if (body.type === 'meter_config')
      meters = body.entries.map(({ meterId: id, flags, bands }) => ({ id, flags, bands }));
  }
  return { flowCount, groups, meters, flows };
}
