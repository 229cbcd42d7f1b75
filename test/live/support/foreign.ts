/** What somebody else has put into br-int and its database by hand, and whether it is still there. */
import type { Hypervisor } from '../../../lab/hypervisor.js';
import { tablesOf } from './tables.js';

const cookie = '0x1234';
const mark = 'theirs=yes';
const ofTheirs = /^cookie=0x1234,|^group_id=7,|^meter=7 /;

/**
 * A port with a QoS row and a queue, a QoS row that no port uses, a note on the bridge, and what `addForeignFlows` adds.
 * The type linux-noop leaves the device as it is.
 */
export async function addForeign(hypervisor: Hypervisor): Promise<void> {
  await hypervisor.vsctl(
    ...['add-port', 'br-int', 'theirs', '--', 'set', 'Interface', 'theirs', 'type=internal'],
    ...['external_ids:iface-id=nobody', '--', 'set', 'Bridge', 'br-int', `external_ids:${mark}`],
    ...['--', 'set', 'Port', 'theirs', 'qos=@used'],
    ...['--', '--id=@used', 'create', 'QoS', 'type=linux-noop', `external_ids:${mark}`, 'queues:3=@queue'],
    ...['--', '--id=@queue', 'create', 'Queue', 'other_config:max-rate=1000000', `external_ids:${mark}`],
    ...['--', 'create', 'QoS', 'type=linux-noop', `external_ids:${mark}`, 'other_config:max-rate=2000000'],
  );
  await addForeignFlows(hypervisor);
}

/** A meter, a group, and two flows: one in a table of Heddle's, which uses both, and one in none. */
export async function addForeignFlows(hypervisor: Hypervisor): Promise<void> {
  await hypervisor.ofctl('add-meter', 'br-int', 'meter=7,kbps,burst,band=type=drop,rate=9000,burst_size=900');
  await hypervisor.ofctl('add-group', 'br-int', 'group_id=7,type=all,bucket=actions=output:LOCAL');
  await hypervisor.ofctl(
    'add-flow',
    'br-int',
    `cookie=${cookie},table=0,priority=7,in_port=LOCAL,actions=meter:7,group:7`,
  );
  await hypervisor.ofctl('add-flow', 'br-int', `cookie=${cookie},table=200,priority=7,actions=drop`);
}

/** What `list` prints of their rows: all that somebody sets, and no column in which ovs-vswitchd tells how they do. */
const rows: readonly (readonly [table: string, columns: string, record: string | undefined])[] = [
  ['Port', '_uuid,name,interfaces,qos,tag,external_ids,other_config', 'theirs'],
  ['Interface', '_uuid,name,type,ofport,external_ids,other_config,options', 'theirs'],
  ['QoS', '_uuid,type,queues,external_ids,other_config', undefined],
  ['Queue', '_uuid,dscp,external_ids,other_config', undefined],
];

/**
 * What is there of it, one line for each flow, group, meter and row, with the packets that each flow has counted left out.
 * Rows of QoS and Queue that bear Heddle's mark are not theirs.
 */
export async function foreignOn(hypervisor: Hypervisor): Promise<readonly string[]> {
  const tables = (await tablesOf(hypervisor)).filter(line => ofTheirs.test(line));
  const bridge = await hypervisor.vsctl('get', 'Bridge', 'br-int', 'external_ids:theirs');
  const found = await Promise.all(rows.map(row => listed(hypervisor, ...row)));
  return [...tables, `bridge ${bridge.trim()}`, ...found.flat().sort()];
}

async function listed(
  hypervisor: Hypervisor,
  table: string,
  columns: string,
  record: string | undefined,
): Promise<readonly string[]> {
  const which = record === undefined ? [] : [record];
  const text = await hypervisor.vsctl('--format=json', `--columns=${columns}`, 'list', table, ...which);
  const { data } = JSON.parse(text) as { readonly data: readonly unknown[] };
  return data.map(row => `${table} ${JSON.stringify(row)}`).filter(row => !row.includes('"heddle"'));
}

/** As many lines as `foreignOn` tells where all of `addForeign` is there. */
export const foreignLines = 10;
