/** Golden frames: annotated bytes beside the values that they stand for. */
import {
  bucket,
  gotoTable,
  group,
  match,
  masked,
  meter,
  output,
  popVlan,
  setField,
  clearActions,
  writeActions,
  writeMetadata,
  OFPP,
  OFPG,
  OFP_NO_BUFFER,
} from '../../src/openflow/index.js';
import { actions } from './fixtures-actions.js';
import { niciraActions } from './fixtures-nicira.js';
import { extensions } from './fixtures-extensions.js';
import { setup } from './fixtures-setup.js';
import { statistics } from './fixtures-statistics.js';
import { type Fixture, flowMod, hex, hexOf } from './frames.js';

export { hex, hexOf };
export type { Fixture };

const flows: Fixture[] = [
  {
    name: 'flow_mod with every instruction',
    bytes: hex`040e 0098 00000002 0000000000000077 ffffffffffffffff 05 00 000a 0014 0064
      ffffffff ffffffff ffffffff 0001 0000
      | 0001 001e 80000004 00000001 | 80000a02 0800 | 80001708 0a000000 ffffff00 | 0000 // 30, padded to 32
      | 0006 0008 00000032 | 0005 0008 00000000 | 0003 0018 00000000 0000 0010 00000002 0000 000000000000
      | 0002 0018 00000000 0000000000001388 ffffffffffffffff | 0001 0008 3c 000000`,
    message: flowMod(
      [meter(50), clearActions(), writeActions([output(2)]), writeMetadata(5000n), gotoTable(60)],
      {
        cookie: 0x77n,
        cookieMask: 0xffffffffffffffffn,
        tableId: 5,
        idleTimeout: 10,
        hardTimeout: 20,
        priority: 100,
        flags: 1,
        match: match({ eth_type: 0x0800, in_port: 1, ipv4_src: masked(0x0a000000, 0xffffff00) }),
      },
    ),
  },
  {
    name: 'an instruction that we do not know',
    bytes: hex`040e 0040 00000002 0000000000000000 0000000000000000 00 00 0000 0000 8000
      ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000 | 0009 0008 01020304`,
    message: flowMod([{ type: 'unknown', typeId: 9, body: hex`01020304` }]),
    refused: true,
  },
  {
    name: 'an oxm of an experimenter: tcp_flags',
    bytes: hex`040e 0050 00000002 0000000000000000 0000000000000000 00 00 0000 0000 8000
      ffffffff ffffffff ffffffff 0000 0000
      | 0001 0019 80000a02 0800 | 80001401 06 | ffff5406 4f4e4600 0002 | 00000000000000`,
    message: flowMod([], {
      match: [
        { field: 'eth_type', value: 0x0800 },
        { field: 'ip_proto', value: 6 },
        { field: 'tcp_flags', value: 2 },
      ],
    }),
  },
  {
    name: 'flow_removed',
    bytes: hex`040b 0050 00000000 48ff000000000000 0064 01 46 00000005 0000000a 0000 003c
      0000000000000007 0000000000000230 | 0001 001a 80000408 0000000000001388 80000606 020000004401 | 000000000000`,
    message: {
      type: 'flow_removed',
      xid: 0,
      cookie: 0x48ff000000000000n,
      priority: 100,
      reason: 1,
      tableId: 70,
      durationSec: 5,
      durationNsec: 10,
      idleTimeout: 0,
      hardTimeout: 60,
      packetCount: 7n,
      byteCount: 560n,
      match: match({ metadata: 5000n, eth_dst: 0x020000004401 }),
    },
  },
];

const port = {
  portNo: 1,
  hwAddr: 0x020000000001,
  name: 'fw1-p',
  config: 0,
  state: 4,
  curr: 0x840,
  advertised: 0,
  supported: 0,
  peer: 0,
  currSpeed: 10_000_000,
  maxSpeed: 0,
} as const;
const portBytes = `00000001 00000000 020000000001 0000 ${'6677312d70'.padEnd(32, '0')}
  00000000 00000004 00000840 00000000 00000000 00000000 00989680 00000000`;
const text = (of: string, size: number): string =>
  Buffer.from(of)
    .toString('hex')
    .padEnd(2 * size, '0');

