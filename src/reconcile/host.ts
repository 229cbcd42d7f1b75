import type { HostIntent } from '../intent/index.js';
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
  type Replica,
  rootOf,
  type Row,
  update,
  type Uuid,
  type WantedTables,
  type WriteValue,
} from '../ovsdb/index.js';
import { controllerRow, letGo, planControllers } from './host-controllers.js';
import { change, findByName, type HostPlan, joined, type Named, nothing, problem } from './host-plan.js';
import { insertPort, isTaken, planPorts, planStalePorts } from './host-ports.js';
import { ownerMark } from './owner.js';

export type { HostPlan } from './host-plan.js';

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

/**
 * The difference between what is wanted on a host and what its OVSDB has, as one transaction. The bridge comes into
 * being with its controller, fail_mode and protocols: set one by one, each of them would flush its flows.
 */
export function planHost(intent: HostIntent, rows: Replica): HostPlan {
  const root = rootOf(rows);
  if (root === undefined) return problem('its Open_vSwitch table has no row: is ovs-vswitchd running?');
  const bridge = findByName(rows.table('Bridge'), intent.bridge);
  const plan = bridge === undefined ? newBridge(intent, root, rows) : existingBridge(intent, bridge, rows);
  if (plan.operations.length === 0) return plan;
  const operations = [
    ...plan.operations,
    comment(`heddle: ${plan.changes.join('; ')}`),
    ...countConfig(root),
  ];
  return { ...plan, operations };
}

function newBridge(intent: HostIntent, root: Uuid, rows: Replica): HostPlan {
  const { bridge } = intent;
  if (isTaken(bridge, rows))
    return problem(`bridge ${bridge} cannot be made: there is a port of that name on another bridge`);
  const former = formerBridges(intent, rows);
  return joined([
    change(
      `create bridge ${bridge}`,
      insert('Controller', controllerRow(intent), 'controller'),
      ...insertPort({ name: bridge, type: 'internal', options: {} }, 'local'),
      insert(
        'Bridge',
        {
          name: bridge,
          datapath_type: intent.datapathType,
          fail_mode: 'secure',
          protocols: ['OpenFlow13'],
          controller: [namedUuid('controller')],
          ports: [namedUuid('port_local')],
          other_config: new Map([['datapath-id', formatDpid(intent.dpid)]]),
          external_ids: ownerMark,
        },
        'bridge',
      ),
      mutate('Open_vSwitch', byUuid(root), [['bridges', 'insert', [namedUuid('bridge')]]]),
    ),
    planPorts(intent, { bridge: namedUuid('bridge'), former }, rows),
    ...former.map(one => letGo(one, rows)),
  ]);
}

function existingBridge(intent: HostIntent, bridge: Named, rows: Replica): HostPlan {
  const [uuid, row] = bridge;
  const inTheWay = datapathProblem(intent, row) ?? dpidProblem(intent, row);
  if (inTheWay !== undefined) return problem(inTheWay);
  const former = formerBridges(intent, rows);
  return joined([
    bridgeSettings(intent, bridge),
    planControllers(intent, bridge, rows),
    planPorts(intent, { bridge: uuid, former }, rows),
    planStalePorts(intent, bridge, rows),
    ...former.map(one => letGo(one, rows)),
  ]);
}

/** Bridges with this datapath id and another name: what the file called the bridge before. */
const formerBridges = (intent: HostIntent, rows: Replica): readonly Named[] =>
  [...rows.table('Bridge')].filter(
    ([, row]) => readString(row, 'name') !== intent.bridge && dpidIn(pinOf(row)) === intent.dpid,
  );

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
  const pin = pinOf(bridge);
  if (pin === undefined || dpidIn(pin) === intent.dpid) return undefined;
  return `bridge ${intent.bridge} has other_config:datapath-id=${pin}: add \`datapath-id: "${pin}"\` to this hypervisor in the file`;
}

const pinOf = (bridge: Row): string | undefined => readStringMap(bridge, 'other_config').get('datapath-id');

/** 16 digits, or up to 16 behind 0x; Open vSwitch heeds nothing else [ovs-vswitchd.conf.db(5), Bridge]. */
function dpidIn(pin: string | undefined): bigint | undefined {
  const digits = /^(?:0x([0-9a-f]{1,16})|([0-9a-f]{16}))$/i.exec(pin ?? '');
  return digits === null ? undefined : parseDpid(digits[1] ?? digits[2] ?? '');
}

function bridgeSettings(intent: HostIntent, [uuid, bridge]: Named): HostPlan {
  const row: Record<string, WriteValue> = {};
  if (readString(bridge, 'fail_mode') !== 'secure') row['fail_mode'] = 'secure';
  const protocols = readStrings(bridge, 'protocols');
  // An empty list means all versions that the switch has, 1.3 among them.
  if (protocols.length > 0 && !protocols.includes('OpenFlow13'))
    row['protocols'] = [...protocols, 'OpenFlow13'];
  const names = Object.keys(row);
  const operations: Operation[] = names.length > 0 ? [update('Bridge', byUuid(uuid), row)] : [];
  if (pinOf(bridge) === undefined) {
    const pin = new Map([['datapath-id', formatDpid(intent.dpid)]]);
    operations.push(mutate('Bridge', byUuid(uuid), [['other_config', 'insert', pin]]));
    names.push('datapath-id');
  }
  return operations.length === 0
    ? nothing
    : change(`set ${names.join(', ')} of ${intent.bridge}`, ...operations);
}
