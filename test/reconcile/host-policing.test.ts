/** Ingress policing of ports that somebody else has made, carried out by a real ovsdb-server. */
import t from 'tap';
import type { HostIntent, PolicingIntent } from '../../src/intent/index.js';
import { configColumns, readNumber, readString } from '../../src/ovsdb/index.js';
import { hostColumns, planHost } from '../../src/reconcile/host.js';
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
const policed = (...policing: PolicingIntent[]): HostIntent => ({ ...base, policing });
const slow = { port: 'vnet0', rateKbit: 10_000, burstKbit: 5_000 };

/** Carries a plan out, and makes sure that nothing is left to do then. @returns what it did, and what is in its way */
async function settle(client: OvsdbClient, intent: HostIntent): Promise<readonly (readonly string[])[]> {
  const { operations, changes, problems } = planHost(intent, client.replica);
  if (operations.length > 0) {
    const outcome = await client.transact(operations);
    if (!outcome.ok) throw outcome.error;
  }
  const again = planHost(intent, client.replica);
  if (again.operations.length > 0) throw new Error(`planned again: ${again.changes.join('; ')}`);
  return [changes, problems];
}

t.test('ports are policed, and let go', { skip: whyNoServer() }, async t => {
  const server = await OvsdbServer.start();
  t.teardown(() => server.stop());
  const client = await server.connect({ ...hostColumns, ...configColumns });
  await settle(client, base);
  server.vsctl('add-port', 'br-int', 'vnet0', '--', 'set', 'Interface', 'vnet0', 'external_ids:iface-id=vm');
  await until('it is heard of', () => client.replica.table('Port').size === 2);
  const get = (column: string): string => server.vsctl('get', 'Interface', 'vnet0', column);
  const found = (): number | null => {
    const rows = [...client.replica.table('Interface').values()];
    const row = rows.find(one => readString(one, 'name') === 'vnet0');
    return row === undefined ? null : readNumber(row, 'ingress_policing_rate');
  };
  const person = async (rate: number): Promise<void> => {
    server.vsctl('set', 'Interface', 'vnet0', `ingress_policing_rate=${rate}`);
    await until('it is heard of', () => found() === rate);
  };

  t.strictSame(await settle(client, policed(slow, { ...slow, port: 'vnet9' })), [
    ['police what comes in by vnet0 at 10000 kbit/s'],
    [],
  ]);
  t.strictSame(
    [get('ingress_policing_rate'), get('ingress_policing_burst'), get('external_ids')],
    ['10000', '5000', '{heddle-policing="10000/5000", iface-id=vm}'],
  );
  t.strictSame(await settle(client, policed({ ...slow, rateKbit: 20_000 })), [
    ['police what comes in by vnet0 at 20000 kbit/s'],
    [],
  ]);
  t.strictSame(await settle(client, { ...base, complete: false }), [[], []], 'while an app cannot say');
  t.strictSame(await settle(client, base), [['police what comes in by vnet0 no more'], []]);
  t.strictSame([get('ingress_policing_rate'), get('external_ids')], ['0', '{iface-id=vm}']);

  t.comment("somebody else's stays, also where it has come in the place of ours");
  await person(7_000);
  const [changes, problems] = await settle(client, policed(slow));
  t.strictSame(changes, []);
  t.match(problems, [/vnet0 has ingress_policing_rate=7000 of somebody else's, which is left as it is/]);
  t.strictSame(await settle(client, base), [[], []]);
  await person(0);
  await settle(client, policed(slow));
  await person(8_000);
  t.match((await settle(client, policed(slow)))[1], [/ingress_policing_rate=8000 of somebody else's/]);
  t.strictSame(await settle(client, base), [['police what comes in by vnet0 no more'], []]);
  t.strictSame([get('ingress_policing_rate'), get('external_ids')], ['8000', '{iface-id=vm}']);
});
