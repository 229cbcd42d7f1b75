/** Random programs and frames, for a model and a real switch to do the same with. */
import fc from '../../support/fast-check.js';
import {
  type Action,
  applyActions,
  type Bucket,
  bucket,
  clearActions,
  clone,
  type FlowMod,
  gotoTable,
  group,
  type GroupMod,
  type Instruction,
  learn,
  learnLoad,
  learnMatch,
  load,
  masked,
  match,
  type Match,
  meter,
  type MeterMod,
  move,
  OFP_NO_BUFFER,
  OFPFF,
  OFPG,
  OFPM,
  OFPMF,
  OFPP,
  output,
  outputReg,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  writeActions,
  writeMetadata,
} from '../../../src/openflow/index.js';
import type { FrameFields } from '../../support/switch-model/index.js';

/** The switch that the programs are made for. */
export const accessPorts = [1, 2, 3] as const;
export const tunnelPort = 4;
export const ownVtep = 0x0a610001;
export const vteps = [0x0a610002, 0x0a610003] as const;
const macs = [0x02_00_00_00_00_01, 0x02_00_00_00_00_02, 0xff_ff_ff_ff_ff_ff] as const;
const noPort = 9;
const lastTable = 4;

const mac = fc.constantFrom(...macs);
const register = fc.constantFrom('reg0' as const, 'reg1' as const);
const small = fc.nat(3);

/** What a match may ask for; its place here gives its flow a priority of its own, so that no two are equals. */
const matches: readonly Match[] = [
  {},
  { in_port: 1 },
  { in_port: tunnelPort },
  { eth_dst: masked(0x01_00_00_00_00_00, 0x01_00_00_00_00_00) },
  { reg0: 1 },
  { reg1: masked(2, 2) },
  { metadata: 1n },
  { metadata: masked(2n, 3n) },
  { reg0: 0, reg1: 0 },
  { eth_src: macs[0] },
  { eth_dst: macs[1] },
  { tunnel_id: 5n },
  { tunnel_id: 0n },
  { tun_src: vteps[0] },
  { vlan_tci: masked(0, 0x1fff) },
  { vlan_vid: masked(0x1000, 0x1000) },
  { vlan_vid: 0x1005 },
  { vlan_vid: 0x1005, vlan_pcp: 1 },
  { in_port: 2, reg0: 0 },
  { in_port: 1, eth_dst: macs[2] },
  { eth_type: 0x0800, ipv4_src: masked(0x0a000000, 0xff000000) },
  { eth_type: 0x0806, arp_op: 1 },
].map(fields => match(fields));

/** Actions that are allowed everywhere. */
const simple: fc.Arbitrary<Action> = fc.oneof(
  fc
    .constantFrom<number>(...accessPorts, tunnelPort, noPort, OFPP.LOCAL, OFPP.CONTROLLER)
    .map(port => output(port)),
  fc.constantFrom(...accessPorts).map(port => output(port)),
  fc.constantFrom(...vteps, 0).map(to => setField({ tun_dst: to })),
  fc.constantFrom(5n, 6n).map(id => setField({ tunnel_id: id })),
  mac.map(to => setField({ eth_dst: to })),
  mac.map(from => setField({ eth_src: from })),
  fc.tuple(register, small).map(([field, value]) => setField({ [field]: value })),
  fc
    .tuple(register, fc.nat(1), fc.integer({ min: 1, max: 2 }), fc.nat(1))
    .map(([field, offset, bits, value]) => load(BigInt(value), { field, offset, bits })),
  fc.constantFrom(
    move('metadata', 'tunnel_id'),
    move('reg0', 'reg1'),
    move({ field: 'reg1', bits: 1 }, { field: 'reg0', offset: 1 }),
    move({ field: 'in_port', bits: 16 }, { field: 'reg1', bits: 16 }),
    move('eth_src', 'eth_dst'),
  ),
);

/** What is done to tags is allowed where a tag is known to be there, and refused elsewhere: mostly it follows a push. */
const tagging: fc.Arbitrary<readonly Action[]> = fc.constantFrom<readonly Action[]>(
  [pushVlan()],
  [pushVlan(), setField({ vlan_vid: 0x1007 }), output(2)],
  [pushVlan(), setField({ vlan_pcp: 3 }), output(1)],
  [pushVlan(), pushVlan(), popVlan()],
  [pushVlan(), popVlan(), output(3)],
  [popVlan()],
  [setField({ vlan_vid: 0x1006 })],
);

/** A table further on: what only goes forward comes to an end. */
const further = (table: number): readonly number[] =>
  Array.from({ length: lastTable - table }, (_, index) => table + 1 + index);

const ports16 = (table: number): fc.Arbitrary<Action> =>
  fc.constantFrom(...further(table)).map(to => ({ type: 'resubmit', inPort: 2, tableId: to }));

const listOf = (one: fc.Arbitrary<Action>): fc.Arbitrary<readonly Action[]> =>
  fc
    .array(
      fc.oneof({ weight: 9, arbitrary: one.map(action => [action]) }, { weight: 1, arbitrary: tagging }),
      { minLength: 1, maxLength: 4 },
    )
    .map(lists => lists.flat());