const handshake: Fixture[] = [
  {
    name: 'hello with a bitmap',
    bytes: hex`0400 0010 00000001 | 0001 0008 00000012`,
    message: { type: 'hello', version: 4, xid: 1, versions: [1, 4] },
  },
  {
    name: 'hello of OpenFlow 1.0',
    bytes: hex`0100 0008 00000001`,
    message: { type: 'hello', version: 1, xid: 1 },
  },
  {
    name: 'error of OpenFlow 1.0',
    bytes: hex`0101 0010 00000001 0000 0000 6e6f7065`,
    message: { type: 'error', version: 1, xid: 1, errorType: 0, code: 0, data: hex`6e6f7065` },
  },
  {
    name: 'error: a flow table that is full',
    bytes: hex`0401 0014 00000007 0005 0001 0414000800000007`,
    message: { type: 'error', version: 4, xid: 7, errorType: 5, code: 1, data: hex`0414000800000007` },
  },
  {
    name: 'echo_request',
    bytes: hex`0402 000c 00000000 01020304`,
    message: { type: 'echo_request', xid: 0, data: hex`01020304` },
  },
  {
    name: 'echo_reply',
    bytes: hex`0403 0008 00000009`,
    message: { type: 'echo_reply', xid: 9, data: hex`` },
  },
  {
    name: 'an experimenter message that we do not know',
    bytes: hex`0404 0014 00000001 00001234 0000000b 00000002`,
    message: { type: 'experimenter', xid: 1, experimenter: 0x1234, expType: 11, data: hex`00000002` },
    refused: true,
  },
  { name: 'features_request', bytes: hex`0405 0008 00000002`, message: { type: 'features_request', xid: 2 } },
  {
    name: 'features_reply',
    bytes: hex`0406 0020 00000002 0000020000000001 00000000 fe 00 0000 0000004f 00000000`,
    message: {
      type: 'features_reply',
      xid: 2,
      datapathId: 0x0000020000000001n,
      nBuffers: 0,
      nTables: 254,
      auxiliaryId: 0,
      capabilities: 0x4f,
      reserved: 0,
    },
  },
  {
    name: 'get_config_request',
    bytes: hex`0407 0008 00000003`,
    message: { type: 'get_config_request', xid: 3 },
  },
  {
    name: 'get_config_reply',
    bytes: hex`0408 000c 00000003 0000 0080`,
    message: { type: 'get_config_reply', xid: 3, flags: 0, missSendLen: 128 },
  },
  {
    name: 'set_config',
    bytes: hex`0409 000c 00000003 0000 ffff`,
    message: { type: 'set_config', xid: 3, flags: 0, missSendLen: 0xffff },
  },
  { name: 'barrier_request', bytes: hex`0414 0008 0000000a`, message: { type: 'barrier_request', xid: 10 } },
  { name: 'barrier_reply', bytes: hex`0415 0008 0000000a`, message: { type: 'barrier_reply', xid: 10 } },
  {
    name: 'role_request',
    bytes: hex`0418 0018 00000001 00000002 00000000 0000000000000005`,
    message: { type: 'role_request', xid: 1, role: 'master', generationId: 5n },
  },
  {
    name: 'role_reply',
    bytes: hex`0419 0018 00000001 00000003 00000000 ffffffffffffffff`,
    message: { type: 'role_reply', xid: 1, role: 'slave', generationId: 0xffffffffffffffffn },
  },
  {
    name: 'role_status: another controller is master now',
    bytes: hex`0404 0020 00000000 4f4e4600 00000777 00000003 00 000000 0000000000000006`,
    message: { type: 'role_status', xid: 0, role: 'slave', reason: 0, generationId: 6n },
  },
  {
    name: 'role_status with a property of an extension',
    bytes: hex`0404 0030 00000000 4f4e4600 00000777 00000003 00 000000 0000000000000006
      | ffff 000c 12345678 00000001 00000000`,
    message: {
      type: 'role_status',
      xid: 0,
      role: 'slave',
      reason: 0,
      generationId: 6n,
      properties: [{ typeId: 0xffff, body: hex`12345678 00000001` }],
    },
  },
  {
    name: 'a message that we do not know',
    bytes: hex`041e 000c 00000004 01020304`,
    message: { type: 'unknown', version: 4, typeId: 30, xid: 4, body: hex`01020304` },
    refused: true,
  },
];

