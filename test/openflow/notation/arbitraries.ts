/**
 * Random flows, groups and meters of all that ovs-ofctl's notation can say: every field, action and instruction. What it
 * can not say (formatMatch, formatActions and formatInstructions name it) is left out here, and nothing else.
 */
import fc from '../../support/fast-check.js';
import {
  type Action,
  type Bucket,
  type FieldName,
  fieldNames,
  type FlowText,
  type GroupText,
  type Instruction,
  type KnownOxm,
  type LearnSpec,
  masked,
  match,
  type Match,
  type MatchFields,
  type MeterText,
  OFPG,
  OFPP,
} from '../../../src/openflow/index.js';
import { fieldByName } from '../../../src/openflow/fields/table.js';

const plain = { noNullPrototype: true } as const;
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const positive16 = fc.integer({ min: 1, max: 0xffff });

const reserved: readonly number[] = Object.values(OFPP).filter(number => number !== OFPP.MAX);
/** Not 0xfff8 to 0xffff, which are other names of the reserved ports. */
const port = fc.oneof(
  fc.nat(0xfff7),
  fc.integer({ min: 0x10000, max: 0xfffffff7 }),
  fc.constantFrom(...reserved),
);
const controllerOr = port.filter(number => number !== OFPP.CONTROLLER);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(array => Uint8Array.from(array));

const isPort = (field: FieldName): boolean =>
  field === 'in_port' || field === 'in_phy_port' || field === 'actset_output';

function valueOf(field: FieldName): fc.Arbitrary<number | bigint> {
  const bits = fieldByName(field)?.bits ?? 0;
  if (isPort(field)) return port;
  if (bits > 48) return fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
  return fc.oneof(
    fc.nat(Math.min(2 ** bits - 1, 9)),
    fc.maxSafeNat().map(number => number % 2 ** bits),
  );
}

const isAsItWas = (field: FieldName): boolean =>
  !field.startsWith('nxm_') &&
  !field.startsWith('tun_metadata') &&
  field !== 'packet_type' &&
  field !== 'ct_state';

/** Fields whose names mean another field with each protocol, and those that say the protocol. */
const scenarios: readonly { readonly given: MatchFields; readonly fields: readonly FieldName[] }[] = [
  { given: {}, fields: [] },
  { given: { eth_type: 0x88cc }, fields: [] },
  { given: { eth_type: 0x8847 }, fields: [] },
  { given: { eth_type: 0x0806 }, fields: ['arp_op', 'arp_spa', 'arp_tpa'] },
  { given: { eth_type: 0x8035 }, fields: ['arp_op', 'arp_spa'] },
  { given: { eth_type: 0x0800 }, fields: ['ipv4_src', 'ipv4_dst', 'ip_proto'] },
  { given: { eth_type: 0x86dd }, fields: ['ipv6_src', 'ip_proto'] },
  ...[0x0800, 0x86dd].flatMap(eth_type => [
    { given: { eth_type, ip_proto: 6 }, fields: ['tcp_src', 'tcp_dst'] as const },
    { given: { eth_type, ip_proto: 17 }, fields: ['udp_src', 'udp_dst'] as const },
    { given: { eth_type, ip_proto: 132 }, fields: ['sctp_src', 'sctp_dst'] as const },
  ]),
  { given: { eth_type: 0x0800, ip_proto: 1 }, fields: ['icmpv4_type', 'icmpv4_code', 'ipv4_src'] },
  { given: { eth_type: 0x86dd, ip_proto: 58 }, fields: ['icmpv6_type', 'icmpv6_code', 'ipv6_nd_target'] },
];
const dependent = new Set<FieldName>(
  scenarios
    .flatMap(({ fields }) => fields)
    .filter(field => !field.startsWith('ipv6') && !field.startsWith('arp_s')),
);
for (const field of ['eth_type', 'vlan_vid', 'vlan_pcp', 'vlan_tci', 'arp_spa', 'tun_flags'] as const)
  dependent.add(field);
const free = fieldNames.filter(field => isAsItWas(field) && !dependent.has(field));

type Setting = MatchFields[FieldName];

/** A mask that is the value is not shown. */
const unmasked = /^tun_(gbp_flags|erspan|gtpu_flags)/;

const canBeMasked = (field: FieldName): boolean =>
  !isPort(field) && !unmasked.test(field) && fieldByName(field)?.maskable === true;

function setting(field: FieldName): fc.Arbitrary<Setting> {
  const value = valueOf(field);
  const withMask = fc
    .tuple(value, value)
    .map(([one, mask]) =>
      typeof one === 'bigint' ? masked(one, BigInt(mask) | 1n) : masked(one, Number(BigInt(mask) | 1n)),
    );
  return canBeMasked(field) ? fc.oneof(value, withMask) : value;
}

