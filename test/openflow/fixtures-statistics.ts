/** Golden frames of statistics and descriptions, as Open vSwitch 3.1 wrote them unless the name says otherwise. */
import { OFPAT, OFPG, OFPM, OFPP, OFPQ_ALL, type Message } from '../../src/openflow/index.js';
import { type Fixture, hex } from './frames.js';

type Body<T extends Message['type']> = Extract<Message, { type: T; body: unknown }>['body'];

const request = (printed: string, bytes: Uint8Array, body: Body<'multipart_request'>): Fixture => ({
  name: `multipart_request: ${body.type}`,
  bytes,
  message: { type: 'multipart_request', xid: 2, flags: 0, body },
  printed,
});
const reply = (printed: string, bytes: Uint8Array, body: Body<'multipart_reply'>): Fixture => ({
  name: `multipart_reply: ${body.type}`,
  bytes,
  message: { type: 'multipart_reply', xid: 2, flags: 0, body },
  printed,
});

const uncounted = 0xffffffffffffffffn;

const tables: Fixture[] = [
  {
    name: 'table_mod',
    bytes: hex`0411 0010 00000007 ff 000000 00000003`,
    message: { type: 'table_mod', xid: 7, tableId: 255, config: 3 },
    printed: 'table_id: ALL_TABLES',
  },
  request('', hex`0412 0010 00000002 0003 0000 00000000`, { type: 'table' }),
  reply(
    'table 0: active=2, lookup=7, matched=5 table 253: active=0, lookup=0, matched=0',
    hex`0413 0040 00000002 0003 0000 00000000
      | 00 000000 00000002 0000000000000007 0000000000000005
      | fd 000000 00000000 0000000000000000 0000000000000000`,
    {
      type: 'table',
      entries: [
        { tableId: 0, activeCount: 2, lookupCount: 7n, matchedCount: 5n },
        { tableId: 253, activeCount: 0, lookupCount: 0n, matchedCount: 0n },
      ],
    },
  ),
];

const ports: Fixture[] = [
  request('port_no=1', hex`0412 0018 00000002 0004 0000 00000000 | 00000001 00000000`, {
    type: 'port_stats',
    portNo: 1,
  }),
  reply(
    '1 ports port 1: rx pkts=1, bytes=3, drop=5, errs=7, frame=9, over=10, crc=? tx pkts=2, bytes=4, drop=6, errs=8, coll=12 duration=22.897s',
    hex`0413 0080 00000002 0004 0000 00000000 | 00000001 00000000
      0000000000000001 0000000000000002 0000000000000003 0000000000000004 // packets, then bytes
      0000000000000005 0000000000000006 0000000000000007 0000000000000008 // dropped, then errors
      0000000000000009 000000000000000a ffffffffffffffff 000000000000000c
      00000016 35772240`,
    {
      type: 'port_stats',
      entries: [
        {
          portNo: 1,
          rxPackets: 1n,
          txPackets: 2n,
          rxBytes: 3n,
          txBytes: 4n,
          rxDropped: 5n,
          txDropped: 6n,
          rxErrors: 7n,
          txErrors: 8n,
          rxFrameErr: 9n,
          rxOverErr: 10n,
          rxCrcErr: uncounted,
          collisions: 12n,
          durationSec: 22,
          durationNsec: 897_000_000,
        },
      ],
    },
  ),
];

const queues: Fixture[] = [
  request('port=ANY queue=ALL', hex`0412 0018 00000002 0005 0000 00000000 | ffffffff ffffffff`, {
    type: 'queue',
    portNo: OFPP.ANY,
    queueId: OFPQ_ALL,
  }),
  reply(
    '1 queues port LOCAL queue 0: bytes=?, pkts=?, errors=?, duration=?',
    hex`0413 0038 00000002 0005 0000 00000000
      | fffffffe 00000000 ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffff ffffffff`,
    {
      type: 'queue',
      entries: [
        {
          portNo: OFPP.LOCAL,
          queueId: 0,
          txBytes: uncounted,
          txPackets: uncounted,
          txErrors: uncounted,
          durationSec: 0xffffffff,
          durationNsec: 0xffffffff,
        },
      ],
    },
  ),
  {
    name: 'queue_get_config_request',
    bytes: hex`0416 0010 00000002 00000001 00000000`,
    message: { type: 'queue_get_config_request', xid: 2, port: 1 },
    printed: 'port=1',
  },
  {
    name: 'queue_get_config_reply',
    bytes: hex`0417 0020 00000002 00000001 00000000 | 00000000 00000001 0010 000000000000`,
    message: {
      type: 'queue_get_config_reply',
      xid: 2,
      port: 1,
      queues: [{ queueId: 0, port: 1, properties: [] }],
    },
  },
  {
    name: 'queue_get_config_reply: rates',
    bytes: hex`0417 0060 00000002 00000001 00000000
      | 00000007 00000001 0030 000000000000
        0001 0010 00000000 0064 000000000000 | 0002 0010 00000000 03e8 000000000000
      | 00000008 00000001 0020 000000000000 | ffff 0010 00000000 00001234 00000000`,
    message: {
      type: 'queue_get_config_reply',
      xid: 2,
      port: 1,
      queues: [
        {
          queueId: 7,
          port: 1,
          properties: [
            { type: 'min_rate', rate: 100 },
            { type: 'max_rate', rate: 1000 },
          ],
        },
        {
          queueId: 8,
          port: 1,
          properties: [{ type: 'experimenter', experimenter: 0x1234, data: hex`` }],
        },
      ],
    },
    printed: 'port=1 queue 7: min_rate:10.0% max_rate:100.0% queue 8:',
  },
  {
    name: 'queue_get_config_reply: a property that we do not know',
    bytes: hex`0417 0030 00000002 00000001 00000000 | 00000007 00000001 0020 000000000000
      0009 0010 01020304 0506070800000000`,
    message: {
      type: 'queue_get_config_reply',
      xid: 2,
      port: 1,
      queues: [
        {
          queueId: 7,
          port: 1,
          properties: [{ type: 'unknown', typeId: 9, body: hex`01020304 0506070800000000` }],
        },
      ],
    },
  },
];

