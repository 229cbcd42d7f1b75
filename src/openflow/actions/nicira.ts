/**
 * Open vSwitch's own actions (nicira-ext), but for those that hold actions (actions.ts): those that Open vSwitch 3.1
 * takes over OpenFlow 1.3. Some older ones are for OpenFlow 1.0 alone, where 1.3 has an action of its own for them.
 * What is not here decodes as an unknown action and encodes back to the same bytes.
 */
import { controller, controller2 } from './nicira-controller.js';
import * as fields from './nicira-fields.js';
import { learn, learn2 } from './nicira-learn.js';
import { nat } from './nicira-nat.js';
import * as outputs from './nicira-output.js';
import * as packet from './nicira-packet.js';

export const niciraActions = [
  outputs.resubmitPort,
  outputs.resubmit,
  outputs.resubmitCt,
  outputs.outputReg,
  outputs.outputReg2,
  outputs.outputTrunc,
  outputs.multipath,
  outputs.bundle,
  outputs.bundleLoad,
  fields.move,
  fields.load,
  fields.load2,
  fields.stackPush,
  fields.stackPop,
  fields.checkPktLarger,
  fields.deleteField,
  fields.setTunnel,
  fields.setTunnel64,
  packet.note,
  packet.popQueue,
  packet.exit,
  packet.decTtlCntIds,
  packet.finTimeout,
  packet.sample,
  packet.sample2,
  packet.sample3,
  packet.conjunction,
  packet.ctClear,
  packet.encap,
  packet.decap,
  packet.decNshTtl,
  packet.debugRecirc,
  packet.debugSlow,
  controller,
  controller2,
  learn,
  learn2,
  nat,
] as const;
