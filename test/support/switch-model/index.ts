/**
 * A model of a switch: what it answers to flow, group and meter mods, and what becomes of a frame. A live test holds it to
 * Open vSwitch (test/live/switch-model.test.ts).
 */
import type { FrameFields } from './fields.js';
import { forward, type Outcome, type SwitchPorts } from './forward.js';
import { learn } from './learning.js';
import { keyOf, Tables } from './tables.js';

export { Fields, type FrameFields } from './fields.js';
export { forward, type Outcome, type Sent, type SwitchPorts } from './forward.js';
export { type Change, change, selectedBy } from './mods.js';
export { type FlowEntry, keyOf, type Refused, Tables } from './tables.js';

/** A frame comes in: it is counted, and what it teaches is learned. */
export function receive(tables: Tables, ports: SwitchPorts, frame: FrameFields): Outcome {
  const outcome = forward(tables, ports, frame);
  for (const flow of outcome.matched) {
    const key = keyOf(flow);
    const now = tables.flows.get(key);
    if (now !== undefined) tables.flows.set(key, { ...now, packetCount: (now.packetCount ?? 0n) + 1n });
  }
  for (const [action, flow] of outcome.learned) learn(tables, action, flow);
  return outcome;
}
