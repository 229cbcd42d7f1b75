/** All messages as one union, discriminated by `type`. */
import { union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { getAsyncReply, getAsyncRequest, nxSetAsync, setAsync } from './async.js';
import { bundleAdd, bundleControl, unknownMessage } from './bundles.js';
import { nxCtFlush, nxCtFlushZone } from './ct-flush.js';
import { flowMonitorCancel, flowMonitorPaused, flowMonitorResumed } from './flow-monitor.js';
import { flowMod, flowRemoved } from './flows.js';
import { groupMod } from './groups.js';
import {
  barrierReply,
  barrierRequest,
  featuresReply,
  featuresRequest,
  getConfigReply,
  getConfigRequest,
  roleReply,
  roleRequest,
  roleStatus,
  setConfig,
} from './handshake.js';
import { meterMod } from './meters.js';
import { multipartReply, multipartRequest } from './multipart.js';
import {
  nxRoleReply,
  nxRoleRequest,
  nxSetAsync2,
  nxSetControllerId,
  nxSetPacketInFormat,
  nxTlvTableMod,
  nxTlvTableReply,
  nxTlvTableRequest,
} from './nicira.js';
import { nxPacketIn, nxPacketIn2, nxResume } from './nicira-packets.js';
import { packetIn, packetOut } from './packets.js';
import { portMod, portStatus } from './ports.js';
import { requestForward } from './request-forward.js';
import { queueGetConfigReply, queueGetConfigRequest } from './queues.js';
import { hello } from './hello.js';
import { echoReply, echoRequest, error, experimenter } from './symmetric.js';
import { tableMod } from './tables.js';

/** All messages; one that is not known is kept as bytes [OF1.3.5 7.1]. */
export const message = union(
  'message',
  [
    hello,
    error,
    echoRequest,
    echoReply,
    experimenter,
    featuresRequest,
    featuresReply,
    getConfigRequest,
    getConfigReply,
    setConfig,
    packetIn,
    flowRemoved,
    portStatus,
    packetOut,
    flowMod,
    groupMod,
    portMod,
    tableMod,
    meterMod,
    multipartRequest,
    multipartReply,
    barrierRequest,
    barrierReply,
    queueGetConfigRequest,
    queueGetConfigReply,
    roleRequest,
    roleReply,
    roleStatus,
    getAsyncRequest,
    getAsyncReply,
    setAsync,
    nxSetAsync,
    nxSetAsync2,
    nxRoleRequest,
    nxRoleReply,
    nxSetPacketInFormat,
    nxSetControllerId,
    nxTlvTableMod,
    nxTlvTableRequest,
    nxTlvTableReply,
    nxPacketIn,
    nxPacketIn2,
    nxResume,
    nxCtFlush,
    nxCtFlushZone,
    flowMonitorCancel,
    flowMonitorPaused,
    flowMonitorResumed,
    requestForward,
    bundleControl,
    bundleAdd,
  ],
  unknownMessage,
);

/** Any message, told by its `type` [OF1.3.5 7.1]. */
export type Message = Infer<typeof message>;

/** The message of one type. */
export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;

/** The first message of both sides [OF1.3.5 7.5.1]. */
export type Hello = MessageOf<'hello'>;

/** What the other side refuses [OF1.3.5 7.4.4]. */
export type ErrorMessage = MessageOf<'error'>;

/** A packet for the controller [OF1.3.5 7.4.1]. */
export type PacketIn = MessageOf<'packet_in'>;

/** Sends a packet [OF1.3.5 7.3.7]. */
export type PacketOut = MessageOf<'packet_out'>;

/** Changes flows [OF1.3.5 7.3.4.1]. */
export type FlowMod = MessageOf<'flow_mod'>;

/** A flow went [OF1.3.5 7.4.2]. */
export type FlowRemoved = MessageOf<'flow_removed'>;

/** Changes a group [OF1.3.5 7.3.4.2]. */
export type GroupMod = MessageOf<'group_mod'>;

/** Changes a meter [OF1.3.5 7.3.4.4]. */
export type MeterMod = MessageOf<'meter_mod'>;

/** A port came, went or changed [OF1.3.5 7.4.3]. */
export type PortStatus = MessageOf<'port_status'>;

/** Puts a message into a bundle [ONF extension 230]. */
export type BundleAdd = MessageOf<'bundle_add'>;

/** Opens, closes, commits or discards a bundle [ONF extension 230]. */
export type BundleControl = MessageOf<'bundle_control'>;

/** Asks for statistics or descriptions [OF1.3.5 7.3.5]. */
export type MultipartRequest = MessageOf<'multipart_request'>;

/** One part of an answer to that [OF1.3.5 7.3.5]. */
export type MultipartReply = MessageOf<'multipart_reply'>;
