/** What a transaction would do, worked out in memory, beside what a real ovsdb-server makes of it. */
import t, { type Test } from 'tap';
import { parseDpid } from '../../src/lib/addresses.js';
import {
  byUuid,
  mutate,
  preview,
  readString,
  remove,
  type Replica,
  type Row,
  update,
} from '../../src/ovsdb/index.js';
import { hostColumns, planHost } from '../../src/reconcile/host.js';
import { OvsdbServer, until, whyNoServer } from '../support/ovsdb-server.js';

const intent = {
  bridge: 'br-int',
  datapathType: 'netdev',
  dpid: parseDpid('0000000000000001') ?? 0n,
  names: new Map(),
  controller: 'tcp:127.0.0.1:6653',
  ports: [{ name: 'tunnel', type: 'vxlan', options: { key: 'flow', remote_ip: 'flow' } }],
  qos: [],
  complete: true,
} as const;

/** Rows by their names, with names in place of uuids: those of new rows mean nothing. */
function named(rows: Replica): Record<string, unknown> {
  const names = new Map<unknown, string>();
  const nameOf = (row: Row): string => readString(row, 'name') ?? readString(row, 'target') ?? '';
  for (const table of rows.tableNames)
    for (const [uuid, row] of rows.table(table)) names.set(uuid, `${table} ${nameOf(row)}`);
  const value = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(value).map(String).sort();
    if (one instanceof Map) return [...one];
    return names.get(one) ?? one;
  };
  const found = [...rows.tableNames].flatMap(table =>
    [...rows.table(table)].map(([uuid, row]) => {
      const followed = [...rows.columns(table).keys()].map(column => [column, value(row[column])]);
      return [names.get(uuid) ?? '', Object.fromEntries(followed) as unknown] as const;
    }),
  );
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

t.test('beside a real server', { skip: whyNoServer() }, async t => {
  const server = await OvsdbServer.start();
  t.teardown(() => server.stop());
  const client = await server.connect({ ...hostColumns, Open_vSwitch: [] });

  /** Makes a plan, foresees it, carries it out, and compares. */
  async function foresee(t: Test, wanted: Parameters<typeof planHost>[0]): Promise<void> {
    const { operations } = planHost(wanted, client.replica);
    t.ok(operations.length > 0, 'there is something to do');
    const before = named(client.replica);
    const foreseen = preview(client.replica, operations);
    t.strictSame(named(client.replica), before, 'a preview changes nothing');
    const outcome = await client.transact(operations);
    t.ok(outcome.ok);
    t.strictSame(named(foreseen), named(client.replica));
  }

  await foresee(t, intent);
  t.comment('another controller, other options, and a port that nobody wants');
  await foresee(t, { ...intent, controller: 'tcp:127.0.0.1:6654' });
  await foresee(t, { ...intent, controller: 'tcp:127.0.0.1:6654', ports: [] });
  t.comment('settings that are others');
  server.vsctl('set', 'Bridge', 'br-int', 'fail_mode=standalone', 'protocols=OpenFlow10');
  await until('it is heard of', () => JSON.stringify(named(client.replica)).includes('OpenFlow10'));
  await foresee(t, { ...intent, ports: [] });
  t.comment('a bridge of another name: what is ours of the one before moves');
  await foresee(t, { ...intent, bridge: 'br-new' });
});

t.test('what cannot be foreseen', { skip: whyNoServer() }, async t => {
  const server = await OvsdbServer.start();
  t.teardown(() => server.stop());
  const { replica } = await server.connect({ ...hostColumns, Open_vSwitch: ['next_cfg'] });
  const next = (rows: Replica): unknown => [...rows.table('Open_vSwitch').values()][0]?.['next_cfg'];
  const [root] = replica.table('Open_vSwitch').keys();
  if (root === undefined) throw new Error('no root');
  for (const one of [
    update('Bridge', [['name', '==', 'br0']], { fail_mode: 'secure' }),
    update('Bridge', byUuid(root), { fail_mode: 'secure' }),
    mutate('Bridge', byUuid({ namedUuid: 'nobody' }), []),
    mutate('Open_vSwitch', byUuid(root), [['next_cfg', '*=', 2]]),
  ])
    t.throws(() => preview(replica, [one]), { code: 'OVSDB_BAD_VALUE' }, JSON.stringify(one));
  t.equal(
    next(preview(replica, [mutate('Open_vSwitch', byUuid(root), [['next_cfg', '+=', 1]])])),
    Number(next(replica)) + 1,
  );
  t.equal(preview(replica, [remove('Open_vSwitch', byUuid(root))]).table('Open_vSwitch').size, 0);
});