const actionIn = (table: number, groups: readonly number[]): fc.Arbitrary<Action> =>
  fc.oneof(
    { weight: 8, arbitrary: simple },
    ...(groups.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...groups).map(group) }] : []),
    ...(table < lastTable
      ? [
          { weight: 2, arbitrary: fc.constantFrom(...further(table)).map(resubmit) },
          { weight: 1, arbitrary: ports16(table) },
        ]
      : []),
    { weight: 1, arbitrary: listOf(simple).map(clone) },
    { weight: 1, arbitrary: register.map(field => outputReg(field)) },
  );

const instructionsIn = (table: number, groups: readonly number[]): fc.Arbitrary<readonly Instruction[]> =>
  fc
    .tuple(
      fc.option(listOf(actionIn(table, groups)).map(applyActions), { freq: 6 }),
      fc.option(fc.constant(clearActions()), { freq: 1 }),
      fc.option(listOf(simple).map(writeActions), { freq: 1 }),
      fc.option(
        fc
          .tuple(small, fc.constantFrom(1n, 2n, 3n))
          .map(([to, mask]) => writeMetadata(BigInt(to) & mask, mask)),
        { freq: 1 },
      ),
      table < lastTable
        ? fc.option(fc.constantFrom(...further(table)).map(gotoTable), { freq: 3 })
        : fc.constant(null),
    )
    .map(all => all.filter(one => one !== null));

const blank: FlowMod = {
  type: 'flow_mod',
  xid: 0,
  cookie: 0n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 0,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions: [],
};

const flowIn = (table: number, groups: readonly number[]): fc.Arbitrary<FlowMod> =>
  fc.tuple(fc.nat(matches.length - 1), instructionsIn(table, groups)).map(([place, instructions]) => ({
    ...blank,
    tableId: table,
    priority: place + 1,
    match: matches[place] ?? [],
    instructions,
  }));

/** Select groups are not among them: Open vSwitch leaves the choice to a hash of the datapath, which no trace shows. */
const groupOf = (id: number): fc.Arbitrary<GroupMod> => {
  const behind = [3, 4].filter(other => other > id);
  const actions = listOf(actionIn(lastTable - 1, behind));
  const plain = actions.map(bucket);
  const watching: fc.Arbitrary<Bucket> = fc
    .tuple(actions, fc.constantFrom<number>(...accessPorts, noPort), fc.constantFrom(OFPG.ANY, ...behind))
    .map(([own, watchPort, watchGroup]) =>
      watchGroup === OFPG.ANY
        ? { weight: 0, watchPort, watchGroup, actions: own }
        : { weight: 0, watchPort: OFPP.ANY, watchGroup, actions: own },
    );
  const mod = (groupType: GroupMod['groupType'], buckets: readonly Bucket[]): GroupMod => ({
    type: 'group_mod',
    xid: 0,
    command: 'add',
    groupType,
    groupId: id,
    buckets,
  });
  return fc.oneof(
    fc.array(plain, { maxLength: 3 }).map(buckets => mod('all', buckets)),
    plain.map(one => mod('indirect', [one])),
    fc.array(watching, { maxLength: 3 }).map(buckets => mod('ff', buckets)),
  );
};

/** Groups that lead to groups of higher ids and to the last table alone, and flows that lead to tables further on. */
export const anyProgram: fc.Arbitrary<readonly (FlowMod | GroupMod)[]> = fc
  .tuple(
    fc.tuple(groupOf(1), groupOf(2), groupOf(3), groupOf(4)),
    fc.array(flowIn(0, [1, 2, 3, 4]), { minLength: 1, maxLength: 6 }),
    ...further(0).map(table =>
      fc.array(flowIn(table, table < lastTable ? [1, 2, 3, 4] : []), { minLength: 1, maxLength: 5 }),
    ),
  )
  .map(([groups, ...flows]) => [...[...groups].reverse(), ...flows.flat()]);

export const anyFrame: fc.Arbitrary<FrameFields> = fc
  .record({
    eth_src: mac,
    eth_dst: mac,
    where: fc.oneof(
      fc.constantFrom<number>(...accessPorts, OFPP.LOCAL).map(in_port => ({ in_port })),
      fc
        .tuple(fc.constantFrom(5n, 6n), fc.constantFrom(...vteps))
        .map(([tunnel_id, tun_src]) => ({ in_port: tunnelPort, tunnel_id, tun_src, tun_dst: ownVtep })),
    ),
    vlan_tci: fc.constantFrom(0, 0, 0x1005, 0x3005, 0x1000),
    what: fc.constantFrom<FrameFields>(
      {},
      { eth_type: 0x0800, ipv4_src: 0x0a000001, ipv4_dst: 0x0a000002 },
      { eth_type: 0x0806, arp_op: 1, arp_spa: 1 },
    ),
  })
  .map(({ where, what, ...rest }) => ({ ...rest, ...where, ...what }));

