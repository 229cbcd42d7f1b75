import {
  readBoolean,
  readNumber,
  readReferenceMap,
  readString,
  readStringMap,
  readUuids,
  type Replica,
  type Row,
  type WantedTables,
} from '../ovsdb/index.js';
import { parseDpid, parseMac } from '../lib/addresses.js';
import { isMarked } from '../reconcile/owner.js';
import type { BridgeFacts, HostIdentity, PortFacts, PortRole } from './facts.js';
import { compareNames } from './names.js';
import { isNic } from './nic.js';
import { readVlanMode } from './vlan.js';
import { readVxlan } from './vxlan.js';

/** The columns that an import reads. */
export const importColumns = {
  Open_vSwitch: ['bridges', 'external_ids'],
  Bridge: [
    'name',
    'ports',
    'datapath_type',
    'other_config',
    'external_ids',
    'fail_mode',
    'stp_enable',
    'rstp_enable',
    'controller',
    'mirrors',
    'sflow',
    'netflow',
    'ipfix',
  ],
  Port: ['name', 'interfaces', 'tag', 'trunks', 'vlan_mode', 'qos', 'external_ids'],
  Interface: [
    'name',
    'type',
    'options',
    'external_ids',
    'error',
    'status',
    'ingress_policing_rate',
    'ingress_policing_kpkts_rate',
  ],
  Controller: ['target'],
  Mirror: ['name'],
  QoS: ['type', 'queues', 'other_config'],
} as const satisfies WantedTables;

export function readIdentity(rows: Replica): HostIdentity {
  const [root] = rows.table('Open_vSwitch').values();
  const ids = root === undefined ? new Map<string, string>() : readStringMap(root, 'external_ids');
  const hostname = nonEmpty(ids.get('hostname'));
  const systemId = nonEmpty(ids.get('system-id'));
  return { ...(hostname !== undefined && { hostname }), ...(systemId !== undefined && { systemId }) };
}

/** By name. A row that lacks its name, or its references, is left out: nothing could be said of it. */
export const readBridges = (rows: Replica): readonly BridgeFacts[] =>
  byName([...rows.table('Bridge').values()].map(row => readBridge(row, rows)));

function readBridge(row: Row, rows: Replica): BridgeFacts {
  const name = readString(row, 'name') ?? '';
  const pinned = parseDpid((readStringMap(row, 'other_config').get('datapath-id') ?? '').replace(/^0x/i, ''));
  const spanningTree =
    readBoolean(row, 'rstp_enable') === true
      ? 'RSTP'
      : readBoolean(row, 'stp_enable') === true
        ? 'STP'
        : undefined;
  const named = (table: string, column: string, key: string): string[] =>
    readUuids(row, column).flatMap(uuid => {
      const one = rows.row(table, uuid);
      return one === undefined ? [] : [readString(one, key) ?? ''];
    });
  return {
    name,
    datapathType: readString(row, 'datapath_type') ?? '',
    ...(pinned !== undefined && pinned !== 0n && { datapathId: pinned }),
    failMode: readString(row, 'fail_mode') ?? '',
    ...(spanningTree !== undefined && { spanningTree }),
    controllers: named('Controller', 'controller', 'target').sort(),
    mirrors: named('Mirror', 'mirrors', 'name').sort(),
    exporters: exporters.flatMap(([column, what]) => (readUuids(row, column).length > 0 ? [what] : [])),
    ports: byName(
      readUuids(row, 'ports').flatMap(uuid => {
        const port = rows.row('Port', uuid);
        return port === undefined ? [] : [readPort(port, name, rows)];
      }),
    ),
  };
}

const exporters = [
  ['sflow', 'sFlow'],
  ['netflow', 'NetFlow'],
  ['ipfix', 'IPFIX'],
] as const;

