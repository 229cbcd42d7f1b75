import type { Flow, HypervisorView, Problem } from '../../intent/index.js';
import { applyActions, OFPP, output } from '../../openflow/index.js';
import { flow } from './flow.js';
import type { TableNumbers } from './tables.js';

/** A host's own way out over the very bridge that Heddle programs. */
export interface Uplink {
  /** Left out while there is no such port. */
  readonly ofport?: number;
}

/**
 * The port that the file names as the uplink; undefined: none is named. Without it, the host is reached some other way, or
 * not at all.
 */
export function uplinkOf({ config, known, ports }: HypervisorView): {
  readonly uplink?: Uplink;
  readonly problems: readonly Problem[];
} {
  const { name, uplink: port, bridge } = config;
  if (port === undefined) return { problems: [] };
  if (!known) return { uplink: {}, problems: [] };
  const problem = (message: string): Problem => ({ hypervisor: name, port, message });
  const found = ports.get(port);
  if (found?.bond !== undefined || [...ports.values()].some(({ bond }) => bond === port))
    return {
      uplink: {},
      problems: [
        problem('the uplink is a bond, which is not served yet: what it is to carry for the host is dropped'),
      ],
    };
  if (found?.ofport === undefined) {
    const why =
      found === undefined
        ? `bridge ${bridge} has no such port`
        : (found.error ?? 'Open vSwitch has not given it an OpenFlow port yet');
    return { uplink: {}, problems: [problem(`the uplink is not there: ${why}`)] };
  }
  return { uplink: { ofport: found.ofport }, problems: [] };
}

/**
 * All frames, tagged ones too, pass between the uplink and the bridge's own port, and go nowhere else: the host's ARP, its
 * routes, and the VXLAN of its tunnels. Open vSwitch takes a tunnel's frames out at the bridge's own port, and puts them
 * in there, so that nothing of a network is ever bare on the uplink.
 */
export function uplinkFlows({ ofport }: Uplink, tables: TableNumbers): readonly Flow[] {
  if (ofport === undefined) return [];
  return [
    flow(tables.classify, 50, { in_port: ofport }, applyActions([output(OFPP.LOCAL)])),
    flow(tables.classify, 50, { in_port: OFPP.LOCAL }, applyActions([output(ofport)])),
  ];
}
