import { classOfCookie, type Group, type Meter, meterIds } from '../intent/index.js';
import type { Vtep } from '../lib/vtep.js';
import type { FlowStats } from '../openflow/index.js';
import { joinGroups } from './group-parts.js';
import { tunnelOfFlow } from './tunnel.js';

/** What a switch holds of ours. */
export interface Actual {
  /** Cookies of static flows. */
  readonly flows: ReadonlySet<bigint>;
  /** Of these, those that send into a tunnel: to which address. */
  readonly towards: ReadonlyMap<bigint, Vtep>;
  /** Of these, those that several flows bear: somebody else has sent one under a cookie of ours. */
  readonly doubled: ReadonlySet<bigint>;
  /** Cookies under which its own `learn` actions have written, or may have. */
  readonly learned: ReadonlySet<bigint>;
  /** By their ids, each whole. */
  readonly groups: ReadonlyMap<number, Group>;
  /** The groups that are parts of these, by their ids, and whether they are in use (group-parts.ts). */
  readonly parts: ReadonlyMap<number, boolean>;
  readonly meters: ReadonlyMap<number, Meter>;
}

/** The same, to be kept true to what is done to the switch. */
export interface Holdings extends Actual {
  readonly flows: Set<bigint>;
  readonly towards: Map<bigint, Vtep>;
  readonly doubled: Set<bigint>;
  readonly learned: Set<bigint>;
  readonly groups: Map<number, Group>;
  readonly parts: Map<number, boolean>;
  readonly meters: Map<number, Meter>;
}

/** Flows of ours that are not reconciled. */
export interface LooseFlows {
  /** Those that apps have sent by themselves. */
  readonly reactive: readonly FlowStats[];
  /** Those that the switch has learned. */
  readonly learned: readonly FlowStats[];
}

/** Sorts a dump of the flows under our cookies. */
export function readActual(
  flows: readonly FlowStats[],
  groups: readonly Group[],
  meters: readonly Meter[] = [],
): { readonly actual: Holdings; readonly loose: LooseFlows } {
  const cookies = new Set<bigint>();
  const towards = new Map<bigint, Vtep>();
  const doubled = new Set<bigint>();
  const learned = new Set<bigint>();
  const loose = { reactive: new Array<FlowStats>(), learned: new Array<FlowStats>() };
  for (const flow of flows) {
    switch (classOfCookie(flow.cookie)) {
      case 'static':
        if (cookies.has(flow.cookie)) doubled.add(flow.cookie);
        cookies.add(flow.cookie);
        setIfGiven(towards, flow.cookie, tunnelOfFlow(flow.instructions));
        break;
      case 'learned':
        learned.add(flow.cookie);
        loose.learned.push(flow);
        break;
      case 'reactive':
        loose.reactive.push(flow);
        break;
      case undefined:
        break;
    }
  }
  // Which of them was ours cannot be told: none is worth keeping for where it sends to.
  for (const cookie of doubled) towards.delete(cookie);
  const actual: Holdings = {
    flows: cookies,
    towards,
    doubled,
    learned,
    ...joinGroups(groups),
    meters: ourMeters(meters),
  };
  return { actual, loose };
}

/** By their ids. */
export const ourMeters = (meters: readonly Meter[]): Map<number, Meter> =>
  new Map(meters.filter(({ id }) => meterIds.isOurs(id)).map(meter => [meter.id, meter]));

/** A copy that can be changed without the other. */
export const copyOf = ({ flows, towards, doubled, learned, groups, parts, meters }: Actual): Holdings => ({
  flows: new Set(flows),
  towards: new Map(towards),
  doubled: new Set(doubled),
  learned: new Set(learned),
  groups: new Map(groups),
  parts: new Map(parts),
  meters: new Map(meters),
});

function setIfGiven(map: Map<bigint, Vtep>, key: bigint, value: Vtep | undefined): void {
  if (value !== undefined) map.set(key, value);
}
