/** What a switch tells by itself: packets, flows that end, ports that change; in every form that it can be asked for. */
import type { Recorder } from '../recorder.js';
import { tlvMap } from './matches.js';

const ethernet = 'eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)';
const ipv4 = `${ethernet},eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no)`;
const dying = ipv4.replace('ttl=64', 'ttl=1');

/** Packets of many protocols, as ovs-appctl netdev-dummy/receive takes them. */
export const packets: readonly string[] = [
  `in_port(1),${ethernet},eth_type(0x1234)`,
  `in_port(1),${ipv4},udp(src=1,dst=2)`,
  `in_port(1),${ethernet},eth_type(0x8100),vlan(vid=5,pcp=3),encap(eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00))`,
  `in_port(1),${ethernet},eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0xb8,ttl=64,frag=no),tcp(src=80,dst=1024),tcp_flags(syn|ack)`,
  `in_port(1),${ethernet},eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=1,tos=0,ttl=64,frag=no),icmp(type=8,code=0)`,
  `in_port(1),${ethernet},eth_type(0x86dd),ipv6(src=fe80::1,dst=ff02::1,label=5,proto=58,tclass=0,hlimit=255,frag=no),icmpv6(type=135,code=0),nd(target=fe80::2,sll=02:00:00:00:00:01)`,
  `in_port(1),${ethernet},eth_type(0x8847),mpls(label=100,tc=3,ttl=64,bos=1)`,
];

const setAsyncToAll = '041c 0020 0000000a 00000007 00000007 00000007 00000007 0000000f 0000000f';

export async function recordPackets(recorder: Recorder): Promise<void> {
  await recorder.ofctl('add-tlv-map', 'br0', tlvMap);
  await recorder.ofctl('add-flow', 'br0', 'table=0,priority=0,actions=controller');
  await recorder.ofctl(
    'add-flow',
    'br0',
    'table=0,priority=1,ip,actions=dec_ttl,set_field:5->reg0,resubmit(,1)',
  );
  await recorder.ofctl(
    'add-flow',
    'br0',
    'table=1,cookie=0x1234,udp,actions=set_field:7->metadata,controller(max_len=20,reason=action,userdata=01.02.03)',
  );
  await recorder.ofctl(
    'add-flow',
    'br0',
    'table=1,tcp,actions=set_field:0x1388->tun_id,set_field:10.0.0.9->tun_dst,set_field:0x1->tun_metadata0,controller(pause,userdata=aa),set_field:9->reg1,controller',
  );
  await recorder.ofctl('add-flow', 'br0', 'table=1,icmp,actions=ct(commit,table=2)');
  await recorder.ofctl('add-flow', 'br0', 'table=2,actions=set_field:1->xxreg3,controller');
  for (const format of ['standard', 'nxt_packet_in', 'nxt_packet_in2', 'resume'])
    await recorder.monitor(
      [
        'monitor',
        'br0',
        '65534',
        ...(format === 'resume' ? ['resume', '-P', 'nxt_packet_in2'] : ['-P', format]),
      ],
      async () => {
        for (const packet of packets) await recorder.receive('p1', packet);
      },
    );
  await recorder.monitor(['monitor', 'br0', '128'], async monitor => {
    await monitor.send('set_async: invalid_ttl too', setAsyncToAll);
    await recorder.receive('p1', `in_port(1),${dying},udp(src=1,dst=2)`);
  });
  for (const packetOut of [
    'in_port=controller packet=0200000000020200000000011234 actions=table',
    'in_port=1 packet=020000000002020000000001080045000014000000000000000000000000000000000000 actions=set_field:1->reg0,2,controller',
    'in_port=local packet=0200000000020200000000011234 actions=drop',
  ])
    await recorder.ofctl('packet-out', 'br0', packetOut);
  await recorder.ofctl('packet-out', 'br0', 'none', 'flood', '0200000000020200000000011234');
  await recorder.ofctl('del-flows', 'br0');
  await recorder.ofctl('del-tlv-map', 'br0');
}