const tags: fc.Arbitrary<MatchFields> = fc.oneof(
  fc.constantFrom<MatchFields>(
    {},
    { vlan_vid: 0 },
    { vlan_vid: masked(0x1000, 0x1000) },
    { vlan_vid: masked(0, 0x1000) },
  ),
  fc.nat(0xfff).map(vid => ({ vlan_vid: 0x1000 | vid })),
  fc.tuple(fc.nat(0xfff), fc.nat(7)).map(([vid, pcp]) => ({ vlan_vid: 0x1000 | vid, vlan_pcp: pcp })),
  fc.nat(7).map(pcp => ({ vlan_vid: masked(0x1000, 0x1000), vlan_pcp: pcp })),
  fc.nat(0xfff).map(mask => ({ vlan_vid: masked(0x1abc, 0x1000 | mask) })),
);

const connection: fc.Arbitrary<MatchFields> = fc.oneof(
  fc.constant({}),
  fc.tuple(u8, fc.integer({ min: 1, max: 0xff })).map(([value, mask]) => ({ ct_state: masked(value, mask) })),
);

export const anyMatch: fc.Arbitrary<Match> = fc.constantFrom(...scenarios).chain(({ given, fields }) =>
  fc
    .tuple(fc.subarray([...fields]), fc.subarray(free, { maxLength: 5 }), tags, connection)
    .chain(([own, others, tag, state]) =>
      fc
        .tuple(...[...own, ...others].map(field => setting(field).map(one => ({ [field]: one }))))
        .map(all => {
          const rest: MatchFields = Object.assign({}, ...all, tag, state) as MatchFields;
          const proto = rest.ip_proto;
          // A protocol that has a word of its own has a scenario of its own; with a mask it says nothing.
          return match({
            ...rest,
            ...given,
            ...(typeof proto === 'number' && !('ip_proto' in given) ? { ip_proto: 47 } : {}),
          });
        }),
    ),
);

interface Bits {
  readonly field: FieldName;
  readonly offset: number;
  readonly bits: number;
}

const movable = fieldNames.filter(field => isAsItWas(field) || field.startsWith('nxm_'));
/** Bits of a field, up to so many. */
const bitsUpTo = (most: number): fc.Arbitrary<Bits> =>
  fc
    .tuple(fc.constantFrom(...movable), fc.nat(127), fc.integer({ min: 1, max: most }))
    .map(([field, at, length]) => {
      const width = fieldByName(field)?.bits ?? 1;
      const offset = at % width;
      return { field, offset, bits: Math.min(length, width - offset) };
    });
/** As many bits of two fields. */
const twoOf = fc.tuple(bitsUpTo(64), bitsUpTo(64)).map(([from, to]) => {
  const bits = Math.min(from.bits, to.bits);
  return { from: { ...from, bits }, to: { ...to, bits } };
});
const fitting = (bits: number, value: bigint): bigint => value & ((1n << BigInt(bits)) - 1n);

const learnSpec: fc.Arbitrary<LearnSpec> = fc.oneof(
  twoOf.map(({ from, to }) => ({
    type: 'match' as const,
    bits: from.bits,
    src: { field: from.field, offset: from.offset },
    dst: { field: to.field, offset: to.offset },
  })),
  twoOf.map(({ from, to }) => ({
    type: 'load' as const,
    bits: from.bits,
    src: { field: from.field, offset: from.offset },
    dst: { field: to.field, offset: to.offset },
  })),
  fc
    .tuple(fc.constantFrom('match' as const, 'load' as const), bitsUpTo(64), fc.nat(0xfff7))
    .map(([type, to, value]) => ({
      type,
      bits: to.bits,
      src: { immediate: fitting(to.bits, BigInt(value)) },
      dst: { field: to.field, offset: to.offset },
    })),
  bitsUpTo(64).map(({ field, offset, bits }) => ({ type: 'output' as const, bits, src: { field, offset } })),
);
const learning = {
  tableId: fc.nat(254),
  idleTimeout: u16,
  hardTimeout: u16,
  finIdleTimeout: u16,
  finHardTimeout: u16,
  priority: u16,
  cookie: u64,
  specs: fc.array(learnSpec, { maxLength: 4 }),
} as const;

const ranged = bitsUpTo(64).map(({ field, offset, bits }) => ({ range: { offset, bits }, field }));
const of = <T extends string>(type: T) => fc.constant(type);
const sampled = {
  probability: positive16,
  collectorSetId: u32,
  obsDomainId: u32,
  obsPointId: u32,
} as const;
const chosen = { fields: fc.nat(9), basis: u16, algorithm: fc.nat(5) } as const;
const members = fc.array(u16, { maxLength: 4 });

const settable = free.filter(field => field !== 'ip_frag');
const setField = fc
  .constantFrom(...settable)
  .chain(field =>
    valueOf(field).map(value => ({ type: 'set_field' as const, oxm: { field, value } as KnownOxm })),
  );

