/** What a switch is and what it counts: descriptions, ports, queues, tables, and the commands over flows. */
import type { Recorder } from '../recorder.js';

export async function recordDescriptions(recorder: Recorder): Promise<void> {
  for (const command of [
    'show',
    'dump-desc',
    'dump-tables',
    'dump-table-features',
    'get-frags',
    'dump-ports',
    'dump-ports-desc',
    'queue-stats',
    'queue-get-config',
    'dump-group-features',
    'meter-features',
    'dump-ipfix-bridge',
    'dump-ipfix-flow',
    'dump-tlv-map',
    'probe',
  ])
    await recorder.ofctl(command, 'br0');
  for (const mode of ['drop', 'nx-match', 'reassemble', 'normal'])
    await recorder.ofctl('set-frags', 'br0', mode);
  for (const change of [
    'down',
    'up',
    'no-receive',
    'receive',
    'no-forward',
    'forward',
    'no-packet-in',
    'no-flood',
  ])
    await recorder.ofctl('mod-port', 'br0', 'p2', change);
  for (const change of ['flood', 'packet-in', 'no-stp', 'stp'])
    await recorder.ofctl('mod-port', 'br0', 'p2', change);
  for (const port of ['p1', 'LOCAL', '99']) {
    await recorder.ofctl('dump-ports', 'br0', port);
    await recorder.ofctl('dump-ports-desc', 'br0', port);
    await recorder.ofctl('queue-stats', 'br0', port);
    await recorder.ofctl('queue-stats', 'br0', port, '0');
    await recorder.ofctl('queue-get-config', 'br0', port);
  }
  await recorder.ofctl('queue-stats', 'br0', 'ALL', '77');
}

export async function recordFlowCommands(recorder: Recorder): Promise<void> {
  const some = [
    'cookie=0x1,table=0,priority=1,in_port=1,actions=2',
    'cookie=0x12,table=1,priority=65535,idle_timeout=10,hard_timeout=600,ip,nw_dst=10.0.0.1,actions=group:5',
    'cookie=0x22,table=2,send_flow_rem,reset_counts,no_packet_counts,no_byte_counts,in_port=2,actions=3',
    'table=3,check_overlap,priority=0,actions=NORMAL',
  ];
  const lines = `${some.join('\n')}\n`;
  await recorder.ofctl('add-group', 'br0', 'group_id=5,type=all,bucket=output:1');
  await recorder.ofctlWith(lines, 'add-flows', 'br0', '-');
  for (const filter of [
    [],
    ['table=1'],
    ['cookie=0x2/0xf'],
    ['out_port=2'],
    ['out_group=5'],
    ['ip,nw_dst=10.0.0.1'],
    ['in_port=9'],
  ]) {
    await recorder.ofctl('dump-flows', 'br0', ...filter);
    await recorder.ofctl('dump-aggregate', 'br0', ...filter);
  }
  await recorder.vswitch.appctl(
    'ovs-vswitchd',
    'netdev-dummy/receive',
    'p1',
    'in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x1234)',
  );
  await recorder.vswitch.warp(5000);
  await recorder.ofctl('dump-flows', 'br0', 'table=0');
  await recorder.ofctl('dump-aggregate', 'br0');
  await recorder.ofctl('dump-ports', 'br0');
  await recorder.ofctl('--strict', 'mod-flows', 'br0', 'table=0,priority=1,in_port=1,actions=3');
  await recorder.ofctl('mod-flows', 'br0', 'cookie=0x2/0xf,actions=drop');
  await recorder.ofctl('mod-flows', 'br0', 'table=9,in_port=1,actions=drop');
  await recorder.ofctl('diff-flows', 'br0', 'br0');
  await recorder.ofctlWith(`${lines}table=7,actions=1\n`, 'replace-flows', 'br0', '-');
  await recorder.ofctlWith(`table=8,actions=1\n`, '--bundle', 'replace-flows', 'br0', '-');
  await recorder.ofctlWith(`table=8,actions=1\n`, '--readd', 'replace-flows', 'br0', '-');
  await recorder.ofctlWith(
    `add table=1,actions=1\nmodify table=1,actions=2\nmodify_strict table=1,actions=3\ndelete table=1\ndelete_strict table=8\n`,
    'add-flows',
    'br0',
    '-',
  );
  await recorder.ofctl('--bundle', 'add-flow', 'br0', 'table=1,actions=1');
  await recorder.ofctlWith(lines, '--bundle', 'add-flows', 'br0', '-');
  await recorder.ofctl('--bundle', 'mod-flows', 'br0', 'table=1,actions=2');
  await recorder.ofctl('--bundle', 'del-flows', 'br0', 'table=1');
  await recorder.ofctl('--strict', 'del-flows', 'br0', 'table=0,priority=1,in_port=1');
  await recorder.ofctl('del-flows', 'br0', 'cookie=0x22/-1');
  await recorder.ofctl('del-flows', 'br0', 'out_port=3');
  await recorder.ofctl('del-flows', 'br0', 'out_group=5');
  await recorder.ofctl('del-flows', 'br0', 'table=3');
  await recorder.ofctl('del-flows', 'br0');
  await recorder.ofctl('del-groups', 'br0');
  await recorder.ofctl('ct-flush-zone', 'br0', '5');
  await recorder.ofctl(
    'ct-flush',
    'br0',
    'zone=5',
    'ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=1',
    'ct_nw_dst=10.0.0.2,ct_nw_proto=6',
  );
  await recorder.ofctl('ct-flush', 'br0');
  await recorder.ofctl('del-flows', 'br0');
}
