import type { PortIntent } from '../../intent/index.js';
import { formatIpv4, type Ipv4 } from '../../lib/addresses.js';

/** At most 15 characters: a network device's name in Linux. */
export const tunnelName = 'heddle-vxlan';

/**
 * One VXLAN port per host for all networks and all peers: the flows say the VNI and the remote VTEP of each packet, so
 * that a new host edits groups and makes no ports [ovs-vswitchd.conf.db(5), Interface options:remote_ip, options:key].
 */
export const tunnelPort = (vtep: Ipv4): PortIntent => ({
  name: tunnelName,
  type: 'vxlan',
  options: { remote_ip: 'flow', key: 'flow', local_ip: formatIpv4(vtep) },
});
