import type { HypervisorConfig } from '../config/config.js';
import { formatEndpoint, isLoopback, type TcpEndpoint } from '../config/endpoint.js';
import { formatOvsdbSource } from '../config/ovsdb.js';
import type { HypervisorView } from '../intent/index.js';
import { formatDpid } from '../lib/addresses.js';
import { formatVtep } from '../lib/vtep.js';
import type { HostLockState } from './host-lock.js';
import { hostOfPeer, tellPhase } from './host-takeovers.js';
import type { HypervisorLink } from './hypervisor-link.js';
import type { LinkState } from './ovsdb-connection.js';
import type { SyncPhase } from './switch-sync.js';
import type { TakeoverPhase } from './takeover.js';

/** One hypervisor in `heddle status`. All values are plain JSON. */
export interface HypervisorStatus {
  readonly name: string;
  readonly ovsdb: string;
  /** waiting: for the host to dial in. */
  readonly state: LinkState['state'];
  /** Where a host that dials in has done so from. */
  readonly peer?: string;
  readonly lastError?: string;
  readonly bridge: string;
  readonly dpid: string;
  readonly vtep: string;
  readonly openflow: SyncPhase | 'left alone' | 'not connected';
  /** How far the take-over of a bridge that forwarded by itself has come; left out where there is none. */
  readonly takeover?: TakeoverPhase;
  readonly ports: number;
  /** Transactions that changed something, since the start. */
  readonly transactions: number;
  /** Whether this Heddle may change the host, or another one may. */
  readonly lock: HostLockState;
}

export interface HostInput {
  readonly view: HypervisorView | undefined;
  readonly link: HypervisorLink | undefined;
  /** Of the switch that is its bridge; undefined while none is connected. */
  readonly openflow: SyncPhase | 'left alone' | undefined;
  readonly takeover: TakeoverPhase | undefined;
  /** Where hosts dial in, and where their bridges are told to go. */
  readonly listen: TcpEndpoint | undefined;
  readonly advertise: TcpEndpoint;
}

/** How one hypervisor is, and what is wrong with it. */
export function hypervisorStatus(
  config: HypervisorConfig,
  input: HostInput,
): { readonly status: HypervisorStatus; readonly problems: readonly string[] } {
  const { view, link, openflow = 'not connected', takeover } = input;
  const state: LinkState = link?.state ?? { state: 'connecting', attempts: 0 };
  const status: HypervisorStatus = {
    name: config.name,
    ovsdb: formatOvsdbSource(config.ovsdb),
    state: state.state,
    ...(link?.peer !== undefined && { peer: link.peer }),
    ...('lastError' in state && { lastError: state.lastError }),
    bridge: config.bridge,
    dpid: formatDpid(config.dpid),
    vtep: formatVtep(config.vtep),
    openflow,
    ...(takeover !== undefined && { takeover }),
    ports: view?.ports.size ?? 0,
    transactions: link?.transactions ?? 0,
    lock: link?.lock ?? 'unknown',
  };
  const missing =
    state.state === 'connected' ? switchMissing(config, status, input) : notConnected(config, status, input);
  return { status, problems: [...(link?.problems ?? []), ...(missing === undefined ? [] : [missing])] };
}

function notConnected({ ovsdb }: HypervisorConfig, status: HypervisorStatus, { listen }: HostInput): string {
  const { lastError } = status;
  if (ovsdb.transport !== 'dial-in') {
    const why = lastError === undefined ? '' : `: ${lastError}`;
    return `no OVSDB connection to ${status.ovsdb} yet${why}; Heddle keeps trying`;
  }
  const port = listen?.port ?? 0;
  const since =
    lastError === undefined ? 'has not dialled in yet' : `is not connected any more (${lastError})`;
  return `its OVSDB ${since}: on that host, \`ovs-vsctl set-manager tcp:HEDDLE:${port}\`, with an address of this machine, and \`ovs-vsctl get Open_vSwitch . external_ids:system-id\` must tell ${ovsdb.systemId}`;
}

function switchMissing(
  config: HypervisorConfig,
  { openflow, takeover, lock, bridge }: HypervisorStatus,
  { advertise, link }: HostInput,
): string | undefined {
  // Over the service connection it is to come before it obeys; so long as it does not, it forwards by itself.
  if (takeover !== undefined && (takeover !== 'serving' || openflow !== 'not connected'))
    return `bridge ${bridge} ${tellPhase(takeover)}`;
  if (openflow !== 'not connected' || lock === 'elsewhere') return undefined;
  const target = formatEndpoint(advertise);
  const why =
    isElsewhere(config, link?.peer) && isLoopback(advertise.host)
      ? `it is told to go to ${target}, which is that host itself: name an address of this machine in openflow.listen or openflow.advertise`
      : `is ovs-vswitchd running there, and can that host reach ${target} (openflow.advertise), firewalls included?`;
  const meanwhile = takeover === undefined ? '' : ' (it goes on forwarding by itself meanwhile)';
  return `bridge ${bridge} has not connected to Heddle yet: ${why}${meanwhile}`;
}

/** The default address is loopback, which every host takes for itself. */
function isElsewhere({ ovsdb }: HypervisorConfig, peer: string | undefined): boolean {
  if (ovsdb.transport === 'dial-in') return peer !== undefined && !isLoopback(hostOfPeer(peer));
  return ovsdb.transport === 'tcp' && !isLoopback(ovsdb.host);
}