const groups: Fixture[] = [
  request('group_id=ALL', hex`0412 0018 00000002 0006 0000 00000000 | fffffffc 00000000`, {
    type: 'group',
    groupId: OFPG.ALL,
  }),
  reply(
    'group_id=1,duration=5.289s,ref_count=1,packet_count=3,byte_count=200,bucket0:packet_count=1,byte_count=64,bucket1:packet_count=2,byte_count=136',
    hex`0413 0058 00000002 0006 0000 00000000 | 0048 0000 00000001 00000001 00000000
      0000000000000003 00000000000000c8 00000005 1139ca40
      | 0000000000000001 0000000000000040 | 0000000000000002 0000000000000088`,
    {
      type: 'group',
      entries: [
        {
          groupId: 1,
          refCount: 1,
          packetCount: 3n,
          byteCount: 200n,
          durationSec: 5,
          durationNsec: 289_000_000,
          bucketStats: [
            { packetCount: 1n, byteCount: 64n },
            { packetCount: 2n, byteCount: 136n },
          ],
        },
      ],
    },
  ),
  request('', hex`0412 0010 00000002 0008 0000 00000000`, { type: 'group_features' }),
  reply(
    'Group table: Types: 0xf Capabilities: 0x7 all group: max_groups=0xffffff00 actions: output select group: max_groups=0xffffff01 actions: group indirect group: max_groups=0xffffff02 actions: set_field fast failover group: max_groups=0xffffff03 actions: strip_vlan push_vlan',
    hex`0413 0038 00000002 0008 0000 00000000 | 0000000f 00000007
      ffffff00 ffffff01 ffffff02 ffffff03 | 00000001 00400000 02000000 00060000`,
    {
      type: 'group_features',
      types: 15,
      capabilities: 7,
      maxGroups: { all: 0xffffff00, select: 0xffffff01, indirect: 0xffffff02, ff: 0xffffff03 },
      actions: {
        all: 1 << OFPAT.OUTPUT,
        select: 1 << OFPAT.GROUP,
        indirect: 1 << OFPAT.SET_FIELD,
        ff: 0x00060000,
      },
    },
  ),
];

const meters: Fixture[] = [
  request('meter=all', hex`0412 0018 00000002 0009 0000 00000000 | ffffffff 00000000`, {
    type: 'meter',
    meterId: OFPM.ALL,
  }),
  reply(
    'meter:1 flow_count:1 packet_in_count:3 byte_in_count:200 duration:0.548s bands: 0: packet_count:2 byte_count:128',
    hex`0413 0048 00000002 0009 0000 00000000 | 00000001 0038 000000000000
      00000001 0000000000000003 00000000000000c8 00000000 20a9d100 | 0000000000000002 0000000000000080`,
    {
      type: 'meter',
      entries: [
        {
          meterId: 1,
          flowCount: 1,
          packetInCount: 3n,
          byteInCount: 200n,
          durationSec: 0,
          durationNsec: 548_000_000,
          bandStats: [{ packetBandCount: 2n, byteBandCount: 128n }],
        },
      ],
    },
  ),
  request('meter=1', hex`0412 0018 00000002 000a 0000 00000000 | 00000001 00000000`, {
    type: 'meter_config',
    meterId: 1,
  }),
  reply(
    'meter=1 kbps burst stats bands= type=drop rate=1000 burst_size=100',
    hex`0413 0028 00000002 000a 0000 00000000 | 0018 000d 00000001
      0001 0010 000003e8 00000064 00000000`,
    {
      type: 'meter_config',
      entries: [{ flags: 13, meterId: 1, bands: [{ type: 'drop', rate: 1000, burstSize: 100 }] }],
    },
  ),
  request('', hex`0412 0010 00000002 000b 0000 00000000`, { type: 'meter_features' }),
  reply(
    'max_meter:262144 max_bands:8 max_color:0 band_types: drop capabilities: kbps pktps burst stats',
    hex`0413 0020 00000002 000b 0000 00000000 | 00040000 00000002 0000000f 08 00 0000`,
    {
      type: 'meter_features',
      maxMeter: 262_144,
      bandTypes: 2,
      capabilities: 15,
      maxBands: 8,
      maxColor: 0,
    },
  ),
  {
    name: 'meter_mod with bands that Open vSwitch does not know',
    bytes: hex`041d 0030 00000003 0001 0002 00000007
      | ffff 0010 000003e8 00000000 00001234 | 0009 0010 000003e8 00000000 01020304`,
    message: {
      type: 'meter_mod',
      xid: 3,
      command: 'modify',
      flags: 2,
      meterId: 7,
      bands: [
        { type: 'experimenter', rate: 1000, burstSize: 0, experimenter: 0x1234, data: hex`` },
        { type: 'unknown', typeId: 9, body: hex`000003e8 00000000 01020304` },
      ],
    },
    refused: true,
  },
];

export const statistics: readonly Fixture[] = [...tables, ...ports, ...queues, ...groups, ...meters];
