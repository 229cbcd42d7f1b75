import type { Dpid } from '../lib/addresses.js';
import type { Effects } from './effects.js';

/** Switches whose desired state may be another now: changes that come together are worked in once. */
export class ChangedSwitches {
  readonly #effects: Pick<Effects, 'defer'>;
  readonly #reconcile: (dpid: Dpid) => void;
  readonly #dpids = new Set<Dpid>();
  #deferred = false;

  constructor(effects: Pick<Effects, 'defer'>, reconcile: (dpid: Dpid) => void) {
    this.#effects = effects;
    this.#reconcile = reconcile;
  }

  add(changed: Iterable<Dpid>): void {
    for (const dpid of changed) this.#dpids.add(dpid);
    if (this.#deferred || this.#dpids.size === 0) return;
    this.#deferred = true;
    this.#effects.defer(() => {
      this.#deferred = false;
      const dpids = [...this.#dpids];
      this.#dpids.clear();
      for (const dpid of dpids) this.#reconcile(dpid);
    });
  }

  /** The switch has gone. */
  forget(dpid: Dpid): void {
    this.#dpids.delete(dpid);
  }
}
