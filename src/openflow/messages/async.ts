/** Which messages a switch sends by itself, to controllers of which role [OF1.3.5 7.3.10]. */
import { struct, u32 } from '../../lib/struct/index.js';
import { bare, header, niciraHeader } from './header.js';

/** One bitmap for each role: bit n is for reason n of the message. */
const byRole = struct('by_role', {
  /** For a controller that is master or equal. */
  master: u32,
  /** For a controller that is slave. */
  slave: u32,
});

const asyncConfig = {
  /** Reasons of packet_in: bits of OFPR. */
  packetIn: byRole,
  /** Reasons of port_status: bits of OFPPR. */
  portStatus: byRole,
  /** Reasons of flow_removed: bits of OFPRR. */
  flowRemoved: byRole,
} as const;

/** Asks which messages this connection gets. */
export const getAsyncRequest = bare('get_async_request', 26);

/** Which messages the switch sends to this controller by itself [OF1.3.5 7.3.10]. */
export const getAsyncReply = struct('get_async_reply', { ...header(27), ...asyncConfig });

/** Sets which messages this connection gets; a new connection begins with the switch's own choice. */
export const setAsync = struct('set_async', { ...header(28), ...asyncConfig });

/** As `set_async`, from before there was one in the standard (Open vSwitch, NXT_SET_ASYNC_CONFIG). */
export const nxSetAsync = struct('nx_set_async_config', { ...niciraHeader(19), ...asyncConfig });
