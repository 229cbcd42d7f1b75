/** What is wanted, of a host and in a switch: the same for a Heddle that runs and for one that only plans. */
import type { TcpEndpoint } from '../config/endpoint.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { HostIntent, HypervisorView, SwitchView, World } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import { checkPart, combine, type Conflict, type Wanted } from '../reconcile/compile.js';
import { missFlows } from '../reconcile/pipeline.js';
import { scopeOfSwitch } from './app-start.js';
import { type Apps, pipelineNumber } from './apps.js';

export interface Desire {
  readonly apps: Apps;
  readonly world: World;
  /** The hypervisors of the file by their datapath ids. */
  readonly names: ReadonlyMap<Dpid, string>;
  /** What hosts are told to connect to. */
  readonly advertise: TcpEndpoint;
}

export function hostIntent(
  { config: { name, bridge, datapath, dpid } }: HypervisorView,
  { apps, world, names, advertise }: Desire,
): HostIntent {
  return {
    bridge,
    datapathType: datapath === 'netdev' ? 'netdev' : '',
    dpid,
    names,
    controller: formatEndpoint(advertise),
    ...apps.host(name, world),
  };
}

/** @throws WireError where a flow of the pipeline's own cannot be encoded */
export function wantedIn(view: SwitchView, { apps, world }: Pick<Desire, 'apps' | 'world'>): Wanted {
  const scope = scopeOfSwitch(view);
  const flows = missFlows(apps.pipeline(scope));
  const program = { flows, groups: [], learned: new Set<bigint>() };
  return combine([
    checkPart({ app: 'pipeline', number: pipelineNumber, program }),
    ...apps.desired(view.dpid, scope, world),
  ]);
}

export const tellConflict = ({ first, second, what }: Conflict): string =>
  first === second
    ? `app ${first} claims ${what} twice: the first is kept`
    : `apps ${first} and ${second} both claim ${what}: ${first} keeps it`;
