/** Golden frames of ONF's and Open vSwitch's own messages. */
import {
  Experimenter,
  match,
  masked,
  meter,
  group,
  applyActions,
  type Message,
  NXPIF,
  OFP_NO_BUFFER,
  OFPFMF,
  OFPG,
  OFPP,
} from '../../src/openflow/index.js';
import { type Fixture, hex } from './frames.js';

const monitor = {
  id: 7,
  flags: OFPFMF.INITIAL | OFPFMF.ADD | OFPFMF.DELETE | OFPFMF.MODIFY | OFPFMF.ACTIONS | OFPFMF.OWN,
  outPort: OFPP.ANY,
  tableId: 255,
  match: match({ eth_type: 0x0800, ipv4_dst: masked(0x0a000000, 0xff000000) }),
} as const;
const flow = { priority: 10, idleTimeout: 0, hardTimeout: 60, tableId: 3, cookie: 0x77n } as const;

const unknownBody = { type: 'experimenter' as const, experimenter: 0x1234, expType: 3, data: hex`01020304` };

const flowMonitor: Fixture[] = [
  {
    name: 'multipart_request: flow_monitor',
    bytes: hex`0412 0040 00000006 ffff 0000 00000000 | 4f4e4600 0000074e
      | 00000007 003f 0016 ffffffff ff 000000 | 0001 0016 80000a02 0800 80001908 0a000000 ff000000 0000`,
    message: {
      type: 'multipart_request',
      xid: 6,
      flags: 0,
      body: { type: 'flow_monitor', entries: [monitor] },
    },
    printed: 'id=7 flags=initial,add,delete,modify,actions,own ip,nw_dst=10.0.0.0/8',
  },
  {
    name: 'multipart_reply: flow_monitor',
    bytes: hex`0413 0098 00000000 ffff 0000 00000000 | 4f4e4600 0000074e
      | 0040 0000 0000 000a 0000 003c 000c 03 00 0000000000000077 | 0001 000c 80000004 00000001 00000000
        0006 0008 00000001 | 0004 0010 00000000 0016 0008 00000001
      | 0028 0001 0002 000a 0000 003c 000e 03 00 0000000000000077 | 0001 000e 80000606 020000000001 0000
      | 0008 0003 12345678 | 0010 0009 0102030405060708090a0b0c`,
    message: {
      type: 'multipart_reply',
      xid: 0,
      flags: 0,
      body: {
        type: 'flow_monitor',
        entries: [
          {
            type: 'added',
            reason: 0,
            ...flow,
            match: match({ in_port: 1 }),
            instructions: [meter(1), applyActions([group(1)])],
          },
          {
            type: 'deleted',
            reason: 2,
            ...flow,
            match: match({ eth_dst: 0x020000000001 }),
            instructions: [],
          },
          { type: 'abbrev', xid: 0x12345678 },
          { type: 'unknown', typeId: 9, body: hex`0102030405060708090a0b0c` },
        ],
      },
    },
    refused: true,
  },
  {
    name: 'multipart_reply: flow_monitor of a change',
    bytes: hex`0413 0058 00000000 ffff 0000 00000000 | 4f4e4600 0000074e
      | 0040 0002 0000 000b 0000 0000 000e 00 00 0000000000000000 | 0001 000e 80000606 020000000001 0000
        0004 0018 00000000 0000 0010 00000001 0000 000000000000`,
    message: {
      type: 'multipart_reply',
      xid: 0,
      flags: 0,
      body: {
        type: 'flow_monitor',
        entries: [
          {
            type: 'modified',
            reason: 0,
            priority: 11,
            idleTimeout: 0,
            hardTimeout: 0,
            tableId: 0,
            cookie: 0n,
            match: match({ eth_dst: 0x020000000001 }),
            instructions: [applyActions([{ type: 'output', port: 1, maxLen: 0 }])],
          },
        ],
      },
    },
    printed: 'event=MODIFIED table=0 cookie=0 dl_dst=02:00:00:00:00:01 actions=output:1',
  },
  {
    name: 'multipart_request of an experimenter that we do not know',
    bytes: hex`0412 001c 00000002 ffff 0000 00000000 | 00001234 00000003 01020304`,
    message: { type: 'multipart_request', xid: 2, flags: 0, body: unknownBody },
    refused: true,
  },
  {
    name: 'multipart_reply of an experimenter that we do not know',
    bytes: hex`0413 001c 00000002 ffff 0000 00000000 | 00001234 00000003 01020304`,
    message: { type: 'multipart_reply', xid: 2, flags: 0, body: unknownBody },
    refused: true,
  },
  {
    name: 'flow_monitor_cancel',
    bytes: hex`0404 0014 00000002 4f4e4600 0000074e 00000007`,
    message: { type: 'flow_monitor_cancel', xid: 2, id: 7 },
    printed: 'id=7',
  },
  {
    name: 'flow_monitor_paused',
    bytes: hex`0404 0010 00000000 4f4e4600 0000074f`,
    message: { type: 'flow_monitor_paused', xid: 0 },
    printed: '',
  },
  {
    name: 'flow_monitor_resumed',
    bytes: hex`0404 0010 00000000 4f4e4600 00000750`,
    message: { type: 'flow_monitor_resumed', xid: 0 },
    printed: '',
  },
  {
    name: 'requestforward',
    bytes: hex`0404 0020 00000000 4f4e4600 0000092e | 040f 0010 00000009 0002 00 00 fffffffc`,
    message: {
      type: 'requestforward',
      xid: 0,
      message: {
        type: 'group_mod',
        xid: 9,
        command: 'delete',
        groupType: 'all',
        groupId: OFPG.ALL,
        buckets: [],
      },
    },
    printed: 'reason=group_mod DEL group_id=4294967292,type=all',
  },
];

