/** QoS and Queue rows of ours among those of others, carried out by a real ovsdb-server. */
import fc from '../support/fast-check.js';
import t, { type Test } from 'tap';
import type { HostIntent, QosIntent } from '../../src/intent/index.js';
import {
  configColumns,
  insert,
  mutate,
  namedUuid,
  type Operation,
  preview,
  readString,
  readUuids,
  remove,
  type Replica,
  type Row,
  select,
  update,
  type WriteAtom,
} from '../../src/ovsdb/index.js';
import { rowChanges } from '../../src/reconcile/host-changes.js';
import { hostColumns, planHost } from '../../src/reconcile/host.js';
import { isOurs, qosMark, type QosOwner, qosOwner } from '../../src/reconcile/owner.js';
import { type OvsdbClient, OvsdbServer, until, whyNoServer } from '../support/ovsdb-server.js';

const base: HostIntent = {
  bridge: 'br-int',
  datapathType: '',
  dpid: 0x4864_0000_0000_0001n,
  names: new Map([[0x4864_0000_0000_0001n, 'kvm1']]),
  controller: 'tcp:10.98.0.254:6653',
  ports: [],
  qos: [],
  complete: true,
};

const gold: QosIntent = {
  port: 'vnet0',
  type: 'linux-htb',
  otherConfig: { 'max-rate': '100000000' },
  queues: [
    { number: 0, otherConfig: { 'max-rate': '50000000' } },
    { number: 7, otherConfig: { 'min-rate': '1000000', 'max-rate': '2000000' }, dscp: 46 },
  ],
};

async function apply(client: OvsdbClient, operations: readonly Operation[]): Promise<void> {
  if (operations.length === 0) return;
  const outcome = await client.transact(operations);
  if (!outcome.ok) throw outcome.error;
}

/** Carries a plan out, and makes sure that nothing is left to do then. @returns what it did, and what is in its way */
async function settle(client: OvsdbClient, intent: HostIntent): Promise<readonly (readonly string[])[]> {
  const { operations, changes, problems } = planHost(intent, client.replica);
  const foreseen = preview(client.replica, operations);
  await apply(client, operations);
  const again = planHost(intent, client.replica);
  if (again.operations.length > 0) throw new Error(`planned again: ${again.changes.join('; ')}`);
  for (const table of ['QoS', 'Queue', 'Port'])
    if (foreseen.table(table).size !== client.replica.table(table).size)
      throw new Error(`a preview has ${foreseen.table(table).size} rows in ${table}`);
  return [changes, problems];
}

const ours = (rows: Replica, table: string): string[] =>
  [...rows.table(table).values()]
    .map(qosOwner)
    .flatMap(owner => (owner === undefined ? [] : [`${owner.port} ${owner.queue ?? ''}`.trim()]))
    .sort();

const portRow = (rows: Replica, name: string): Row => {
  const found = [...rows.table('Port').values()].find(row => readString(row, 'name') === name);
  if (found === undefined) throw new Error(`no port ${name}`);
  return found;
};

async function serve(t: Test): Promise<{ server: OvsdbServer; client: OvsdbClient }> {
  const server = await OvsdbServer.start();
  t.teardown(() => server.stop());
  const client = await server.connect({ ...hostColumns, ...configColumns });
  return { server, client };
}

