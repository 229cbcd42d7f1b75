/** Flows [OF1.3.5 7.3.4.1, 7.4.2]. Timeouts are in seconds, 0 is none. */
import { named, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { instructions } from '../instructions.js';
import { matchStruct } from '../match.js';
import { header } from './header.js';

const commands = { add: 0, modify: 1, modify_strict: 2, delete: 3, delete_strict: 4 } as const;

export const flowMod = struct('flow_mod', {
  ...header(14),
  cookie: u64,
  cookieMask: u64,
  tableId: u8,
  command: named(u8, commands),
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: u16,
  _pad: pad(2),
  match: matchStruct,
  instructions,
});

export const flowRemoved = struct('flow_removed', {
  ...header(11),
  cookie: u64,
  priority: u16,
  reason: u8,
  tableId: u8,
  durationSec: u32,
  durationNsec: u32,
  idleTimeout: u16,
  hardTimeout: u16,
  packetCount: u64,
  byteCount: u64,
  match: matchStruct,
});
