import type { Vtep } from '../../lib/vtep.js';
import { type Action, learn, learnLoad, learnMatch, type LearnSpec } from '../../openflow/index.js';
import { learnSender } from './tunnel-fields.js';

/** Seconds that a learned MAC stays after its last frame, unless the file says it: what bridges commonly use. */
export const usualAge = 300;

/**
 * MACs learned behind one port, unless the file says it, or one foreign VTEP: a flood of made-up MACs fills no more than this. What is
 * learned behind one goes first by its age: those beyond are flooded to.
 */
export const usualMacs = 1_024;

/** What is learned into, and within which bounds. */
export interface Learning {
  readonly table: number;
  readonly cookie: bigint;
  readonly most: number;
  /** Seconds. */
  readonly macAge?: number | undefined;
}

/**
 * The learned flow matches this network and, as its destination, the source of the packet at hand. It writes registers
 * and does not output: the packet that looks it up goes on to the output table as any other. The timeout is a hard one,
 * renewed by each frame of the source: an idle one would count the traffic *to* it.
 */
const learnSource = ({ table, cookie, most, macAge }: Learning, loads: readonly LearnSpec[]): Action =>
  learn({
    table,
    cookie,
    hardTimeout: macAge ?? usualAge,
    priority: 100,
    limit: most,
    specs: [learnMatch('metadata'), learnMatch('eth_dst', 'eth_src'), ...loads],
  });

/** A port number in OpenFlow 1.0's 16 bits, as the field NXM_OF_IN_PORT has it. */
export const toPort = { field: 'reg1', offset: 0, bits: 16 } as const;

/** Packets to this source go out of the port that the packet at hand came in by. */
export const learnFromPort = (learning: Learning): Action =>
  learnSource(learning, [learnLoad(toPort, 'nxm_in_port')]);

/** Packets to this source go through the tunnel, to the VTEP that the packet at hand came from [RFC 7348 4.1]. */
export const learnFromRemote = (learning: Learning, vtep: Vtep, tunnelPort: number): Action =>
  learnSource(learning, [learnSender(vtep), learnLoad(toPort, BigInt(tunnelPort))]);

/** What the learned flows of a port, or of a foreign VTEP, are known by: a cookie each, so that they can be forgotten. */
export const portKey = (vni: number, port: string, ofport: number): string => `port ${vni} ${port} ${ofport}`;
export const remoteKey = (vni: number, vtep: Vtep): string => `remote ${vni} ${vtep}`;
/** Of a port that leads to a foreign VTEP. */
export const meshKey = (vni: number, port: string, ofport: number): string => `mesh ${vni} ${port} ${ofport}`;