function readPort(row: Row, bridge: string, rows: Replica): PortFacts {
  const interfaces = readUuids(row, 'interfaces')
    .map(uuid => rows.row('Interface', uuid))
    .filter(one => one !== undefined);
  const name = readString(row, 'name') ?? '';
  const only = interfaces[0] ?? nothing;
  const type = readString(only, 'type') ?? '';
  const ids = readStringMap(only, 'external_ids');
  const options = readStringMap(only, 'options');
  const role = roleOf(name, bridge, type, interfaces.length, ids, readStringMap(only, 'status'));
  const mode = readString(row, 'vlan_mode');
  const ifaceId = nonEmpty(ids.get('iface-id'));
  const attachedMac = parseMac(ids.get('attached-mac') ?? '');
  const vmId = nonEmpty(ids.get('vm-id') ?? ids.get('vm-uuid'));
  const peer = options.get('peer');
  const error = nonEmpty(interfaces.map(one => readString(one, 'error') ?? '').find(text => text !== ''));
  return {
    name: interfaces.length === 1 ? (readString(only, 'name') ?? name) : name,
    role,
    type,
    vlan: readVlanMode(mode, readNumber(row, 'tag'), readNumbers(row, 'trunks')),
    stacked: mode === 'dot1q-tunnel',
    ...(ifaceId !== undefined && { ifaceId }),
    ...(attachedMac !== undefined && { attachedMac }),
    ...(vmId !== undefined && { vmId }),
    ...(role === 'vxlan' && { vxlan: readVxlan(options, readStringMap(only, 'status')) }),
    ...(role === 'patch' && peer !== undefined && { peer }),
    ...(error !== undefined && { error }),
    rates: [...shapingOf(row, rows), ...policingOf(only)],
  };
}

const nothing: Row = {};

const tunnelTypes = new Set([
  'gre',
  'ip6gre',
  'geneve',
  'stt',
  'lisp',
  'erspan',
  'ip6erspan',
  'gtpu',
  'bareudp',
  'srv6',
]);

function roleOf(
  name: string,
  bridge: string,
  type: string,
  interfaces: number,
  ids: ReadonlyMap<string, string>,
  status: ReadonlyMap<string, string>,
): PortRole {
  if (name === bridge) return 'own';
  if (isMarked(ids)) return 'heddle';
  if (interfaces > 1) return 'bond';
  if (type === 'vxlan' || type === 'patch') return type;
  if (tunnelTypes.has(type)) return 'tunnel';
  const isVm = ['iface-id', 'attached-mac', 'vm-id', 'vm-uuid'].some(key => ids.has(key));
  return !isVm && isNic(name, type, status.get('driver_name')) ? 'nic' : 'member';
}

/** [ovs-vswitchd.conf.db(5), QoS]: what leaves by the port, so what the VM receives. */
function shapingOf(port: Row, rows: Replica): readonly string[] {
  return readUuids(port, 'qos').flatMap(uuid => {
    const row = rows.row('QoS', uuid);
    if (row === undefined) return [];
    const rate = readStringMap(row, 'other_config').get('max-rate');
    const queues = readReferenceMap(row, 'queues').size;
    const words = [
      readString(row, 'type') ?? 'QoS',
      ...(rate === undefined ? [] : [`max-rate ${rateOf(rate)}`]),
      ...(queues === 0 ? [] : [`${queues} ${queues === 1 ? 'queue' : 'queues'}`]),
    ];
    return [words.join(' ')];
  });
}

/** [ovs-vswitchd.conf.db(5), Interface: Ingress Policing]: what the VM sends, in kbit/s and 1,000 packets/s. */
function policingOf(row: Row): readonly string[] {
  const rate = readNumber(row, 'ingress_policing_rate') ?? 0;
  const packets = readNumber(row, 'ingress_policing_kpkts_rate') ?? 0;
  return [
    ...(rate === 0 ? [] : [`ingress policing ${rateOf(String(rate * 1_000))}`]),
    ...(packets === 0 ? [] : [`ingress policing ${packets * 1_000} packets/s`]),
  ];
}

/** `10 Mbit/s` of bits per second; what is no number stays as it is. */
function rateOf(bits: string): string {
  const rate = Number(bits);
  if (!/^\d+$/.test(bits) || !Number.isSafeInteger(rate)) return bits;
  const units = [
    [1e9, 'Gbit/s'],
    [1e6, 'Mbit/s'],
    [1e3, 'kbit/s'],
  ] as const;
  const [unit, name] = units.find(([size]) => rate >= size) ?? [1, 'bit/s'];
  return `${Number((rate / unit).toFixed(2))} ${name}`;
}

function readNumbers(row: Row, column: string): readonly number[] {
  const value = row[column];
  if (typeof value === 'number') return [value];
  return Array.isArray(value) ? value.filter(one => typeof one === 'number') : [];
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** Sorted as people would: vnet2 before vnet10. */
const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => compareNames(a.name, b.name));
