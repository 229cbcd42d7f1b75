/** What a switch is, how it is set up, barriers and roles [OF1.3.5 7.3.1, 7.3.2, 7.3.8, 7.3.9]. */
import { named, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { bare, header, onfHeader } from './header.js';

export const featuresRequest = bare('features_request', 5);

/** Ports are not in it: since OpenFlow 1.3 they come by a port_desc multipart. */
export const featuresReply = struct('features_reply', {
  ...header(6),
  datapathId: u64,
  nBuffers: u32,
  nTables: u8,
  auxiliaryId: u8,
  _pad: pad(2),
  capabilities: u32,
  reserved: u32,
});

export const getConfigRequest = bare('get_config_request', 7);
export const getConfigReply = struct('get_config_reply', { ...header(8), flags: u16, missSendLen: u16 });
export const setConfig = struct('set_config', { ...header(9), flags: u16, missSendLen: u16 });

export const barrierRequest = bare('barrier_request', 20);
export const barrierReply = bare('barrier_reply', 21);

const roles = { nochange: 0, equal: 1, master: 2, slave: 3 } as const;

export const roleRequest = struct('role_request', {
  ...header(24),
  role: named(u32, roles),
  _pad: pad(4),
  generationId: u64,
});
export const roleReply = struct('role_reply', {
  ...header(25),
  role: named(u32, roles),
  _pad: pad(4),
  generationId: u64,
});

/** Another controller has taken, or lost, the master role [ONF extension 191]. */
export const roleStatus = struct('role_status', {
  ...onfHeader(1911),
  role: named(u32, roles),
  reason: u8,
  _pad: pad(3),
  generationId: u64,
});