const others: Fixture[] = [
  {
    name: 'packet_in',
    bytes: hex`040a 0042 00000000 ffffffff 0010 00 46 48ff000000000000
      | 0001 0018 80000004 00000001 80000408 00000000 00001388 | 0000
      ffffffffffff 020000000001 88b5 0102`,
    message: {
      type: 'packet_in',
      xid: 0,
      bufferId: OFP_NO_BUFFER,
      totalLen: 16,
      reason: 0,
      tableId: 70,
      cookie: 0x48ff000000000000n,
      match: match({ in_port: 1, metadata: 5000n }),
      data: hex`ffffffffffff 020000000001 88b5 0102`,
    },
  },
  {
    name: 'packet_out',
    bytes: hex`040d 003a 00000005 ffffffff fffffffd 0010 000000000000 | 0000 0010 fffffffb 0000 000000000000 |
      ffffffffffff 020000000001 88b5 0102 0304`,
    message: {
      type: 'packet_out',
      xid: 5,
      bufferId: OFP_NO_BUFFER,
      inPort: OFPP.CONTROLLER,
      actions: [output(OFPP.FLOOD)],
      data: hex`ffffffffffff 020000000001 88b5 0102 0304`,
    },
  },
  {
    name: 'port_status',
    bytes: hex`040c 0050 00000000 02 00000000000000 | ${portBytes}`,
    message: { type: 'port_status', xid: 0, reason: 2, desc: port },
  },
  {
    name: 'port_mod',
    bytes: hex`0410 0028 00000006 00000001 00000000 020000000001 0000 00000001 00000001 00000000 00000000`,
    message: {
      type: 'port_mod',
      xid: 6,
      portNo: 1,
      hwAddr: 0x020000000001,
      config: 1,
      mask: 1,
      advertise: 0,
    },
  },
  {
    name: 'group_mod: add or modify',
    bytes: hex`040f 0058 00000008 8000 00 00 000003e9
      | 0020 0000 ffffffff ffffffff 00000000 | 0016 0008 000007d1 | 0012 0008 00000000
      | 0028 0000 ffffffff ffffffff 00000000 | 0019 0010 00010204 0000000a 00000000 | 0016 0008 000007d2`,
    message: {
      type: 'group_mod',
      xid: 8,
      command: 'add_or_mod',
      groupType: 'all',
      groupId: 1001,
      buckets: [bucket([group(2001), popVlan()]), bucket([setField({ reg1: 10 }), group(2002)])],
    },
  },
  {
    name: 'meter_mod',
    bytes: hex`041d 0030 00000003 0000 0005 00000032
      | 0001 0010 000003e8 00000064 00000000 | 0002 0010 000003e8 00000000 01 000000`,
    message: {
      type: 'meter_mod',
      xid: 3,
      command: 'add',
      flags: 5,
      meterId: 50,
      bands: [
        { type: 'drop', rate: 1000, burstSize: 100 },
        { type: 'dscp_remark', rate: 1000, burstSize: 0, precLevel: 1 },
      ],
    },
  },
  {
    name: 'bundle_control: open',
    bytes: hex`0404 0018 00000009 4f4e4600 000008fc 00000001 0000 0003`,
    message: { type: 'bundle_control', xid: 9, bundleId: 1, controlType: 'open_request', flags: 3 },
  },
  {
    name: 'bundle_control: commit',
    bytes: hex`0404 0018 00000009 4f4e4600 000008fc 00000001 0004 0003`,
    message: { type: 'bundle_control', xid: 9, bundleId: 1, controlType: 'commit_request', flags: 3 },
  },
  {
    name: 'bundle_control with two properties of an extension',
    bytes: hex`0404 0030 00000009 4f4e4600 000008fc 00000001 0000 0003
      | ffff 000c 12345678 00000001 00000000 | ffff 0008 12345678`,
    message: {
      type: 'bundle_control',
      xid: 9,
      bundleId: 1,
      controlType: 'open_request',
      flags: 3,
      properties: [
        { typeId: 0xffff, body: hex`12345678 00000001` },
        { typeId: 0xffff, body: hex`12345678` },
      ],
    },
  },
  {
    name: 'bundle_add of a message of 25 bytes, with a property of an extension',
    bytes: hex`0404 0040 00000009 4f4e4600 000008fd 00000001 0000 0003
      | 040d 0019 00000009 ffffffff fffffffd 0000 000000000000 aa | 00000000000000
      | ffff 0008 12345678`,
    message: {
      type: 'bundle_add',
      xid: 9,
      bundleId: 1,
      flags: 3,
      message: {
        type: 'packet_out',
        xid: 9,
        bufferId: 0xffffffff,
        inPort: OFPP.CONTROLLER,
        actions: [],
        data: hex`aa`,
      },
      properties: [{ typeId: 0xffff, body: hex`12345678` }],
    },
  },
  {
    name: 'bundle_add of a flow_mod',
    bytes: hex`0404 0050 00000009 4f4e4600 000008fd 00000001 0000 0003
      | 040e 0038 00000009 0000000000000000 0000000000000000 00 00 0000 0000 8000
        ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000`,
    message: { type: 'bundle_add', xid: 9, bundleId: 1, flags: 3, message: flowMod([], { xid: 9 }) },
  },
];

