import type { NetworkConfig } from '../../config/config.js';
import type { PortIntent } from '../../intent/index.js';
import { formatVtep, type Vtep } from '../../lib/vtep.js';

/** At most 15 characters: a network device's name in Linux. */
export const tunnelName = 'heddle-vxlan';

const marked = new WeakMap<readonly NetworkConfig[], boolean>();

/** Whether a service level of the file says anything of marks: the underlay is to see them then. */
export function hasMarks(networks: readonly NetworkConfig[]): boolean {
  let has = marked.get(networks);
  if (has === undefined) {
    has = networks
      .flatMap(({ policy, ports }) => [policy, ...ports.map(port => port.policy)])
      .flatMap(policy => [policy, ...(policy?.classes ?? [])])
      .some(one => one?.dscp !== undefined);
    marked.set(networks, has);
  }
  return has;
}

/**
 * One VXLAN port per host for all networks and all peers: the flows say the VNI and the remote VTEP of each packet, so
 * that a new host edits groups and makes no ports [ovs-vswitchd.conf.db(5), Interface options:remote_ip, options:key].
 *
 * @param marked the DSCP of what is inside is copied to the outer header [options:tos; RFC 2983 3.1]: not where nobody asks
 *   for it, as packets with different marks then are different flows to the datapath
 */
export const tunnelPort = (vtep: Vtep, marked: boolean): PortIntent => ({
  name: tunnelName,
  type: 'vxlan',
  options: { remote_ip: 'flow', key: 'flow', local_ip: formatVtep(vtep), ...(marked && { tos: 'inherit' }) },
});
