/** Golden frames of what a connection agrees on: hello elements, asynchronous messages, tables and what they can do. */
import { OFPAT, OFPIT } from '../../src/openflow/index.js';
import { type Fixture, hex } from './frames.js';

const asyncConfig = {
  packetIn: { master: 7, slave: 0 },
  portStatus: { master: 5, slave: 7 },
  flowRemoved: { master: 15, slave: 1 },
} as const;
const asyncBytes = '00000007 00000000 00000005 00000007 0000000f 00000001';
const otherEvents = 'ROLE_STATUS: (off) TABLE_STATUS: (off) REQUESTFORWARD: (off)';
const asyncPrinted =
  'primary: PACKET_IN: no_match action invalid_ttl PORT_STATUS: add modify ' +
  `FLOW_REMOVED: idle hard delete group_delete ${otherEvents} ` +
  `secondary: PACKET_IN: (off) PORT_STATUS: add delete modify FLOW_REMOVED: idle ${otherEvents}`;

const connection: Fixture[] = [
  {
    name: 'hello with elements that we do not know',
    bytes: hex`0400 0028 00000001 | 0001 0008 00000010 | 0009 0006 0102 0000 | 0009 0004 00000000 | 000a 0008 01020304`,
    message: {
      type: 'hello',
      version: 4,
      xid: 1,
      versions: [4],
      otherElements: [
        { typeId: 9, body: hex`0102` },
        { typeId: 9, body: hex`` },
        { typeId: 10, body: hex`01020304` },
      ],
    },
    refused: true,
  },
  {
    name: 'get_async_request',
    bytes: hex`041a 0008 00000004`,
    message: { type: 'get_async_request', xid: 4 },
    printed: '',
  },
  {
    name: 'get_async_reply',
    bytes: hex`041b 0020 00000004 ${asyncBytes}`,
    message: { type: 'get_async_reply', xid: 4, ...asyncConfig },
    printed: asyncPrinted,
  },
  {
    name: 'set_async',
    bytes: hex`041c 0020 00000004 ${asyncBytes}`,
    message: { type: 'set_async', xid: 4, ...asyncConfig },
    printed: asyncPrinted,
  },
  {
    name: 'nx_set_async_config',
    bytes: hex`0404 0028 00000004 00002320 00000013 ${asyncBytes}`,
    message: { type: 'nx_set_async_config', xid: 4, ...asyncConfig },
    printed: asyncPrinted,
  },
];

/** "classifier" in 32 bytes. */
const name = '636c617373696669657200000000000000000000000000000000000000000000';

