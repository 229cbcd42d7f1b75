/** What a switch refuses, and messages that no command of ovs-ofctl sends in OpenFlow 1.3. */
import type { Recorder } from '../recorder.js';

const refused: readonly string[] = [
  'table=254,actions=drop',
  'actions=group:77',
  'actions=meter:77',
  'actions=output:0xffffff01',
  'table=5,actions=goto_table:6',
  'actions=set_queue:5,enqueue:1:2',
  'check_overlap,priority=1,in_port=1,actions=1',
  'actions=learn(table=254,NXM_OF_ETH_SRC[])',
  'actions=write_metadata:0x1,goto_table:253',
];

const flowMod = (command: string, rest: string): string => {
  const body = `0000000000000000 0000000000000000 00 ${command} 0000 0000 0001 ffffffff ffffffff ffffffff 0000 0000 ${rest}`;
  const size = 8 + body.replaceAll(/[\s|]/g, '').length / 2;
  return `040e ${size.toString(16).padStart(4, '0')} 00000003 | ${body}`;
};
const all = '| 0001 0004 00000000';
const nicira = (subtype: string, body: string): string => {
  const size = 16 + body.replaceAll(/[\s|]/g, '').length / 2;
  return `0404 ${size.toString(16).padStart(4, '0')} 00000003 | 00002320 ${subtype} ${body}`;
};
const bundle = (type: string, flags: string, id = '00000001'): string =>
  `0404 0018 00000003 | 4f4e4600 000008fc ${id} ${type} ${flags}`;
const bundled = (frame: string, id = '00000001', flags = '0001'): string => {
  const size = 24 + frame.replaceAll(/[\s|]/g, '').length / 2;
  return `0404 ${size.toString(16).padStart(4, '0')} 00000003 | 4f4e4600 000008fd ${id} 0000 ${flags} | ${frame}`;
};

