import type { FlowStats, MeterMod } from '../openflow/index.js';
import { type Actual, type Holdings, type LooseFlows, ourMeters, readActual } from '../reconcile/actual.js';
import type { CheckedPart } from '../reconcile/check.js';
import type { Wanted } from '../reconcile/compile.js';
import { differingGroups, differingMeters } from '../reconcile/drift.js';
import type { Edit } from '../reconcile/edits.js';
import { carryOut, differingFlows, type FlowPlan, planFlows } from '../reconcile/flows.js';
import { joinGroups } from '../reconcile/group-parts.js';
import { afterMeterMod, type MeterPlan, planMeters } from '../reconcile/meters.js';
import { WantedTables } from '../reconcile/wanted.js';
import type { AuditAnswer } from './switch-audit.js';
import type { Dump } from './switch-dump.js';

type Refused = Pick<ReadonlySet<bigint | number>, 'has'>;

/** What one switch is believed to hold, what is wanted there, and where the two may differ: kept from change to change. */
export class SwitchBelief {
  readonly #wanted = new WantedTables();
  #actual: Holdings | undefined;
  /** The cookies of all static flows that may differ; undefined: any may. */
  #differing: ReadonlySet<bigint> | undefined;

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** Undefined until it has been read. */
  get actual(): Actual | undefined {
    return this.#actual;
  }

  /** The switch has been read: what it did not tell stays as it was believed. @returns the other flows of ours */
  read({ flows, groups, meters, refusal, toldGroups }: Dump): LooseFlows {
    const { actual, loose } = readActual(flows, groups, meters);
    const believed = this.#actual ?? actual;
    this.#differing = undefined;
    this.#wanted.forgetPast();
    this.#actual = {
      ...(refusal === undefined ? actual : believed),
      // What may yet be learned is in no dump.
      learned: new Set([...believed.learned, ...actual.learned]),
      groups: toldGroups ? actual.groups : believed.groups,
      parts: toldGroups ? actual.parts : believed.parts,
      meters: actual.meters,
    };
    return loose;
  }

  want(parts: readonly CheckedPart[]): void {
    const changed = this.#wanted.update(parts);
    if (this.#differing !== undefined) this.#differing = new Set([...this.#differing, ...changed]);
  }

  planMeters(actual: Actual, refused: Refused): MeterPlan {
    return planMeters(this.#wanted, actual.meters, refused);
  }

  planFlows(actual: Actual, refused: Refused): FlowPlan {
    this.#differing ??= differingFlows(this.#wanted, actual);
    return planFlows(this.#wanted, actual, refused, this.#differing, this.#wanted.successors);
  }

  /** A plan has been carried out: what it left out may differ still. */
  done(plan: FlowPlan): void {
    if (this.#actual !== undefined) carryOut(plan, this.#actual);
    this.#differing = new Set(plan.leftOut);
    if (plan.leftOut.length === 0) this.#wanted.forgetPast();
  }

  metersDone(made: readonly MeterMod[]): void {
    if (this.#actual === undefined) return;
    this.#actual = { ...this.#actual, meters: afterMeterMod(this.#actual.meters, made) };
  }

  /** These flows were edited: they are sent anew, each in its place if it is there still. */
  suspect(edits: readonly Edit[]): void {
    const differing = new Set(this.#differing);
    for (const { cookie, isInPlace } of edits) {
      differing.add(cookie);
      if (isInPlace) this.#actual?.flows.delete(cookie);
      else this.#actual?.doubled.add(cookie);
    }
    if (this.#differing !== undefined) this.#differing = differing;
  }

  /**
   * Whether an audit says what is believed.
   *
   * @param isUnread the switch does not tell its flows
   */
  agrees({ flowCount, flows, groups, meters }: AuditAnswer, believed: Actual, isUnread: boolean): boolean {
    // A switch that does not count, but tells its flows, is read in full each time.
    if (!isUnread && flowCount !== believed.flows.size) return false;
    if (flows !== undefined && !areAllKnown(flows, believed)) return false;
    if (meters !== undefined && differingMeters(believed.meters, ourMeters(meters)).length > 0) return false;
    return groups === undefined || differingGroups(believed, joinGroups(groups)).length === 0;
  }
}

/**
 * Whether each of these flows is believed to be there, once. Where as many are there as are believed, one that is missing has
 * another in its stead, which is in this slice or in one whose turn comes: the cost is that of the slice alone.
 */
function areAllKnown(flows: readonly FlowStats[], believed: Actual): boolean {
  const cookies = new Set(flows.map(({ cookie }) => cookie));
  return cookies.size === flows.length && [...cookies].every(cookie => believed.flows.has(cookie));
}
