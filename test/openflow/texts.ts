/** Flows and groups with the text that they have in ovs-ofctl's notation: those of the overlay's pipeline, and more. */
import {
  applyActions,
  type Bucket,
  bucket,
  clearActions,
  clone,
  type FlowMod,
  type FlowText,
  gotoTable,
  group,
  type GroupMod,
  type GroupText,
  type Instruction,
  learn,
  LearnFlag,
  learnLoad,
  learnMatch,
  learnOutput,
  load,
  masked,
  match,
  type MatchFields,
  meter,
  move,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  output,
  outputReg,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  setQueue,
  writeActions,
  writeMetadata,
} from '../../src/openflow/index.js';

export interface FlowCase {
  readonly text: string;
  readonly flow: FlowText;
  readonly message: FlowMod;
}

function flow(
  text: string,
  table: number,
  priority: number,
  fields: MatchFields,
  instructions: readonly Instruction[],
): FlowCase {
  const one = { table, priority, match: match(fields), instructions };
  const message: FlowMod = {
    type: 'flow_mod',
    xid: 1,
    cookie: 0n,
    cookieMask: 0n,
    tableId: table,
    command: 'add',
    idleTimeout: 0,
    hardTimeout: 0,
    priority,
    bufferId: OFP_NO_BUFFER,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    flags: 0,
    match: one.match,
    instructions,
  };
  return { text, flow: one, message };
}

const mac1 = 0x020000000001;
const broadcast = 0xffffffffffff;
const ip = (a: number, b: number, c: number, d: number): number => ((a * 256 + b) * 256 + c) * 256 + d;
const arp = { eth_type: 0x0806 } as const;
const icmp6 = { eth_type: 0x86dd, ip_proto: 58 } as const;