/** Changes of every kind to a few flows, groups and meters: many are refused, and many meet each other. */
export const anyChange: fc.Arbitrary<FlowMod | GroupMod | MeterMod> = fc.oneof(
  { weight: 6, arbitrary: anyFlowMod() },
  { weight: 3, arbitrary: anyGroupMod() },
  { weight: 2, arbitrary: anyMeterMod() },
);

function anyFlowMod(): fc.Arbitrary<FlowMod> {
  const instruction = fc.oneof(
    fc.constantFrom(...accessPorts).map(port => [applyActions([output(port)])]),
    fc.constantFrom(1, 2, 7).map(id => [applyActions([clone([group(id)])])]),
    fc.constantFrom(1, 2, 7).map(id => [writeActions([group(id)])]),
    fc.constantFrom(1, 2, 7).map(id => [meter(id), applyActions([output(1)])]),
    fc.constantFrom(0, 1, 2, 253, 254).map(table => [gotoTable(table)]),
    fc.constant([]),
  );
  const tableFor = (command: FlowMod['command'], table: number): number => {
    if (command === 'add') return table;
    return table === 254 || command.startsWith('modify') ? table % 254 : table;
  };
  return (
    fc
      .record({
        command: fc.constantFrom<FlowMod['command']>(
          ...(['add', 'add', 'add', 'modify', 'modify_strict', 'delete', 'delete_strict'] as const),
        ),
        tableId: fc.constantFrom(0, 1, 1, 253, 254, 255),
        priority: fc.constantFrom(1, 1, 2),
        match: fc.constantFrom(...matches),
        cookie: fc.constantFrom(1n, 2n, 3n),
        cookieMask: fc.constantFrom(0n, 0n, 1n, 3n),
        flags: fc.constantFrom(0, 0, OFPFF.CHECK_OVERLAP, OFPFF.RESET_COUNTS),
        outPort: fc.constantFrom(OFPP.ANY, OFPP.ANY, 1),
        outGroup: fc.constantFrom(OFPG.ANY, OFPG.ANY, 1),
        instructions: instruction,
      })
      // A modify of all tables, or a change of Open vSwitch's own table and its flows, is nobody's.
      .map(one => ({ ...blank, ...one, tableId: tableFor(one.command, one.tableId) }))
  );
}

function anyGroupMod(): fc.Arbitrary<GroupMod> {
  return fc.record({
    type: fc.constant('group_mod'),
    xid: fc.constant(0),
    command: fc.constantFrom('add', 'add', 'modify', 'add_or_mod', 'delete'),
    groupType: fc.constantFrom('all', 'indirect'),
    groupId: fc.constantFrom(1, 1, 2, 2, 3, OFPG.ALL),
    buckets: fc.array(
      fc.constantFrom(1, 2).map(port => bucket([output(port)])),
      { maxLength: 2 },
    ),
  });
}

function anyMeterMod(): fc.Arbitrary<MeterMod> {
  return fc.record({
    type: fc.constant('meter_mod'),
    xid: fc.constant(0),
    command: fc.constantFrom('add', 'add', 'modify', 'delete'),
    flags: fc.constantFrom(OFPMF.KBPS, OFPMF.KBPS, OFPMF.PKTPS, 0, OFPMF.KBPS | OFPMF.PKTPS),
    meterId: fc.constantFrom(1, 1, 2, 0, OFPM.ALL),
    bands: fc.constant([{ type: 'drop', rate: 1_000, burstSize: 100 }]),
  });
}

/** A table that learns as the overlay's does, with few places in it, and one that uses what was learned. */
export const learningProgram: readonly FlowMod[] = [
  {
    ...blank,
    match: [],
    instructions: [
      applyActions([
        learn({
          table: 2,
          cookie: 0x77n,
          hardTimeout: 300,
          priority: 100,
          limit: 3,
          specs: [
            learnMatch('metadata'),
            learnMatch('eth_dst', 'eth_src'),
            learnLoad({ field: 'reg1', bits: 16 }, 'nxm_in_port'),
            learnLoad('tun_dst', 'tun_src'),
            learnLoad({ field: 'reg0', offset: 4, bits: 3 }, 5n),
          ],
        }),
        resubmit(2),
      ]),
      gotoTable(3),
    ],
  },
  {
    ...blank,
    tableId: 3,
    priority: 5,
    match: match({ reg1: tunnelPort }),
    instructions: [applyActions([output(tunnelPort)])],
  },
  {
    ...blank,
    tableId: 3,
    priority: 4,
    match: match({ reg0: masked(0x50, 0x70) }),
    instructions: [applyActions([outputReg('reg1')])],
  },
  { ...blank, tableId: 3, priority: 1, instructions: [applyActions([output(OFPP.FLOOD)])] },
];

export const emptied: readonly (FlowMod | GroupMod | MeterMod)[] = [
  { ...blank, command: 'delete', tableId: 255 },
  { type: 'group_mod', xid: 0, command: 'delete', groupType: 'all', groupId: OFPG.ALL, buckets: [] },
  { type: 'meter_mod', xid: 0, command: 'delete', flags: 0, meterId: OFPM.ALL, bands: [] },
];
