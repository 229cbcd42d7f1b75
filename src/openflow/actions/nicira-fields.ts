/** Actions on fields (nicira-ext): copy, write, stack and compare. Bits count from 0, the lowest. */
import { align, pad, struct, u16, u32, u64 } from '../../lib/struct/index.js';
import { bitRange, nicira } from './nicira-header.js';
import { fieldRef, oxm } from '../fields/oxm.js';

/** Copies `bits` bits of one field to another (subtype 6). */
export const move = struct('move', {
  ...nicira(6),
  /** How many bits are copied. */
  bits: u16,
  /** The first bit read. */
  srcOffset: u16,
  /** The first bit written. */
  dstOffset: u16,
  /** The field that is read. */
  src: fieldRef,
  /** The field that is written. */
  dst: fieldRef,
  _pad: align(8),
});

/** Writes a constant into some bits of a field (subtype 7). */
export const load = struct('load', {
  ...nicira(7),
  /** Which bits of the field are written. */
  range: bitRange,
  /** The field that is written. */
  dst: fieldRef,
  /** The constant, in the lower bits. */
  value: u64,
});

/** Writes a field, or the bits of it that its mask has, whatever its width (subtype 33). */
export const load2 = struct('load2', {
  ...nicira(33),
  /** The field, its value, and which bits of it are written. */
  oxm,
  _pad: align(8),
});

/** Puts `bits` bits of a field on the stack (subtype 27). */
export const stackPush = struct('stack_push', {
  ...nicira(27),
  /** The first bit read. */
  offset: u16,
  /** The field. */
  field: fieldRef,
  /** How many bits. */
  bits: u16,
  _pad: align(8),
});

/** Takes what was put on the stack last, into `bits` bits of a field (subtype 28). */
export const stackPop = struct('stack_pop', {
  ...nicira(28),
  /** The first bit written. */
  offset: u16,
  /** The field. */
  field: fieldRef,
  /** How many bits. */
  bits: u16,
  _pad: align(8),
});

/** Writes 1 into bit `offset` of a field where the packet is longer than `pktLen` bytes, else 0 (subtype 49). */
export const checkPktLarger = struct('check_pkt_larger', {
  ...nicira(49),
  /** The Ethernet header counts, a VLAN tag does not. */
  pktLen: u16,
  /** The bit that is written. */
  offset: u16,
  /** The field that is written. */
  dst: fieldRef,
  _pad: align(8),
});

/** Takes a tunnel option (`tun_metadata0` to `63`) off the packet (subtype 50). */
export const deleteField = struct('delete_field', {
  ...nicira(50),
  /** The option: one of the fields `tun_metadata0` to `tun_metadata63`. */
  field: fieldRef,
  _pad1: pad(6), // the action has 24 bytes, whatever the header's length
  _pad2: align(8),
});

/** Sets the tunnel id (subtype 2). Open vSwitch gives it back as set_field. */
export const setTunnel = struct('set_tunnel', {
  ...nicira(2),
  _pad: pad(2),
  /** The tunnel id: for VXLAN the VNI. */
  tunnelId: u32,
});

/** Sets a tunnel id of 64 bits (subtype 9). Open vSwitch gives it back as set_field. */
export const setTunnel64 = struct('set_tunnel64', {
  ...nicira(9),
  _pad: pad(6),
  /** The tunnel id: for VXLAN the VNI. */
  tunnelId: u64,
});
