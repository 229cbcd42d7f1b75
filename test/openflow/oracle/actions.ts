/** What the declarations do not say of actions. */
import fc from '../../support/fast-check.js';
import { NX_CT_RECIRC_NONE } from '../../../src/openflow/index.js';
import { type Choices, never, unsigned } from '../../support/arbitrary.js';
import {
  at,
  flags,
  groupId,
  meterId,
  none,
  plain,
  port,
  outPort,
  range,
  register,
  tableId,
  written,
} from './common.js';

const conjunction = fc.integer({ min: 2, max: 64 }).chain(clauses =>
  fc.record(
    {
      type: fc.constant('conjunction'),
      clause: fc.nat(clauses - 1),
      clauses: fc.constant(clauses),
      id: unsigned(32),
    },
    plain,
  ),
);
const move = range.chain(({ bits, offset }) =>
  fc.record(
    {
      type: fc.constant('move'),
      bits: fc.constant(bits),
      srcOffset: fc.constant(offset),
      dstOffset: fc.nat(32 - bits),
      src: register,
      dst: register,
    },
    plain,
  ),
);
const load = range.chain(one =>
  fc.record(
    {
      type: fc.constant('load'),
      range: fc.constant(one),
      dst: register,
      value: fc.bigInt({ min: 0n, max: 2n ** BigInt(one.bits) - 1n }),
    },
    plain,
  ),
);

const natRange = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 0xffffffff }).map(ipv4Min => ({ ipv4Min })),
  fc.integer({ min: 1, max: 0xfffffffe }).map(ipv4Min => ({ ipv4Min, ipv4Max: ipv4Min + 1 })),
  fc
    .tuple(fc.integer({ min: 1, max: 0xfffffffe }), fc.integer({ min: 1, max: 0xfffe }))
    .map(([ipv4Min, protoMin]) => ({ ipv4Min, ipv4Max: ipv4Min + 1, protoMin, protoMax: protoMin + 1 })),
  unsigned(32).map(one => ({ ipv6Min: BigInt(one) + (0x2001n << 112n) })),
);
const nat = fc
  .tuple(natRange, fc.constantFrom(1, 2), flags(4), fc.constantFrom(0, 8, 16))
  .map(([one, way, persistent, how]) => ({
    type: 'nat',
    // Ways to choose are for ranges to choose from.
    flags:
      Object.keys(one).length === 0 ? 0 : way | ('ipv4Max' in one || 'ipv6Max' in one ? persistent | how : 0),
    range: one,
  }));
const ct = fc
  .record(
    {
      type: fc.constant('ct'),
      flags: fc.constantFrom(0, 1, 3),
      zone: fc.oneof(
        unsigned(16),
        fc.record({ field: register, bits: fc.constant(16), offset: fc.nat(16) }, plain),
      ),
      recircTable: fc.oneof(fc.nat(253), fc.constant(NX_CT_RECIRC_NONE)),
      alg: fc.constantFrom(0, 21, 69),
      actions: fc.oneof(
        fc.constant([]),
        nat.map(one => [one]),
      ),
    },
    plain,
  )
  // Address translation and application gateways presume that the connection is committed.
  .map(one => ((one.flags & 1) === 0 ? { ...one, alg: 0, actions: [] } : one))
  // A gateway is for TCP or UDP, an address for one version of IP: one of the two is enough.
  .map(one => (one.actions.length > 0 ? { ...one, alg: 0 } : one));

const properties = fc
  .tuple(
    unsigned(16),
    fc.integer({ min: 1, max: 0xffff }),
    fc.nat(2),
    fc.uint8Array({ minLength: 1, maxLength: 9 }),
    meterId,
  )
  .chain(([maxLen, controllerId, reason, userdata, meter]) =>
    fc
      .shuffledSubarray([
        { type: 'max_len', maxLen },
        { type: 'reason', reason },
        { type: 'userdata', userdata },
        { type: 'pause' },
        { type: 'meter_id', meterId: meter },
      ])
      .map(some => [...some, { type: 'controller_id', controllerId }]),
  );