const requests: readonly (readonly [what: string, ...frames: readonly string[]])[] = [
  ['features_request', '0405 0008 00000003'],
  ['get_config_request', '0407 0008 00000003'],
  ['set_config', '0409 000c 00000003 0001 0080', '0409 000c 00000003 0000 0000'],
  ['echo_request', '0402 000c 00000003 01020304'],
  ['a type that is none', '041e 0008 00000003'],
  ['a version that is not agreed on', '0505 0008 00000003'],
  ['a features_request that is too long', '0405 000c 00000003 00000000'],
  ['a flow_mod that is too short', '040e 0010 00000003 0000000000000000'],
  ['an experimenter of nobody', '0404 0010 00000003 12345678 00000001'],
  ['a Nicira message that is none', nicira('0000ffff', '')],
  ['a multipart that is none', '0412 0010 00000003 00ff 0000 00000000'],
  ['an experimenter multipart that is none', '0412 0018 00000003 ffff 0000 00000000 12345678 00000001'],
  ['table_mod', '0411 0010 00000003 05 000000 00000003', '0411 0010 00000003 ff 000000 00000000'],
  ['table_features_request with a body', '0412 0018 00000003 000c 0000 00000000 0040000000000000'],
  [
    'port_mod with another address',
    '0410 0028 00000003 00000001 00000000 020000000009 0000 00000000 00000001 00000000 00000000',
  ],
  [
    'port_mod of no port',
    '0410 0028 00000003 00000063 00000000 020000000009 0000 00000000 00000001 00000000 00000000',
  ],
  ['queue_get_config_request of no port', '0416 0010 00000003 00000063 00000000'],
  ['group_mod: a type that is none', '040f 0010 00000003 0000 09 00 00000001'],
  ['group_mod: a command that is none', '040f 0010 00000003 0009 00 00 00000001'],
  ['group_mod: insert_bucket of OpenFlow 1.5', '040f 0010 00000003 0003 00 00 00000001'],
  ['meter_mod: no unit', '041d 0020 00000003 0000 0000 00000001 | 0001 0010 00000005 00000000 00000000'],
  [
    'meter_mod: a band that is none',
    '041d 0020 00000003 0000 0001 00000001 | 0009 0010 00000005 00000000 00000000',
  ],
  ['meter_mod: a rate of 0', '041d 0020 00000003 0000 0001 00000001 | 0001 0010 00000000 00000000 00000000'],
  ['meter_mod: meter 0', '041d 0010 00000003 0000 0001 00000000'],
  ['role_request: a role that is none', '0418 0018 00000003 00000009 00000000 0000000000000000'],
  ['role_request: nochange', '0418 0018 00000003 00000000 00000000 0000000000000000'],
  [
    'role_request: slave, and a flow_mod as a slave',
    '0418 0018 00000003 00000003 00000000 0000000000000007',
    flowMod('00', all),
  ],
  ['flow_mod: a command that is none', flowMod('09', all)],
  ['flow_mod: a field twice', flowMod('00', '| 0001 0014 80000004 00000001 80000004 00000002 00000000')],
  ['flow_mod: no prerequisite', flowMod('00', '| 0001 000c 80001804 0a000001 00000000')],
  ['flow_mod: a field that is none', flowMod('00', '| 0001 000c 12340004 0a000001 00000000')],
  ['flow_mod: bits outside the mask', flowMod('00', '| 0001 0010 00010108 000000ff 0000000f')],
  ['flow_mod: a mask where none may be', flowMod('00', '| 0001 0010 80000108 00000001 0000000f')],
  ['flow_mod: an instruction that is none', flowMod('00', `${all} | 0063 0008 00000000`)],
  ['flow_mod: an action that is none', flowMod('00', `${all} | 0004 0010 00000000 0063 0008 00000000`)],
  [
    'flow_mod: a Nicira action that is none',
    flowMod('00', `${all} | 0004 0018 00000000 ffff 0010 00002320 0fff 000000000000`),
  ],
  [
    'flow_mod: an action of another experimenter',
    flowMod('00', `${all} | 0004 0018 00000000 ffff 0010 12345678 000e 000000000000`),
  ],
  [
    'flow_mod: an action of a wrong length',
    flowMod('00', `${all} | 0004 0018 00000000 0000 000c 00000001 0000 000000000000`),
  ],
  [
    'flow_mod: an ethertype that no VLAN has',
    flowMod('00', `${all} | 0004 0010 00000000 0011 0008 1234 0000`),
  ],
  [
    'flow_mod: set_field without its prerequisite',
    flowMod('00', `${all} | 0004 0018 00000000 0019 0010 80001804 0a000001 00000000`),
  ],
  [
    'flow_mod: set_field of a field that is read only',
    flowMod('00', `${all} | 0004 0018 00000000 0019 0010 8000080a 0a0000010000 0000`),
  ],
  ['flow_mod: a buffer', flowMod('00', all).replace('ffffffff', '00000001')],
  ['packet_out of a buffer that is none', '040d 0018 00000003 00000001 fffffffd 0000 000000000000'],
  ['packet_out from a port that can not be', '040d 0018 00000003 ffffffff ffffff01 0000 000000000000'],
  [
    'flow stats of a table that is none',
    '0412 0038 00000003 0001 0000 00000000 fe 000000 ffffffff ffffffff 00000000 0000000000000000 0000000000000000 | 0001 0004 00000000',
  ],
  [
    'a bundle of all that it takes',
    bundle('0000', '0001'),
    bundled(flowMod('00', all)),
    bundled('040f 0010 00000003 0000 00 00 00000001'),
    bundled('040d 0028 00000003 ffffffff fffffffd 0010 000000000000 | 0000 0010 00000001 0000 000000000000'),
    bundle('0002', '0001'),
    bundle('0004', '0001'),
  ],
  [
    'a bundle that is discarded',
    bundle('0000', '0003'),
    bundled(flowMod('00', all), '00000001', '0003'),
    bundle('0006', '0003'),
  ],
  [
    'a bundle whose last message fails',
    bundle('0000', '0001'),
    bundled(flowMod('00', all)),
    bundled(flowMod('00', `${all} | 0004 0010 00000000 0016 0008 00000077`)),
    bundle('0004', '0001'),
  ],
  ['a commit of no bundle', bundle('0004', '0001', '00000063')],
  ['a bundle that is opened twice', bundle('0000', '0001'), bundle('0000', '0001')],
  ['a bundle with other flags at the end', bundle('0000', '0001'), bundle('0004', '0003')],
  ['a bundle that is closed twice', bundle('0000', '0001'), bundle('0002', '0001'), bundle('0002', '0001')],
  [
    'an add to a bundle that is closed',
    bundle('0000', '0001'),
    bundle('0002', '0001'),
    bundled(flowMod('00', all)),
  ],
  ['a bundle control that is none', bundle('0009', '0001')],
  [
    'a bundled message with another xid',
    bundle('0000', '0001'),
    bundled(flowMod('00', all).replace('00000003', '00000004')),
  ],
  ['a bundled meter_mod', bundle('0000', '0001'), bundled('041d 0010 00000003 0002 0000 00000001')],
  ['Nicira role_request', nicira('0000000a', '00000001'), nicira('0000000a', '00000002')],
  ['Nicira set_flow_format', nicira('0000000c', '00000002')],
  ['Nicira flow_mod_table_id', nicira('0000000f', '01 00000000000000')],
  ['Nicira set_packet_in_format', nicira('00000010', '00000002'), nicira('00000010', '00000009')],
  ['Nicira set_async_config', nicira('00000013', '00000007 00000001 00000007 00000001 00000007 00000001')],
  [
    'Nicira set_async_config2',
    nicira('0000001b', '0000 0008 00000007 0002 0008 00000007 000a 0008 00000003 000b 0008 00000003'),
  ],
  ['Nicira set_controller_id', nicira('00000014', '000000000000 0007')],
  ['Nicira tlv_table_request', nicira('00000019', '')],
  ['Nicira resume of nothing', nicira('0000001c', '0000000000000000')],
  ['Nicira ct_flush_zone', nicira('0000001d', '000000000000 0005')],
  [
    'flow monitor that is none',
    '0412 0028 00000003 ffff 0000 00000000 4f4e4600 0000074e | 00000001 ffff 0000 ffffffff ff 000000',
  ],
  ['flow monitor: cancelled', nicira('00000015', '00000001')],
];

