/** Ports [OF1.3.5 7.2.1, 7.3.4.3, 7.4.3]. */
import { mac, pad, struct, text, u32, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';

/** Speeds are in kbit/s; curr, advertised, supported and peer are bitmaps of ofp_port_features. */
export const port = struct('port', {
  portNo: u32,
  _pad1: pad(4),
  hwAddr: mac,
  _pad2: pad(2),
  name: text(16),
  config: u32,
  state: u32,
  curr: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currSpeed: u32,
  maxSpeed: u32,
});
/** A port as port_desc and port_status describe it. */
export type Port = Infer<typeof port>;

/** `reason` is one of OFPPR. */
export const portStatus = struct('port_status', { ...header(12), reason: u8, _pad: pad(7), desc: port });

/** Sets those bits of `config` that are 1 in `mask`. */
export const portMod = struct('port_mod', {
  ...header(16),
  portNo: u32,
  _pad1: pad(4),
  hwAddr: mac,
  _pad2: pad(2),
  config: u32,
  mask: u32,
  advertise: u32,
  _pad3: pad(4),
});
