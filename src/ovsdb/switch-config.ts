/**
 * Knowing when ovs-vswitchd has carried a transaction out: the transaction counts `next_cfg` up, and the switch copies the
 * number to `cur_cfg` once everything written so far is in effect [ovs-vswitchd.conf.db(5) Open_vSwitch:cur_cfg].
 */
import type { WantedTables } from './monitor.js';
import { byUuid, mutate, select, type Operation } from './operations.js';
import type { Replica } from './replica.js';
import type { OperationResult } from './results.js';
import { readNumber } from './row.js';
import type { Uuid } from './values.js';

/** The columns that this file reads, to be among the wanted ones. */
export const configColumns = { Open_vSwitch: ['cur_cfg'] } as const satisfies WantedTables;

/** The one row of the root table; undefined until ovs-vsctl init, or ovs-vswitchd, has made it. */
export function rootOf(replica: Replica): Uuid | undefined {
  const [uuid] = replica.table('Open_vSwitch').keys();
  return uuid;
}

/** To be the last operations of a transaction whose effect shall be waited for. */
export const countConfig = (root: Uuid): readonly Operation[] => [
  mutate('Open_vSwitch', byUuid(root), [['next_cfg', '+=', 1]]),
  select('Open_vSwitch', byUuid(root), ['next_cfg']),
];

/** The number to wait for, from the results of a transaction that ended in `countConfig`. */
export function countedConfig(results: readonly OperationResult[]): number | undefined {
  const last = results.at(-1);
  const row = last?.op === 'select' ? last.rows[0] : undefined;
  return row === undefined ? undefined : (readNumber(row, 'next_cfg') ?? undefined);
}

/** Whether the switch has carried out the transaction that got this number; then ofports and errors are final. */
export function isConfigured(replica: Replica, counted: number): boolean {
  const root = rootOf(replica);
  const row = root === undefined ? undefined : replica.row('Open_vSwitch', root);
  return row !== undefined && (readNumber(row, 'cur_cfg') ?? -1) >= counted;
}
