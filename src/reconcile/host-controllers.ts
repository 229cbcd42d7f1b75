import type { HostIntent } from '../intent/index.js';
import {
  byUuid,
  insert,
  mutate,
  namedUuid,
  readString,
  readUuids,
  type Replica,
  type Row,
  update,
  type Uuid,
  type WriteRow,
} from '../ovsdb/index.js';
import {
  change,
  findByName,
  type HostPlan,
  joined,
  type Named,
  nameOf,
  nothing,
  problem,
} from './host-plan.js';
import { isOurs, ownerMark } from './owner.js';

/** out-of-band: no hidden flows for a controller behind the bridge's own ports [ovs-vswitchd.conf.db(5), Controller]. */
export const controllerRow = (intent: HostIntent): WriteRow => ({
  target: intent.controller,
  connection_mode: 'out-of-band',
  // Reconnects within 1 s instead of 8 after Heddle was away.
  max_backoff: 1000,
  external_ids: ownerMark,
});

/**
 * The bridge obeys this Heddle. Ours from an earlier file go in the transaction that adds the new one: a bridge that has
 * no controller for a moment loses its flows. Those of others stay, and are told.
 */
export function planControllers(intent: HostIntent, [uuid, bridge]: Named, rows: Replica): HostPlan {
  const all = controllersOf(bridge, rows);
  const mine = all.find(([, row]) => targetOf(row) === intent.controller);
  const others = all.filter(([, row]) => targetOf(row) !== intent.controller);
  const foreign = others.filter(([, row]) => !isOurs(row)).map(([, row]) => targetOf(row));
  return joined([
    mine === undefined ? added(intent, uuid) : outOfBand(intent, mine),
    without(
      uuid,
      others.filter(([, row]) => isOurs(row)),
    ),
    foreign.length === 0
      ? nothing
      : problem(`bridge ${intent.bridge} obeys other controllers too: ${foreign.join(', ')}`),
  ]);
}

/** A bridge that the file named before is let go: two with one datapath id would take turns in pushing each other out. */
export function letGo([uuid, bridge]: Named, rows: Replica): HostPlan {
  const ours = controllersOf(bridge, rows).filter(([, row]) => isOurs(row));
  return without(uuid, ours, ` of ${nameOf(bridge)}`);
}

/** Heddle has taken this bridge over, if it has not made it. */
export const hasOurController = ([, bridge]: Named, rows: Replica): boolean =>
  controllersOf(bridge, rows).some(([, row]) => isOurs(row));

/** Where the bridge of this name is told to go by other Heddles: the targets of their controllers. */
export function othersOfOurs(name: string, target: string, rows: Replica): readonly string[] {
  const bridge = findByName(rows.table('Bridge'), name);
  if (bridge === undefined) return [];
  return controllersOf(bridge[1], rows)
    .filter(([, row]) => isOurs(row) && targetOf(row) !== target)
    .map(([, row]) => targetOf(row));
}

/** Where a bridge is told to go, by whomever. */
export const controllerTargets = (bridge: Row, rows: Replica): readonly string[] =>
  controllersOf(bridge, rows).map(([, row]) => targetOf(row));

const added = (intent: HostIntent, bridge: Uuid): HostPlan =>
  change(
    `set controller ${intent.controller} of ${intent.bridge}`,
    insert('Controller', controllerRow(intent), 'controller'),
    mutate('Bridge', byUuid(bridge), [['controller', 'insert', [namedUuid('controller')]]]),
  );

function outOfBand({ bridge }: HostIntent, [uuid, row]: Named): HostPlan {
  const target = targetOf(row);
  if (readString(row, 'connection_mode') === 'out-of-band') return nothing;
  if (!isOurs(row))
    return problem(
      `controller ${target} of ${bridge} was set by somebody else, and in-band, which puts hidden flows before Heddle's: \`ovs-vsctl set Controller ${uuid} connection_mode=out-of-band\``,
    );
  return change(
    `connect ${target} out-of-band`,
    update('Controller', byUuid(uuid), { connection_mode: 'out-of-band' }),
  );
}

const without = (bridge: Uuid, stale: readonly Named[], where = ''): HostPlan =>
  stale.length === 0
    ? nothing
    : change(
        `remove controller ${stale.map(([, row]) => targetOf(row)).join(', ')}${where}`,
        mutate('Bridge', byUuid(bridge), [['controller', 'delete', stale.map(([id]) => id)]]),
      );

const targetOf = (row: Row): string => readString(row, 'target') ?? '';

function controllersOf(bridge: Row, rows: Replica): readonly Named[] {
  return readUuids(bridge, 'controller').flatMap((id): Named[] => {
    const row = rows.row('Controller', id);
    return row === undefined ? [] : [[id, row]];
  });
}
