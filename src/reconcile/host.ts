import type { HostIntent } from '../intent/index.js';
import { isMadeFromName } from '../config/dpid.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import {
  byUuid,
  comment,
  countConfig,
  insert,
  mutate,
  type Mutation,
  namedUuid,
  type Operation,
  readString,
  readStrings,
  type Replica,
  rootOf,
  type Row,
  update,
  type Uuid,
  type WantedTables,
  type WriteValue,
} from '../ovsdb/index.js';
import { findBridge, pinIn, pinOf } from './host-bridge.js';
import { controllerRow, hasOurController, letGo, planControllers } from './host-controllers.js';
import {
  change,
  type HostPlan,
  joined,
  type Named,
  nothing,
  problem,
  type TakeoverStage,
} from './host-plan.js';
import { insertPort, isTaken, planPorts, planReplaced, planStalePorts } from './host-ports.js';
import { uplinkProblem } from './host-uplink.js';
import { planPolicing } from './host-policing.js';
import { planQos } from './host-qos.js';
import { isOurs, ownerMark } from './owner.js';

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
    'datapath_id',
    'external_ids',
  ],
  Port: ['name', 'interfaces', 'tag', 'qos', 'external_ids'],
  Interface: [
    'name',
    'type',
    'options',
    'external_ids',
    'ofport',
    'ingress_policing_rate',
    'ingress_policing_burst',
  ],
  Controller: ['target', 'connection_mode', 'external_ids', 'type', 'inactivity_probe'],
  QoS: ['type', 'queues', 'other_config', 'external_ids'],
  Queue: ['dscp', 'other_config', 'external_ids'],
} as const satisfies WantedTables;

/**
 * The difference between what is wanted on a host and what its OVSDB has, as one transaction. The bridge comes into
 * being with its controller, fail_mode and protocols: set one by one, each of them would flush its flows.
 *
 * @param stage of a bridge that is there: how far it is to be taken over now
 */
export function planHost(intent: HostIntent, rows: Replica, stage: TakeoverStage = 'whole'): HostPlan {
  const root = rootOf(rows);
  if (root === undefined) return problem('its Open_vSwitch table has no row: is ovs-vswitchd running?');
  const bridge = findBridge(intent.bridge, rows);
  const plan =
    bridge === undefined ? newBridge(intent, root, rows) : existingBridge(intent, bridge, rows, stage);
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
  const target = { bridge: namedUuid('bridge'), former };
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
    planPorts(intent, target, rows),
    planQos(intent, target, rows),
    ...former.map(one => letGo(one, rows)),
  ]);
}

function existingBridge(intent: HostIntent, bridge: Named, rows: Replica, stage: TakeoverStage): HostPlan {
  const [uuid, row] = bridge;
  const inTheWay =
    datapathProblem(intent, row) ?? dpidProblem(intent, bridge, rows) ?? uplinkProblem(intent, bridge, rows);
  if (inTheWay !== undefined) return problem(inTheWay);
  const former = formerBridges(intent, rows);
  const target = { bridge: uuid, former };
  return joined([
    bridgeSettings(intent, bridge, stage),
    planControllers(intent, bridge, rows, stage),
    planPorts(intent, target, rows),
    planQos(intent, target, rows),
    planPolicing(intent, bridge, rows),
    planStalePorts(intent, bridge, rows),
    stage === 'whole' ? planReplaced(intent, bridge, rows) : nothing,
    ...former.map(one => letGo(one, rows)),
  ]);
}

/** Bridges with this datapath id and another name: what the file called the bridge before. */
const formerBridges = (intent: HostIntent, rows: Replica): readonly Named[] =>
  [...rows.table('Bridge')].filter(
    ([, row]) => readString(row, 'name') !== intent.bridge && pinIn(row) === intent.dpid,
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

/**
 * A datapath id that somebody else has set is named in the file, not replaced. One that Heddle has made for a hypervisor
 * that the file does not have (any more) is replaced: it has been renamed (docs/adr/0003).
 */
function dpidProblem(intent: HostIntent, [uuid, bridge]: Named, rows: Replica): string | undefined {
  const pin = pinOf(bridge);
  const dpid = pinIn(bridge);
  if (pin === undefined || dpid === intent.dpid) return undefined;
  const name = intent.names.get(intent.dpid) ?? formatDpid(intent.dpid);
  const other = dpid === undefined ? undefined : intent.names.get(dpid);
  if (other !== undefined)
    return `${name}'s ovsdb leads to ${other}'s bridge: ${intent.bridge} there has ${other}'s datapath id ${pin}; set the \`ovsdb:\` lines right, or, if this is ${name}'s bridge, \`ovs-vsctl remove Bridge ${intent.bridge} other_config datapath-id\``;
  if (isFormerName(dpid) && (isOurs(bridge) || hasOurController([uuid, bridge], rows))) return undefined;
  return `bridge ${intent.bridge} has other_config:datapath-id=${pin}: add \`datapath-id: "${pin}"\` to this hypervisor in the file`;
}

const isFormerName = (dpid: Dpid | undefined): boolean => dpid !== undefined && isMadeFromName(dpid);

function bridgeSettings(intent: HostIntent, [uuid, bridge]: Named, stage: TakeoverStage): HostPlan {
  const row: Record<string, WriteValue> = {};
  const isObeying = stage === 'obeying' || stage === 'whole';
  if (isObeying && readString(bridge, 'fail_mode') !== 'secure') row['fail_mode'] = 'secure';
  const protocols = readStrings(bridge, 'protocols');
  // An empty list means all versions that the switch has, 1.3 among them.
  const lacksProtocol = protocols.length > 0 && !protocols.includes('OpenFlow13');
  const names = [...Object.keys(row), ...(lacksProtocol ? ['protocols'] : [])];
  const operations: Operation[] = Object.keys(row).length > 0 ? [update('Bridge', byUuid(uuid), row)] : [];
  // Beside those that are there now, whatever they have become since they were read.
  if (lacksProtocol)
    operations.push(mutate('Bridge', byUuid(uuid), [['protocols', 'insert', ['OpenFlow13']]]));
  if (pinIn(bridge) !== intent.dpid) {
    const pin = new Map([['datapath-id', formatDpid(intent.dpid)]]);
    // An insert leaves a key that is there as it is [RFC 7047 5.1].
    const remove: Mutation[] =
      pinOf(bridge) === undefined ? [] : [['other_config', 'delete', ['datapath-id']]];
    operations.push(mutate('Bridge', byUuid(uuid), [...remove, ['other_config', 'insert', pin]]));
    names.push('datapath-id');
  }
  return operations.length === 0
    ? nothing
    : change(`set ${names.join(', ')} of ${intent.bridge}`, ...operations);
}
