import type { Config } from '../../config/config.js';
import { groupIds, meterIds, type SwitchView } from '../../intent/index.js';
import { messageOf } from '../../lib/errors.js';
import { combine } from '../../reconcile/compile.js';
import { removedFlows, switchChanges } from '../../reconcile/flow-changes.js';
import { readActual } from '../../reconcile/actual.js';
import { answersTo, identityOf } from '../../reconcile/host-bridge.js';
import type { Replica } from '../../ovsdb/index.js';
import { scopeOfSwitch } from '../app-start.js';
import type { Apps } from '../apps.js';
import { type Desire, partsIn, tellConflict } from '../desired.js';
import { whyLeftAlone } from '../left-alone.js';
import type { SwitchReading } from '../switch-reading.js';
import type { LeftAlone, Programming } from './plan.js';

const nothing: Programming = { groups: [], meters: [], flows: [] };

/**
 * What would be sent to one switch.
 *
 * @param view undefined where it is not known which switch that is: nothing would be sent then
 * @param reading what it holds; undefined where that is nothing, or was not read
 * @param standIns names of ports, by numbers that stand for theirs
 */
export function planSwitch(
  view: SwitchView | undefined,
  reading: SwitchReading | undefined,
  desire: Desire,
  standIns: ReadonlyMap<number, string> = new Map(),
): Programming & { readonly notes: readonly string[] } {
  if (view === undefined) return { ...nothing, notes: [] };
  const { dpid } = view;
  const { apps, world } = desire;
  const there = reading ?? { flows: [], groups: [], meters: [] };
  const { reactive } = readActual(there.flows, []).loose;
  const { send } = apps.dispatch({ type: 'switch-up', dpid, reactive }, scopeOfSwitch(view), world);
  const cleared = new Set(
    send.flatMap(one => (one.type === 'flow_mod' && one.command === 'delete' ? [one.cookie] : [])),
  );
  const options = { portName: (port: number) => standIns.get(port) };
  try {
    const wanted = combine(partsIn(view, desire));
    const { flows, groups, meters, kept } = switchChanges(wanted, there, options);
    const orphans = removedFlows(
      reactive.filter(({ cookie }) => cleared.has(cookie)),
      options,
    );
    const keptNote =
      kept === 0
        ? []
        : [`${kept} flows that are not wanted stay until all hosts that may want them are read`];
    return {
      flows: [...flows, ...orphans],
      groups,
      meters,
      notes: [...wanted.conflicts.map(tellConflict), ...keptNote],
    };
  } catch (thrown) {
    return { ...nothing, notes: [`cannot tell what is wanted here: ${messageOf(thrown)}`] };
  }
}

/** What of a switch is somebody else's; nothing is known of one that was not read. */
export function switchLeftAlone(
  reading: SwitchReading | undefined,
): Pick<LeftAlone, 'flows' | 'groups' | 'meters'> {
  if (reading === undefined) return { groups: [], meters: [] };
  const { flows, groups, meters, flowCount, refusal } = reading;
  const isCounted = flowCount !== undefined && refusal === undefined;
  return {
    ...(isCounted && { flows: Math.max(0, flowCount - flows.length) }),
    groups: groups.map(({ id }) => id).filter(id => !groupIds.isOurs(id)),
    meters: meters.map(({ id }) => id).filter(id => !meterIds.isOurs(id)),
  };
}

/** A switch that is connected and no hypervisor's, and why it would be left alone, if it would. */
export function otherSwitch(
  reading: SwitchReading,
  hosts: readonly (readonly [name: string, host: { readonly rows: Replica }])[],
  { hypervisors }: Config,
  apps: Apps,
): { readonly reading: SwitchReading; readonly untouched?: string } {
  const { dpid, flows, groups } = reading;
  const { actual } = readActual(flows, groups);
  const claim = hypervisors.find(({ name, bridge }) => {
    const rows = hosts.find(([host]) => host === name)?.[1].rows;
    const identity = rows && identityOf(bridge, rows);
    return identity !== undefined && answersTo(identity, dpid);
  });
  const untouched = whyLeftAlone({
    dpid,
    ...(claim !== undefined && { bridge: { name: claim.bridge, hypervisor: claim.name } }),
    holds: { cookies: [...actual.flows, ...actual.learned], groups: actual.groups.size },
    scopeOf: app => apps.scopeOf(app),
  });
  return { reading, ...(untouched !== undefined && { untouched }) };
}
