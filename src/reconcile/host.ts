import type { HostIntent, PortIntent } from '../intent/index.js';
import { formatDpid, parseDpid } from '../lib/addresses.js';
import {
  byUuid,
  comment,
  countConfig,
  insert,
  mutate,
  namedUuid,
  type Operation,
  readString,
  readStringMap,
  readStrings,
  readUuids,
  type Replica,
  rootOf,
  type Row,
  update,
  type Uuid,
  type WantedTables,
  type WriteRow,
  type WriteValue,
} from '../ovsdb/index.js';
import { isOurs, ownerMark } from './owner.js';

/** The columns that planning reads. */
export const hostColumns = {
  Bridge: [
    'name',
    'ports',
    'controller',
    'fail_mode',
    'protocols',
    'datapath_type',
    'other_config',
    'external_ids',
  ],
  Port: ['name', 'interfaces', 'external_ids'],
  Interface: ['name', 'type', 'options', 'external_ids'],
  Controller: ['target', 'connection_mode', 'external_ids'],
} as const satisfies WantedTables;

export interface HostPlan {
  /** One transaction, which ends in `countConfig`; empty when nothing is to be done. */
  readonly operations: readonly Operation[];
  /** What the transaction does, for the log: one short text for each thing. */
  readonly changes: readonly string[];
  /** What stands in the way and is somebody else's: Heddle does not touch it. */
  readonly problems: readonly string[];
}

/**
 * The difference between what is wanted on a host and what its OVSDB has, as one transaction. The bridge comes into
 * being with its controller, fail_mode and protocols: set one by one, each of them would flush its flows.
 */
export function planHost(intent: HostIntent, rows: Replica): HostPlan {
  const bridge = findByName(rows.table('Bridge'), intent.bridge);
  const plan = bridge === undefined ? newBridge(intent) : existingBridge(intent, bridge, rows);
  const root = rootOf(rows);
  if (root === undefined)
    return { operations: [], changes: [], problems: ['its Open_vSwitch table has no row'] };
  if (plan.operations.length === 0) return plan;
  const attach: Operation[] =
    bridge === undefined
      ? [mutate('Open_vSwitch', byUuid(root), [['bridges', 'insert', [namedUuid('bridge')]]])]
      : [];
  return {
    ...plan,
    operations: [
      ...plan.operations,
      ...attach,
      comment(`heddle: ${plan.changes.join('; ')}`),
      ...countConfig(root),
    ],
  };
}

function newBridge(intent: HostIntent): HostPlan {
  const ports = [{ name: intent.bridge, type: 'internal', options: {} }, ...intent.ports];
  return {
    operations: [
      insert('Controller', controllerRow(intent), 'controller'),
      ...ports.flatMap((port, index) => insertPort(port, index)),
      insert(
        'Bridge',
        {
          name: intent.bridge,
          datapath_type: intent.datapathType,
          fail_mode: 'secure',
          protocols: ['OpenFlow13'],
          controller: [namedUuid('controller')],
          ports: ports.map((_, index) => namedUuid(`port${index}`)),
          other_config: new Map([['datapath-id', formatDpid(intent.dpid)]]),
          external_ids: ownerMark,
        },
        'bridge',
      ),
    ],
    changes: [
      `create bridge ${intent.bridge} with ${intent.ports.map(port => port.name).join(', ') || 'no ports'}`,
    ],
    problems: [],
  };
}

/** out-of-band: no hidden flows for a controller behind the bridge's own ports [ovs-vswitchd.conf.db(5), Controller]. */
const controllerRow = (intent: HostIntent): WriteRow => ({
  target: intent.controller,
  connection_mode: 'out-of-band',
  // Reconnects within 1 s instead of 8 after Heddle was away.
  max_backoff: 1000,
  external_ids: ownerMark,
});

const insertPort = (port: PortIntent, index: number): Operation[] => [
  insert('Interface', { ...interfaceRow(port), name: port.name }, `interface${index}`),
  insert(
    'Port',
    { name: port.name, interfaces: [namedUuid(`interface${index}`)], external_ids: ownerMark },
    `port${index}`,
  ),
];

const interfaceRow = (port: PortIntent): WriteRow => ({
  type: port.type,
  options: new Map(Object.entries(port.options)),
  external_ids: ownerMark,
});

function existingBridge(intent: HostIntent, [uuid, bridge]: readonly [Uuid, Row], rows: Replica): HostPlan {
  const datapath = datapathProblem(intent, bridge) ?? dpidProblem(intent, bridge);
  if (datapath !== undefined) return { operations: [], changes: [], problems: [datapath] };
  const parts = [
    bridgeSettings(intent, uuid, bridge),
    controllers(intent, uuid, bridge, rows),
    ...intent.ports.map((port, index) => wantedPort(port, index, uuid, rows)),
    staleController(intent, uuid, bridge, rows),
    stalePorts(intent, uuid, bridge, rows),
  ];
  return {
    operations: parts.flatMap(part => part.operations),
    changes: parts.flatMap(part => part.changes),
    problems: parts.flatMap(part => part.problems),
  };
}

const nothing: HostPlan = { operations: [], changes: [], problems: [] };

const change = (what: string, ...operations: Operation[]): HostPlan => ({
  operations,
  changes: [what],
  problems: [],
});

const problem = (what: string): HostPlan => ({ ...nothing, problems: [what] });

/** Another datapath_type would make the bridge anew, ports and all: that is not Heddle's to decide. */
function datapathProblem(intent: HostIntent, bridge: Row): string | undefined {
  const name = (type: string | null): string => (type === 'netdev' ? 'netdev' : 'system');
  const found = name(readString(bridge, 'datapath_type'));
  const wanted = name(intent.datapathType);
  return found === wanted
    ? undefined
    : `bridge ${intent.bridge} has datapath ${found}, the file says ${wanted}: make them agree (\`datapath: ${found}\`)`;
}

