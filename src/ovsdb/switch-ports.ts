/**
 * The ports of Open vSwitch, as its database has them: an Interface in a Port in a Bridge [ovs-vswitchd.conf.db(5)].
 * Which number an interface has, and whether it could be made at all, ovs-vswitchd writes back into the Interface row.
 */
import type { WantedTables } from './monitor.js';
import type { Replica } from './replica.js';
import { readNumber, readString, readStringMap, readUuids } from './row.js';
import { sameValue, type Row, type Uuid } from './values.js';

/** The columns that this file reads, to be among the wanted ones. */
export const portColumns = {
  Bridge: ['name', 'ports'],
  Port: ['name', 'interfaces', 'qos'],
  Interface: [
    'name',
    'type',
    'ofport',
    'error',
    'options',
    'external_ids',
    'ingress_policing_rate',
    'ingress_policing_burst',
  ],
  QoS: ['type', 'external_ids'],
} as const satisfies WantedTables;

export interface SwitchPort {
  /** Of the Interface row: the port's identity while it exists. */
  readonly uuid: Uuid;
  readonly bridge: string;
  /** The Port row's name. */
  readonly port: string;
  /** Whether that Port has several interfaces [ovs-vswitchd.conf.db(5), Port: Bonding Configuration]. */
  readonly bonded: boolean;
  readonly name: string;
  /** As written in the database: '' and 'system' are the same. */
  readonly type: string;
  /** The OpenFlow port number; null while there is none, which includes the -1 of an interface that failed. */
  readonly ofport: number | null;
  /** Why the interface could not be made, in the switch's words. */
  readonly error: string | null;
  /** What its type is set up with: for a tunnel, where it leads. */
  readonly options: ReadonlyMap<string, string>;
  readonly externalIds: ReadonlyMap<string, string>;
  /** kbit/s and kbit; a rate of 0: what comes in is not limited. */
  readonly ingressPolicing: { readonly rateKbit: number; readonly burstKbit: number };
  /** How the port sends; left out where it has no QoS. */
  readonly qos?: { readonly type: string; readonly externalIds: ReadonlyMap<string, string> };
}

export type SwitchPorts = ReadonlyMap<Uuid, SwitchPort>;

export type PortEvent =
  | { readonly type: 'appeared'; readonly port: SwitchPort }
  /** To another bridge or port number. */
  | { readonly type: 'moved'; readonly port: SwitchPort; readonly before: SwitchPort }
  /** Anything else about it: a name, an error, options, external_ids. */
  | { readonly type: 'changed'; readonly port: SwitchPort; readonly before: SwitchPort }
  | { readonly type: 'gone'; readonly before: SwitchPort };

/** Every interface that a bridge reaches. */
export function portsOf(replica: Replica): SwitchPorts {
  const ports = new Map<Uuid, SwitchPort>();
  for (const bridge of replica.table('Bridge').values()) {
    for (const portUuid of readUuids(bridge, 'ports')) {
      const port = replica.row('Port', portUuid);
      for (const uuid of port === undefined ? [] : readUuids(port, 'interfaces')) {
        const row = replica.row('Interface', uuid);
        if (port !== undefined && row !== undefined)
          ports.set(uuid, switchPort(uuid, bridge, port, row, qosOf(port, replica)));
      }
    }
  }
  return ports;
}

/** What happened between two views, the departures first. */
export function portEvents(before: SwitchPorts, after: SwitchPorts): readonly PortEvent[] {
  const gone = [...before.values()].filter(port => !after.has(port.uuid));
  const events: PortEvent[] = gone.map(port => ({ type: 'gone', before: port }));
  for (const port of after.values()) {
    const old = before.get(port.uuid);
    if (old === undefined) events.push({ type: 'appeared', port });
    else if (old.bridge !== port.bridge || old.ofport !== port.ofport)
      events.push({ type: 'moved', port, before: old });
    else if (!sameDetails(old, port)) events.push({ type: 'changed', port, before: old });
  }
  return events;
}

function qosOf(port: Row, replica: Replica): SwitchPort['qos'] {
  const [uuid] = readUuids(port, 'qos');
  const row = uuid === undefined ? undefined : replica.row('QoS', uuid);
  return row && { type: readString(row, 'type') ?? '', externalIds: readStringMap(row, 'external_ids') };
}

function switchPort(uuid: Uuid, bridge: Row, port: Row, row: Row, qos: SwitchPort['qos']): SwitchPort {
  const ofport = readNumber(row, 'ofport');
  return {
    uuid,
    bridge: readString(bridge, 'name') ?? '',
    port: readString(port, 'name') ?? '',
    bonded: readUuids(port, 'interfaces').length > 1,
    name: readString(row, 'name') ?? '',
    type: readString(row, 'type') ?? '',
    ofport: ofport === -1 ? null : ofport,
    error: readString(row, 'error'),
    options: readStringMap(row, 'options'),
    externalIds: readStringMap(row, 'external_ids'),
    ingressPolicing: {
      rateKbit: readNumber(row, 'ingress_policing_rate') ?? 0,
      burstKbit: readNumber(row, 'ingress_policing_burst') ?? 0,
    },
    ...(qos && { qos }),
  };
}

const sameDetails = (a: SwitchPort, b: SwitchPort): boolean =>
  a.port === b.port &&
  a.bonded === b.bonded &&
  a.name === b.name &&
  a.type === b.type &&
  a.error === b.error &&
  a.ingressPolicing.rateKbit === b.ingressPolicing.rateKbit &&
  a.ingressPolicing.burstKbit === b.ingressPolicing.burstKbit &&
  a.qos?.type === b.qos?.type &&
  sameValue(a.qos?.externalIds ?? new Map(), b.qos?.externalIds ?? new Map()) &&
  sameValue(a.options, b.options) &&
  sameValue(a.externalIds, b.externalIds);
