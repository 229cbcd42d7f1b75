import type { Config } from '../../config/config.js';
import { formatEndpoint } from '../../config/endpoint.js';
import type { Dpid } from '../../lib/addresses.js';
import { readString } from '../../ovsdb/index.js';
import { findBridge, identityOf } from '../../reconcile/host-bridge.js';
import { controllerTargets } from '../../reconcile/host-controllers.js';
import type { HostReading } from './host-reader.js';

export interface Expected {
  /** The hypervisors whose bridges dial in here, by the datapath ids that they have now. */
  readonly switches: ReadonlyMap<Dpid, string>;
  /** Why another one's bridge is not to be read, by the hypervisor's name. */
  readonly unread: ReadonlyMap<string, string>;
}

/**
 * Which bridges try to reach Heddle by themselves, and can be read without an effect on what they forward. One that is not
 * `secure` forwards by itself while it has no controller, and would stop that for one that comes and goes
 * [ovs-vswitchd.conf.db(5), Bridge: fail_mode].
 */
export function expectedSwitches(
  { hypervisors, openflow }: Config,
  hosts: ReadonlyMap<string, HostReading>,
): Expected {
  const target = formatEndpoint(openflow.advertise);
  const switches = new Map<Dpid, string>();
  const unread = new Map<string, string>();
  for (const { name, bridge } of hypervisors) {
    const reading = hosts.get(name);
    const found = reading?.ok === true ? findBridge(bridge, reading.rows) : undefined;
    if (found === undefined || reading?.ok !== true) continue;
    const [, row] = found;
    const identity = identityOf(bridge, reading.rows);
    const dpid = identity?.actual ?? identity?.pinned;
    if (!controllerTargets(row, reading.rows).includes(target)) {
      unread.set(name, `its controller is not ${target} yet`);
    } else if (readString(row, 'fail_mode') !== 'secure') {
      unread.set(name, 'its fail_mode is not secure: while Heddle is away, it forwards by itself');
    } else if (dpid !== undefined) switches.set(dpid, name);
  }
  return { switches, unread };
}
