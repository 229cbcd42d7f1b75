import type { Port } from '../../src/openflow/index.js';

/** A port of OpenFlow that is up. */
export const port = (portNo: number, name = `p${portNo}`): Port => ({
  portNo,
  hwAddr: 0x02_00_00_00_00_00 + portNo,
  name,
  config: 0,
  state: 0,
  curr: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currSpeed: 0,
  maxSpeed: 0,
});
