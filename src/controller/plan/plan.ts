/** What `heddle plan` tells. All values are plain JSON. */
import type { EntryChange } from '../../reconcile/flow-changes.js';
import type { ForeignRows } from '../../reconcile/foreign.js';
import type { ChangeKind, RowChange } from '../../reconcile/host-changes.js';

export interface Plan {
  /** Nothing would be changed, nothing is in the way, and all could be read. */
  readonly ok: boolean;
  /** Why the Heddle that runs could not be asked: then nothing is known of the switches. */
  readonly error?: string;
  /** In the file's order. */
  readonly hosts: readonly HostPlanned[];
  /** Of no hypervisor: those that are connected to the Heddle that runs. */
  readonly switches: readonly SwitchPlanned[];
  /** What the apps have to say. */
  readonly problems: readonly string[];
}

export type Count = Readonly<Record<ChangeKind, number>>;

/** What would be sent to one switch. */
export interface Programming {
  readonly groups: readonly EntryChange[];
  readonly meters: readonly EntryChange[];
  readonly flows: readonly EntryChange[];
}

export interface HostPlanned extends Programming {
  readonly name: string;
  /** Where its OVSDB is. */
  readonly ovsdb: string;
  readonly bridge: string;
  /** Why its OVSDB could not be read: then nothing is known of it. */
  readonly error?: string;
  readonly count: Count;
  readonly rows: readonly RowChange[];
  /** Why the flows that its bridge has were not read: then all that is wanted is shown as added. */
  readonly notRead?: string;
  readonly leftAlone: LeftAlone;
  /** What the changes do to what goes on there now. */
  readonly disrupts: readonly string[];
  /** What stands in the way, and is somebody else's. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** What is somebody else's, and stays as it is. */
export interface LeftAlone extends ForeignRows {
  /** How many flows are not under Heddle's cookies; undefined where they were not counted. */
  readonly flows?: number;
  /** Ids. */
  readonly groups: readonly number[];
  readonly meters: readonly number[];
}

export interface SwitchPlanned extends Programming {
  readonly dpid: string;
  readonly count: Count;
  /** Why nothing would be sent to it. */
  readonly untouched?: string;
  readonly leftAlone: Omit<LeftAlone, keyof ForeignRows>;
  readonly notes: readonly string[];
}

/** Whether anything at all would be changed. */
export const hasChanges = ({ hosts, switches }: Pick<Plan, 'hosts' | 'switches'>): boolean =>
  [...hosts, ...switches].some(({ count }) => count.added + count.changed + count.removed > 0);

export function countOf(...lists: readonly (readonly { readonly change: ChangeKind }[])[]): Count {
  const all = lists.flat();
  const number = (kind: ChangeKind): number => all.filter(({ change }) => change === kind).length;
  return { added: number('added'), changed: number('changed'), removed: number('removed') };
}
