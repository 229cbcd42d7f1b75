/** Packets between switch and controller [OF1.3.5 7.3.7, 7.4.1]. */
import { pad, rest, sizeOf, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { actions } from '../actions.js';
import { matchStruct } from '../match.js';
import { header } from './header.js';

/** `data` is a view into the frame; `totalLen` is the whole packet's length, also where `data` is cut short. */
export const packetIn = struct('packet_in', {
  ...header(10),
  bufferId: u32,
  totalLen: u16,
  reason: u8,
  tableId: u8,
  cookie: u64,
  match: matchStruct,
  _pad: pad(2), // so that what follows an Ethernet header is aligned to 4 bytes
  data: rest,
});

export const packetOut = struct('packet_out', {
  ...header(13),
  bufferId: u32,
  inPort: u32,
  _actionsLength: sizeOf(u16, 'actions'),
  _pad: pad(6),
  actions,
  data: rest,
});
