import type { MeterMod } from '../openflow/index.js';
import { type Actual, readActual } from '../reconcile/actual.js';
import type { CheckedPart } from '../reconcile/check.js';
import { combine } from '../reconcile/compile.js';
import { type FlowPlan, isEmpty, planFlows } from '../reconcile/flows.js';
import { type MeterPlan, planMeters } from '../reconcile/meters.js';
import { type Operation, order } from '../reconcile/order.js';
import type { SwitchBelief } from './switch-belief.js';
import type { Applied, Commit, SwitchChanges } from './switch-changes.js';
import type { Attempt, SwitchRefusals } from './switch-refusals.js';

export interface SwitchProgrammingOptions {
  readonly changes: SwitchChanges;
  readonly belief: SwitchBelief;
  readonly refusals: SwitchRefusals;
}

/** How far one step has led. */
export type Stride =
  /** The connection ended: what was done is not known. */
  | { readonly type: 'lost' }
  /** All that can be done is done, or there is more to do at once (`isDone`). */
  | {
      readonly type: 'taken';
      /** What the switch has carried out. */
      readonly made: readonly Attempt[];
      readonly isDone: boolean;
      readonly hasMore: boolean;
      /** What was sent may have replaced flows that were to stay: the switch has to say which. */
      readonly isInDoubt: boolean;
    };

/** What a switch holds whose tables have been emptied. */
const nothingThere = readActual([], []).actual;

/** In all bundles that are staged, unless two have more. */
const stagedMessages = 5_000;

const again = (made: readonly Attempt[]): Stride => ({
  type: 'taken',
  made,
  isDone: false,
  hasMore: true,
  isInDoubt: false,
});

/** Sends what one switch lacks of what is wanted, and takes away what is not: a step is one bundle, or some meters. */
export class SwitchProgramming {
  readonly #changes: SwitchChanges;
  readonly #belief: SwitchBelief;
  readonly #refusals: SwitchRefusals;

  constructor({ changes, belief, refusals }: SwitchProgrammingOptions) {
    this.#changes = changes;
    this.#belief = belief;
    this.#refusals = refusals;
  }

  /**
   * @param actual what the switch holds
   * @param onSend something is to be sent now
   */
  async step(parts: readonly CheckedPart[], actual: Actual, onSend: () => void): Promise<Stride> {
    this.#belief.want(parts);
    this.#refusals.forgetNeedless(this.#belief.wanted, actual);
    const meters = this.#belief.planMeters(actual, this.#refusals);
    const isBare = !this.#refusals.isUnread && holdsNothing(actual);
    if (meters.toPut.length > 0 && !isBare) {
      onSend();
      return this.#changeMeters(meters.toPut);
    }
    const plan = this.#belief.planFlows(actual, this.#refusals);
    if (isEmpty(plan) && meters.toPut.length === 0) {
      if (meters.toDelete.length > 0) {
        onSend();
        return this.#changeMeters(meters.toDelete);
      }
      this.#belief.done(plan);
      return { type: 'taken', made: [], isDone: true, hasMore: false, isInDoubt: false };
    }
    onSend();
    const operations = order(plan);
    if (isBare) return this.#fill(plan, meters, operations, actual);
    const applied = await this.#changes.apply(operations);
    return applied.type === 'lost' ? applied : this.#applied(applied, plan, meters, operations, actual);
  }

  /**
   * Sends all that is wanted, whether it is there or not, as so many bundles that are not committed yet: for the moment at which
   * the switch will lose all that it has.
   *
   * @returns what commits one each; none where that cannot be
   */
  stage(parts: readonly CheckedPart[], bundles: number): Promise<readonly Commit[]> {
    const wanted = combine(parts);
    const meters = planMeters(wanted, nothingThere.meters, this.#refusals).toPut;
    const operations = order(planFlows(wanted, nothingThere, this.#refusals));
    // No switch is to keep more than some thousand messages for this.
    const affordable = Math.floor(stagedMessages / Math.max(1, operations.length));
    return this.#changes.stage(meters, operations, Math.min(bundles, Math.max(2, affordable)));
  }

  /** There is nothing of ours in the switch, so that it is all sent with no wait for an answer. */
  async #fill(
    plan: FlowPlan,
    meters: MeterPlan,
    operations: readonly Operation[],
    actual: Actual,
  ): Promise<Stride> {
    const { toPut } = meters;
    const filled = await this.#changes.fill(toPut, operations);
    if (filled.type === 'lost') return filled;
    const made = this.#metersMade(toPut, filled.meters);
    const stride = this.#applied(filled.operations, plan, meters, operations, actual);
    return stride.type === 'lost' ? stride : { ...stride, made: [...made, ...stride.made] };
  }

  #applied(
    applied: Applied & { readonly type: 'done' | 'refused' },
    plan: FlowPlan,
    meters: MeterPlan,
    operations: readonly Operation[],
    actual: Actual,
  ): Stride {
    if (applied.type === 'refused') this.#refusals.holdBack(operations, applied.errors);
    if (applied.type === 'refused' && applied.others === 'untouched') return again([]);
    const left = applied.type === 'done' ? plan : this.#belief.planFlows(actual, this.#refusals);
    const { done, isAll } = asSent(left, plan);
    this.#belief.done(done);
    const made = operations.filter(({ about }) => !this.#refusals.has(about));
    if (!isAll) return again(made);
    return {
      type: 'taken',
      made,
      isDone: true,
      hasMore: meters.toDelete.length > 0,
      isInDoubt: done.keepsStale && !this.#refusals.isUnread,
    };
  }

  /** Meters have turns of their own: what uses them comes after, and goes before. */
  async #changeMeters(mods: readonly MeterMod[]): Promise<Stride> {
    const applied = await this.#changes.applyMeters(mods);
    return applied.type === 'lost' ? applied : again(this.#metersMade(mods, applied));
  }

  #metersMade(
    mods: readonly MeterMod[],
    applied: Applied & { readonly type: 'done' | 'refused' },
  ): readonly Attempt[] {
    const attempts = mods.map(message => ({ about: message.meterId, message }));
    if (applied.type === 'refused') this.#refusals.holdBack(attempts, applied.errors);
    const made = attempts.filter(({ about }) => !this.#refusals.has(about));
    this.#belief.metersDone(made.map(({ message }) => message));
    return made;
  }
}

/**
 * What has been done of a plan, of which some was refused. A flow whose place was to be taken by one that was refused is there still:
 * nobody has asked for its deletion.
 *
 * @param left the same plan without what was refused
 */
function asSent(left: FlowPlan, plan: FlowPlan): { readonly done: FlowPlan; readonly isAll: boolean } {
  if (left === plan || plan.cookiesReplaced.length === 0) return { done: left, isAll: true };
  const sent = new Set(plan.cookiesToDelete);
  const cookiesToDelete = left.cookiesToDelete.filter(cookie => sent.has(cookie));
  const unsent = left.cookiesToDelete.filter(cookie => !sent.has(cookie));
  const leftOut = [...left.leftOut, ...unsent];
  return { done: { ...left, cookiesToDelete, leftOut }, isAll: unsent.length === 0 };
}

/** A switch that has just been started, or has just got its first controller. */
const holdsNothing = ({ flows, learned, groups, parts, meters }: Actual): boolean =>
  [flows, learned, groups, parts, meters].every(({ size }) => size === 0);
