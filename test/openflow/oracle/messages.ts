/** What the declarations do not say of messages. */
import fc from '../../support/fast-check.js';
import {
  errorName,
  OFP_NO_BUFFER,
  OFPP,
  type PacketIn,
  type PacketOut,
  OFPET,
} from '../../../src/openflow/index.js';
import { type Choices, never, unsigned, unsigned64 } from '../../support/arbitrary.js';
import {
  at,
  flags,
  frame,
  groupId,
  groupOrAny,
  mac,
  meterId,
  name,
  none,
  port,
  portOrAny,
  tableId,
  tableOrAll,
} from './common.js';
import { consistentFlow, consistentGroup, withoutConjunctions } from './flows.js';
import { drawn, matches } from './matches.js';

/** The flags and the bands of a meter: exactly one unit; Open vSwitch shows bursts where the flag is set. */
const meterFlags = fc.tuple(fc.constantFrom(1, 2), flags(4, 8)).map(([unit, more]) => unit | more);

/** Flow_mods that Open vSwitch's decoder takes; what a switch makes of them is not asked. */
const flowMod = (union: string): Choices => ({
  [`${union} flow_mod`]: { adjust: consistentFlow },
  ...at(`${union} flow_mod.tableId`, tableId),
  ...at(`${union} flow_mod.bufferId`, fc.constant(OFP_NO_BUFFER)),
  ...at(`${union} flow_mod.outPort`, portOrAny),
  ...at(`${union} flow_mod.outGroup`, groupOrAny),
  ...at(`${union} flow_mod.flags`, flags(1, 2, 4, 8, 16)),
});
const packetOut = (union: string): Choices => ({
  [`${union} packet_out`]: {
    adjust: (value: PacketOut) => ({ ...value, actions: withoutConjunctions(value.actions) }),
  },
  ...at(`${union} packet_out.data`, frame),
  ...at(`${union} packet_out.inPort`, fc.oneof(port, fc.constantFrom(OFPP.CONTROLLER, OFPP.LOCAL))),
  ...at(`${union} packet_out.bufferId`, fc.constant(OFP_NO_BUFFER)),
});
const portMod = (union: string): Choices => ({
  ...at(`${union} port_mod.portNo`, port),
  ...at(`${union} port_mod.hwAddr`, mac),
  ...at(`${union} port_mod.config, ${union} port_mod.mask`, flags(1, 4, 32, 64)),
  ...at(`${union} port_mod.advertise`, fc.nat(0xffff)),
});
const groupMod = (union: string): Choices => ({
  [`${union} group_mod`]: { adjust: consistentGroup },
  ...at(`${union} group_mod.groupId`, groupId),
});

/** With no quote of the refused message: what it may be depends on the code. */
const errors = fc
  .constantFrom(...Object.values(OFPET).filter(type => type !== OFPET.EXPERIMENTER))
  .chain(errorType =>
    fc
      .constantFrom(
        ...Array.from({ length: 20 }, (_, code) => code).filter(
          code => !/^error /.test(errorName(errorType, code)),
        ),
      )
      .map(code => ({ type: 'error', errorType, code, data: new Uint8Array(0) })),
  );