export const flows: readonly FlowCase[] = [
  flow(
    'priority=100,in_port=13,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1388,goto_table:10',
    0,
    100,
    { in_port: 13, vlan_vid: 0 },
    [writeMetadata(5000n), gotoTable(10)],
  ),
  flow(
    'priority=100,in_port=12,dl_vlan=10 actions=pop_vlan,write_metadata:0x1770,goto_table:10',
    0,
    100,
    { in_port: 12, vlan_vid: 0x1000 | 10 },
    [applyActions([popVlan()]), writeMetadata(6000n), gotoTable(10)],
  ),
  flow(
    'priority=100,tun_id=0x1388,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1388,goto_table:5',
    0,
    100,
    { in_port: 2, tunnel_id: 5000n },
    [applyActions([setField({ reg0: 1 })]), writeMetadata(5000n), gotoTable(5)],
  ),
  flow('priority=50,in_port=LOCAL actions=output:1', 0, 50, { in_port: OFPP.LOCAL }, [
    applyActions([output(1)]),
  ]),
  flow(
    'table=5, priority=100,tun_src=10.97.0.9,metadata=0x1388 actions=set_field:0x3->reg0,goto_table:40',
    5,
    100,
    { tun_src: ip(10, 97, 0, 9), metadata: 5000n },
    [applyActions([setField({ reg0: 3 })]), gotoTable(40)],
  ),
  flow(
    'table=10, priority=100,arp,in_port=10,dl_src=02:00:00:00:00:01,arp_spa=10.0.0.1,arp_sha=02:00:00:00:00:01 actions=goto_table:20',
    10,
    100,
    { ...arp, in_port: 10, eth_src: mac1, arp_sha: mac1, arp_spa: ip(10, 0, 0, 1) },
    [gotoTable(20)],
  ),
  flow(
    'table=10, priority=100,udp,in_port=10,nw_src=0.0.0.0,tp_src=68,tp_dst=67 actions=goto_table:20',
    10,
    100,
    { eth_type: 0x0800, ip_proto: 17, in_port: 10, ipv4_src: 0, udp_src: 68, udp_dst: 67 },
    [gotoTable(20)],
  ),
  flow(
    'table=10, priority=100,ipv6,in_port=10,ipv6_src=fe80::/64 actions=goto_table:20',
    10,
    100,
    { eth_type: 0x86dd, in_port: 10, ipv6_src: masked(0xfe80n << 112n, (2n ** 64n - 1n) << 64n) },
    [gotoTable(20)],
  ),
  flow('table=10, priority=90,in_port=10 actions=drop', 10, 90, { in_port: 10 }, []),
  flow(
    'table=20, priority=120,icmp6,in_port=10,icmp_type=135 actions=meter:510,goto_table:30',
    20,
    120,
    { ...icmp6, in_port: 10, icmpv6_type: 135 },
    [meter(510), gotoTable(30)],
  ),
  flow(
    'table=25, priority=100,ip actions=move:NXM_NX_REG3[0..5]->NXM_OF_IP_TOS[2..7],goto_table:30',
    25,
    100,
    { eth_type: 0x0800 },
    [applyActions([move({ field: 'reg3', bits: 6 }, { field: 'nxm_ip_tos', offset: 2 })]), gotoTable(30)],
  ),
  flow(
    'table=40, priority=50,in_port=12 actions=learn(table=70,hard_timeout=60,priority=100,send_flow_rem,cookie=0x48ff000000000000,limit=32,OXM_OF_METADATA[],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15]),goto_table:50',
    40,
    50,
    { in_port: 12 },
    [
      applyActions([
        learn({
          table: 70,
          hardTimeout: 60,
          priority: 100,
          cookie: 0x48ff000000000000n,
          limit: 32,
          flags: LearnFlag.SEND_FLOW_REM,
          specs: [
            learnMatch('metadata'),
            learnMatch('nxm_eth_dst', 'nxm_eth_src'),
            learnLoad({ field: 'reg1', bits: 16 }, 'nxm_in_port'),
          ],
        }),
      ]),
      gotoTable(50),
    ],
  ),
  flow(
    'table=40, priority=60,reg0=0x3 actions=learn(table=70,idle_timeout=10,priority=100,delete_learned,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],metadata=0x1388,load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[],load:0x2->NXM_NX_REG1[0..15],output:NXM_OF_IN_PORT[]),goto_table:60',
    40,
    60,
    { reg0: 3 },
    [
      applyActions([
        learn({
          table: 70,
          idleTimeout: 10,
          priority: 100,
          flags: LearnFlag.DELETE_LEARNED,
          specs: [
            learnMatch('nxm_eth_dst', 'nxm_eth_src'),
            learnMatch('metadata', 5000n),
            learnLoad('tun_dst', 'tun_src'),
            learnLoad({ field: 'reg1', bits: 16 }, 2n),
            learnOutput('nxm_in_port'),
          ],
        }),
      ]),
      gotoTable(60),
    ],
  ),
  flow(
    'table=50, priority=100,arp,metadata=0x1388,dl_dst=ff:ff:ff:ff:ff:ff,arp_tpa=10.0.0.1,arp_op=1 actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:02:00:00:00:00:01->eth_src,set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:02:00:00:00:00:01->arp_sha,move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],set_field:10.0.0.1->arp_spa,set_field:0->reg1,resubmit(,95)',
    50,
    100,
    { ...arp, metadata: 5000n, eth_dst: broadcast, arp_op: 1, arp_tpa: ip(10, 0, 0, 1) },
    [
      applyActions([
        move('nxm_eth_src', 'nxm_eth_dst'),
        setField({ eth_src: mac1 }),
        setField({ arp_op: 2 }),
        move('nxm_arp_sha', 'nxm_arp_tha'),
        setField({ arp_sha: mac1 }),
        move('nxm_arp_spa', 'nxm_arp_tpa'),
        setField({ arp_spa: ip(10, 0, 0, 1) }),
        setField({ reg1: 0 }),
        resubmit(95),
      ]),
    ],
  ),
  flow(
    'table=50, priority=100,icmp6,metadata=0x1388,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,icmp_type=135,nd_target=fd00::1 actions=move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[],set_field:fd00::1->ipv6_src,set_field:136->icmpv6_type,set_field:2->nd_options_type,set_field:1610612736->nd_reserved,goto_table:51',
    50,
    100,
    {
      ...icmp6,
      metadata: 5000n,
      eth_dst: masked(0x333300000000, 0xffff00000000),
      icmpv6_type: 135,
      ipv6_nd_target: (0xfd00n << 112n) | 1n,
    },
    [
      applyActions([
        move('nxm_ipv6_src', 'nxm_ipv6_dst'),
        setField({ ipv6_src: (0xfd00n << 112n) | 1n }),
        setField({ icmpv6_type: 136 }),
        setField({ nd_options_type: 2 }),
        setField({ nd_reserved: 0x60000000 }),
      ]),
      gotoTable(51),
    ],
  ),
  flow(
    'table=51, priority=100,icmp6,icmp_type=136,icmp_code=0 actions=move:NXM_OF_ETH_SRC[]->NXM_NX_ND_TLL[],resubmit(,95)',
    51,
    100,
    { ...icmp6, icmpv6_type: 136, icmpv6_code: 0 },
    [applyActions([move('nxm_eth_src', 'nxm_nd_tll'), resubmit(95)])],
  ),
  flow(
    'table=60, priority=100,reg0=0,metadata=0x1388,dl_dst=02:00:00:00:00:01 actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,goto_table:90',
    60,
    100,
    { metadata: 5000n, reg0: 0, eth_dst: mac1 },
    [applyActions([setField({ tun_dst: ip(10, 97, 0, 2) }), setField({ reg1: 2 })]), gotoTable(90)],
  ),
  flow('table=60, priority=0 actions=resubmit(,70),goto_table:80', 60, 0, {}, [
    applyActions([resubmit(70)]),
    gotoTable(80),
  ]),
  flow(
    'table=80, priority=100,reg0=0,reg1=0,metadata=0x1388 actions=meter:200,group:2001',
    80,
    100,
    { metadata: 5000n, reg1: 0, reg0: 0 },
    [meter(200), applyActions([group(2001)])],
  ),
  flow(
    'table=80, priority=100,metadata=0x1000064,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:2100',
    80,
    100,
    { metadata: 16777316n, eth_dst: masked(0x010000000000, 0x010000000000) },
    [applyActions([group(2100)])],
  ),
  flow(
    'table=90, priority=100,reg1=0xa actions=clone(resubmit(,92),output(port=65000,max_len=14))',
    90,
    100,
    { reg1: 10 },
    [applyActions([clone([resubmit(92), { type: 'output_trunc', port: 65000, maxLen: 14 }])])],
  ),
  flow(
    'table=95, priority=110,reg1=0,metadata=0x1388,in_port=12 actions=push_vlan:0x8100,set_field:4106->vlan_vid,IN_PORT',
    95,
    110,
    { reg1: 0, in_port: 12, metadata: 5000n },
    [applyActions([pushVlan(), setField({ vlan_vid: 4106 }), output(OFPP.IN_PORT)])],
  ),
  flow(
    'table=95, priority=100,reg1=0x2 actions=move:OXM_OF_METADATA[]->NXM_NX_TUN_ID[],output:2',
    95,
    100,
    { reg1: 2 },
    [applyActions([move('metadata', 'nxm_tun_id'), output(2)])],
  ),
  flow(
    'table=95, priority=100,reg1=0xfffe actions=load:0->NXM_OF_IN_PORT[],LOCAL',
    95,
    100,
    { reg1: 0xfffe },
    [applyActions([load(0n, 'nxm_in_port'), output(OFPP.LOCAL)])],
  ),
  flow(
    'table=1, priority=7,tcp,reg0=0x1/0x3,metadata=0x10/0xf0,nw_src=10.0.0.0/8,nw_dst=1.2.3.4,nw_tos=184,nw_ecn=1,tp_src=80,tp_dst=8080 actions=dec_ttl,mod_nw_ttl:9,set_queue:3,set_field:46->ip_dscp,set_field:1.2.3.4->ip_dst,set_field:443->tcp_dst,note:41.42.43.44.45.46,CONTROLLER:128'.replace(
      '0x1f90/0xfff0',
      '8080',
    ),
    1,
    7,
    {
      eth_type: 0x0800,
      ip_proto: 6,
      ip_dscp: 46,
      ip_ecn: 1,
      reg0: masked(1, 3),
      metadata: masked(0x10n, 0xf0n),
      ipv4_src: masked(ip(10, 0, 0, 0), ip(255, 0, 0, 0)),
      ipv4_dst: ip(1, 2, 3, 4),
      tcp_src: 80,
      tcp_dst: 8080,
    },
    [
      applyActions([
        { type: 'dec_nw_ttl' },
        { type: 'set_nw_ttl', ttl: 9 },
        setQueue(3),
        setField({ ip_dscp: 46 }),
        setField({ ipv4_dst: ip(1, 2, 3, 4) }),
        setField({ tcp_dst: 443 }),
        { type: 'note', note: Uint8Array.from([0x41, 0x42, 0x43, 0x44, 0x45, 0x46]) },
        output(OFPP.CONTROLLER, 128),
      ]),
    ],
  ),
  flow(
    'table=1, priority=8,conj_id=5,ip,nw_proto=2 actions=FLOOD,ALL,NORMAL',
    1,
    8,
    { conj_id: 5, eth_type: 0x0800, ip_proto: 2 },
    [applyActions([output(OFPP.FLOOD), output(OFPP.ALL), output(OFPP.NORMAL)])],
  ),
  flow('table=1, priority=9,dl_type=0x88cc actions=conjunction(5,2/2)', 1, 9, { eth_type: 0x88cc }, [
    applyActions([{ type: 'conjunction', id: 5, clause: 1, clauses: 2 }]),
  ]),
  flow(
    'table=1, priority=10,vlan_tci=0x1000/0x1000 actions=output:NXM_NX_REG1[],resubmit(5,7),resubmit:9,controller(id=7)',
    1,
    10,
    { vlan_vid: masked(0x1000, 0x1000) },
    [
      applyActions([
        outputReg('reg1', 0xffff),
        { type: 'resubmit', inPort: 5, tableId: 7 },
        { type: 'resubmit', inPort: 9, tableId: 255 },
        { type: 'controller', reason: 1, maxLen: 0xffff, controllerId: 7 },
      ]),
    ],
  ),
  flow(
    'table=1, priority=11,pkt_mark=0x1,dl_vlan=5,dl_vlan_pcp=3 actions=clear_actions,write_actions(set_field:02:00:00:00:00:01->eth_dst,group:5),write_metadata:0x1/0xff,goto_table:2',
    1,
    11,
    { pkt_mark: 1, vlan_vid: 0x1005, vlan_pcp: 3 },
    [
      clearActions(),
      writeActions([setField({ eth_dst: mac1 }), group(5)]),
      writeMetadata(1n, 0xffn),
      gotoTable(2),
    ],
  ),
];

