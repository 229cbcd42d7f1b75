/** What is wanted, of a host and in a switch: the same for a Heddle that runs and for one that only plans. */
import type { TcpEndpoint } from '../config/endpoint.js';
import { formatEndpoint } from '../config/endpoint.js';
import {
  emptyProgram,
  type HostIntent,
  type HypervisorView,
  type Pipeline,
  type SwitchView,
  type World,
} from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import { type CheckedPart, checkPart } from '../reconcile/check.js';
import type { Conflict } from '../reconcile/compile.js';
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
  /** The ports of the mesh go, where the apps can do without. */
  readonly replaceMesh?: boolean;
}

export function hostIntent(
  { config: { name, bridge, datapath, dpid, uplink } }: HypervisorView,
  { apps, world, names, advertise, replaceMesh }: Desire,
): HostIntent {
  return {
    bridge,
    datapathType: datapath === 'netdev' ? 'netdev' : '',
    dpid,
    names,
    controller: formatEndpoint(advertise),
    inBand: uplink !== undefined,
    ...(uplink !== undefined && { uplink }),
    ...(replaceMesh === true && { replaced: apps.replaceable(name, world) }),
    ...apps.host(name, world),
  };
}

/**
 * What is wanted in a switch, app by app; what has not changed since the last time is the same objects.
 *
 * @throws WireError where a flow of the pipeline's own cannot be encoded
 */
export function partsIn(
  view: SwitchView,
  { apps, world }: Pick<Desire, 'apps' | 'world'>,
): readonly CheckedPart[] {
  const scope = scopeOfSwitch(view);
  return [pipelinePart(apps.pipeline(scope)), ...apps.desired(view.dpid, scope, world)];
}

const pipelineParts = new WeakMap<Pipeline, CheckedPart>();

/** The way from one table to the next belongs to no app. */
function pipelinePart(pipeline: Pipeline): CheckedPart {
  let part = pipelineParts.get(pipeline);
  if (part === undefined) {
    const program = { ...emptyProgram, flows: missFlows(pipeline) };
    part = checkPart({ app: 'pipeline', number: pipelineNumber, program });
    pipelineParts.set(pipeline, part);
  }
  return part;
}

export const tellConflict = ({ first, second, what }: Conflict): string =>
  first === second
    ? `app ${first} claims ${what} twice: the first is kept`
    : `apps ${first} and ${second} both claim ${what}: ${first} keeps it`;