const tables: Fixture[] = [
  {
    name: 'multipart_request: table_features, asking',
    bytes: hex`0412 0010 00000002 000c 0000 00000000`,
    message: {
      type: 'multipart_request',
      xid: 2,
      flags: 0,
      body: { type: 'table_features', entries: [] },
    },
    printed: '',
  },
  {
    name: 'multipart_reply: table_features',
    bytes: hex`0413 00f8 00000002 000c 0000 00000000
      | 00e8 00 0000000000 ${name} ffffffffffffffff 00000000ffffffff 00000003 000f4240
      | 0000 000c 0001 0004 0004 0004 00000000 | 0001 0008 0005 0004
      | 0002 0007 01 02 fd 00 | 0003 0004 00000000
      | 0004 000c 0000 0004 0019 0004 00000000 | 0005 0004 00000000
      | 0006 0010 0000 0004 0016 0004 0011 0004 | 0007 0004 00000000
      | 0008 0014 80000004 80000510 8000070c 80000a02 00000000 | 000a 000c 80000004 80000408 00000000
      | 000c 000c 80000606 00010004 00000000 | 000d 0004 00000000
      | 000e 0008 80000606 | 000f 0004 00000000`,
    message: {
      type: 'multipart_reply',
      xid: 2,
      flags: 0,
      body: {
        type: 'table_features',
        entries: [
          {
            tableId: 0,
            name: 'classifier',
            metadataMatch: 0xffffffffffffffffn,
            metadataWrite: 0xffffffffn,
            config: 3,
            maxEntries: 1_000_000,
            properties: [
              { type: 'instructions', ids: [OFPIT.GOTO_TABLE, OFPIT.APPLY_ACTIONS] },
              { type: 'instructions_miss', ids: [OFPIT.CLEAR_ACTIONS] },
              { type: 'next_tables', tableIds: [1, 2, 253] },
              { type: 'next_tables_miss', tableIds: [] },
              { type: 'write_actions', ids: [OFPAT.OUTPUT, OFPAT.SET_FIELD] },
              { type: 'write_actions_miss', ids: [] },
              { type: 'apply_actions', ids: [OFPAT.OUTPUT, OFPAT.GROUP, OFPAT.PUSH_VLAN] },
              { type: 'apply_actions_miss', ids: [] },
              {
                type: 'match',
                fields: [
                  { field: 'in_port', hasMask: false },
                  { field: 'metadata', hasMask: true },
                  { field: 'eth_dst', hasMask: true },
                  { field: 'eth_type', hasMask: false },
                ],
              },
              {
                type: 'wildcards',
                fields: [
                  { field: 'in_port', hasMask: false },
                  { field: 'metadata', hasMask: false },
                ],
              },
              {
                type: 'write_setfield',
                fields: [
                  { field: 'eth_dst', hasMask: false },
                  { field: 'reg0', hasMask: false },
                ],
              },
              { type: 'write_setfield_miss', fields: [] },
              { type: 'apply_setfield', fields: [{ field: 'eth_dst', hasMask: false }] },
              { type: 'apply_setfield_miss', fields: [] },
            ],
          },
        ],
      },
    },
    printed:
      'table 0 ("classifier"): metadata: match=0xffffffffffffffff write=0xffffffff max_entries=1000000 ' +
      'instructions (other than table miss): next tables: 1-2,253 instructions: apply_actions goto_table ' +
      'Write-Actions features: actions: output set_field supported on Set-Field: reg0 eth_dst ' +
      'Apply-Actions features: actions: output group push_vlan supported on Set-Field: eth_dst ' +
      'instructions (table miss): instructions: clear_actions ' +
      'matching: arbitrary mask: metadata eth_dst exact match or wildcard: in_port_oxm must exact match: eth_type',
  },
  {
    name: 'multipart_request: table_features with what extensions define',
    bytes: hex`0412 0098 00000002 000c 0000 00000000
      | 0088 07 0000000000 ${name} 0000000000000000 0000000000000000 00000000 00000000
      | 0001 0010 ffff 000c 00001234 00010203 | 0008 0010 ffff1608 00001234 01feff7f
      | fffe 000e 00001234 00000005 0102 0000 | ffff 000c 00001234 00000005 00000000 | 0020 0007 010203 00`,
    message: {
      type: 'multipart_request',
      xid: 2,
      flags: 0,
      body: {
        type: 'table_features',
        entries: [
          {
            tableId: 7,
            name: 'classifier',
            metadataMatch: 0n,
            metadataWrite: 0n,
            config: 0,
            maxEntries: 0,
            properties: [
              { type: 'instructions_miss', ids: [{ typeId: 0xffff, body: hex`00001234 00010203` }] },
              {
                type: 'match',
                fields: [
                  { field: 'unknown', header: 0xffff1608, experimenter: 0x1234 },
                  { field: 'unknown', header: 0x01feff7f },
                ],
              },
              { type: 'experimenter', experimenter: 0x1234, expType: 5, data: hex`0102` },
              { type: 'experimenter_miss', experimenter: 0x1234, expType: 5, data: hex`` },
              { type: 'unknown', typeId: 0x20, body: hex`010203` },
            ],
          },
        ],
      },
    },
    refused: true,
  },
];

export const setup: readonly Fixture[] = [...connection, ...tables];
