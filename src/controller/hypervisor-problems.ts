/** What is wrong with a host, in words. */
import type { HypervisorConfig } from '../config/config.js';
import type { Replica, SwitchPorts } from '../ovsdb/index.js';
import { othersOfOurs } from '../reconcile/host-controllers.js';
import { isMarked } from '../reconcile/owner.js';

/**
 * Of the other Heddle nothing is known but where it tells the bridge to go.
 *
 * @param target where this one tells it to go
 */
export function heldElsewhere(bridge: string, target: string, rows: Replica | undefined): string {
  const targets = rows === undefined ? [] : othersOfOurs(bridge, target, rows);
  const where = targets.length === 0 ? '' : ` (its controller is ${targets.join(', ')})`;
  return `another Heddle holds this host${where}: this one changes nothing there, and takes over when that one stops. If both are to run, name each host in one file only`;
}

/** @param rival the address that a second host with the same system-id dials in from */
export const doubled = (rival: string): string =>
  `a second host dials in with its system-id, from ${rival}, and is refused: give each host an id of its own (\`ovs-vsctl set Open_vSwitch . external_ids:system-id=…\`, and what sets it at boot, such as /etc/openvswitch/system-id.conf)`;

/** Ports of ours that Open vSwitch could not make. Of the tunnel's port the apps are told, and say what it means. */
export function failedPorts({ bridge }: HypervisorConfig, ports: SwitchPorts): readonly string[] {
  const ours = [...ports.values()].filter(
    port => port.bridge === bridge && isMarked(port.externalIds) && port.type !== 'vxlan',
  );
  return ours.flatMap(({ name, error }) =>
    error === null || error === '' ? [] : [`port ${name} could not be made: ${error}`],
  );
}