/** A message of Open vSwitch's own: its subtype and what follows, `size` bytes in all. */
const nicira = (name: string, size: string, body: string, message: Message, printed: string): Fixture => ({
  name,
  bytes: hex`0404 ${size} 00000002 00002320 ${body}`,
  message,
  printed,
});

const connection: Fixture[] = [
  nicira(
    'nx_role_request',
    '0014',
    '0000000a 00000002',
    { type: 'nx_role_request', xid: 2, role: 'slave' },
    'role=secondary',
  ),
  nicira(
    'nx_role_reply',
    '0014',
    '0000000b 00000000',
    { type: 'nx_role_reply', xid: 2, role: 'other' },
    'role=equal',
  ),
  nicira(
    'nx_set_packet_in_format',
    '0014',
    '00000010 00000002',
    { type: 'nx_set_packet_in_format', xid: 2, format: NXPIF.NXT_PACKET_IN2 },
    'format=nxt_packet_in2',
  ),
  nicira(
    'nx_set_controller_id',
    '0018',
    '00000014 000000000000 0123',
    { type: 'nx_set_controller_id', xid: 2, controllerId: 0x123 },
    'id=291',
  ),
  nicira(
    'nx_set_async_config2',
    '0028',
    '0000001b 0001 0008 00000003 | 0004 0008 00000004 | 000a 0008 00000001',
    {
      type: 'nx_set_async_config2',
      xid: 2,
      properties: [
        { type: 'packet_in_master', mask: 3 },
        { type: 'flow_removed_slave', mask: 4 },
        { type: 'requestforward_slave', mask: 1 },
      ],
    },
    'primary: PACKET_IN: no_match action PORT_STATUS: (off) FLOW_REMOVED: (off) ROLE_STATUS: (off) TABLE_STATUS: (off) REQUESTFORWARD: (off) secondary: PACKET_IN: (off) PORT_STATUS: (off) FLOW_REMOVED: delete ROLE_STATUS: (off) TABLE_STATUS: (off) REQUESTFORWARD: group_mod_request',
  ),
  nicira(
    'nx_tlv_table_mod',
    '0020',
    '00000018 0000 000000000000 | ffff 01 04 0002 0000',
    {
      type: 'nx_tlv_table_mod',
      xid: 2,
      command: 'add',
      maps: [{ optionClass: 0xffff, optionType: 1, optionLen: 4, index: 2 }],
    },
    'ADD mapping table: class type length match field ------ ---- ------ -------------- 0xffff 0x1 4 tun_metadata2',
  ),
  nicira('nx_tlv_table_request', '0010', '00000019', { type: 'nx_tlv_table_request', xid: 2 }, ''),
  nicira(
    'nx_tlv_table_reply',
    '0028',
    '0000001a 00000100 0040 00000000000000000000 | ffff 01 04 0000 0000',
    {
      type: 'nx_tlv_table_reply',
      xid: 2,
      maxOptionSpace: 256,
      maxFields: 64,
      maps: [{ optionClass: 0xffff, optionType: 1, optionLen: 4, index: 0 }],
    },
    'max option space=256 max fields=64 allocated option space=4 mapping table: class type length match field ------ ---- ------ -------------- 0xffff 0x1 4 tun_metadata0',
  ),
];