export const messages: Choices = {
  ...at('message hello.version', fc.constant(4)),
  ...at('message error', errors),
  ...at('versions', fc.constantFrom(undefined, [4], [1, 4], [4, 5, 6])),
  ...at('otherElements, properties', fc.constant(undefined)),
  ...at('fields', matches),
  // Of an experimenter that it does not know, Open vSwitch says just that.
  'message experimenter': never,
  ...at('message role_status.reason, message packet_in.reason', fc.nat(2)),
  ...at('message flow_removed.reason', fc.nat(3)),
  ...at('message port_status.reason', fc.nat(2)),
  ...at('message get_config_reply.flags, message set_config.flags', fc.nat(2)),
  ...at('message features_reply.capabilities', flags(1, 2, 4, 8, 32, 64, 256)),
  'message packet_in': { adjust: (value: PacketIn) => ({ ...value, totalLen: value.data.length }) },
  ...at('message packet_in.data', frame),
  ...at('message packet_in.bufferId', fc.constant(OFP_NO_BUFFER)),
  ...at('message bundle_control.flags, message bundle_add.flags', flags(1, 2)),
  ...at('message multipart_request.flags, message multipart_reply.flags', fc.nat(1)),
  ...at('message meter_mod.flags', meterFlags),
  ...at('message meter_mod.meterId', meterId),
  ...flowMod('message'),
  ...flowMod('bundled message'),
  ...packetOut('message'),
  ...packetOut('bundled message'),
  ...portMod('message'),
  ...portMod('bundled message'),
  ...groupMod('message'),
  ...groupMod('bundled message'),
  ...at('port.portNo', fc.oneof(port, fc.constant(OFPP.LOCAL))),
  ...at('port.hwAddr', mac),
  ...at('port.name', name),
  ...at('port.config', flags(1, 4, 32, 64)),
  ...at('port.state', flags(1, 2, 4)),
  ...at('port.curr, port.advertised, port.supported, port.peer', fc.nat(0xffff)),
  ...at('bucket.watchPort', portOrAny),
  ...at('bucket.watchGroup', groupOrAny),
};