const nat = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.nat(7),
    fc.constantFrom(
      {},
      { ipv4Min: 1 },
      { ipv4Min: 1, ipv4Max: 9 },
      { ipv4Min: 1, ipv4Max: 9, protoMin: 1, protoMax: 9 },
      { ipv6Min: 1n },
      { ipv6Min: 1n, ipv6Max: 9n, protoMin: 7 },
    ),
  )
  .map(([kind, more, range]): Action => ({ type: 'nat', flags: kind | (more << 2), range }));

const simple: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: of('output'), port: controllerOr, maxLen: fc.constant(0) }, plain),
  u16.map(maxLen => ({ type: 'output' as const, port: OFPP.CONTROLLER, maxLen })),
  ranged.map(({ range, field }) => ({ type: 'output_reg' as const, range, src: field, maxLen: 0xffff })),
  fc.record({ type: of('output_trunc'), port: u16, maxLen: u32 }, plain),
  fc.record({ type: of('controller'), reason: u8, maxLen: u16, controllerId: positive16 }, plain),
  bytes(9).map(userdata => ({
    type: 'controller2' as const,
    properties: [
      { type: 'controller_id' as const, controllerId: 5 },
      { type: 'userdata' as const, userdata },
    ],
  })),
  u32.map(meterId => ({
    type: 'controller2' as const,
    properties: [{ type: 'pause' as const }, { type: 'meter_id' as const, meterId }],
  })),
  fc.record({ type: of('group'), groupId: u32 }, plain),
  fc.record({ type: of('set_queue'), queueId: u32 }, plain),
  setField,
  fc.tuple(ranged, u64).map(([{ range, field }, value]) => ({
    type: 'load' as const,
    range,
    dst: field,
    value: fitting(range.bits, value),
  })),
  twoOf.map(({ from, to }) => ({
    type: 'move' as const,
    bits: from.bits,
    srcOffset: from.offset,
    dstOffset: to.offset,
    src: from.field,
    dst: to.field,
  })),
  bitsUpTo(128).map(bits => ({ type: 'stack_push' as const, ...bits })),
  bitsUpTo(128).map(bits => ({ type: 'stack_pop' as const, ...bits })),
  fc.tuple(bitsUpTo(1), u16).map(([{ field, offset }, pktLen]) => ({
    type: 'check_pkt_larger' as const,
    pktLen,
    offset,
    dst: field,
  })),
  fc.record(
    { type: fc.constantFrom('push_vlan', 'push_mpls', 'pop_mpls', 'push_pbb'), ethertype: u16 },
    plain,
  ),
  fc
    .constantFrom(
      ...([
        'pop_vlan',
        'pop_pbb',
        'dec_nw_ttl',
        'dec_mpls_ttl',
        'copy_ttl_in',
        'copy_ttl_out',
        'pop_queue',
      ] as const),
      ...(['exit', 'ct_clear', 'dec_nsh_ttl', 'debug_recirc', 'debug_slow'] as const),
    )
    .map(type => ({ type })),
  fc.record({ type: fc.constantFrom('set_nw_ttl', 'set_mpls_ttl'), ttl: u8 }, plain),
  fc.record({ type: of('dec_ttl_cnt_ids'), controllerIds: fc.array(u16, { maxLength: 3 }) }, plain),
  fc.record({ type: of('set_tunnel'), tunnelId: u32 }, plain),
  fc.record({ type: of('set_tunnel64'), tunnelId: u64 }, plain),
  fc.record({ type: fc.constantFrom('resubmit', 'resubmit_ct'), inPort: u16, tableId: u8 }, plain),
  fc.record(
    { type: of('conjunction'), clause: fc.nat(63), clauses: fc.integer({ min: 1, max: 64 }), id: u32 },
    plain,
  ),
  fc.nat(3).map(units => ({ type: 'note' as const, note: new Uint8Array(6 + 8 * units).fill(0xab) })),
  fc.record({ type: of('learn'), ...learning, flags: fc.nat(3) }, plain),
  fc.record(
    {
      type: of('learn2'),
      ...learning,
      flags: fc.nat(3),
      limit: fc.integer({ min: 1, max: 0xffffffff }),
      resultOffset: fc.constant(0),
    },
    plain,
  ),
  fc
    .tuple(fc.record(learning, plain), bitsUpTo(1), fc.nat(3), u32)
    .map(([all, { field, offset }, flags, limit]) => ({
      type: 'learn2' as const,
      ...all,
      flags: flags | 4,
      limit,
      resultOffset: offset,
      result: field,
    })),
  fc.tuple(fc.record(chosen, plain), ranged, u16, u32).map(([choice, { range, field }, maxLink, arg]) => ({
    type: 'multipath' as const,
    ...choice,
    maxLink,
    arg,
    range,
    dst: field,
  })),
  fc.record({ type: of('bundle'), ...chosen, memberType: of('nxm_in_port'), members }, plain),
  fc
    .tuple(fc.record({ ...chosen, memberType: of('nxm_in_port'), members }, plain), ranged)
    .map(([all, { range, field }]) => ({
      type: 'bundle_load' as const,
      ...all,
      range,
      dst: field,
    })),
  fc.record({ type: of('sample'), ...sampled }, plain),
  fc.record({ type: of('sample2'), ...sampled, samplingPort: u16 }, plain),
  fc.record({ type: of('sample3'), ...sampled, samplingPort: u16, direction: fc.constantFrom(1, 2) }, plain),
  fc.record({ type: of('fin_timeout'), finIdleTimeout: u16, finHardTimeout: u16 }, plain),
  fc.record({ type: of('decap'), packetType: u32 }, plain),
  fc.constantFrom(0, 1, 2).map(mdType => ({
    type: 'encap' as const,
    headerSize: 0,
    packetType: 0x0001894f,
    properties: [{ propertyClass: 4, propertyType: 1, data: Uint8Array.of(mdType) }],
  })),
  fc.tuple(u16, u32, bytes(9)).map(([propertyClass, packetType, data]) => ({
    type: 'encap' as const,
    headerSize: 0,
    packetType,
    properties: [{ propertyClass, propertyType: 9, data }],
  })),
  fc.record({ type: of('unknown'), typeId: u16, body: bytes(9) }, plain),
);

