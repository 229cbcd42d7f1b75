import type { HostIntent } from '../intent/index.js';
import { readNumber, readString, readUuids, type Replica } from '../ovsdb/index.js';
import { findBridge, pinIn } from './host-bridge.js';
import { controllersThere } from './host-controllers.js';
import { findByName, type Named, nameOf, type TakeoverStage } from './host-plan.js';
import { isOurs } from './owner.js';

/** A bridge that is to be taken over, by its host's OVSDB: it forwards by itself, and so for somebody, or did till now. */
export interface Ground {
  /** The stage that it has reached: what of ours is set there. */
  readonly reached: Exclude<TakeoverStage, 'whole'> | 'nothing';
  /** Its Open vSwitch knows connections of type `service` (2.12 and newer). */
  readonly canServe: boolean;
  /** It has controllers of somebody else's: ours is not its first one, for which Open vSwitch would empty its tables. */
  readonly obeysOthers: boolean;
}

/**
 * @returns undefined for a bridge that is not there, obeys a Heddle, drops what no flow says (`fail_mode=secure`), or has no ports
 * but its own and ours: there is nothing to take care of then. One that obeys somebody else's controller may forward by
 * itself, as it does while none of them answers: OVSDB alone does not tell
 */
export function groundIn(intent: HostIntent, rows: Replica): Ground | undefined {
  const bridge = findBridge(intent.bridge, rows);
  if (bridge === undefined) return undefined;
  const { service, standby, heddle, foreign } = controllersThere(intent, bridge, rows);
  const canServe = rows.columns('Controller').has('type');
  if (readString(bridge[1], 'fail_mode') === 'secure')
    return service ? { reached: 'obeying', canServe, obeysOthers: foreign } : undefined;
  if (heddle || !isUsed(intent, bridge, rows)) return undefined;
  const isPrepared =
    pinIn(bridge[1]) === intent.dpid && intent.ports.every(({ name }) => hasOfport(name, rows));
  return {
    reached: standby ? 'standby' : service ? 'service' : isPrepared ? 'prepare' : 'nothing',
    canServe,
    obeysOthers: foreign,
  };
}

const isUsed = (intent: HostIntent, [, bridge]: Named, rows: Replica): boolean =>
  readUuids(bridge, 'ports').some(uuid => {
    const port = rows.row('Port', uuid);
    return port !== undefined && nameOf(port) !== intent.bridge && !isOurs(port);
  });

/** Also where Open vSwitch could not make it, which is told elsewhere: waiting longer would change nothing. */
function hasOfport(name: string, rows: Replica): boolean {
  const found = findByName(rows.table('Interface'), name);
  return found !== undefined && readNumber(found[1], 'ofport') !== null;
}
