/** Golden actions of Open vSwitch's own, as ovs-ofctl 3.1 wrote them, and the text that it prints for them. */
import {
  type Action,
  CtFlag,
  load,
  masked,
  type MatchFields,
  NatFlag,
  NX_CT_RECIRC_NONE,
  NxBundleAlgorithm,
  NxHashFields,
  NxMultipathAlgorithm,
  output,
  SampleDirection,
} from '../../src/openflow/index.js';
import { all, type Fixture, hex, ip, oneAction } from './frames.js';

export interface ActionText {
  /** What ovs-ofctl prints. */
  readonly text: string;
  /** The action's bytes. */
  readonly bytes: string;
  readonly action: Action;
  readonly of?: { readonly fields: MatchFields; readonly bytes: string };
  /** Open vSwitch takes it, and writes it in another way itself. */
  readonly rewritten?: true;
  /** Open vSwitch takes it in its own tests alone. */
  readonly refused?: true;
}

const ct = (
  actions: readonly Action[],
  more: Partial<Extract<Action, { type: 'ct' }>> = {},
): Extract<Action, { type: 'ct' }> => ({
  type: 'ct',
  flags: 0,
  zone: 0,
  recircTable: NX_CT_RECIRC_NONE,
  alg: 0,
  actions,
  ...more,
});

const sampled = { probability: 5, collectorSetId: 1, obsDomainId: 2, obsPointId: 3 } as const;
const nsh = { fields: { eth_type: 0x894f }, bytes: '0001 000a 80000a02 894f 000000000000' } as const;
const tcp = {
  fields: { eth_type: 0x0800, ip_proto: 6 },
  bytes: '0001 000f 80000a02 0800 80001401 06 00',
} as const;
const tracked = {
  fields: { eth_type: 0x0800, ct_state: masked(0x22, 0x22) },
  bytes: '0001 0016 80000a02 0800 0001d308 00000022 00000022 0000',
} as const;

