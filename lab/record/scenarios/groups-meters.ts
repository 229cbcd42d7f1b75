/** Groups and meters of every kind. */
import type { Recorder } from '../recorder.js';

const groups: readonly string[] = [
  'group_id=1,type=all,bucket=output:1,bucket=set_field:5->reg0,output:2',
  'group_id=2,type=select,bucket=weight:5,output:1,bucket=weight:10,output:2',
  'group_id=3,type=indirect,bucket=push_vlan:0x8100,set_field:4101->vlan_vid,output:1',
  'group_id=4,type=ff,bucket=watch_port:1,output:1,bucket=watch_group:1,group:1,bucket=watch_port:2,watch_group:2,2',
  'group_id=5,type=fast_failover,bucket=watch_port:1,output:1',
  'group_id=6,type=all',
  'group_id=7,type=select,selection_method=hash,fields(ip_src,tcp_dst),bucket=output:1',
  'group_id=8,type=select,selection_method=dp_hash,selection_method_param=5,bucket=weight:1,output:1',
  'group_id=9,type=select,bucket=bucket_id=3,output:1',
  'group_id=4294967040,type=all,bucket=group:1',
];

const meters: readonly string[] = [
  'meter=1,kbps,band=type=drop,rate=1000',
  'meter=2,pktps,burst,stats,bands=type=drop,rate=100,burst_size=10',
  'meter=3,kbps,bands=type=drop,rate=1,type=drop,rate=2',
  'meter=4,kbps,band=type=dscp_remark,rate=1000,prec_level=1',
  'meter=controller,kbps,band=type=drop,rate=5',
  'meter=slowpath,kbps,band=type=drop,rate=5',
];

export async function recordGroups(recorder: Recorder): Promise<void> {
  for (const group of groups) await recorder.ofctl('add-group', 'br0', group);
  await recorder.ofctl('dump-groups', 'br0');
  await recorder.ofctl('dump-groups', 'br0', '1');
  await recorder.vswitch.warp(3000);
  await recorder.ofctl('dump-group-stats', 'br0');
  await recorder.ofctl('dump-group-stats', 'br0', 'group_id=2');
  await recorder.ofctl('dump-group-stats', 'br0', 'group_id=77');
  await recorder.ofctl('mod-group', 'br0', 'group_id=1,type=select,bucket=output:3');
  await recorder.ofctl('--may-create', 'mod-group', 'br0', 'group_id=12,type=all,bucket=output:3');
  await recorder.ofctl('mod-group', 'br0', 'group_id=99,type=all,bucket=output:3');
  await recorder.ofctlWith(
    'group_id=20,type=all,bucket=1\ngroup_id=21,type=all,bucket=2\n',
    'add-groups',
    'br0',
    '-',
  );
  await recorder.ofctlWith('group_id=22,type=all,bucket=1\n', '--bundle', 'add-groups', 'br0', '-');
  await recorder.ofctl('del-groups', 'br0', 'group_id=20');
  await recorder.ofctl('--bundle', 'del-groups', 'br0', 'group_id=21');
  await recorder.ofctl('del-groups', 'br0');
}

export async function recordMeters(recorder: Recorder): Promise<void> {
  for (const meter of meters) await recorder.ofctl('add-meter', 'br0', meter);
  await recorder.ofctl('add-flow', 'br0', 'in_port=1,actions=meter:1,2');
  await recorder.vswitch.warp(3000);
  for (const which of [[], ['meter=2'], ['meter=77']]) {
    await recorder.ofctl('dump-meters', 'br0', ...which);
    await recorder.ofctl('meter-stats', 'br0', ...which);
  }
  await recorder.ofctl('mod-meter', 'br0', 'meter=1,pktps,band=type=drop,rate=7');
  await recorder.ofctl('mod-meter', 'br0', 'meter=99,pktps,band=type=drop,rate=7');
  await recorder.ofctl('add-meter', 'br0', 'meter=1,kbps,band=type=drop,rate=1000');
  await recorder.ofctl('add-meter', 'br0', 'meter=5,band=type=drop,rate=5');
  await recorder.ofctl('del-meters', 'br0', 'meter=2');
  await recorder.ofctl('del-meters', 'br0');
}