const packet = '505400000007 505400000005 88b5 0102';
const fields = [
  { field: 'nxm_in_port', value: 2 },
  { field: 'reg3', value: 7 },
] as const;

const packets: Fixture[] = [
  nicira(
    'nx_packet_in',
    '004a',
    `00000011 ffffffff 0010 01 05 0000000000000077 000e 000000000000
      | 00000002 0002 00010604 00000007 0000 | 0000 | ${packet}`,
    {
      type: 'nx_packet_in',
      xid: 2,
      bufferId: OFP_NO_BUFFER,
      totalLen: 16,
      reason: 1,
      tableId: 5,
      cookie: 0x77n,
      fields,
      data: hex`${packet}`,
    },
    'table_id=5 cookie=0x77 total_len=16 reg3=0x7,in_port=2 (via action) data_len=16 (unbuffered) vlan_tci=0x0000,dl_src=50:54:00:00:00:05,dl_dst=50:54:00:00:00:07,dl_type=0x88b5 00000000 50 54 00 00 00 07 50 54-00 00 00 05 88 b5 01 02',
  ),
  nicira(
    'nx_packet_in2',
    '0088',
    `0000001e 0000 0014 ${packet} 00000000 | 0001 0008 00000076 | 0002 0008 00000009 | 0003 0005 05 000000
      | 0004 0010 00000000 0000000000000077 | 0005 0005 01 000000
      | 0006 0012 00000002 0002 00010604 00000007 000000000000 | 0007 0007 010203 00
      | 0008 0010 00000000 8008 0008 00000002`,
    {
      type: 'nx_packet_in2',
      xid: 2,
      properties: [
        { type: 'packet', data: hex`${packet}` },
        { type: 'full_len', fullLen: 118 },
        { type: 'buffer_id', bufferId: 9 },
        { type: 'table_id', tableId: 5 },
        { type: 'cookie', cookie: 0x77n },
        { type: 'reason', reason: 1 },
        { type: 'metadata', fields },
        { type: 'userdata', userdata: hex`010203` },
        { type: 'continuation', data: hex`00000000 8008 0008 00000002` },
      ],
    },
    'table_id=5 cookie=0x77 total_len=118 reg3=0x7,in_port=2 (via action) data_len=16 buffer=0x00000009 userdata=01.02.03 continuation.odp_port=2 vlan_tci=0x0000,dl_src=50:54:00:00:00:05,dl_dst=50:54:00:00:00:07,dl_type=0x88b5 00000000 50 54 00 00 00 07 50 54-00 00 00 05 88 b5 01 02',
  ),
  nicira(
    'nx_resume',
    '0038',
    `0000001c 0000 0014 ${packet} 00000000 | 0008 0010 00000000 8008 0008 00000002`,
    {
      type: 'nx_resume',
      xid: 2,
      properties: [
        { type: 'packet', data: hex`${packet}` },
        { type: 'continuation', data: hex`00000000 8008 0008 00000002` },
      ],
    },
    'total_len=16 (via no_match) data_len=16 (unbuffered) continuation.odp_port=2 vlan_tci=0x0000,dl_src=50:54:00:00:00:05,dl_dst=50:54:00:00:00:07,dl_type=0x88b5 00000000 50 54 00 00 00 07 50 54-00 00 00 05 88 b5 01 02',
  ),
  {
    name: 'nx_packet_in2 with a property that we do not know',
    bytes: hex`0404 0018 00000000 00002320 0000001e | 0077 0007 010203 00`,
    message: {
      type: 'nx_packet_in2',
      xid: 0,
      properties: [{ type: 'unknown', typeId: 0x77, body: hex`010203` }],
    },
    refused: true,
  },
];