t.test('QoS and its queues come, change and go', { skip: whyNoServer() }, async t => {
  const { server, client } = await serve(t);
  await settle(client, base);
  const person = async (...args: readonly string[]): Promise<void> => {
    server.vsctl(...args, '--', 'set', 'Open_vSwitch', '.', `external_ids:mark=${args.length}`);
    const expected =
      server.vsctl('--columns=_uuid,name,qos', '-f', 'csv', 'list', 'Port').split('\n').length - 1;
    await until('it is heard of', () => client.replica.table('Port').size === expected);
  };

  t.comment('a port that is not there yet');
  t.strictSame(await settle(client, { ...base, qos: [gold] }), [[], []]);
  await person('add-port', 'br-int', 'vnet0');
  const before = client.replica.with([]);
  t.strictSame(await settle(client, { ...base, qos: [gold] }), [
    ['add queue 0 of vnet0', 'add queue 7 of vnet0', 'add QoS linux-htb of vnet0'],
    [],
  ]);
  t.match(
    rowChanges(before, client.replica)
      .map(({ table, name, change }) => `${change} ${table} ${name}`)
      .sort(),
    ['added QoS of vnet0', 'added Queue 0 of vnet0', 'added Queue 7 of vnet0', 'changed Port vnet0'],
  );
  t.match(
    rowChanges(before, client.replica).find(({ table }) => table === 'QoS')?.columns,
    [
      { column: 'type', after: 'linux-htb' },
      { column: 'queues', after: '{0=0 of vnet0, 7=7 of vnet0}' },
      { column: 'other_config', after: '{max-rate=100000000}' },
      { column: 'external_ids' },
    ],
    'shown by the names of their owners',
  );
  const id = server.vsctl('get', 'Port', 'vnet0', 'qos');
  t.equal(
    server.vsctl('get', 'QoS', id, 'external_ids'),
    '{heddle=managed, heddle-bridge=br-int, heddle-port=vnet0}',
  );
  const [seven] = (/7=([0-9a-f-]+)/.exec(server.vsctl('get', 'QoS', id, 'queues')) ?? []).slice(1);
  t.equal(server.vsctl('get', 'Queue', seven ?? '', 'dscp'), '46');
  t.equal(
    server.vsctl('get', 'Queue', seven ?? '', 'other_config'),
    '{max-rate="2000000", min-rate="1000000"}',
  );

  t.comment('other rates, one queue less and another more: rows that stay are the same ones');
  const silver: QosIntent = {
    ...gold,
    otherConfig: { 'max-rate': '90000000' },
    queues: [
      { number: 7, otherConfig: { 'max-rate': '3000000' } },
      { number: 8, otherConfig: {} },
    ],
  };
  t.strictSame(await settle(client, { ...base, qos: [silver] }), [
    ['set queue 7 of vnet0', 'add queue 8 of vnet0', 'set QoS linux-htb of vnet0', 'remove queue 0 of vnet0'],
    [],
  ]);
  t.equal(server.vsctl('get', 'Port', 'vnet0', 'qos'), id);
  t.match(server.vsctl('get', 'QoS', id, 'queues'), `7=${seven ?? ''}`);
  t.equal(server.vsctl('get', 'Queue', seven ?? '', 'dscp'), '[]');
  t.strictSame(await settle(client, { ...base, qos: [{ ...silver, type: 'linux-hfsc' }] }), [
    ['set QoS linux-hfsc of vnet0'],
    [],
  ]);

  t.comment('what a person does to rows of ours is undone, but for what is in external_ids');
  server.vsctl('set', 'QoS', id, 'type=linux-noop', 'other_config={}', 'external_ids:note=mine');
  await until('it is heard of', () =>
    [...client.replica.table('QoS').values()].some(row => row['type'] === 'linux-noop'),
  );
  t.strictSame((await settle(client, { ...base, qos: [silver] }))[0], ['set QoS linux-htb of vnet0']);
  t.match(server.vsctl('get', 'QoS', id, 'external_ids'), 'note=mine');
  server.vsctl('clear', 'Port', 'vnet0', 'qos');
  await until('it is heard of', () => readUuids(portRow(client.replica, 'vnet0'), 'qos').length === 0);
  t.strictSame((await settle(client, { ...base, qos: [silver] }))[0], ['set QoS linux-htb of vnet0']);
  t.equal(server.vsctl('get', 'Port', 'vnet0', 'qos'), id, 'the row that was there is found again');

  t.comment('twice, and of an app that cannot say');
  t.strictSame((await settle(client, { ...base, qos: [silver, gold] }))[1], [
    'the QoS of port vnet0 is wanted twice: the second one is left out',
  ]);
  t.strictSame(await settle(client, { ...base, complete: false }), [[], []]);

  t.comment('the port goes: its rows do not stay behind');
  server.vsctl('del-port', 'vnet0');
  await until('it has gone', () => client.replica.table('Port').size === 1);
  t.strictSame((await settle(client, { ...base, qos: [silver] }))[0], [
    'remove QoS of vnet0',
    'remove queue 7 of vnet0',
    'remove queue 8 of vnet0',
  ]);
  t.equal(
    server.vsctl('--columns=_uuid', 'list', 'QoS') + server.vsctl('--columns=_uuid', 'list', 'Queue'),
    '',
  );
});

t.test('a port of an app’s own gets its QoS in the same transaction', { skip: whyNoServer() }, async t => {
  const { server, client } = await serve(t);
  const ports = [{ name: 'tap', type: 'internal', options: {} }];
  const intent = { ...base, ports, qos: [{ ...gold, port: 'tap' }] };
  t.strictSame((await settle(client, intent))[0], [
    'create bridge br-int',
    'add port tap',
    'add queue 0 of tap',
    'add queue 7 of tap',
    'add QoS linux-htb of tap',
  ]);
  t.strictSame((await settle(client, { ...intent, bridge: 'br-new' }))[0], [
    'create bridge br-new',
    'move port tap from br-int',
    'set queue 0 of tap',
    'set queue 7 of tap',
    'set QoS linux-htb of tap',
    'remove controller tcp:10.98.0.254:6653 of br-int',
  ]);
  t.match(server.vsctl('get', 'QoS', server.vsctl('get', 'Port', 'tap', 'qos'), 'external_ids'), 'br-new');
  t.strictSame((await settle(client, { ...base, bridge: 'br-new', qos: intent.qos }))[0], [
    'remove QoS of tap',
    'remove queue 0 of tap',
    'remove queue 7 of tap',
    'remove port tap',
  ]);
  t.strictSame([ours(client.replica, 'QoS'), ours(client.replica, 'Queue')], [[], []]);
});

