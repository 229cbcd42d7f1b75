import type { Flow } from '../../intent/index.js';
import { type Instruction, match } from '../../openflow/index.js';

/** A flow with its match in the short form. */
export const flow = (
  table: number,
  priority: number,
  fields: Parameters<typeof match>[0],
  ...instructions: Instruction[]
): Flow => ({ table, priority, match: match(fields), instructions });

/**
 * reg0 in all flows of the overlay: where a packet is from. Bit 0 is a tunnel, bit 1 a VTEP that Heddle does not manage, bit 2 a host
 * that wants it sent on (relays.ts); 0 is a local port.
 */
export const from = { local: 0, tunnel: 1, remote: 3, relayed: 4 } as const;
