import type { HostIntent, QosIntent, QueueIntent } from '../intent/index.js';
import {
  byUuid,
  insert,
  mutate,
  namedUuid,
  readNumber,
  readReferenceMap,
  readString,
  readStringMap,
  readUuids,
  remove,
  type Replica,
  type Row,
  update,
  type Uuid,
  type WriteAtom,
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
import { bridgeOf, isTaken, sameMap, type Target } from './host-ports.js';
import { isOurs, qosMark, type QosOwner, qosOwner } from './owner.js';

/** The port that a QoS is wanted for; one that this transaction makes has no row yet. */
interface Holder {
  readonly ref: WriteAtom;
  readonly row?: Row;
}

/** A plan, and the rows of ours that stay with it: the others are not wanted any more. */
interface Settled {
  readonly plan: HostPlan;
  readonly used: readonly Uuid[];
}

/**
 * QoS and Queue rows: those of ours come, are set right and go. They are of root tables, so that a row that nothing refers
 * to stays until it is deleted [RFC 7047 3.2 isRoot], and have no names: ours are found by what their external_ids say.
 * What a port has of somebody else's is left as it is. Port.qos changes by mutations alone: it takes one row, so that an
 * insert beside another writer's is refused, and planned anew from what is there then.
 */
export function planQos(intent: HostIntent, target: Target, rows: Replica): HostPlan {
  const seen = new Set<string>();
  const settled = intent.qos.map((qos, index): Settled => {
    if (seen.has(qos.port))
      return {
        plan: problem(`the QoS of port ${qos.port} is wanted twice: the second one is left out`),
        used: [],
      };
    seen.add(qos.port);
    const holder = holderOf(qos.port, intent, target, rows);
    return holder === undefined
      ? { plan: nothing, used: [] }
      : wantedQos(qos, String(index), holder, intent.bridge, rows);
  });
  const used = new Set(settled.flatMap(one => one.used));
  return joined([...settled.map(({ plan }) => plan), stale(intent, target, used, rows)]);
}

function holderOf(name: string, intent: HostIntent, target: Target, rows: Replica): Holder | undefined {
  const made = intent.ports.findIndex(port => port.name === name);
  const found = findByName(rows.table('Port'), name);
  if (found === undefined) {
    const isMade = made !== -1 && name !== intent.bridge && !isTaken(name, rows);
    return isMade ? { ref: namedUuid(`port_${made}`) } : undefined;
  }
  const [ref, row] = found;
  // A port of ours that nobody wants goes in this very transaction.
  if (isOurs(row) && made === -1 && name !== intent.bridge) return undefined;
  const at = bridgeOf(ref, rows)?.[0];
  const isHere = at === target.bridge || (made !== -1 && target.former.some(([uuid]) => uuid === at));
  return isHere ? { ref, row } : undefined;
}

function wantedQos(qos: QosIntent, key: string, holder: Holder, bridge: string, rows: Replica): Settled {
  const { port } = qos;
  const owner = { bridge, port };
  const [current] = holder.row === undefined ? [] : readUuids(holder.row, 'qos');
  const found = current === undefined ? ourRow('QoS', owner, rows) : namedRow('QoS', current, rows);
  if (current !== undefined && (found === undefined || !isOf(owner, found[1])))
    return { plan: problem(inTheWay(port, found?.[1])), used: [] };
  const queues = qos.queues.map(queue => wantedQueue(queue, key, owner, found, rows));
  const refs = new Map(queues.map(({ number, ref }) => [number, ref]));
  const row = { type: qos.type, other_config: asMap(qos.otherConfig), queues: refs };
  const plans = queues.map(({ plan }) => plan);
  const attach = (ref: WriteAtom): HostPlan['operations'] =>
    current === undefined ? [mutate('Port', byUuid(holder.ref), [['qos', 'insert', [ref]]])] : [];
  const used = queues.flatMap(one => one.used);
  if (found === undefined) {
    const made = insert('QoS', { ...row, external_ids: qosMark(owner) }, `qos_${key}`);
    plans.push(change(`add QoS ${qos.type} of ${port}`, made, ...attach(namedUuid(`qos_${key}`))));
    return { plan: joined(plans), used };
  }
  const [uuid, before] = found;
  const different: Record<string, WriteRow[string]> = {};
  if (readString(before, 'type') !== qos.type) different['type'] = row.type;
  if (!sameMap(readStringMap(before, 'other_config'), qos.otherConfig))
    different['other_config'] = row.other_config;
  if (!sameReferences(readReferenceMap(before, 'queues'), refs)) different['queues'] = refs;
  const operations = [...setRow('QoS', uuid, different), ...remarked('QoS', found, owner), ...attach(uuid)];
  if (operations.length > 0) plans.push(change(`set QoS ${qos.type} of ${port}`, ...operations));
  return { plan: joined(plans), used: [uuid, ...used] };
}

/** @param qos the row that has this queue already, if there is one */
function wantedQueue(
  { number, otherConfig, dscp }: QueueIntent,
  key: string,
  of: QosOwner,
  qos: Named | undefined,
  rows: Replica,
): Settled & { readonly number: number; readonly ref: WriteAtom } {
  const owner = { ...of, queue: number };
  const linked = qos && readReferenceMap(qos[1], 'queues').get(number);
  const there = linked === undefined ? undefined : namedRow('Queue', linked, rows);
  const found = there !== undefined && isOf(owner, there[1]) ? there : ourRow('Queue', owner, rows);
  const row = { other_config: asMap(otherConfig), dscp: dscp ?? null };
  if (found === undefined) {
    const name = `queue_${key}_${number}`;
    const made = insert('Queue', { ...row, external_ids: qosMark(owner) }, name);
    return {
      number,
      ref: namedUuid(name),
      plan: change(`add queue ${number} of ${of.port}`, made),
      used: [],
    };
  }
  const [uuid, before] = found;
  const different: Record<string, WriteRow[string]> = {};
  if (!sameMap(readStringMap(before, 'other_config'), otherConfig))
    different['other_config'] = row.other_config;
  if (readNumber(before, 'dscp') !== row.dscp) different['dscp'] = row.dscp;
  const operations = [...setRow('Queue', uuid, different), ...remarked('Queue', found, owner)];
  const plan = operations.length === 0 ? nothing : change(`set queue ${number} of ${of.port}`, ...operations);
  return { number, ref: uuid, plan, used: [uuid] };
}

/**
 * Rows of ours that no app wants. Those of another hypervisor's bridge in this database are that one's, while the bridge is
 * there. One that somebody else's row refers to cannot go, and is told.
 */
function stale(intent: HostIntent, target: Target, used: ReadonlySet<Uuid>, rows: Replica): HostPlan {
  if (!intent.complete) return nothing;
  const bridges = new Set([intent.bridge, ...target.former.map(([, row]) => nameOf(row))]);
  const left = (table: string): readonly (readonly [Uuid, QosOwner])[] =>
    [...rows.table(table)]
      .flatMap(([uuid, row]) => {
        const owner = qosOwner(row);
        if (owner === undefined || used.has(uuid)) return [];
        const isMine =
          bridges.has(owner.bridge) || findByName(rows.table('Bridge'), owner.bridge) === undefined;
        return isMine ? [[uuid, owner] as const] : [];
      })
      .sort(([, a], [, b]) => a.port.localeCompare(b.port) || (a.queue ?? 0) - (b.queue ?? 0));
  const gone = new Set<Uuid>();
  const qos = left('QoS').map(([uuid, { port }]) => {
    const users = [...rows.table('Port')].filter(([, row]) => readUuids(row, 'qos').includes(uuid));
    const others = users.filter(([, row]) => nameOf(row) !== port).map(([, row]) => nameOf(row));
    if (others.length > 0)
      return problem(
        `the QoS that Heddle made for port ${port} is used by ${others.join(', ')}: it is left there`,
      );
    gone.add(uuid);
    const detach = users.map(([user]) => mutate('Port', byUuid(user), [['qos', 'delete', [uuid]]]));
    return change(`remove QoS of ${port}`, ...detach, remove('QoS', byUuid(uuid)));
  });
  const queues = left('Queue').map(([uuid, { port, queue }]) => {
    const users = [...rows.table('QoS')].filter(
      ([user, row]) =>
        !gone.has(user) && !used.has(user) && [...readReferenceMap(row, 'queues').values()].includes(uuid),
    );
    if (users.some(([, row]) => !isOurs(row)))
      return problem(
        `queue ${queue ?? ''} that Heddle made for port ${port} is used by another QoS: it is left there`,
      );
    return users.length > 0
      ? nothing
      : change(`remove queue ${queue ?? ''} of ${port}`, remove('Queue', byUuid(uuid)));
  });
  return joined([...qos, ...queues]);
}

function inTheWay(port: string, row: Row | undefined): string {
  const owner = row && qosOwner(row);
  const whose = owner === undefined ? "of somebody else's" : `that Heddle made for port ${owner.port}`;
  const type = (row && readString(row, 'type')) ?? 'unknown';
  return `port ${port} has a QoS ${whose} (${type}), which is left as it is: to let Heddle set its own, \`ovs-vsctl clear Port ${port} qos\``;
}

/** By its natural key; the bridge is no part of it, since ports have one name each in all of a database. */
const isOf = ({ port, queue }: QosOwner, row: Row): boolean => {
  const owner = qosOwner(row);
  return owner !== undefined && owner.port === port && owner.queue === queue;
};

function ourRow(table: string, owner: QosOwner, rows: Replica): Named | undefined {
  for (const entry of rows.table(table)) if (isOf(owner, entry[1])) return entry;
  return undefined;
}

function namedRow(table: string, uuid: Uuid, rows: Replica): Named | undefined {
  const row = rows.row(table, uuid);
  return row === undefined ? undefined : [uuid, row];
}

const setRow = (table: string, uuid: Uuid, row: WriteRow): HostPlan['operations'] =>
  Object.keys(row).length === 0 ? [] : [update(table, byUuid(uuid), row)];

/** The file calls the bridge by another name now. */
function remarked(table: string, [uuid, row]: Named, { bridge }: QosOwner): HostPlan['operations'] {
  if (qosOwner(row)?.bridge === bridge) return [];
  const mark = new Map([['heddle-bridge', bridge]]);
  // An insert leaves a key that is there as it is [RFC 7047 5.1].
  return [
    mutate(table, byUuid(uuid), [
      ['external_ids', 'delete', ['heddle-bridge']],
      ['external_ids', 'insert', mark],
    ]),
  ];
}

const asMap = (record: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(record));

const sameReferences = (found: ReadonlyMap<number, Uuid>, wanted: ReadonlyMap<number, WriteAtom>): boolean =>
  found.size === wanted.size && [...wanted].every(([number, ref]) => found.get(number) === ref);