const featureIds = fc.subarray([1, 2, 3, 4, 5, 6]);
const actionIds = fc.subarray([0, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
const oxmIds = fc
  .shuffledSubarray(
    drawn.filter(name => !/^nxm_/.test(name)),
    { maxLength: 5 },
  )
  .map(names => names.map(field => ({ field, hasMask: false })));
/** Open vSwitch wants to know all of these, and of what it is told once, not of the miss flow. */
const mandatory = fc
  .tuple(featureIds, featureIds, actionIds, actionIds, oxmIds, oxmIds, oxmIds, fc.nat(253))
  .map(([instructions, few, write, apply, match, set, setMiss, next]) => [
    { type: 'instructions', ids: instructions },
    { type: 'instructions_miss', ids: few },
    { type: 'next_tables', tableIds: [next] },
    { type: 'next_tables_miss', tableIds: [next] },
    { type: 'write_actions', ids: write },
    { type: 'write_actions_miss', ids: write },
    { type: 'apply_actions', ids: apply },
    { type: 'apply_actions_miss', ids: apply },
    { type: 'match', fields: match },
    { type: 'wildcards', fields: match },
    { type: 'write_setfield', fields: set },
    { type: 'write_setfield_miss', fields: setMiss },
    { type: 'apply_setfield', fields: set },
    { type: 'apply_setfield_miss', fields: setMiss },
  ]);
const oneTable = fc.record(
  {
    tableId,
    name,
    metadataMatch: unsigned64,
    metadataWrite: unsigned64,
    config: none,
    maxEntries: unsigned(32),
    properties: mandatory,
  },
  { noNullPrototype: true },
);
const tableFeatures: Choices = {
  'table_feature_property experimenter': never,
  'table_feature_property experimenter_miss': never,
  ...at('id', unsigned(3)),
  ...at('oxm id', fc.constant({ field: 'in_port', hasMask: false })),
  ...at('table_features.properties', mandatory),
  // Open vSwitch answers with one table at least.
  ...at('multipart_reply table_features.entries', fc.array(oneTable, { minLength: 1, maxLength: 2 })),
  ...at('table_features.tableId', tableId),
  ...at('table_features.config', none),
  ...at('table_features.name', name),
};

/** What a packet of Open vSwitch's own forms brings along: each at most once, and the packet always. */
const packetProperties = fc
  .tuple(frame, tableId, unsigned64, fc.nat(2), matches, fc.uint8Array({ maxLength: 9 }))
  .chain(([data, table, cookie, reason, fields, userdata]) =>
    fc
      .shuffledSubarray([
        { type: 'full_len', fullLen: data.length },
        { type: 'table_id', tableId: table },
        { type: 'cookie', cookie },
        { type: 'reason', reason },
        { type: 'metadata', fields },
        { type: 'userdata', userdata },
      ])
      .map(some => [{ type: 'packet', data }, ...some]),
  );
const asyncMasks: Choices = Object.fromEntries(
  Object.entries({
    packet_in: 7,
    port_status: 7,
    flow_removed: 0xf,
    role_status: 3,
    table_status: 0x18,
    requestforward: 3,
  }).flatMap(([message, bits]) =>
    ['slave', 'master'].map(role => [
      `async_property ${message}_${role}.mask`,
      () => unsigned(32).map(mask => mask & bits),
    ]),
  ),
);
const monitorFlags = fc
  .tuple(fc.constantFrom(2, 3, 4, 8, 15), flags(16, 32))
  .map(([what, how]) => what | how);
const extensions: Choices = {
  ...asyncMasks,
  // Others' extensions: Open vSwitch knows none of these.
  'multipart_request experimenter': never,
  'multipart_reply experimenter': never,
  'packet_in2_property continuation': never,
  'packet_in2_property buffer_id': never,
  ...at('message nx_packet_in2.properties, message nx_resume.properties', packetProperties),
  ...at('message nx_packet_in.data', frame),
  ...at('message nx_packet_in.fields', matches),
  'message nx_packet_in': {
    adjust: (value: { data: Uint8Array }) => ({ ...value, totalLen: value.data.length }),
  },
  ...at('message nx_packet_in.bufferId', fc.constant(OFP_NO_BUFFER)),
  ...at('message nx_packet_in.reason', fc.nat(2)),
  ...at('message nx_set_packet_in_format.format', fc.nat(2)),
  ...at(
    'tlv_map.optionLen',
    fc.integer({ min: 1, max: 31 }).map(words => 4 * words),
  ),
  ...at('message nx_tlv_table_reply.maxFields', fc.constant(64)),
  ...at('tlv_map.index', fc.nat(63)),
  ...at('by_role.master, by_role.slave', fc.nat(7)),

  ...at('flow_monitor.flags', monitorFlags),
  ...Object.fromEntries(
    ['added', 'deleted', 'modified'].map(event => [`flow_update ${event}`, { adjust: consistentFlow }]),
  ),
  ...at('flow_monitor.outPort', portOrAny),
  ...at('flow_monitor.tableId', tableOrAll),
  ...groupMod('forwarded message'),
  ...at('forwarded message meter_mod.flags', meterFlags),
  ...at('forwarded message meter_mod.meterId', meterId),
};

export const bodies: Choices = {
  ...tableFeatures,
  ...extensions,
  group_desc: { adjust: consistentGroup },
  'meter_band experimenter': never,
  'meter_band dscp_remark': never,
  'queue_property experimenter': never,
  ...at(
    'packet_queue.properties',
    unsigned(9).map(rate => [
      { type: 'min_rate', rate },
      { type: 'max_rate', rate: rate + 1 },
    ]),
  ),
  ...at('queue_property min_rate.rate, queue_property max_rate.rate', fc.nat(1000)),
  ...at(
    'message queue_get_config_request.port, multipart_request queue.portNo, multipart_request port_stats.portNo',
    portOrAny,
  ),
  ...at(
    'message queue_get_config_reply.port, packet_queue.port, queue_stats.portNo, port_stats.portNo',
    port,
  ),
  ...at('message table_mod.config', none),
  ...at('message table_mod.tableId', tableOrAll),
  ...at(
    'multipart_request meter.meterId, multipart_request meter_config.meterId, meter_config.meterId, meter_stats.meterId',
    meterId,
  ),
  ...at('meter_config.flags', meterFlags),

  ...at('multipart_request flow.tableId, multipart_request aggregate.tableId', tableOrAll),
  ...at('multipart_request flow.outPort, multipart_request aggregate.outPort', portOrAny),
  ...at('multipart_request flow.outGroup, multipart_request aggregate.outGroup', groupOrAny),
  flow_stats: { adjust: consistentFlow },
  ...at('flow_stats.tableId', tableId),
  ...at('flow_stats.flags', flags(1, 2, 4, 8, 16)),
  ...at('group_desc.groupId', groupId),
};
