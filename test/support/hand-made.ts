/** Databases of hosts that somebody has set up by hand, as a replica has them, with no server. */
import type { HostToImport } from '../../src/import/import.js';
import { importColumns } from '../../src/import/read.js';
import { type Change, Replica } from '../../src/ovsdb/replica.js';
import { type Row, type Uuid, type Value } from '../../src/ovsdb/values.js';

export interface HandMadeHost {
  readonly hostname?: string;
  readonly systemId?: string;
  readonly bridges: readonly HandMadeBridge[];
}

export interface HandMadeBridge {
  readonly name: string;
  readonly ports: readonly HandMadePort[];
  /** Bridge's columns; controllers, mirrors: targets and names. */
  readonly datapathType?: string;
  readonly datapathId?: string;
  readonly failMode?: string;
  readonly stp?: boolean;
  readonly rstp?: boolean;
  readonly controllers?: readonly string[];
  readonly mirrors?: readonly string[];
}

export interface HandMadePort {
  readonly name: string;
  readonly tag?: number;
  readonly trunks?: readonly number[];
  readonly vlanMode?: string;
  readonly type?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly ids?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, string>>;
  readonly error?: string;
  /** More interfaces than one: a bond. */
  readonly bondOf?: readonly string[];
  readonly maxRate?: string;
  readonly policing?: number;
}

/** A bridge's own port, as ovs-vsctl add-br makes it, comes by itself. */
export function replicaOf(host: HandMadeHost): Replica {
  const changes: Change[] = [];
  const add = (table: string, row: Readonly<Record<string, Value>>): Uuid => {
    const uuid = `00000000-0000-4000-8000-${changes.length.toString(16).padStart(12, '0')}` as Uuid;
    changes.push({ table, uuid, after: Object.freeze({ ...row }) });
    return uuid;
  };
  const bridges = host.bridges.map(bridge => {
    const own = { name: bridge.name, type: 'internal' };
    const ports = [own, ...bridge.ports].map(port => addPort(add, port));
    return add('Bridge', {
      name: bridge.name,
      ports,
      datapath_type: bridge.datapathType ?? '',
      other_config: map(bridge.datapathId === undefined ? {} : { 'datapath-id': bridge.datapathId }),
      external_ids: map({}),
      fail_mode: bridge.failMode ?? null,
      stp_enable: bridge.stp ?? false,
      rstp_enable: bridge.rstp ?? false,
      controller: (bridge.controllers ?? []).map(target => add('Controller', { target })),
      mirrors: (bridge.mirrors ?? []).map(name => add('Mirror', { name })),
      sflow: null,
      netflow: null,
      ipfix: null,
    });
  });
  add('Open_vSwitch', {
    bridges,
    external_ids: map({
      ...(host.hostname !== undefined && { hostname: host.hostname }),
      ...(host.systemId !== undefined && { 'system-id': host.systemId }),
    }),
  });
  const tables = Object.keys(importColumns).map(
    name => [name, { columns: new Map(), defaults: {}, isRoot: false }] as const,
  );
  return new Replica(new Map(tables)).with(changes);
}

function addPort(add: (table: string, row: Row) => Uuid, port: HandMadePort): Uuid {
  const interfaces = (port.bondOf ?? [port.name]).map(name =>
    add('Interface', {
      name,
      type: port.type ?? '',
      options: map(port.options ?? {}),
      external_ids: map(port.ids ?? {}),
      error: port.error ?? null,
      status: map(port.status ?? {}),
      ingress_policing_rate: port.policing ?? 0,
      ingress_policing_kpkts_rate: 0,
    }),
  );
  const rate = port.maxRate;
  const qos =
    rate === undefined
      ? null
      : add('QoS', { type: 'linux-htb', queues: new Map(), other_config: map({ 'max-rate': rate }) });
  return add('Port', {
    name: port.name,
    interfaces,
    tag: port.tag ?? null,
    trunks: [...(port.trunks ?? [])].sort((a, b) => a - b),
    vlan_mode: port.vlanMode ?? null,
    qos,
    external_ids: map({}),
  });
}

const map = (pairs: Readonly<Record<string, string>>): Value => new Map(Object.entries(pairs).sort());

/** At `tcp:ADDRESS:6640`, read. */
export const read = (address: string, host: HandMadeHost, given?: string): HostToImport => ({
  endpoint: { transport: 'tcp', host: address, port: 6640 },
  reading: { ok: true, rows: replicaOf(host) },
  ...(given !== undefined && { given }),
});

/** A VM's port, as libvirt plugs it in. */
export const vm = (name: string, tag?: number, more: Partial<HandMadePort> = {}): HandMadePort => ({
  name,
  ...(tag !== undefined && { tag }),
  ids: { 'iface-id': `id-${name}` },
  status: { driver_name: 'tun' },
  ...more,
});

export const vxlan = (
  name: string,
  remote: string,
  key?: number | 'flow',
  tag?: number,
  more: Readonly<Record<string, string>> = {},
): HandMadePort => ({
  name,
  type: 'vxlan',
  ...(tag !== undefined && { tag }),
  options: {
    ...(remote !== '' && { remote_ip: remote }),
    ...(key !== undefined && { key: String(key) }),
    ...more,
  },
});

export const nic = (name: string, more: Partial<HandMadePort> = {}): HandMadePort => ({
  name,
  status: { driver_name: 'e1000e' },
  ...more,
});