t.test('what is somebody else’s, or is used by others', { skip: whyNoServer() }, async t => {
  const { server, client } = await serve(t);
  await settle(client, base);
  for (const name of ['vnet0', 'vnet1']) server.vsctl('add-port', 'br-int', name);
  server.vsctl('set', 'Port', 'vnet0', 'qos=@q', '--', '--id=@q', 'create', 'QoS', 'type=linux-noop');
  await until('it is heard of', () => client.replica.table('QoS').size === 1);
  t.strictSame(await settle(client, { ...base, qos: [gold] }), [
    [],
    [
      "port vnet0 has a QoS of somebody else's (linux-noop), which is left as it is: to let Heddle set its own, `ovs-vsctl clear Port vnet0 qos`",
    ],
  ]);
  t.equal(client.replica.table('Queue').size, 0, 'no rows that nobody uses');

  server.vsctl('clear', 'Port', 'vnet0', 'qos');
  await until('it is heard of', () => readUuids(portRow(client.replica, 'vnet0'), 'qos').length === 0);
  await settle(client, { ...base, qos: [gold] });
  const id = server.vsctl('get', 'Port', 'vnet0', 'qos');
  server.vsctl('set', 'Port', 'vnet1', `qos=${id}`);
  await until('it is heard of', () => readUuids(portRow(client.replica, 'vnet1'), 'qos').length === 1);
  t.strictSame(await settle(client, { ...base, qos: [gold, { ...gold, port: 'vnet1' }] }), [
    [],
    [
      'port vnet1 has a QoS that Heddle made for port vnet0 (linux-htb), which is left as it is: to let Heddle set its own, `ovs-vsctl clear Port vnet1 qos`',
    ],
  ]);
  t.strictSame(await settle(client, base), [
    [],
    ['the QoS that Heddle made for port vnet0 is used by vnet1: it is left there'],
  ]);
  server.vsctl('clear', 'Port', 'vnet1', 'qos');
  server.vsctl(
    'create',
    'QoS',
    'type=linux-htb',
    `queues=${server.vsctl('get', 'QoS', id, 'queues').replace('0=', '9=')}`,
  );
  await until('it is heard of', () => client.replica.table('QoS').size === 3);
  t.strictSame(await settle(client, base), [
    ['remove QoS of vnet0'],
    [
      'queue 0 that Heddle made for port vnet0 is used by another QoS: it is left there',
      'queue 7 that Heddle made for port vnet0 is used by another QoS: it is left there',
    ],
  ]);
});

/** Random rows of ours, of somebody else's and of another bridge's, in any state that a killed Heddle or a person may leave. */
const names = ['p0', 'p1', 'p2'] as const;
const anyOwner = fc.option(
  fc.record({
    bridge: fc.constantFrom('br-int', 'br-other', 'br-gone'),
    port: fc.constantFrom(...names, 'none'),
  }),
  { nil: undefined },
);
const anyConfig = fc.dictionary(fc.constantFrom('max-rate', 'min-rate', 'burst'), fc.constantFrom('1', '2'));
const number = fc.nat(2);
const anyState = fc.record({
  ports: fc.subarray([...names]),
  queues: fc.array(
    fc.record({ owner: anyOwner, queue: number, config: anyConfig, dscp: fc.option(fc.nat(1)) }),
    { maxLength: 5 },
  ),
  qos: fc.array(
    fc.record({
      owner: anyOwner,
      type: fc.constantFrom('linux-htb', 'linux-hfsc'),
      config: anyConfig,
      queues: fc.dictionary(fc.constantFrom('0', '1', '2'), fc.nat(4)),
    }),
    { maxLength: 5 },
  ),
  uses: fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(4)), { maxLength: 3 }),
});
const anyIntent: fc.Arbitrary<readonly QosIntent[]> = fc.uniqueArray(
  fc.record({
    port: fc.constantFrom(...names),
    type: fc.constantFrom('linux-htb', 'linux-hfsc'),
    otherConfig: anyConfig,
    queues: fc.uniqueArray(fc.record({ number, otherConfig: anyConfig }), {
      selector: queue => queue.number,
      maxLength: 2,
    }),
  }),
  { selector: ({ port }) => port },
);
type State = typeof anyState extends fc.Arbitrary<infer T> ? T : never;