export async function recordChanges(recorder: Recorder): Promise<void> {
  const { vswitch } = recorder;
  await recorder.monitor(['monitor', 'br0', '65534'], async monitor => {
    for (const flow of [
      'table=0,send_flow_rem,cookie=0x5,idle_timeout=10,in_port=1,actions=2',
      'table=1,send_flow_rem,hard_timeout=20,ip,nw_dst=10.0.0.1,actions=2',
      'table=2,send_flow_rem,priority=9,actions=3',
      'table=3,send_flow_rem,actions=group:1',
      'table=4,send_flow_rem,actions=meter:1,output:1',
      'table=5,actions=learn(table=6,hard_timeout=300,send_flow_rem,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])',
      'table=0,in_port=2,actions=resubmit(,5)',
    ]) {
      if (flow.includes('group:1'))
        await recorder.ofctl('add-group', 'br0', 'group_id=1,type=all,bucket=output:1');
      if (flow.includes('meter:1'))
        await recorder.ofctl('add-meter', 'br0', 'meter=1,kbps,band=type=drop,rate=5');
      await recorder.ofctl('add-flow', 'br0', flow);
    }
    await recorder.receive('p1', packets[0] ?? '');
    await recorder.receive('p2', (packets[1] ?? '').replace('in_port(1)', 'in_port(2)'));
    await recorder.ofctl('dump-flows', 'br0', 'table=6');
    await recorder.during('warp 15000', () => vswitch.warp(15_000));
    await recorder.during('warp 15000', () => vswitch.warp(15_000));
    await recorder.ofctl('del-flows', 'br0', 'table=2');
    await recorder.ofctl('del-groups', 'br0');
    await recorder.ofctl('del-meters', 'br0');
    await recorder.ofctl('del-flows', 'br0', 'table=6');
    await recorder.during('add-port p5', () =>
      vswitch.vsctl(
        'add-port',
        'br0',
        'p5',
        '--',
        'set',
        'Interface',
        'p5',
        'type=dummy',
        'ofport_request=5',
      ),
    );
    await recorder.during('set-admin-state p5 down', () =>
      vswitch.appctl('ovs-vswitchd', 'netdev-dummy/set-admin-state', 'p5', 'down'),
    );
    await recorder.ofctl('mod-port', 'br0', 'p5', 'up');
    await recorder.ofctl('mod-port', 'br0', 'p5', 'no-flood');
    await recorder.during('del-port p5', () => vswitch.vsctl('del-port', 'br0', 'p5'));
    await recorder.ofctl('mod-table', 'br0', '1', 'drop');
    await monitor.send('get_async_request', '041a 0008 00000009');
    await monitor.send('set_async: all of it', setAsyncToAll);
    await monitor.send('get_async_request', '041a 0008 0000000b');
    await monitor.send('role_request: master', '0418 0018 0000000c 00000002 00000000 0000000000000005');
    await recorder.raw(
      'role_request: master, which another one was',
      '0418 0018 0000000c 00000002 00000000 0000000000000006',
    );
    await monitor.send(
      'role_request: slave, too late',
      '0418 0018 0000000d 00000003 00000000 0000000000000001',
    );
  });
}

/** Flow monitors: which changes are told, and how. */
export async function recordFlowMonitors(recorder: Recorder): Promise<void> {
  const change = async (): Promise<void> => {
    await recorder.ofctl(
      'add-flow',
      'br0',
      'table=1,cookie=0x9,idle_timeout=5,tcp,tp_dst=80,actions=output:1,resubmit(,2)',
    );
    await recorder.ofctl('mod-flows', 'br0', 'table=1,actions=output:2,note:01');
    await recorder.ofctl('del-flows', 'br0', 'table=1');
  };
  await recorder.ofctl('add-flow', 'br0', 'table=0,in_port=1,actions=output:2');
  await recorder.ofctl('add-flow', 'br0', 'table=1,priority=3,ip,actions=drop');
  for (const watch of [
    'watch:',
    'watch:!initial',
    'watch:!add,table=1',
    'watch:!own',
    'watch:!actions',
    'watch:out_port=2',
    'watch:ip,nw_src=10.0.0.0/8',
  ])
    await recorder.monitor(['monitor', 'br0', watch], async monitor => {
      await change();
      await monitor.send(
        'flow_mod of its own',
        '040e 0038 00000020 | 0000000000000000 0000000000000000 01 00 0000 0000 0001 ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000',
      );
    });
  await recorder.ofctl('del-flows', 'br0');
}
