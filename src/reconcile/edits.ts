import { type Flow, hash40 } from '../intent/index.js';
import {
  canonical,
  encode,
  type FlowStats,
  formatFlow,
  formatMatch,
  standardName,
} from '../openflow/index.js';
import { flowMod } from './mods.js';
import { tryToWrite } from './told.js';

/** A flow of ours that does not say what its cookie says. */
export interface Edit {
  readonly cookie: bigint;
  /** Of what it says; undefined where no message can say it. */
  readonly hash: number | undefined;
  /** An ADD of what is wanted takes its place. */
  readonly isInPlace: boolean;
}

/** What was found in a look at some flows. */
export interface Look {
  readonly edits: readonly Edit[];
  /** Hashes of flows, by cookie, that say what they should in other bytes than those that were sent. */
  readonly spelled: ReadonlyMap<bigint, number>;
}

/**
 * The flows that bear a cookie that is wanted, and say something else: somebody has changed them, or put others in their
 * place. A cookie holds a hash of its flow, so that mostly no more is looked at than the flow itself. Where a switch has
 * several ways to write a field, ovs-ofctl's notation has one.
 *
 * @param there as the switch tells them
 * @param known hashes of flows that this switch is known to write in another way than they were sent
 */
export function lookAt(
  there: readonly FlowStats[],
  wanted: ReadonlyMap<bigint, Flow>,
  known: ReadonlyMap<bigint, number>,
): Look {
  const edits: Edit[] = [];
  const spelled = new Map<bigint, number>();
  for (const entry of there) {
    const { cookie } = entry;
    const flow = wanted.get(cookie);
    if (flow === undefined) continue;
    const hash = hashOf(entry);
    const isKnown = hash === Number(cookie & hashBits) || hash === known.get(cookie);
    if (hash !== undefined && isKnown) continue;
    if (hash !== undefined && textOf(entry) === textOf({ ...flow, tableId: flow.table }))
      spelled.set(cookie, hash);
    else edits.push({ cookie, hash, isInPlace: isInPlaceOf(entry, flow) });
  }
  return { edits, spelled };
}

const hashBits = 0xff_ffff_ffffn;

/** What a cookie would hold of it; undefined where no message can say it. A flow of ours has no timeouts. */
export function hashOf(entry: FlowStats): number | undefined {
  const { tableId: table, priority, instructions, idleTimeout, hardTimeout } = entry;
  const match = canonical(entry.match);
  const mod = flowMod({ table, priority, match, instructions }, 0n);
  return tryToWrite(() => hash40(encode({ ...mod, idleTimeout, hardTimeout })));
}

type Told = Pick<FlowStats, 'tableId' | 'priority' | 'match' | 'instructions'> &
  Partial<Pick<FlowStats, 'idleTimeout' | 'hardTimeout'>>;

const textOf = ({ tableId: table, priority, match, instructions, idleTimeout = 0, hardTimeout = 0 }: Told) =>
  `${idleTimeout} ${hardTimeout} ${formatFlow({ table, priority, match: canonical(match), instructions: standard(instructions) })}`;

/** The same with one name for each field, however deep it stands. */
function standard<T>(value: T): T {
  if (typeof value === 'string') return standardName(value) as T;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(one => standard<unknown>(one)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, standard<unknown>(one)])) as T;
}

/** Table, priority and match: what a switch tells flows apart by [OF1.3.5 5.2]. */
const isInPlaceOf = (entry: FlowStats, flow: Flow): boolean =>
  entry.tableId === flow.table &&
  entry.priority === flow.priority &&
  formatMatch(canonical(entry.match)) === formatMatch(canonical(flow.match));