const flowStats = {
  tableId: 60,
  durationSec: 5,
  durationNsec: 7,
  priority: 100,
  idleTimeout: 0,
  hardTimeout: 0,
  flags: 0,
  cookie: 0x4801000000000001n,
  packetCount: 3n,
  byteCount: 200n,
  match: match({ eth_dst: 0x020000000001 }),
  instructions: [gotoTable(90)],
} as const;
const flowStatsBytes = `0048 3c 00 00000005 00000007 0064 0000 0000 0000 00000000 4801000000000001
  0000000000000003 00000000000000c8 | 0001 000e 80000606 020000000001 0000 | 0001 0008 5a 000000`;

const multipart: Fixture[] = [
  {
    name: 'multipart_request: desc',
    bytes: hex`0412 0010 00000001 0000 0000 00000000`,
    message: { type: 'multipart_request', xid: 1, flags: 0, body: { type: 'desc' } },
  },
  {
    name: 'multipart_reply: desc',
    bytes: hex`0413 0430 00000001 0000 0000 00000000 ${text('Nicira, Inc.', 256)} ${text('Open vSwitch', 256)}
      ${text('3.1.0', 256)} ${text('None', 32)} ${text('', 256)}`,
    message: {
      type: 'multipart_reply',
      xid: 1,
      flags: 0,
      body: {
        type: 'desc',
        mfrDesc: 'Nicira, Inc.',
        hwDesc: 'Open vSwitch',
        swDesc: '3.1.0',
        serialNum: 'None',
        dpDesc: '',
      },
    },
  },
  ...(
    [
      ['flow', '0001'],
      ['aggregate', '0002'],
    ] as const
  ).map(([type, id]) => ({
    name: `multipart_request: ${type}`,
    bytes: hex`0412 0038 00000001 ${id} 0000 00000000 ff 000000 ffffffff ffffffff 00000000
      4800000000000000 ff00000000000000 | 0001 0004 00000000`,
    message: {
      type: 'multipart_request',
      xid: 1,
      flags: 0,
      body: {
        type,
        tableId: 0xff,
        outPort: OFPP.ANY,
        outGroup: OFPG.ANY,
        cookie: 0x4800000000000000n,
        cookieMask: 0xff00000000000000n,
        match: [],
      },
    } as const,
  })),
  {
    name: 'multipart_reply: flow, more to come',
    bytes: hex`0413 00a0 00000001 0001 0001 00000000 | ${flowStatsBytes} | ${flowStatsBytes}`,
    message: {
      type: 'multipart_reply',
      xid: 1,
      flags: 1,
      body: { type: 'flow', entries: [flowStats, flowStats] },
    },
  },
  {
    name: 'multipart_reply: aggregate',
    bytes: hex`0413 0028 00000001 0002 0000 00000000 0000000000000003 00000000000000c8 00000002 00000000`,
    message: {
      type: 'multipart_reply',
      xid: 1,
      flags: 0,
      body: { type: 'aggregate', packetCount: 3n, byteCount: 200n, flowCount: 2 },
    },
  },
  {
    name: 'multipart_request: group_desc',
    bytes: hex`0412 0010 00000001 0007 0000 00000000`,
    message: { type: 'multipart_request', xid: 1, flags: 0, body: { type: 'group_desc' } },
  },
  {
    name: 'multipart_reply: group_desc',
    bytes: hex`0413 0038 00000001 0007 0000 00000000 | 0028 01 00 000007d1
      | 0020 0005 ffffffff ffffffff 00000000 0000 0010 00000003 0000 000000000000`,
    message: {
      type: 'multipart_reply',
      xid: 1,
      flags: 0,
      body: {
        type: 'group_desc',
        entries: [
          {
            groupType: 'select',
            groupId: 2001,
            buckets: [{ weight: 5, watchPort: OFPP.ANY, watchGroup: OFPG.ANY, actions: [output(3)] }],
          },
        ],
      },
    },
  },
  {
    name: 'multipart_request: port_desc',
    bytes: hex`0412 0010 00000001 000d 0000 00000000`,
    message: { type: 'multipart_request', xid: 1, flags: 0, body: { type: 'port_desc' } },
  },
  {
    name: 'multipart_reply: port_desc',
    bytes: hex`0413 0050 00000001 000d 0000 00000000 | ${portBytes}`,
    message: { type: 'multipart_reply', xid: 1, flags: 0, body: { type: 'port_desc', entries: [port] } },
  },
  {
    name: 'a multipart_reply that we do not know',
    bytes: hex`0413 0014 00000001 0063 0000 00000000 0000000f`,
    message: {
      type: 'multipart_reply',
      xid: 1,
      flags: 0,
      body: { type: 'unknown', typeId: 99, body: hex`0000000f` },
    },
    refused: true,
  },
];

export const fixtures: readonly Fixture[] = [
  ...handshake,
  ...actions,
  ...niciraActions,
  ...flows,
  ...others,
  ...multipart,
  ...statistics,
  ...setup,
  ...extensions,
];