const v4 = (host: string): Uint8Array => hex`00000000000000000000ffff 0a0000${host}`;

const conntrack: Fixture[] = [
  nicira(
    'nx_ct_flush_zone',
    '0018',
    '0000001d 000000000000 0005',
    { type: 'nx_ct_flush_zone', xid: 2, zone: 5 },
    'zone_id=5',
  ),
  nicira(
    'nx_ct_flush',
    '0080',
    `00000020 11 00000000000000
      | 0000 0040 00000000 0000 0014 00000000000000000000ffff0a000001 00000000
        0001 0014 00000000000000000000ffff0a000002 00000000 0002 0008 0001 0000
      | 0001 0020 00000000 0000 0014 00000000000000000000ffff0a000009 00000000 | 0002 0008 0005 0000`,
    {
      type: 'nx_ct_flush',
      xid: 2,
      ipProto: 17,
      properties: [
        {
          type: 'orig_tuple',
          properties: [
            { type: 'src', address: v4('01') },
            { type: 'dst', address: v4('02') },
            { type: 'src_port', value: 1 },
          ],
        },
        { type: 'reply_tuple', properties: [{ type: 'src', address: v4('09') }] },
        { type: 'zone', value: 5 },
      ],
    },
    "zone=5 'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_tp_src=1,ct_tp_dst=0,ct_nw_proto=17' 'ct_nw_src=10.0.0.9,ct_nw_dst=::,ct_tp_src=0,ct_tp_dst=0'",
  ),
  nicira(
    'nx_ct_flush of ICMPv6',
    '0048',
    `00000020 3a 00000000000000 | 0000 0030 00000000 0001 0014 fc000000000000000000000000000001 00000000
      0004 0008 0007 0000 | 0005 0005 80 000000`,
    {
      type: 'nx_ct_flush',
      xid: 2,
      ipProto: 58,
      properties: [
        {
          type: 'orig_tuple',
          properties: [
            { type: 'dst', address: hex`fc000000000000000000000000000001` },
            { type: 'icmp_id', value: 7 },
            { type: 'icmp_type', value: 128 },
          ],
        },
      ],
    },
    "zone=0 'ct_ipv6_src=::,ct_ipv6_dst=fc00::1,icmp_id=7,icmp_type=128,icmp_code=0,ct_nw_proto=58' 'ct_ipv6_src=::,ct_ipv6_dst=::,icmp_id=0,icmp_type=0,icmp_code=0'",
  ),
  {
    name: 'nx_ct_flush with properties that we do not know',
    bytes: hex`0404 0038 00000000 00002320 00000020 | 00 00000000000000
      | 0001 0018 00000000 0006 0005 01 000000 | 0044 0005 09 000000 | 0009 0008 01020304`,
    message: {
      type: 'nx_ct_flush',
      xid: 0,
      ipProto: 0,
      properties: [
        {
          type: 'reply_tuple',
          properties: [
            { type: 'icmp_code', value: 1 },
            { type: 'unknown', typeId: 0x44, body: hex`09` },
          ],
        },
        { type: 'unknown', typeId: 9, body: hex`01020304` },
      ],
    },
    refused: true,
  },
  {
    name: 'an experimenter message of Open vSwitch that we do not know',
    bytes: hex`0404 0014 00000000 00002320 00000fff 01020304`,
    message: {
      type: 'experimenter',
      xid: 0,
      experimenter: Experimenter.NICIRA,
      expType: 0xfff,
      data: hex`01020304`,
    },
    refused: true,
  },
];

export const extensions: readonly Fixture[] = [...flowMonitor, ...connection, ...packets, ...conntrack];
