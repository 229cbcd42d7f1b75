import type { Meter } from '../intent/index.js';
import { formatMeter, type MeterMod } from '../openflow/index.js';
import type { Wanted } from './compile.js';
import { meterMod } from './mods.js';

/** Meters carry no cookie, so they are compared by what they say; a burst counts where the flags say so. */
export const sameMeter = (a: Meter, b: Meter): boolean => a === b || formatMeter(a) === formatMeter(b);

/** For people: as ovs-ofctl prints it, but on one line. `parseMeter` takes it so, too. */
export const oneLineMeter = (meter: Meter): string => formatMeter(meter).replaceAll('\n', ' ');

/** The difference between the meters that are wanted and those that a switch holds. */
export interface MeterPlan {
  /** Before the flows that use them. */
  readonly toPut: readonly MeterMod[];
  /** After all else: a switch deletes the flows that use a meter with it [OF1.3.5 6.6]. */
  readonly toDelete: readonly MeterMod[];
}

/** @param refused ids that the switch would not take: left out until they are tried again */
export function planMeters(
  wanted: Pick<Wanted, 'meters' | 'keep'>,
  there: ReadonlyMap<number, Meter>,
  refused: Pick<ReadonlySet<bigint | number>, 'has'>,
): MeterPlan {
  const toPut: MeterMod[] = [];
  for (const meter of wanted.meters.values()) {
    const old = there.get(meter.id);
    if (refused.has(meter.id) || (old !== undefined && sameMeter(old, meter))) continue;
    toPut.push(meterMod(old === undefined ? 'add' : 'modify', meter));
  }
  const stale = [...there.values()].filter(({ id }) => !wanted.meters.has(id) && !refused.has(id));
  // A meter does not say whose it is, nor a flow that stays which meter it uses.
  const allStay = [...wanted.keep.values()].some(keep => keep === 'all' || keep.size > 0);
  const toDelete = allStay ? [] : stale.map(({ id }) => meterMod('delete', { id, flags: 0, bands: [] }));
  return { toPut, toDelete };
}

/** What is there when a change has been made. */
export function afterMeterMod(
  there: ReadonlyMap<number, Meter>,
  mods: readonly MeterMod[],
): Map<number, Meter> {
  const meters = new Map(there);
  for (const { command, meterId: id, flags, bands } of mods)
    if (command === 'delete') meters.delete(id);
    else meters.set(id, { id, flags, bands });
  return meters;
}
