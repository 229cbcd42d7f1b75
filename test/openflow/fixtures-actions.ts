/** Golden flow_mods, one for each action. */
import {
  group,
  learn,
  learnLoad,
  learnMatch,
  learnOutput,
  load,
  move,
  OFPP,
  output,
  outputReg,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  setQueue,
} from '../../src/openflow/index.js';
import { type Fixture, hex, ip, oneAction, tagged } from './frames.js';

export const actions: readonly Fixture[] = [
  oneAction('output', '0000 0010 00000005 0000 000000000000', output(5)),
  oneAction('output to the controller', '0000 0010 fffffffd ffff 000000000000', output(OFPP.CONTROLLER)),
  oneAction('group', '0016 0008 000007d1', group(2001)),
  oneAction('push_vlan', '0011 0008 8100 0000', pushVlan()),
  oneAction('pop_vlan', '0012 0008 00000000', popVlan(), tagged),
  oneAction('set_queue', '0015 0008 00000003', setQueue(3)),
  oneAction('dec_nw_ttl', '0018 0008 00000000', { type: 'dec_nw_ttl' }, ip),
  oneAction('set_field tunnel_id', '0019 0010 80004c08 0000000000001234', setField({ tunnel_id: 0x1234n })),
  oneAction('set_field tun_dst', '0019 0010 00014004 0a000001 00000000', setField({ tun_dst: 0x0a000001 })),
  oneAction('resubmit to a table', 'ffff0010 00002320 000e fff8 05 000000', resubmit(5)),
  oneAction('resubmit to a port', 'ffff0010 00002320 0001 0005 00 000000', {
    type: 'resubmit_port',
    inPort: 5,
  }),
  oneAction('load', 'ffff0018 00002320 0007 001f 00010004 0000000000000005', load(5n, 'reg0')),
  oneAction(
    'move',
    'ffff0018 00002320 0006 0030 0000 0000 00000406 00000206',
    move('nxm_eth_src', 'nxm_eth_dst'),
  ),
  oneAction(
    'move of some bits',
    'ffff0018 00002320 0006 0006 0000 0002 00010604 00000a01',
    move({ field: 'reg3', bits: 6 }, { field: 'nxm_ip_tos', offset: 2 }),
    ip,
  ),
  oneAction(
    'output_reg',
    'ffff0018 00002320 000f 001f 00010204 ffff 000000000000',
    outputReg('reg1', 0xffff),
  ),
  oneAction('note', 'ffff0010 00002320 0008 414243444546', {
    type: 'note',
    note: hex`414243444546`,
  }),
  oneAction('conjunction', 'ffff0010 00002320 0022 01 02 00000005', {
    type: 'conjunction',
    clause: 1,
    clauses: 2,
    id: 5,
  }),
  oneAction('controller', 'ffff0010 00002320 0014 ffff 0007 01 00', {
    type: 'controller',
    maxLen: 0xffff,
    controllerId: 7,
    reason: 1,
  }),
  oneAction(
    'clone(resubmit(,92),output(port=65000,max_len=14))',
    `ffff0030 00002320 002a 000000000000 | ffff0010 00002320 000e fff8 5c 000000
     | ffff0010 00002320 0027 fde8 0000000e`,
    { type: 'clone', actions: [resubmit(92), { type: 'output_trunc', port: 65000, maxLen: 14 }] },
  ),
  oneAction(
    'learn',
    `ffff0058 00002320 0010 0000 012c 0064 0000000000000077 0000 14 00 0000 0000
     | 0040 80000408 0000 80000408 0000 | 0030 00000406 0000 00000206 0000
     | 0820 00013e04 0000 00014004 0000 | 1020 80000004 0000 | 0000 0000 0000`,
    learn({
      table: 20,
      hardTimeout: 300,
      priority: 100,
      cookie: 0x77n,
      specs: [
        learnMatch('metadata'),
        learnMatch('nxm_eth_dst', 'nxm_eth_src'),
        learnLoad('tun_dst', 'tun_src'),
        learnOutput('in_port'),
      ],
    }),
  ),
  oneAction(
    'learn with a limit, constants and some bits',
    `ffff0070 00002320 002d 0000 003c 0064 48ff000000000000 0001 46 00 0000 0000 00000020 0000 0000
     | 0040 80000408 0000 80000408 0000 | 0030 00000406 0000 00000206 0000 | 0810 00000002 0000 00010204 0000
     | 2020 00000007 00010404 0000 | 2820 00000005 00010604 0000 | 0000 0000 0000`,
    learn({
      table: 70,
      hardTimeout: 60,
      priority: 100,
      cookie: 0x48ff000000000000n,
      limit: 32,
      flags: 1,
      specs: [
        learnMatch('metadata'),
        learnMatch('nxm_eth_dst', 'nxm_eth_src'),
        learnLoad({ field: 'reg1', bits: 16 }, 'nxm_in_port'),
        learnMatch('reg2', 7n),
        learnLoad('reg3', 5n),
      ],
    }),
  ),
  oneAction(
    'learn that writes its result',
    `ffff0048 00002320 002d 0000 0000 8000 0000000000000000 0004 46 00 0000 0000 00000020 0003 0000 00010804
     | 0040 80000408 0000 80000408 0000 | 2030 020000000001 00000206 0000`,
    {
      type: 'learn2',
      idleTimeout: 0,
      hardTimeout: 0,
      priority: 0x8000,
      cookie: 0n,
      flags: 4,
      tableId: 70,
      finIdleTimeout: 0,
      finHardTimeout: 0,
      limit: 32,
      resultOffset: 3,
      result: 'reg4',
      specs: [learnMatch('metadata'), learnMatch('nxm_eth_dst', 0x020000000001n)],
    },
  ),
  {
    ...oneAction("another experimenter's action", 'ffff 0010 00001234 0000000000000005', {
      type: 'unknown',
      typeId: 0xffff,
      body: hex`00001234 0000000000000005`,
    }),
    refused: true,
  },
  {
    ...oneAction('an action of Open vSwitch that we do not know', 'ffff 0010 00002320 00fa 000000000005', {
      type: 'unknown',
      typeId: 0xffff,
      body: hex`00002320 00fa 000000000005`,
    }),
    refused: true,
  },
];
