/** OpenFlow 1.3 on the wire, with what Open vSwitch adds to it. Pure: bytes in, values out, and the other way round. */
export { HeddleError, TextError, WireError } from '../lib/errors.js';
export type { ErrorCode } from '../lib/errors.js';
export { Writer } from '../lib/struct/index.js';
export type { UnknownCase } from '../lib/struct/index.js';
export type { Action, ActionOf, CloneAction, CtAction } from './actions/actions.js';
export * from './build.js';
export { decode, encode, encodeInto } from './codec.js';
export * from './constants.js';
export * from './error-codes.js';
export { errorExperimenter, errorName, nameOfError, quotedMessage } from './errors.js';
export { FrameSplitter } from './framing.js';
export type { Instruction, InstructionOf } from './actions/instructions.js';
export type { LearnField, LearnSource, LearnSpec } from './actions/learn-specs.js';
export { canonical, fieldNames, masked, match, valueOf } from './fields/match.js';
export type { FieldSetting, Masked, Match, MatchFields } from './fields/match.js';
export type { BundledMessage } from './messages/bundles.js';
export type { CtFlushProperty, CtTupleProperty } from './messages/ct-flush.js';
export type { RawElement } from './messages/elements.js';
export type { FeatureId, OxmId } from './messages/feature-ids.js';
export type { FlowMonitor, FlowUpdate } from './messages/flow-monitor.js';
export type { FlowStats } from './messages/flow-stats.js';
export type { Bucket, BucketCounter, GroupDesc, GroupStats } from './messages/groups.js';
export type {
  BundleAdd,
  BundleControl,
  ErrorMessage,
  FlowMod,
  FlowRemoved,
  GroupMod,
  Hello,
  Message,
  MessageOf,
  MeterMod,
  MultipartReply,
  MultipartRequest,
  PacketIn,
  PacketOut,
  PortStatus,
} from './messages/index.js';
export type { MeterFeatures, SwitchFeatures } from './session/features.js';
export type { MeterBand, MeterBandStats, MeterConfig, MeterStats } from './messages/meters.js';
export type { AsyncProperty, TlvMap } from './messages/nicira.js';
export type { PacketIn2Property } from './messages/nicira-packets.js';
export type { Port, PortStats } from './messages/ports.js';
export type { Queue, QueueProperty, QueueStats } from './messages/queues.js';
export type { ForwardedMessage } from './messages/request-forward.js';
export type { TableFeatureProperty, TableFeatures } from './messages/table-features.js';
export type { TableStats } from './messages/tables.js';
export * from './nicira-constants.js';
export type { ControllerProperty } from './actions/nicira-controller.js';
export type { CtZone } from './actions/nicira-ct.js';
export type { BitRange } from './actions/nicira-header.js';
export type { NatRange } from './actions/nicira-nat.js';
export type { EncapProperty } from './actions/nicira-packet.js';
export { standardName } from './fields/table.js';
export type { FieldName, FieldValue } from './fields/table.js';
export type { FieldRef, KnownOxm, Oxm, UnknownFieldRef, UnknownOxm } from './fields/oxm.js';
export * from './text/index.js';