const tracked = fc
  .record(
    {
      flags: fc.nat(3),
      zone: fc.oneof(
        u16,
        ranged.map(({ range, field }) => ({ field, ...range })),
      ),
      recircTable: fc.oneof(fc.nat(254), fc.constant(0xff)),
      alg: fc.constantFrom(0, 21, 69, 80),
      nats: fc.array(nat, { maxLength: 1 }),
      exec: fc.array(setField, { maxLength: 2 }),
    },
    plain,
  )
  .map(({ nats, exec, ...all }): Action => ({ type: 'ct', ...all, actions: [...nats, ...exec] }));

const held = fc.array(fc.oneof(simple, tracked), { maxLength: 3 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: simple },
  tracked,
  held.map(actions => ({
    type: 'clone' as const,
    actions: [...actions, { type: 'clone' as const, actions }],
  })),
);
export const actions = fc.array(action, { maxLength: 4 });

const optional = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(one, { maxLength: 1 });
const instructions: fc.Arbitrary<readonly Instruction[]> = fc
  .tuple(
    optional(fc.record({ type: of('meter'), meterId: u32 }, plain)),
    optional(
      fc.record(
        { type: of('apply_actions'), actions: fc.array(action, { minLength: 1, maxLength: 4 }) },
        plain,
      ),
    ),
    optional(fc.record({ type: of('clear_actions') }, plain)),
    optional(fc.record({ type: of('write_actions'), actions }, plain)),
    optional(fc.record({ type: of('write_metadata'), metadata: u64, mask: u64 }, plain)),
    optional(fc.record({ type: of('goto_table'), tableId: u8 }, plain)),
    optional(fc.record({ type: of('unknown'), typeId: u16, body: bytes(9) }, plain)),
  )
  .map(all => all.flat());

export const flow: fc.Arbitrary<Required<FlowText>> = fc.record(
  {
    table: u8,
    priority: u16,
    cookie: u64,
    idleTimeout: u16,
    hardTimeout: u16,
    flags: fc.nat(31),
    match: anyMatch,
    instructions,
  },
  plain,
);

const bucket: fc.Arbitrary<Bucket> = fc.record(
  { weight: u16, watchPort: port, watchGroup: u32, actions },
  plain,
);
export const group: fc.Arbitrary<GroupText> = fc.record(
  {
    id: fc.integer({ min: 0, max: OFPG.MAX }),
    groupType: fc.constantFrom('all', 'select', 'indirect', 'ff'),
    buckets: fc.array(bucket, { maxLength: 3 }),
  },
  plain,
);

export const meter: fc.Arbitrary<MeterText> = fc
  .tuple(u32, fc.nat(15), fc.array(fc.tuple(u32, u32, u8, fc.nat(3), bytes(5)), { maxLength: 3 }))
  .map(([id, flags, bands]) => ({
    id,
    flags,
    bands: bands.map(([rate, size, precLevel, kind, data]) => {
      const burstSize = (flags & 4) === 0 ? 0 : size;
      if (kind === 0) return { type: 'drop', rate, burstSize };
      if (kind === 1) return { type: 'dscp_remark', rate, burstSize, precLevel };
      if (kind === 2) return { type: 'experimenter', rate, burstSize, experimenter: size, data };
      return { type: 'unknown', typeId: precLevel, body: data };
    }),
  }));
