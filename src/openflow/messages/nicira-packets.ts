/** Packets between Open vSwitch and its controllers, in forms of its own (nicira-ext). */
import {
  align,
  constant,
  length,
  listOf,
  pad,
  rest,
  sizeOf,
  struct,
  u16,
  u32,
  u64,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { oxm } from '../fields/oxm.js';
import { niciraHeader } from './header.js';
import { unknownProperty } from '../unknown.js';

/** As `packet_in`, where NXPIF.NXT_PACKET_IN was asked for. */
export const nxPacketIn = struct('nx_packet_in', {
  ...niciraHeader(17),
  /** OFP_NO_BUFFER, for the packet is in `data`. */
  bufferId: u32,
  /** Bytes of the whole packet, also where `data` is cut short. */
  totalLen: u16,
  /** One of OFPR. */
  reason: u8,
  /** The table of the flow that sent it. */
  tableId: u8,
  /** The cookie of that flow. */
  cookie: u64,
  _fieldsLength: sizeOf(u16, 'fields'),
  _pad1: pad(6),
  /** What the switch knows of the packet. */
  fields: listOf(oxm),
  _pad2: align(8),
  _pad3: pad(2), // so that what follows an Ethernet header is aligned to 4 bytes
  /** The packet, or its beginning. */
  data: rest,
});

const propertyHeader = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16, { padTo: 8 }) }) as const;

/** The packet, or its beginning. */
const packet = struct('packet', {
  ...propertyHeader(0),
  /** From the Ethernet header on. */
  data: rest,
});
/** Bytes of the whole packet, where it is cut short. */
const fullLen = struct('full_len', {
  ...propertyHeader(1),
  /** Bytes. */
  fullLen: u32,
});
/** The buffer of the switch that holds the packet; Open vSwitch has none since 2.7. */
const bufferId = struct('buffer_id', {
  ...propertyHeader(2),
  /** Not OFP_NO_BUFFER. */
  bufferId: u32,
});
/** The table of the flow that sent it. */
const tableId = struct('table_id', {
  ...propertyHeader(3),
  /** 0 to 254. */
  tableId: u8,
});
/** The cookie of the flow that sent it; absent where none did. */
const cookie = struct('cookie', {
  ...propertyHeader(4),
  _pad: pad(4),
  /** All ones where it is not known. */
  cookie: u64,
});
/** Why it was sent: one of OFPR. */
const reason = struct('reason', {
  ...propertyHeader(5),
  /** One of OFPR. */
  reason: u8,
});
/** What the switch knows of the packet. */
const metadata = struct('metadata', {
  ...propertyHeader(6),
  /** The port that it came in by, registers, the tunnel and so on. */
  fields: listOf(oxm),
});
/** The userdata of the controller action that sent it. */
const userdata = struct('userdata', {
  ...propertyHeader(7),
  /** The controller's own bytes. */
  userdata: rest,
});
/** How to go on with the packet: the switch's own, to be given back as it is in a resume. */
const continuation = struct('continuation', {
  ...propertyHeader(8),
  /** The switch's own bytes. */
  data: rest,
});
/** One thing that is said of the packet. */
const property = union(
  'packet_in2_property',
  [packet, fullLen, bufferId, tableId, cookie, reason, metadata, userdata, continuation],
  unknownProperty,
);
/** One thing that is said of the packet. */
export type PacketIn2Property = Infer<typeof property>;

/** As `packet_in`, where NXPIF.NXT_PACKET_IN2 was asked for; a controller action with `pause` sends a continuation. */
export const nxPacketIn2 = struct('nx_packet_in2', {
  ...niciraHeader(30),
  /** In any order; there is always a packet. */

  /** As they came. */
  properties: listOf(property),
});

/** Goes on with a packet that was paused: the properties of its packet_in2, changed at will but for the continuation. */
export const nxResume = struct('nx_resume', { ...niciraHeader(28), properties: listOf(property) });