/** Bits of registers, matched, loaded and output. */
const learnSpecs = fc.array(
  fc
    .tuple(fc.nat(2), range, register, register, unsigned(32), fc.boolean())
    .map(([kind, { bits, offset }, from, to, constant, immediate]) => {
      const src =
        immediate && kind < 2
          ? { immediate: BigInt(constant) & ((1n << BigInt(bits)) - 1n) }
          : { field: from, offset };
      if (kind === 2) return { type: 'output', bits, src };
      return { type: kind === 0 ? 'match' : 'load', bits, src, dst: { field: to, offset } };
    }),
  { maxLength: 4 },
);

export const actions: Choices = {
  // Custom fields.
  ...at('range', range),
  ...at('field', register),
  ...at('oxm', written),
  // A set_field of OpenFlow 1.3 has no mask.
  ...at(
    'action set_field.oxm',
    written.map(({ field, value }) => ({ field, value })),
  ),
  ...at('learn', learnSpecs),
  ...at('result', fc.constant(undefined)),
  ...at('action output.port', outPort),
  ...at('action output_trunc.port, action resubmit_port.inPort', port),
  ...at('action output_trunc.maxLen', fc.integer({ min: 14, max: 0xffff })),
  ...at('action group.groupId', groupId),
  ...at('action push_vlan.ethertype', fc.constantFrom(0x8100, 0x88a8)),
  ...at('action push_mpls.ethertype', fc.constantFrom(0x8847, 0x8848)),
  // Open vSwitch has none of these.
  'action push_pbb': never,
  'action pop_pbb': never,
  'action copy_ttl_out': never,
  'action copy_ttl_in': never,
  ...at('action learn.flags, action learn2.flags', flags(1, 2)),
  ...at('action learn.tableId, action learn2.tableId', tableId),
  ...at('action note.note', fc.uint8Array({ minLength: 6, maxLength: 6 })),
  ...at('action resubmit_ct.tableId', tableId),
  ...at('action resubmit.inPort', fc.oneof(port, fc.constant(0xfff8))),
  // For tests of Open vSwitch itself.
  'action debug_recirc': never,
  'action debug_slow': never,
  // Stands in `ct` only.
  'action nat': never,
  ...at('action ct', ct),
  ...at('zone', none),
  ...at('members', fc.array(port, { maxLength: 6 })),
  ...at('controllerIds', fc.array(unsigned(16), { minLength: 1, maxLength: 6 })),
  ...at('action bundle.fields, action bundle_load.fields, action multipath.fields', fc.nat(6)),
  ...at('action bundle.algorithm, action bundle_load.algorithm', fc.nat(1)),
  ...at('action bundle.memberType, action bundle_load.memberType', fc.constant('nxm_in_port')),
  ...at('action multipath.algorithm', fc.nat(3)),
  ...at('action multipath.maxLink', fc.nat(63)),
  ...at('action multipath.arg', fc.integer({ min: 1, max: 64 })),
  ...at(
    'action multipath.range, action bundle_load.range',
    fc.record({ offset: fc.nat(16), bits: fc.constant(16) }, plain),
  ),
  ...at(
    'action sample.probability, action sample2.probability, action sample3.probability',
    fc.integer({ min: 1, max: 0xffff }),
  ),
  ...at('action sample2.samplingPort, action sample3.samplingPort', port),
  ...at('action sample3.direction', fc.nat(2)),
  ...at('action check_pkt_larger.offset', fc.nat(31)),
  ...at('action encap', fc.constant({ type: 'encap', headerSize: 0, packetType: 0, properties: [] })),
  ...at('action decap.packetType', fc.constant(0xfffe)),
  ...at('action delete_field.field', fc.constantFrom('tun_metadata0', 'tun_metadata63')),
  ...at('action stack_push.bits, action stack_pop.bits', fc.integer({ min: 1, max: 16 })),
  ...at('action stack_push.offset, action stack_pop.offset', fc.nat(16)),
  ...at('action controller2.properties', properties),
  ...at('action conjunction', conjunction),
  ...at('action learn2.resultOffset', none),
  ...at('action move', move),
  ...at(
    'action copy_field',
    move.map(one => ({ ...one, type: 'copy_field' })),
  ),
  ...at('action load', load),
  ...at('action controller.reason', fc.nat(2)),
  ...at('instruction goto_table.tableId', fc.integer({ min: 1, max: 253 })),
  ...at('instruction meter.meterId', meterId),
};
