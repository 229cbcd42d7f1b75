/** Messages that Open vSwitch adds to set up a connection and its switch (nicira-ext). */
import { constant, length, listOf, named, pad, struct, u16, u32, u8, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { niciraHeader } from './header.js';
import { unknownElement } from '../unknown.js';

const roles = { other: 0, master: 1, slave: 2 } as const;

/** As `role_request`, from before there was one in the standard; it has no generation. */
export const nxRoleRequest = struct('nx_role_request', {
  ...niciraHeader(10),
  /** `other` is equal. */
  role: named(u32, roles),
});
/** The role that this connection has now. */
export const nxRoleReply = struct('nx_role_reply', {
  ...niciraHeader(11),
  /** `other` is equal. */
  role: named(u32, roles),
});

/** How packets come to this connection from now on. */
export const nxSetPacketInFormat = struct('nx_set_packet_in_format', {
  ...niciraHeader(16),
  /** One of NXPIF; a new connection begins with STANDARD. */
  format: u32,
});

/** Gives this connection a number, by which the controller action can name it; 0 until then. */
export const nxSetControllerId = struct('nx_set_controller_id', {
  ...niciraHeader(20),
  _pad: pad(6),
  /** 0 to 65535. */
  controllerId: u16,
});

const mask = <const N extends string>(name: N, type: number) =>
  struct(name, {
    _type: constant(u16, type),
    _length: length(u16),
    /** Bit n is for reason n of the message. */
    mask: u32,
  });
/** Reasons of one message for one role: a controller that is master or equal, or one that is slave. */
const asyncProperty = union(
  'async_property',
  [
    mask('packet_in_slave', 0),
    mask('packet_in_master', 1),
    mask('port_status_slave', 2),
    mask('port_status_master', 3),
    mask('flow_removed_slave', 4),
    mask('flow_removed_master', 5),
    mask('role_status_slave', 6),
    mask('role_status_master', 7),
    mask('table_status_slave', 8),
    mask('table_status_master', 9),
    mask('requestforward_slave', 10),
    mask('requestforward_master', 11),
  ],
  unknownElement,
);
/** Reasons of one message for one role. */
export type AsyncProperty = Infer<typeof asyncProperty>;

/** As `set_async`, in the form of OpenFlow 1.4; what is not named stays as it is. */
export const nxSetAsync2 = struct('nx_set_async_config2', {
  ...niciraHeader(27),
  /** One for each message and role that is to change. */
  properties: listOf(asyncProperty),
});

/** Which option of a Geneve tunnel is which field. */
const tlvMap = struct('tlv_map', {
  /** The namespace of the option's type. */
  optionClass: u16,
  /** 0 to 255; the highest bit says that a receiver must know it. */
  optionType: u8,
  /** Bytes of the option's value: a multiple of 4, 4 to 124. */
  optionLen: u8,
  /** n is the field tun_metadata<n>: 0 to 63. */
  index: u16,
  _pad: pad(2),
});
/** Which option of a Geneve tunnel is which field. */
export type TlvMap = Infer<typeof tlvMap>;

/** Adds or deletes such options; `clear` deletes all. */
export const nxTlvTableMod = struct('nx_tlv_table_mod', {
  ...niciraHeader(24),
  /** `clear` needs no maps. */
  command: named(u16, { add: 0, delete: 1, clear: 2 }),
  _pad: pad(6),
  /** Each is added or deleted. */
  maps: listOf(tlvMap),
});
/** Asks for a `nx_tlv_table_reply`. */
export const nxTlvTableRequest = struct('nx_tlv_table_request', niciraHeader(25));
/** The options that are fields now, and how many there can be. */
export const nxTlvTableReply = struct('nx_tlv_table_reply', {
  ...niciraHeader(26),
  /** Bytes of values that fit in all. */
  maxOptionSpace: u32,
  /** Options that fit. */
  maxFields: u16,
  _pad: pad(10),
  /** All that are there. */
  maps: listOf(tlvMap),
});
