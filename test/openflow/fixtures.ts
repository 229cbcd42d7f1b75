/** Golden frames: annotated bytes beside the values that they stand for. */
import {
  type Action,
  applyActions,
  type FlowMod,
  gotoTable,
  group,
  type Instruction,
  learnLoad,
  learnMatch,
  learnOutput,
  match,
  masked,
  type Message,
  meter,
  move,
  output,
  outputReg,
  load,
  learn,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  setQueue,
  clearActions,
  writeActions,
  writeMetadata,
  OFPP,
  OFPG,
  OFP_NO_BUFFER,
} from '../../src/openflow/index.js';

/** Bytes from hex; white space and `|` are for the eye. */
export const hex = (strings: TemplateStringsArray, ...values: string[]): Uint8Array =>
  Uint8Array.from(Buffer.from(String.raw({ raw: strings }, ...values).replace(/[\s|]|\/\/.*$/gm, ''), 'hex'));

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface Fixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly message: Message;
}

const flowMod = (instructions: readonly Instruction[], more: Partial<FlowMod> = {}): FlowMod => ({
  type: 'flow_mod',
  xid: 2,
  cookie: 0n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 0x8000,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions,
  ...more,
});

const u16 = (value: number): string => value.toString(16).padStart(4, '0');

/** A flow_mod that matches all and applies one action of these bytes. */
function oneAction(name: string, bytes: string, action: Action): Fixture {
  const body = bytes.replace(/[\s|]/g, '');
  const size = body.length / 2;
  return {
    name,
    bytes: hex`040e ${u16(64 + size)} 00000002 0000000000000000 0000000000000000 00 00 0000 0000 8000
      ffffffff ffffffff ffffffff 0000 0000 | 0001 0004 00000000 | 0004 ${u16(8 + size)} 00000000 ${body}`,
    message: flowMod([applyActions([action])]),
  };
}

const actions: Fixture[] = [
  oneAction('output', '0000 0010 00000005 0000 000000000000', output(5)),
  oneAction('output to the controller', '0000 0010 fffffffd ffff 000000000000', output(OFPP.CONTROLLER)),
  oneAction('group', '0016 0008 000007d1', group(2001)),
  oneAction('push_vlan', '0011 0008 8100 0000', pushVlan()),
  oneAction('pop_vlan', '0012 0008 00000000', popVlan()),
  oneAction('set_queue', '0015 0008 00000003', setQueue(3)),
  oneAction('dec_nw_ttl', '0018 0008 00000000', { type: 'dec_nw_ttl' }),
  oneAction('set_field tunnel_id', '0019 0010 80004c08 0000000000001234', setField({ tunnel_id: 0x1234n })),
  oneAction('set_field tun_dst', '0019 0010 00014004 0a000001 00000000', setField({ tun_dst: 0x0a000001 })),
  oneAction('set_field with a mask', '0019 0010 00010108 00000001 00000001', {
    type: 'set_field',
    oxm: { field: 'reg0', value: 1, mask: 1 },
  }),
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
  oneAction('an action that we do not know: ct', 'ffff0018 00002320 0023 0001 00010004 000f 04 000000 0000', {
    type: 'unknown',
    typeId: 0xffff,
    body: hex`00002320 0023 0001 00010004 000f 04 000000 0000`,
  }),
];

const flows: Fixture[] = [
  {
    name: 'flow_mod with every instruction',
    bytes: hex`040e 00a0 00000002 0000000000000077 ffffffffffffffff 05 00 000a 0014 0064
      ffffffff ffffffff ffffffff 0001 0000
      | 0001 001e 80000004 00000001 | 80000a02 0800 | 80001708 0a000000 ffffff00 | 0000 // 30, padded to 32
      | 0006 0008 00000032 | 0005 0008 00000000 | 0003 0018 00000000 0000 0010 00000002 0000 000000000000
      | 0002 0018 00000000 0000000000001388 ffffffffffffffff | 0001 0008 3c 000000 | 0009 0008 01020304`,
    message: flowMod(
      [
        meter(50),
        clearActions(),
        writeActions([output(2)]),
        writeMetadata(5000n),
        gotoTable(60),
        { type: 'unknown', typeId: 9, body: hex`01020304` },
      ],
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
    name: 'flow_mod with an oxm that we do not know (tcp_flags)',
    bytes: hex`040e 0048 00000002 0000000000000000 0000000000000000 00 00 0000 0000 8000
      ffffffff ffffffff ffffffff 0000 0000 | 0001 0014 80000a02 0800 | ffff5406 4f4e4600 0002 | 00000000`,
    message: flowMod([], {
      match: [
        { field: 'eth_type', value: 0x0800 },
        { field: 'unknown', header: 0xffff5406, body: hex`4f4e4600 0002` },
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

export const fixtures: readonly Fixture[] = [...actions, ...flows];