export const actionTexts: readonly ActionText[] = [
  {
    text: 'ct(commit,table=4,zone=NXM_NX_REG0[0..15])',
    bytes: 'ffff0018 00002320 0023 0001 00010004 000f 04 000000 0000',
    action: ct([], { flags: CtFlag.COMMIT, zone: { field: 'reg0', offset: 0, bits: 16 }, recircTable: 4 }),
    of: ip,
  },
  {
    text: 'ct()',
    bytes: 'ffff0018 00002320 0023 0000 00000000 0000 ff 000000 0000',
    action: ct([]),
    of: ip,
  },
  {
    text: 'ct(nat)',
    bytes: 'ffff0028 00002320 0023 0000 00000000 0000 ff 000000 0000 | ffff0010 00002320 0024 0000 0000 0000',
    action: ct([{ type: 'nat', flags: 0, range: {} }]),
    of: ip,
  },
  {
    text: 'ct(commit,nat(src))',
    bytes: 'ffff0028 00002320 0023 0001 00000000 0000 ff 000000 0000 | ffff0010 00002320 0024 0000 0001 0000',
    action: ct([{ type: 'nat', flags: NatFlag.SRC, range: {} }], { flags: CtFlag.COMMIT }),
    of: ip,
  },
  {
    text: 'ct(commit,nat(dst=10.0.0.1,hash))',
    bytes: `ffff0030 00002320 0023 0001 00000000 0000 ff 000000 0000
      | ffff0018 00002320 0024 0000 000a 0001 0a000001 00000000`,
    action: ct([{ type: 'nat', flags: NatFlag.DST | NatFlag.PROTO_HASH, range: { ipv4Min: 0x0a000001 } }], {
      flags: CtFlag.COMMIT,
    }),
    of: ip,
  },
  {
    text: 'ct(commit,nat(dst=[fe80::1]-[fe80::9]:100-110,hash))',
    bytes: `ffff0050 00002320 0023 0001 00000000 0000 ff 000000 0000
      | ffff0038 00002320 0024 0000 000a 003c fe800000000000000000000000000001 fe800000000000000000000000000009
        0064 006e 00000000`,
    action: ct(
      [
        {
          type: 'nat',
          flags: NatFlag.DST | NatFlag.PROTO_HASH,
          range: {
            ipv6Min: (0xfe80n << 112n) | 1n,
            ipv6Max: (0xfe80n << 112n) | 9n,
            protoMin: 100,
            protoMax: 110,
          },
        },
      ],
      { flags: CtFlag.COMMIT },
    ),
    of: { fields: { eth_type: 0x86dd }, bytes: '0001 000a 80000a02 86dd 000000000000' },
  },
  {
    text: 'ct(commit,force,table=4,zone=5,nat(src=10.0.0.1-10.0.0.9:100-200,persistent,random),exec(load:0x1->NXM_NX_CT_MARK[],set_field:0x5->ct_label),alg=ftp)',
    bytes: `ffff0068 00002320 0023 0003 00000000 0005 04 000000 0015
      | ffff0020 00002320 0024 0000 0015 0033 0a000001 0a000009 0064 00c8 00000000
      | ffff0018 00002320 0007 001f 0001d604 0000000000000001
      | 0019 0018 0001d810 00000000000000000000000000000005`,
    action: ct(
      [
        {
          type: 'nat',
          flags: NatFlag.SRC | NatFlag.PERSISTENT | NatFlag.PROTO_RANDOM,
          range: { ipv4Min: 0x0a000001, ipv4Max: 0x0a000009, protoMin: 100, protoMax: 200 },
        },
        load(1n, 'ct_mark'),
        { type: 'set_field', oxm: { field: 'ct_label', value: 5n } },
      ],
      { flags: CtFlag.COMMIT | CtFlag.FORCE, zone: 5, recircTable: 4, alg: 21 },
    ),
    of: tcp,
  },
  {
    text: 'clone(output:1,ct(commit))',
    bytes: `ffff0038 00002320 002a 000000000000 | 0000 0010 00000001 0000 000000000000
      | ffff0018 00002320 0023 0001 00000000 0000 ff 000000 0000`,
    action: { type: 'clone', actions: [output(1), ct([], { flags: CtFlag.COMMIT })] },
    of: ip,
  },
  { text: 'ct_clear', bytes: 'ffff0010 00002320 002b 000000000000', action: { type: 'ct_clear' }, of: ip },
  {
    text: 'controller(reason=no_match,max_len=100,id=5,userdata=01.02.03,pause)',
    bytes: `ffff0038 00002320 0025 000000000000 | 0000 0008 0064 0000 | 0001 0008 0005 0000 | 0002 0005 00 000000
      | 0003 0007 010203 00 | 0004 0004 00000000`,
    action: {
      type: 'controller2',
      properties: [
        { type: 'max_len', maxLen: 100 },
        { type: 'controller_id', controllerId: 5 },
        { type: 'reason', reason: 0 },
        { type: 'userdata', userdata: hex`010203` },
        { type: 'pause' },
      ],
    },
  },
  {
    text: 'controller(userdata=01.02.03,meter_id=5)',
    bytes: 'ffff0020 00002320 0025 000000000000 | 0003 0007 010203 00 | 0005 0008 00000005',
    action: {
      type: 'controller2',
      properties: [
        { type: 'userdata', userdata: hex`010203` },
        { type: 'meter_id', meterId: 5 },
      ],
    },
  },
  {
    text: 'controller(unknown(9,ab))',
    bytes: 'ffff0018 00002320 0025 000000000000 | 0009 0005 ab 000000',
    action: { type: 'controller2', properties: [{ type: 'unknown', typeId: 9, body: hex`ab` }] },
    refused: true,
  },
  {
    text: 'multipath(symmetric_l4,1024,hrw,16,0,NXM_NX_REG2[0..4])',
    bytes: 'ffff0020 00002320 000a 0001 0400 0000 0002 000f 00000000 0000 0004 00010404',
    action: {
      type: 'multipath',
      fields: NxHashFields.SYMMETRIC_L4,
      basis: 1024,
      algorithm: NxMultipathAlgorithm.HRW,
      maxLink: 15,
      arg: 0,
      range: { offset: 0, bits: 5 },
      dst: 'reg2',
    },
  },
  {
    text: 'multipath(eth_src,50,iter_hash,16,4,NXM_NX_REG0[])',
    bytes: 'ffff0020 00002320 000a 0000 0032 0000 0003 000f 00000004 0000 001f 00010004',
    action: {
      type: 'multipath',
      fields: NxHashFields.ETH_SRC,
      basis: 50,
      algorithm: NxMultipathAlgorithm.ITER_HASH,
      maxLink: 15,
      arg: 4,
      range: { offset: 0, bits: 32 },
      dst: 'reg0',
    },
  },
  {
    text: 'bundle(symmetric_l4,60,hrw,ofport,members:4,8,1)',
    bytes: `ffff0028 00002320 000c 0001 0001 003c 00000002 0003 0000 00000000 00000000
      | 0004 0008 0001 0000`,
    action: {
      type: 'bundle',
      algorithm: NxBundleAlgorithm.HRW,
      fields: NxHashFields.SYMMETRIC_L4,
      basis: 60,
      memberType: 'nxm_in_port',
      members: [4, 8, 1],
    },
  },
  {
    text: 'bundle_load(eth_src,0,active_backup,ofport,NXM_NX_REG0[],members:4,8)',
    bytes: `ffff0028 00002320 000d 0000 0000 0000 00000002 0002 001f 00010004 00000000
      | 0004 0008 00000000`,
    action: {
      type: 'bundle_load',
      algorithm: NxBundleAlgorithm.ACTIVE_BACKUP,
      fields: NxHashFields.ETH_SRC,
      basis: 0,
      memberType: 'nxm_in_port',
      range: { offset: 0, bits: 32 },
      dst: 'reg0',
      members: [4, 8],
    },
  },
  {
    text: 'bundle(nw_src,0,active_backup,ofport,members:)',
    bytes: 'ffff0020 00002320 000c 0000 0004 0000 00000002 0000 0000 00000000 00000000',
    action: {
      type: 'bundle',
      algorithm: NxBundleAlgorithm.ACTIVE_BACKUP,
      fields: NxHashFields.NW_SRC,
      basis: 0,
      memberType: 'nxm_in_port',
      members: [],
    },
  },
  {
    text: 'dec_ttl(1,2,3)',
    bytes: 'ffff0018 00002320 0015 0003 00000000 0001 0002 0003 0000',
    action: { type: 'dec_ttl_cnt_ids', controllerIds: [1, 2, 3] },
    of: ip,
  },
  {
    text: 'fin_timeout(idle_timeout=5,hard_timeout=10)',
    bytes: 'ffff0010 00002320 0013 0005 000a 0000',
    action: { type: 'fin_timeout', finIdleTimeout: 5, finHardTimeout: 10 },
    of: tcp,
  },
  {
    text: 'push:NXM_NX_REG2[0..5]',
    bytes: 'ffff0018 00002320 001b 0000 00010404 0006 000000000000',
    action: { type: 'stack_push', offset: 0, field: 'reg2', bits: 6 },
  },
  {
    text: 'pop:NXM_NX_REG1[]',
    bytes: 'ffff0018 00002320 001c 0000 00010204 0020 000000000000',
    action: { type: 'stack_pop', offset: 0, field: 'reg1', bits: 32 },
  },
  {
    text: 'sample(probability=5,collector_set_id=1,obs_domain_id=2,obs_point_id=3)',
    bytes: 'ffff0018 00002320 001d 0005 00000001 00000002 00000003',
    action: { type: 'sample', ...sampled },
  },
  {
    text: 'sample(probability=5,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=7)',
    bytes: 'ffff0020 00002320 0026 0005 00000001 00000002 00000003 0007 000000000000',
    action: { type: 'sample2', ...sampled, samplingPort: 7 },
  },
  {
    text: 'sample(probability=5,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=7,egress)',
    bytes: 'ffff0020 00002320 0029 0005 00000001 00000002 00000003 0007 02 0000000000',
    action: { type: 'sample3', ...sampled, samplingPort: 7, direction: SampleDirection.EGRESS },
  },
  {
    text: 'check_pkt_larger(1500)->NXM_NX_REG0[3]',
    bytes: 'ffff0018 00002320 0031 05dc 0003 00010004 000000000000',
    action: { type: 'check_pkt_larger', pktLen: 1500, offset: 3, dst: 'reg0' },
  },
  { text: 'exit', bytes: 'ffff0010 00002320 0011 000000000000', action: { type: 'exit' } },
  { text: 'pop_queue', bytes: 'ffff0010 00002320 0005 000000000000', action: { type: 'pop_queue' } },
  {
    text: 'set_tunnel:0x5',
    bytes: 'ffff0010 00002320 0002 0000 00000005',
    action: { type: 'set_tunnel', tunnelId: 5 },
    rewritten: true,
  },
  {
    text: 'set_tunnel64:0x5',
    bytes: 'ffff0018 00002320 0009 000000000000 0000000000000005',
    action: { type: 'set_tunnel64', tunnelId: 5n },
    rewritten: true,
  },
  {
    text: 'move:NXM_NX_REG3[3..8]->NXM_OF_IP_TOS[2..7]',
    bytes: 'ffff0020 4f4e4600 0c80 0000 0006 0003 0002 0000 00010604 00000a01 00000000',
    action: {
      type: 'copy_field',
      bits: 6,
      srcOffset: 3,
      dstOffset: 2,
      src: 'reg3',
      dst: 'nxm_ip_tos',
    },
    of: ip,
  },
  {
    text: 'output:NXM_NX_REG1[]',
    bytes: 'ffff0018 00002320 0020 001f ffff 00010204 000000000000',
    action: { type: 'output_reg2', range: { offset: 0, bits: 32 }, maxLen: 0xffff, src: 'reg1' },
  },
  {
    text: 'set_field:0x5->reg0',
    bytes: 'ffff0018 00002320 0021 00010004 00000005 000000000000',
    action: { type: 'load2', oxm: { field: 'reg0', value: 5 } },
  },
  {
    text: 'set_field:0x5/0xf->reg0',
    bytes: 'ffff0018 00002320 0021 00010108 00000005 0000000f 0000',
    action: { type: 'load2', oxm: { field: 'reg0', value: 5, mask: 15 } },
  },
  {
    text: 'resubmit(,6,ct)',
    bytes: 'ffff0010 00002320 002c fff8 06 000000',
    action: { type: 'resubmit_ct', inPort: 0xfff8, tableId: 6 },
    of: tracked,
  },
  {
    text: 'encap(nsh(md_type=1))',
    bytes: 'ffff0018 00002320 002e 0000 0001894f | 0004 01 05 01 000000',
    action: {
      type: 'encap',
      headerSize: 0,
      packetType: 0x0001894f,
      properties: [{ propertyClass: 4, propertyType: 1, data: hex`01` }],
    },
  },
  {
    text: 'encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))',
    bytes: `ffff0028 00002320 002e 0000 0001894f | 0004 01 05 02 000000
      | 0004 02 10 1000 0a 04 12345678 00000000`,
    action: {
      type: 'encap',
      headerSize: 0,
      packetType: 0x0001894f,
      properties: [
        { propertyClass: 4, propertyType: 1, data: hex`02` },
        { propertyClass: 4, propertyType: 2, data: hex`1000 0a 04 12345678 00000000` },
      ],
    },
  },
  {
    text: 'encap(mpls)',
    bytes: 'ffff0010 00002320 002e 0000 00018847',
    action: { type: 'encap', headerSize: 0, packetType: 0x00018847, properties: [] },
  },
  {
    text: 'decap()',
    bytes: 'ffff0010 00002320 002f 0000 0000fffe',
    action: { type: 'decap', packetType: 0xfffe },
    of: nsh,
  },
  {
    text: 'decap(packet_type(ns=0,type=0))',
    bytes: 'ffff0010 00002320 002f 0000 00000000',
    action: { type: 'decap', packetType: 0 },
    of: nsh,
  },
  {
    text: 'dec_nsh_ttl',
    bytes: 'ffff0010 00002320 0030 000000000000',
    action: { type: 'dec_nsh_ttl' },
    of: nsh,
  },
  {
    text: 'debug_recirc',
    bytes: 'ffff0010 00002320 00ff 000000000000',
    action: { type: 'debug_recirc' },
    refused: true,
  },
  {
    text: 'debug_slow',
    bytes: 'ffff0010 00002320 00fe 000000000000',
    action: { type: 'debug_slow' },
    refused: true,
  },
];

export const niciraActions: readonly Fixture[] = actionTexts.map(
  ({ text, bytes, action, of = all, refused }) => ({
    ...oneAction(text, bytes, action, of),
    ...(refused && { refused }),
  }),
);
