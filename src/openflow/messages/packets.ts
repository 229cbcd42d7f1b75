/** Packets between switch and controller [OF1.3.5 7.3.7, 7.4.1]. */
import { pad, rest, sizeOf, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { actions } from '../actions/actions.js';
import { matchStruct } from '../fields/match.js';
import { header } from './header.js';

/** A packet for the controller [OF1.3.5 7.4.1]. */
export const packetIn = struct('packet_in', {
  ...header(10),
  /** Where the switch keeps the whole packet; OFP_NO_BUFFER where it keeps none, and `data` is all of it. */
  bufferId: u32,
  /** The whole packet's length in bytes, also where `data` is cut short. */
  totalLen: u16,
  /** One of OFPR: why it comes. */
  reason: u8,
  /** The table of the flow that sent it, 0 to 254. */
  tableId: u8,
  /** That of the flow that sent it; all ones where there is none. */
  cookie: u64,
  match: matchStruct,
  _pad: pad(2), // so that what follows an Ethernet header is aligned to 4 bytes
  /** The packet from its Ethernet header on: a view into the frame. */
  data: rest,
});

/** Sends a packet through a list of actions [OF1.3.5 7.3.7]. */
export const packetOut = struct('packet_out', {
  ...header(13),
  /** A packet that the switch keeps; OFP_NO_BUFFER: it is in `data`. */
  bufferId: u32,
  /** The port that it is said to come in by; OFPP.CONTROLLER or OFPP.ANY where there is none. */
  inPort: u32,
  _actionsLength: sizeOf(u16, 'actions'),
  _pad: pad(6),
  actions,
  /** The packet from its Ethernet header on; empty where `bufferId` has it. */
  data: rest,
});
