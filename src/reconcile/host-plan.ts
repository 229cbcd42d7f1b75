import { type Operation, readString, type Row, type Uuid } from '../ovsdb/index.js';

/**
 * How far a bridge that forwards by itself is to be taken over. Each stage is a state of the host's database that can be
 * planned for.
 */
export type TakeoverStage =
  /** All that changes nothing of how it forwards: its datapath id and Heddle's ports, whose numbers are known then. */
  | 'prepare'
  /** A connection over which flows can be sent, though no controller is set [ovs-vswitchd.conf.db(5), Controller:type]. */
  | 'service'
  /** A controller that does not answer yet: the bridge empties its tables, and goes on forwarding by itself. */
  | 'standby'
  /** It obeys the controller. The service connection stays until that one has come. */
  | 'obeying'
  /** All that is wanted. What a bridge that nobody uses yet gets at once. */
  | 'whole';

export interface HostPlan {
  /** One transaction, which ends in `countConfig`; empty when nothing is to be done. */
  readonly operations: readonly Operation[];
  /** What the transaction does, for the log: one short text for each thing. */
  readonly changes: readonly string[];
  /** What stands in the way and is somebody else's: Heddle does not touch it. */
  readonly problems: readonly string[];
}

export const nothing: HostPlan = { operations: [], changes: [], problems: [] };

export const change = (what: string, ...operations: Operation[]): HostPlan => ({
  operations,
  changes: [what],
  problems: [],
});

export const problem = (...what: string[]): HostPlan => ({ ...nothing, problems: what });

export const joined = (plans: readonly HostPlan[]): HostPlan => ({
  operations: plans.flatMap(plan => plan.operations),
  changes: plans.flatMap(plan => plan.changes),
  problems: plans.flatMap(plan => plan.problems),
});

/** A row of a table that is looked up by name: names are unique there [ovs-vswitchd.conf.db(5)]. */
export type Named = readonly [uuid: Uuid, row: Row];

export function findByName(rows: ReadonlyMap<Uuid, Row>, name: string): Named | undefined {
  for (const entry of rows) if (nameOf(entry[1]) === name) return entry;
  return undefined;
}

export const nameOf = (row: Row): string => readString(row, 'name') ?? '';
