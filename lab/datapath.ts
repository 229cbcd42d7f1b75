/** On which of Open vSwitch's datapaths the lab's bridges are. */
import { HeddleError } from '../src/lib/errors.js';

/** Bridge.datapath_type, as Heddle's file says it, too. */
export type Datapath = 'netdev' | 'system';

/**
 * The userspace datapath unless LAB_DATAPATH says `system`: every kernel has what that one needs, and few have Open
 * vSwitch's own. @throws HeddleError LAB_FAILED when it says something else
 */
export function labDatapath(environment: NodeJS.ProcessEnv = process.env): Datapath {
  const said = environment['LAB_DATAPATH'] ?? 'netdev';
  if (said === 'netdev' || said === 'system') return said;
  throw new HeddleError('LAB_FAILED', `LAB_DATAPATH is ${said}: it takes netdev or system`);
}
