/** Bundles: changes that are made together or not at all [ONF extension 230]. */
import { named, length, pad, rest, struct, u16, u32, u8, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { rawProperties } from './elements.js';
import { flowMod } from './flows.js';
import { groupMod } from './groups.js';
import { onfHeader } from './header.js';
import { packetOut } from './packets.js';
import { portMod } from './ports.js';

/** A message that is kept as its bytes: `body` is all that follows the header. */
export const unknownMessage = struct('unknown', {
  /** The first byte as it came, 4 for OpenFlow 1.3. */
  version: u8,
  /** The second byte as it came. */
  typeId: u8,
  _length: length(u16),
  /** Transaction id. */
  xid: u32,
  /** All bytes behind the header. */
  body: rest,
});

/** What Open vSwitch takes in a bundle; others it refuses with OFPBFC_MSG_UNSUP. */
const bundled = union('bundled message', [flowMod, groupMod, portMod, packetOut], unknownMessage);

/** A message inside of a bundle; one that is not known there is kept as bytes. */
export type BundledMessage = Infer<typeof bundled>;

const controlTypes = {
  open_request: 0,
  open_reply: 1,
  close_request: 2,
  close_reply: 3,
  commit_request: 4,
  commit_reply: 5,
  discard_request: 6,
  discard_reply: 7,
} as const;

/** Opens, closes, commits or discards a bundle, and answers that [ONF extension 230]. */
export const bundleControl = struct('bundle_control', {
  ...onfHeader(2300),
  /** Chosen by the controller, for one connection. */
  bundleId: u32,
  /** What is to be done, or was done. */
  controlType: named(u16, controlTypes),
  /** A bitmap of OFPBF, the same in all messages of one bundle. */
  flags: u16,
  /** Of extensions; absent where there is none. */
  properties: rawProperties,
});

/** Puts a message into a bundle [ONF extension 230]. The inner message's xid must equal the outer one, else OFPBFC_MSG_BAD_XID; `bundleAdd` (build.ts) sees to it. */
export const bundleAdd = struct('bundle_add', {
  ...onfHeader(2301),
  /** The bundle, which must be open. */
  bundleId: u32,
  _pad: pad(2),
  /** A bitmap of OFPBF, the same in all messages of one bundle. */
  flags: u16,
  /** What is to be done at the commit. */
  message: bundled,
  /** Of extensions; absent where there is none. */
  properties: rawProperties,
});
