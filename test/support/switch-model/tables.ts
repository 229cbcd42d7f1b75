/** What a switch holds: flows, groups and meters. */
import type { FlowMod, GroupMod, Instruction, MeterMod } from '../../../src/openflow/index.js';
import { type Conditions, conditionsOf, keyOfMatch } from './matching.js';

/** A flow as it was sent, and what it has counted. */
export type FlowEntry = FlowMod & { readonly packetCount?: bigint };

/** An OFPT_ERROR: type and code. */
export type Refused = readonly [type: number, code: number];

export class Tables {
  /** By table, priority and match: what a switch tells flows apart by. */
  flows: Map<string, FlowEntry>;
  groups: Map<number, GroupMod>;
  meters: Map<number, MeterMod>;
  /** Meters that have no tokens left: what meets them is dropped. */
  readonly exhausted = new Set<number>();

  constructor(from?: Tables) {
    this.flows = new Map(from?.flows);
    this.groups = new Map(from?.groups);
    this.meters = new Map(from?.meters);
  }
}

export const keyOf = ({
  tableId,
  priority,
  match,
}: Pick<FlowMod, 'tableId' | 'priority' | 'match'>): string =>
  `table=${tableId},priority=${priority},${keyOfMatch(match)}`;

const known = new WeakMap<FlowEntry['match'], Conditions>();

/** A match is read once: it is a value, and never edited. */
export function conditionsOfFlow({ match }: Pick<FlowEntry, 'match'>): Conditions {
  const found = known.get(match) ?? conditionsOf(match);
  known.set(match, found);
  return found;
}

const actionsOf = (instructions: readonly Instruction[]) =>
  instructions.flatMap(one =>
    one.type === 'apply_actions' || one.type === 'write_actions' ? one.actions.flatMap(withNested) : [],
  );

type Action = (Instruction & { type: 'apply_actions' })['actions'][number];

const withNested = (action: Action): readonly Action[] =>
  action.type === 'clone' ? [action, ...action.actions.flatMap(withNested)] : [action];

export const groupsUsedBy = (instructions: readonly Instruction[]): readonly number[] =>
  actionsOf(instructions).flatMap(action => (action.type === 'group' ? [action.groupId] : []));

export const portsUsedBy = (instructions: readonly Instruction[]): readonly number[] =>
  actionsOf(instructions).flatMap(action => (action.type === 'output' ? [action.port] : []));

export const metersUsedBy = (instructions: readonly Instruction[]): readonly number[] =>
  instructions.flatMap(one => (one.type === 'meter' ? [one.meterId] : []));
