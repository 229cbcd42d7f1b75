/** Flows, groups and meters in ovs-ofctl's notation, without ovs-ofctl; test/live/notation.test.ts asks the real one. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import {
  applyActions,
  formatActions,
  formatFlow,
  formatGroup,
  formatIpv6,
  formatMeter,
  type MatchFields,
  masked,
  match,
  OFPP,
  output,
  parseActions,
  parseFlow,
  parseFlows,
  parseGroup,
  parseGroups,
  parseInstructions,
  parseIpv6,
  parseMatch,
  parseMeter,
  parseMeters,
} from '../../src/openflow/index.js';
import { actionTexts } from './fixtures-nicira.js';
import { flows, groups } from './texts.js';

const corpus = readFileSync(new URL('notation/flows.txt', import.meta.url), 'utf8');

t.test('what we print of a flow or group is read back as it was', t => {
  for (const { text, flow } of flows)
    t.strictSame(parseFlow(text), { cookie: 0n, idleTimeout: 0, hardTimeout: 0, flags: 0, ...flow }, text);
  for (const { text, group } of groups) t.strictSame(parseGroup(text), group, text);
  t.end();
});

t.test('each action is read back from what ovs-ofctl prints of it', t => {
  for (const { text, action } of actionTexts) {
    // OpenFlow 1.3 sets a field with a mask by loads, as ovs-ofctl does: load2 alone has another text.
    if (action.type === 'load2') continue;
    const found = parseActions(text);
    t.equal(found.length, 1, text);
    t.equal(formatActions(found), formatActions([action]), text);
  }
  const loads = 'load:0xf->NXM_NX_REG0[4..7],load:0xff->NXM_NX_REG0[16..23]';
  t.equal(formatActions(parseActions('set_field:0xff00f0/0xff00f0->reg0')), loads);
  t.end();
});

t.test('what users type: printed and read again, it is the same', t => {
  const all = parseFlows(corpus);
  t.ok(all.length > 280, `${all.length} flows`);
  for (const flow of all) t.strictSame(parseFlow(formatFlow(flow)), flow, formatFlow(flow));
  t.end();
});

t.test('matches in the spellings of users', t => {
  const cases: readonly (readonly [text: string, fields: MatchFields])[] = [
    ['', {}],
    [
      'tcp,nw_src=10.0.0.0/8,tp_dst=80',
      { eth_type: 0x800, ip_proto: 6, ipv4_src: masked(10 << 24, (0xff << 24) >>> 0), tcp_dst: 80 },
    ],
    ['tp_dst=0x50 ip_proto=6 eth_type=0x800', { eth_type: 0x800, ip_proto: 6, tcp_dst: 80 }],
    ['tcp,dl_type=0x0800,nw_proto=6', { eth_type: 0x800, ip_proto: 6 }],
    ['arp,nw_src=10.0.0.1,nw_proto=1', { eth_type: 0x806, arp_spa: (10 << 24) + 1, arp_op: 1 }],
    ['udp6,tp_src=5', { eth_type: 0x86dd, ip_proto: 17, udp_src: 5 }],
    ['icmp6,icmp_type=135', { eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135 }],
    ['ip,nw_src=10.1.2.3/255.255.0.0', { eth_type: 0x800, ipv4_src: masked(0x0a010000, 0xffff0000) }],
    ['ip,nw_src=*,nw_dst=1.1.1.1/0', { eth_type: 0x800 }],
    ['dl_vlan=10', { vlan_vid: 0x100a }],
    ['dl_vlan=0xffff', { vlan_vid: 0 }],
    ['vlan_tci=0', { vlan_vid: 0 }],
    ['vlan_tci=0x1000/0x1000', { vlan_vid: masked(0x1000, 0x1000) }],
    ['dl_vlan_pcp=3', { vlan_vid: masked(0x1000, 0x1000), vlan_pcp: 3 }],
    ['vlan_tci=0x700a/0xffff', { vlan_vid: 0x100a, vlan_pcp: 3 }],
    ['vlan_tci=0x2000/0x6000', { vlan_tci: masked(0x2000, 0x6000) }],
    ['in_port=local', { in_port: OFPP.LOCAL }],
    ['in_port=65534', { in_port: OFPP.LOCAL }],
    ['ip,nw_tos=184', { eth_type: 0x800, ip_dscp: 46 }],
    ['ct_state=+trk-new', { ct_state: masked(0x20, 0x21) }],
    ['ct_state=trk|est', { ct_state: masked(0x22, 0xff) }],
    ['eth_src=2:0:0:0:0:a', { eth_src: 0x02000000000a }],
    [
      'ipv6,ipv6_src=::ffff:1.2.3.4/96',
      { eth_type: 0x86dd, ipv6_src: masked(0xffff00000000n, ((1n << 96n) - 1n) << 32n) },
    ],
  ];
  for (const [text, fields] of cases) t.strictSame(parseMatch(text), match(fields), text);
  t.end();
});

t.test('ports have the names that a switch gives them', t => {
  const numbers = new Map([
    ['vnet0', 5],
    ['a port', 6],
  ]);
  const portNumber = (name: string): number | undefined => numbers.get(name);
  const portName = (port: number): string | undefined =>
    [...numbers].find(([, number]) => number === port)?.[0];
  const text = 'in_port=vnet0 actions=output:"a port",LOCAL,resubmit(vnet0,7)';
  const flow = parseFlow(text.replace('output:', ''), { portNumber });
  t.strictSame(flow.match, match({ in_port: 5 }));
  t.equal(formatFlow(flow, { portName }), text);
  t.equal(formatFlow(flow), 'in_port=5 actions=output:6,LOCAL,resubmit(5,7)');
  t.throws(() => parseFlow(text), { code: 'OF_BAD_TEXT', column: 9 });
  t.end();
});

t.test('meters, and dumps of all three', t => {
  const text = `OFPST_METER_CONFIG reply (OF1.3) (xid=0x2):
meter=1 kbps bands=
type=drop rate=1000

meter=controller pktps burst stats bands=
type=drop rate=10 burst_size=20
type=dscp_remark rate=20 burst_size=5 prec_level=1
`;
  const meters = parseMeters(text);
  t.strictSame(meters, [
    { id: 1, flags: 1, bands: [{ type: 'drop', rate: 1000, burstSize: 0 }] },
    {
      id: 0xfffffffe,
      flags: 2 | 4 | 8,
      bands: [
        { type: 'drop', rate: 10, burstSize: 20 },
        { type: 'dscp_remark', rate: 20, burstSize: 5, precLevel: 1 },
      ],
    },
  ]);
  t.equal(meters.map(meter => formatMeter(meter)).join('\n\n'), text.trim().replace(/^.*\n/, ''));
  t.strictSame(parseMeter('meter=1,kbps,band=type=drop,rate=1000'), meters[0]);
  for (const band of [
    { type: 'experimenter' as const, rate: 1, burstSize: 0, experimenter: 7, data: Uint8Array.of(1, 2) },
    { type: 'unknown' as const, typeId: 9, body: Uint8Array.of(1, 2) },
  ]) {
    const meter = { id: 5, flags: 1, bands: [band] };
    t.strictSame(parseMeter(formatMeter(meter)), meter);
  }

  const stats =
    ' cookie=0x5, duration=1.5s, table=7, n_packets=1, n_bytes=64, idle_age=3, priority=9,ip actions=drop';
  t.strictSame(
    parseFlows(`OFPST_FLOW reply (OF1.3) (xid=0x2):\n${stats}\n\n# a comment\nactions=1 # one\n`).map(flow =>
      formatFlow(flow),
    ),
    ['cookie=0x5, table=7, priority=9,ip actions=drop', 'actions=output:1'],
  );

  const dump = ` group_id=3,type=select,bucket=weight:5,actions=output:1,bucket=actions=drop
 group_id=4,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_port:2,watch_group:2,actions=output:2,output:3
 group_id=5,type=all
`;
  const groups = parseGroups(`OFPST_GROUP_DESC reply (OF1.3) (xid=0x2):\n${dump}`);
  t.equal(groups.map(group => ` ${formatGroup(group)}\n`).join(''), dump);
  t.strictSame(
    groups[0]?.buckets.map(({ weight }) => weight),
    [5, 1],
  );
  t.strictSame(
    parseGroup(
      'group_id=4 type=fast_failover bucket=watch_port=1,output:1 bucket=watch_port=2,watch_group=2,output:2,3',
    ),
    groups[1],
  );
  t.end();
});

t.test('instructions keep the order of the switch', t => {
  t.strictSame(parseInstructions('meter:5,1,goto_table:7'), [
    { type: 'meter', meterId: 5 },
    applyActions([output(1)]),
    { type: 'goto_table', tableId: 7 },
  ]);
  t.strictSame(parseInstructions('unknown_instruction(99,0102)'), [
    { type: 'unknown', typeId: 99, body: Uint8Array.of(1, 2) },
  ]);
  t.strictSame(parseInstructions('drop'), []);
  t.end();
});

t.test('what can not be read: what, where, and what was meant', t => {
  const nested = `${'clone('.repeat(40)}1${')'.repeat(40)}`;
  const cases: readonly (readonly [
    read: (text: string) => unknown,
    text: string,
    column: number,
    message: RegExp,
  ])[] = [
    [parseFlow, 'in_port=1', 10, /expected actions=/],
    [parseFlow, 'tcp,nw_scr=1.2.3.4 actions=1', 5, /unknown field "nw_scr"; did you mean nw_src\?/],
    [parseFlow, 'priority=70000 actions=1', 10, /a priority from 0 to 65535, found "70000"/],
    [parseFlow, 'table=1,table=2 actions=1', 9, /table is given twice/],
    [parseFlow, 'toString,actions=drop', 1, /unknown field "toString"/],
    [parseFlow, 'tcp,constructor=1,actions=drop', 5, /unknown field "constructor"/],
    [parseFlow, 'actions=outptu:1', 9, /unknown action "outptu"; did you mean output\?/],
    [parseFlow, 'actions=goto_tabel:1', 9, /did you mean goto_table\?/],
    [parseFlow, 'actions=goto_table:5,1', 22, /must stand before goto_table/],
    [parseFlow, 'actions=1,meter:5', 11, /meter must stand before an action/],
    [parseFlow, 'actions=goto_table:5,goto_table:6', 22, /given twice/],
    [parseMatch, 'ip=5', 3, /expected , after ip/],
    [parseMatch, 'nw_src=1.2.3.4', 1, /nw_src needs ip, arp or rarp/],
    [parseMatch, 'ip,tp_src=5', 4, /tp_src needs tcp/],
    [parseMatch, 'tcp,udp', 5, /ip_proto is given twice/],
    [parseMatch, 'ip,nw_src=1.2.3', 11, /expected an IPv4 address.*found "1.2.3"/],
    [parseMatch, 'ip,nw_src=1.2.3.4/33', 11, /IPv4 address/],
    [parseMatch, 'ipv6,ipv6_src=1::2::3', 15, /IPv6 address/],
    [parseMatch, 'dl_src=aa:bb', 8, /MAC address/],
    [parseMatch, 'dl_vlan=4096', 9, /VLAN from 0 to 4095/],
    [parseMatch, 'reg0=0x100000000', 6, /at most 32 bits/],
    [parseMatch, 'reg0=010', 6, /a number/],
    [parseMatch, 'reg0=', 6, /found nothing/],
    [parseMatch, 'ct_state=+trk-wen', 10, /flags/],
    [parseMatch, 'ip,nw_tos=1', 11, /multiple of 4/],
    [parseMatch, 'oxm_0xffff5402=0x01', 16, /2 bytes/],
    [parseMatch, 'oxm_0x80000004=0x00000001', 1, /has a name/],
    [parseMatch, '=5', 1, /expected field before/],
    [parseActions, 'set_field:5->reg99', 14, /unknown field "reg99"; did you mean reg9\?/],
    [parseActions, 'load:0x10->NXM_NX_REG0[0..3]', 6, /at most 4 bits/],
    [parseActions, 'load:1->NXM_NX_REG0[0..32]', 20, /the bits 0 to 31/],
    [parseActions, 'load:1->NXM_NX_REG0[x]', 20, /expected \[\]/],
    [parseActions, 'move:reg0[0..3]->reg1', 18, /4 bits do not fit 32/],
    [parseActions, 'learn(table=5,eth_dts=eth_src)', 15, /did you mean eth_dst\?/],
    [parseActions, 'clone(1', 8, /expected \) where the text ends/],
    [parseActions, nested, 55, /at most 8 parentheses/],
    [parseActions, 'resubmit(,)', 9, /needs a port or a table/],
    [parseActions, 'conjunction(5,0/2)', 15, /a clause/],
    [parseActions, 'ct(comit)', 4, /did you mean commit\?/],
    [parseActions, 'output(port=5)', 7, /needs port and max_len/],
    [parseActions, 'unknown(5,0)', 11, /bytes in hexadecimal/],
    [parseGroup, 'type=all', 9, /expected group_id=/],
    [parseGroup, 'group_id=1,type=slect', 17, /unknown type "slect"; did you mean select\?/],
    [parseGroup, 'group_id=1,type=all,bucket=wieght:5', 28, /did you mean weight\?/],
    [parseMeter, 'meter=1 kbps bands=rate=5', 24, /expected type=/],
    [parseMeter, 'meter=1 kbps bands=type=drop', 25, /expected rate=/],
    [parseMatch, 5 as never, 1, /expected a text/],
  ];
  for (const [read, text, column, message] of cases)
    t.throws(() => read(text), { name: 'TextError', code: 'OF_BAD_TEXT', line: 1, column, message }, text);
  t.throws(() => parseFlows('actions=1\n\n actions=2,outptu:1'), {
    code: 'OF_BAD_TEXT',
    line: 3,
    column: 12,
  });
  t.throws(() => parseMeters('meter=1 kbps bands=\ntype=drop rate=x'), {
    code: 'OF_BAD_TEXT',
    line: 2,
    column: 16,
  });
  t.end();
});

t.test('IPv6 addresses, as the C library writes and reads them', t => {
  const cases: readonly (readonly [text: string, address: bigint, printed?: string])[] = [
    ['::', 0n],
    ['::1', 1n],
    ['1:2:3:4:5:6:7:8', 0x00010002000300040005000600070008n],
    ['::ffff:10.0.0.1', 0xffff0a000001n],
    ['::1.2.3.4', 0x01020304n],
    ['::5:6:7', 0x000500060007n],
    ['1::', 1n << 112n],
    ['1:0:0:4::8', 0x00010000000000040000000000000008n],
    ['1:2:3:4:5:6:1.2.3.4', 0x00010002000300040005000601020304n, '1:2:3:4:5:6:102:304'],
  ];
  for (const [text, address, printed = text] of cases) {
    t.equal(parseIpv6(text), address, text);
    t.equal(formatIpv6(address), printed);
  }
  for (const bad of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    '::g',
    '1.2.3.4::',
    '1:2:3:4:5:6:7::8',
  ])
    t.equal(parseIpv6(bad), undefined, bad);
  t.end();
});