export interface GroupCase {
  readonly text: string;
  readonly group: GroupText;
  readonly message: GroupMod;
}

const groupCase = (
  text: string,
  id: number,
  groupType: GroupMod['groupType'],
  buckets: readonly Bucket[],
): GroupCase => ({
  text,
  group: { id, groupType, buckets },
  message: { type: 'group_mod', xid: 1, command: 'add', groupType, groupId: id, buckets },
});

export const groups: readonly GroupCase[] = [
  groupCase(
    'group_id=2001,type=all,bucket=actions=group:1001,bucket=actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,resubmit(,95)',
    2001,
    'all',
    [
      bucket([group(1001)]),
      bucket([setField({ tun_dst: ip(10, 97, 0, 2) }), setField({ reg1: 2 }), resubmit(95)]),
    ],
  ),
  groupCase('group_id=1,type=indirect,bucket=actions=drop', 1, 'indirect', [bucket([])]),
  groupCase('group_id=2,type=all', 2, 'all', []),
  groupCase(
    'group_id=3,type=select,bucket=weight:5,actions=output:1,bucket=weight:7,actions=output:2',
    3,
    'select',
    [
      { ...bucket([output(1)]), weight: 5 },
      { ...bucket([output(2)]), weight: 7 },
    ],
  ),
  groupCase(
    'group_id=4,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:3,actions=output:2',
    4,
    'ff',
    [
      { ...bucket([output(1)]), watchPort: 1 },
      { ...bucket([output(2)]), watchGroup: 3 },
    ],
  ),
];
