import type { HostIntent } from '../intent/index.js';
import {
  byUuid,
  insert,
  mutate,
  namedUuid,
  readNumber,
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
  type TakeoverStage,
} from './host-plan.js';
import { isOurs, ownerMark } from './owner.js';

/**
 * out-of-band: no hidden flows for a controller behind the bridge's own ports [ovs-vswitchd.conf.db(5), Controller]. A host
 * whose own traffic takes this very bridge needs them: with no flows, as after a restart of ovs-vswitchd, nothing else
 * would let it reach its controller.
 */
export const controllerRow = (intent: HostIntent): WriteRow => ({
  target: intent.controller,
  connection_mode: connectionMode(intent),
  // Reconnects within 1 s instead of 8 after Heddle was away.
  max_backoff: 1000,
  external_ids: ownerMark,
});

const connectionMode = ({ inBand }: HostIntent): string => (inBand === true ? 'in-band' : 'out-of-band');

/**
 * A second name of the same place, since Open vSwitch tells controllers apart by their targets: the port's number with a
 * zero before it.
 */
export const serviceTarget = (target: string): string => target.replace(/:(\d+)$/, ':0$1');

/**
 * The bridge obeys this Heddle. Ours from an earlier file go in the transaction that adds the new one: a bridge that has
 * no controller for a moment loses its flows. Those of others stay, and are told.
 */
export function planControllers(
  intent: HostIntent,
  [uuid, bridge]: Named,
  rows: Replica,
  stage: TakeoverStage = 'whole',
): HostPlan {
  const all = controllersOf(bridge, rows);
  const mine = all.find(([, row]) => targetOf(row) === intent.controller);
  const others = all.filter(([, row]) => targetOf(row) !== intent.controller);
  const foreign = others.filter(([, row]) => !isOurs(row)).map(([, row]) => targetOf(row));
  const service = others.find(([, row]) => isService(row, intent));
  const told =
    foreign.length === 0
      ? nothing
      : problem(`bridge ${intent.bridge} obeys other controllers too: ${foreign.join(', ')}`);
  switch (stage) {
    case 'prepare':
      return told;
    case 'service':
      return joined([
        service === undefined ? addedService(intent, uuid) : nothing,
        without(
          uuid,
          others.concat(mine === undefined ? [] : [mine]).filter(([, row]) => isStandby(row, intent)),
        ),
        told,
      ]);
    case 'standby':
      return joined([
        service === undefined ? addedService(intent, uuid) : nothing,
        mine === undefined ? added(intent, uuid, standby) : nothing,
        told,
      ]);
    case 'obeying':
      return joined([mine === undefined ? added(intent, uuid) : probing(intent, mine), told]);
    case 'whole':
      return joined([
        mine === undefined
          ? added(intent, uuid)
          : joined([inTheRightBand(intent, mine), probing(intent, mine)]),
        without(
          uuid,
          others.filter(([, row]) => isOurs(row)),
        ),
        told,
      ]);
  }
}

/** The controllers of a bridge that forwards by itself, as far as a take-over has come (controller/takeover.ts). */
export interface ControllersThere {
  /** Our connection of type `service`. */
  readonly service: boolean;
  /** Our controller, still on standby. */
  readonly standby: boolean;
  /** A Heddle's, this one's or of an earlier file, that the bridge obeys. */
  readonly heddle: boolean;
  /** Somebody else's: such a bridge forwards by itself only while none of them answers, and empties no table for ours. */
  readonly foreign: boolean;
}

export function controllersThere(intent: HostIntent, [, bridge]: Named, rows: Replica): ControllersThere {
  const all = controllersOf(bridge, rows);
  const service = all.filter(([, row]) => isService(row, intent));
  const standing = all.filter(([, row]) => isStandby(row, intent));
  const rest = all.filter(one => !service.includes(one) && !standing.includes(one)).map(([, row]) => row);
  const isHeddle = (row: Row): boolean => isOurs(row) || targetOf(row) === intent.controller;
  return {
    service: service.length > 0,
    standby: standing.length > 0,
    heddle: rest.some(isHeddle),
    foreign: rest.some(row => !isHeddle(row)),
  };
}

const isService = (row: Row, { controller }: HostIntent): boolean =>
  isOurs(row) && targetOf(row) === serviceTarget(controller);

/** Without a probe, a bridge that is not `secure` forwards by itself from the moment that its controller is missing. */
const standby: WriteRow = { inactivity_probe: 0 };

const isStandby = (row: Row, { controller }: HostIntent): boolean =>
  isOurs(row) && targetOf(row) === controller && readNumber(row, 'inactivity_probe') === 0;

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
    .filter(([, row]) => isOurs(row) && ![target, serviceTarget(target)].includes(targetOf(row)))
    .map(([, row]) => targetOf(row));
}

/** Where a bridge is told to go, by whomever. */
export const controllerTargets = (bridge: Row, rows: Replica): readonly string[] =>
  controllersOf(bridge, rows).map(([, row]) => targetOf(row));

const added = (intent: HostIntent, bridge: Uuid, more: WriteRow = {}): HostPlan =>
  change(
    `set controller ${intent.controller} of ${intent.bridge}`,
    insert('Controller', { ...controllerRow(intent), ...more }, 'controller'),
    mutate('Bridge', byUuid(bridge), [['controller', 'insert', [namedUuid('controller')]]]),
  );

/** It carries OpenFlow as any other, but is no controller to the bridge: that goes on as it was, flows and all. */
const addedService = (intent: HostIntent, bridge: Uuid): HostPlan =>
  change(
    `connect ${intent.bridge} for service`,
    insert(
      'Controller',
      { ...controllerRow(intent), target: serviceTarget(intent.controller), type: 'service' },
      'service',
    ),
    mutate('Bridge', byUuid(bridge), [['controller', 'insert', [namedUuid('service')]]]),
  );

function inTheRightBand(intent: HostIntent, [uuid, row]: Named): HostPlan {
  const { bridge } = intent;
  const target = targetOf(row);
  const mode = connectionMode(intent);
  if (readString(row, 'connection_mode') === mode) return nothing;
  if (isOurs(row))
    return change(`connect ${target} ${mode}`, update('Controller', byUuid(uuid), { connection_mode: mode }));
  // Hidden flows that are not needed let more through than the file says; to have none that are is a risk of its own.
  const why =
    mode === 'out-of-band'
      ? "in-band, which puts hidden flows before Heddle's"
      : 'out-of-band, so that after a restart of ovs-vswitchd this host cannot reach it over its uplink';
  return problem(
    `controller ${target} of ${bridge} was set by somebody else, and ${why}: \`ovs-vsctl set Controller ${uuid} connection_mode=${mode}\``,
  );
}

/** Off standby: silence counts from now on. */
const probing = (intent: HostIntent, [uuid, row]: Named): HostPlan =>
  isStandby(row, intent)
    ? change(`probe ${intent.controller}`, update('Controller', byUuid(uuid), { inactivity_probe: null }))
    : nothing;

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