export async function recordErrors(recorder: Recorder): Promise<void> {
  await recorder.ofctl('add-flow', 'br0', 'priority=1,actions=1');
  for (const flow of refused) await recorder.ofctl('add-flow', 'br0', flow);
  await recorder.ofctl(
    'packet-out',
    'br0',
    'in_port=0xffffff02 packet=0200000000020200000000011234 actions=table',
  );
  await recorder.ofctl('mod-port', 'br0', 'p1', 'no-packet-in');
  for (const [what, ...frames] of requests) await recorder.raw(what, ...frames);
  await recorder.ofctl('del-flows', 'br0');
  await recorder.ofctl('del-groups', 'br0');
}

export async function recordBundles(recorder: Recorder): Promise<void> {
  const flow = 'table=1,in_port=1,actions=2';
  await recorder.ofctlWith(
    [
      `flow add ${flow}`,
      'group add group_id=1,type=all,bucket=output:1',
      'packet-out in_port=controller packet=0200000000020200000000011234 actions=1',
      'flow modify table=1,actions=group:1',
      'group delete group_id=1',
    ].join('\n'),
    'bundle',
    'br0',
    '-',
  );
  await recorder.ofctlWith(`flow add ${flow}\nflow add actions=group:99\n`, 'bundle', 'br0', '-');
  await recorder.ofctl('--bundle', 'add-flow', 'br0', flow);
  await recorder.ofctlWith(`${flow}\ntable=2,actions=3\n`, '--bundle', 'add-flows', 'br0', '-');
  await recorder.ofctl('--bundle', 'del-flows', 'br0');
}
