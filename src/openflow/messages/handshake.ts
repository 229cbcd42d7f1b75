/** What a switch is, how it is set up, barriers and roles [OF1.3.5 7.3.1, 7.3.2, 7.3.8, 7.3.9]. */
import { named, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { rawProperties } from './elements.js';
import { bare, header, onfHeader } from './header.js';

/** Asks which switch this is [OF1.3.5 7.3.1]. */
export const featuresRequest = bare('features_request', 5);

/** Which switch this is, and what it can do [OF1.3.5 7.3.1]. Ports are not in it: since OpenFlow 1.3 they come by a port_desc multipart. */
export const featuresReply = struct('features_reply', {
  ...header(6),
  /** The switch's own number: often a MAC in the lower 48 bits. */
  datapathId: u64,
  /** Packets that it can keep for a packet_in; 0 is none. */
  nBuffers: u32,
  /** How many tables it has, 1 to 255. */
  nTables: u8,
  /** 0 on the main connection; auxiliary ones have their own [OF1.3.5 6.3.5]. */
  auxiliaryId: u8,
  _pad: pad(2),
  /** A bitmap of OFPC. */
  capabilities: u32,
  /** Means nothing; kept as it came. */
  reserved: u32,
});

/** Asks how the switch is set up [OF1.3.5 7.3.2]. */
export const getConfigRequest = bare('get_config_request', 7);

/** How the switch is set up [OF1.3.5 7.3.2]. */
export const getConfigReply = struct('get_config_reply', {
  ...header(8),
  /** What becomes of IP fragments: 0 nothing special, 1 dropped, 2 put together. */
  flags: u16,
  /** Bytes of a packet that a packet_in holds at most, 0 to 0xffe5; 0xffff is all of them, and none is kept in a buffer. */
  missSendLen: u16,
});

/** Sets the switch up [OF1.3.5 7.3.2]. */
export const setConfig = struct('set_config', {
  ...header(9),
  /** What becomes of IP fragments: 0 nothing special, 1 dropped, 2 put together. */
  flags: u16,
  /** Bytes of a packet that a packet_in holds at most, 0 to 0xffe5; 0xffff is all of them, and none is kept in a buffer. */
  missSendLen: u16,
});

/** Asks the switch to end all that was sent before [OF1.3.5 7.3.8]. */
export const barrierRequest = bare('barrier_request', 20);

/** All that was sent before the question is done [OF1.3.5 7.3.8]. */
export const barrierReply = bare('barrier_reply', 21);

const roles = { nochange: 0, equal: 1, master: 2, slave: 3 } as const;

/** Asks for a role, or which role the controller has [OF1.3.5 7.3.9]. */
export const roleRequest = struct('role_request', {
  ...header(24),
  /** `nochange` asks alone; of `master` there is one, and a `slave` may only read. */
  role: named(u32, roles),
  _pad: pad(4),
  /** Number of the election of a master: one that is older than the last is refused as stale. */
  generationId: u64,
});

/** The role that the controller has now [OF1.3.5 7.3.9]. */
export const roleReply = struct('role_reply', {
  ...header(25),
  /** The role that it has. */
  role: named(u32, roles),
  _pad: pad(4),
  /** That of the last election; all ones where there was none. */
  generationId: u64,
});

/** Another controller has taken, or lost, the master role [ONF extension 191]. */
export const roleStatus = struct('role_status', {
  ...onfHeader(1911),
  /** The role that it has now. */
  role: named(u32, roles),
  /** Why: 0 another master, 1 the switch's configuration, 2 an extension. */
  reason: u8,
  _pad: pad(3),
  /** That of the last election. */
  generationId: u64,
  /** Of extensions; absent where there is none. */
  properties: rawProperties,
});
