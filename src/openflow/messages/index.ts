/** All messages as one union, discriminated by `type`. */
import { union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { getAsyncReply, getAsyncRequest, nxSetAsync, setAsync } from './async.js';
import { bundleAdd, bundleControl, unknownMessage } from './bundles.js';
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
import { packetIn, packetOut } from './packets.js';
import { portMod, portStatus } from './ports.js';
import { queueGetConfigReply, queueGetConfigRequest } from './queues.js';
import { hello } from './hello.js';
import { echoReply, echoRequest, error, experimenter } from './symmetric.js';
import { tableMod } from './tables.js';

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
    bundleControl,
    bundleAdd,
  ],
  unknownMessage,
);

export type Message = Infer<typeof message>;
/** The message of one type. */
export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;

export type Hello = MessageOf<'hello'>;
export type ErrorMessage = MessageOf<'error'>;
export type PacketIn = MessageOf<'packet_in'>;
export type PacketOut = MessageOf<'packet_out'>;
export type FlowMod = MessageOf<'flow_mod'>;
export type FlowRemoved = MessageOf<'flow_removed'>;
export type GroupMod = MessageOf<'group_mod'>;
export type MeterMod = MessageOf<'meter_mod'>;
export type PortStatus = MessageOf<'port_status'>;
export type BundleAdd = MessageOf<'bundle_add'>;
export type BundleControl = MessageOf<'bundle_control'>;
export type MultipartRequest = MessageOf<'multipart_request'>;
export type MultipartReply = MessageOf<'multipart_reply'>;