/** A datapath id that somebody else has set is named in the file, not replaced (docs/adr/0003). */
function dpidProblem(intent: HostIntent, bridge: Row): string | undefined {
  const pinned = readStringMap(bridge, 'other_config').get('datapath-id');
  if (pinned === undefined || parseDpid(pinned) === intent.dpid) return undefined;
  return `bridge ${intent.bridge} has other_config:datapath-id=${pinned}: add \`datapath-id: "${pinned}"\` to this hypervisor in the file`;
}

function bridgeSettings(intent: HostIntent, uuid: Uuid, bridge: Row): HostPlan {
  const row: Record<string, WriteValue> = {};
  if (readString(bridge, 'fail_mode') !== 'secure') row['fail_mode'] = 'secure';
  const protocols = readStrings(bridge, 'protocols');
  // An empty list means all versions that the switch has, 1.3 among them.
  if (protocols.length > 0 && !protocols.includes('OpenFlow13'))
    row['protocols'] = [...protocols, 'OpenFlow13'];
  const operations: Operation[] = [];
  const names = Object.keys(row);
  if (names.length > 0) operations.push(update('Bridge', byUuid(uuid), row));
  if (readStringMap(bridge, 'other_config').get('datapath-id') === undefined) {
    const pin = new Map([['datapath-id', formatDpid(intent.dpid)]]);
    operations.push(mutate('Bridge', byUuid(uuid), [['other_config', 'insert', pin]]));
    names.push('datapath-id');
  }
  return operations.length === 0
    ? nothing
    : change(`set ${names.join(', ')} of ${intent.bridge}`, ...operations);
}

function controllers(intent: HostIntent, uuid: Uuid, bridge: Row, rows: Replica): HostPlan {
  const mine = controllerRows(bridge, rows).find(
    ([, row]) => readString(row, 'target') === intent.controller,
  );
  if (mine === undefined) {
    return change(
      `set controller ${intent.controller} of ${intent.bridge}`,
      insert('Controller', controllerRow(intent), 'controller'),
      mutate('Bridge', byUuid(uuid), [['controller', 'insert', [namedUuid('controller')]]]),
    );
  }
  if (readString(mine[1], 'connection_mode') === 'out-of-band') return nothing;
  return change(
    `connect ${intent.controller} out-of-band`,
    update('Controller', byUuid(mine[0]), { connection_mode: 'out-of-band' }),
  );
}

/** Ours from an earlier file go, in the transaction that adds the new one: never through no controller at all. */
function staleController(intent: HostIntent, uuid: Uuid, bridge: Row, rows: Replica): HostPlan {
  const others = controllerRows(bridge, rows).filter(
    ([, row]) => readString(row, 'target') !== intent.controller,
  );
  const stale = others.filter(([, row]) => isOurs(row));
  const foreign = others.filter(([, row]) => !isOurs(row)).map(([, row]) => readString(row, 'target') ?? '');
  const plan =
    stale.length === 0
      ? nothing
      : change(
          `remove controller ${stale.map(([, row]) => readString(row, 'target') ?? '').join(', ')}`,
          mutate('Bridge', byUuid(uuid), [['controller', 'delete', stale.map(([id]) => id)]]),
        );
  return foreign.length === 0
    ? plan
    : { ...plan, problems: [`bridge ${intent.bridge} obeys other controllers too: ${foreign.join(', ')}`] };
}

function controllerRows(bridge: Row, rows: Replica): [Uuid, Row][] {
  const all = rows.table('Controller');
  return readUuids(bridge, 'controller').flatMap((id): [Uuid, Row][] => {
    const row = all.get(id);
    return row === undefined ? [] : [[id, row]];
  });
}

function wantedPort(port: PortIntent, index: number, bridge: Uuid, rows: Replica): HostPlan {
  const found = findByName(rows.table('Interface'), port.name);
  if (found === undefined) {
    return change(
      `add port ${port.name}`,
      ...insertPort(port, index),
      mutate('Bridge', byUuid(bridge), [['ports', 'insert', [namedUuid(`port${index}`)]]]),
    );
  }
  const [uuid, row] = found;
  if (!isOurs(row)) return problem(`port ${port.name} is there and is not Heddle's: rename it, or delete it`);
  const same = readString(row, 'type') === port.type && sameMap(readStringMap(row, 'options'), port.options);
  return same
    ? nothing
    : change(`set options of ${port.name}`, update('Interface', byUuid(uuid), interfaceRow(port)));
}

function stalePorts(intent: HostIntent, uuid: Uuid, bridge: Row, rows: Replica): HostPlan {
  const wanted = new Set([intent.bridge, ...intent.ports.map(port => port.name)]);
  const ports = rows.table('Port');
  const stale = readUuids(bridge, 'ports').filter(id => {
    const row = ports.get(id);
    return row !== undefined && isOurs(row) && !wanted.has(nameOf(row));
  });
  if (stale.length === 0) return nothing;
  const names = stale.map(id => nameOf(ports.get(id)));
  return change(
    `remove port ${names.join(', ')}`,
    mutate('Bridge', byUuid(uuid), [['ports', 'delete', stale]]),
  );
}

function findByName(rows: ReadonlyMap<Uuid, Row>, name: string): readonly [Uuid, Row] | undefined {
  for (const entry of rows) if (nameOf(entry[1]) === name) return entry;
  return undefined;
}

const nameOf = (row: Row | undefined): string => (row === undefined ? '' : (readString(row, 'name') ?? ''));

function sameMap(found: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(wanted);
  return found.size === keys.length && keys.every(key => found.get(key) === wanted[key]);
}