function build({ ports, queues, qos, uses }: State): Operation[] {
  const ids = (owner: Omit<QosOwner, 'queue'> | undefined, queue?: number) =>
    owner === undefined
      ? new Map([['theirs', 'yes']])
      : qosMark({ ...owner, ...(queue !== undefined && { queue }) });
  const users = new Map(uses.filter(([, at]) => at < qos.length).map(([name, at]) => [name as string, at]));
  return [
    ...queues.map(({ owner, queue, config, dscp }, at) =>
      insert(
        'Queue',
        { other_config: new Map(Object.entries(config)), dscp, external_ids: ids(owner, queue) },
        `q${at}`,
      ),
    ),
    ...qos.map(({ owner, type, config, queues: held }, at) => {
      const refs = Object.entries(held).filter(([, to]) => to < queues.length);
      const map = new Map(refs.map(([key, to]): [number, WriteAtom] => [Number(key), namedUuid(`q${to}`)]));
      return insert(
        'QoS',
        { type, other_config: new Map(Object.entries(config)), queues: map, external_ids: ids(owner) },
        `r${at}`,
      );
    }),
    ...ports.flatMap(name => {
      const at = users.get(name);
      return [
        insert('Interface', { name }, `i_${name}`),
        insert(
          'Port',
          {
            name,
            interfaces: [namedUuid(`i_${name}`)],
            ...(at !== undefined && { qos: namedUuid(`r${at}`) }),
          },
          name,
        ),
        mutate('Bridge', [['name', '==', 'br-int']], [['ports', 'insert', [namedUuid(name)]]]),
      ];
    }),
  ];
}

/** All columns of the rows that are not ours, versions too; of ports, all but what they have of ours. */
async function foreign(client: OvsdbClient): Promise<string> {
  const outcome = await client.transact(['QoS', 'Queue', 'Port'].map(table => select(table, [])));
  if (!outcome.ok) throw outcome.error;
  const [qos, queues, ports] = outcome.results.map(result => (result.op === 'select' ? result.rows : []));
  const oursIn = new Set((qos ?? []).filter(isOurs).map(row => row['_uuid']));
  const plain = (row: Row): unknown =>
    Object.entries(row).map(([column, value]) => [column, value instanceof Map ? [...value] : value]);
  const shown = [...(qos ?? []), ...(queues ?? [])].filter(row => !isOurs(row)).map(plain);
  const ofPorts = (ports ?? []).map(row => {
    const held = readUuids(row, 'qos').filter(uuid => !oursIn.has(uuid));
    return plain({ ...row, qos: held, _version: null });
  });
  return JSON.stringify([...shown, ...ofPorts].map(one => JSON.stringify(one)).sort());
}

t.test('any state comes to what is wanted, and what is others’ stays', { skip: whyNoServer() }, async t => {
  const { server, client } = await serve(t);
  server.vsctl('add-br', 'br-other');
  await until('it is heard of', () => client.replica.table('Port').size === 1);
  await settle(client, base);
  const clear: Operation[] = [
    update('Port', [], { qos: null }),
    remove('QoS', []),
    remove('Queue', []),
    update('Bridge', [['name', '==', 'br-int']], { ports: [] }),
  ];
  await fc.assert(
    fc.asyncProperty(
      anyState,
      fc.array(anyIntent, { minLength: 1, maxLength: 3 }),
      async (state, intents) => {
        await apply(client, clear);
        await apply(client, build(state));
        const before = await foreign(client);
        for (const qos of [...intents, []]) {
          const [, problems = []] = await settle(client, { ...base, qos });
          if ((await foreign(client)) !== before) throw new Error('something of others has changed');
          for (const { port, type } of qos) {
            if (!state.ports.includes(port as (typeof names)[number])) continue;
            const [held] = readUuids(portRow(client.replica, port), 'qos');
            const row = held && client.replica.row('QoS', held);
            const isServed = row !== undefined && qosOwner(row)?.port === port && row['type'] === type;
            if (!isServed && !problems.some(text => text.startsWith(`port ${port} has a QoS`)))
              throw new Error(`${port} has not what is wanted, and nothing is told`);
          }
          const wanted = new Set(qos.map(({ port }) => port));
          for (const row of client.replica.table('QoS').values()) {
            const owner = qosOwner(row);
            if (owner === undefined || owner.bridge === 'br-other' || wanted.has(owner.port)) continue;
            if (!problems.some(text => text.startsWith(`the QoS that Heddle made for port ${owner.port}`)))
              throw new Error(`an orphan of ${owner.port} is left, and nothing is told`);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
