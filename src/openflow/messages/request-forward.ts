/** Requests of other controllers, forwarded to this one [ONF extension 427]. */
import { struct, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { unknownMessage } from './bundles.js';
import { groupMod } from './groups.js';
import { onfHeader } from './header.js';
import { meterMod } from './meters.js';

/** What another controller has sent. */
const forwarded = union('forwarded message', [groupMod, meterMod], unknownMessage);
/** What another controller has sent. */
export type ForwardedMessage = Infer<typeof forwarded>;

/** Another controller has changed a group or a meter; `message` is its own, with its `xid`. */
export const requestForward = struct('requestforward', {
  ...onfHeader(2350),
  /** All of it, with its header. */
  message: forwarded,
});
