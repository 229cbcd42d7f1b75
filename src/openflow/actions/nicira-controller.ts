/** Actions that send the packet to a controller (nicira-ext), where the standard's output to CONTROLLER says too little. */
import { constant, length, listOf, pad, rest, struct, u16, u32, u8, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { nicira } from './nicira-header.js';
import { unknownProperty } from '../unknown.js';

/** Sends the packet to the controller connections of one id (subtype 20). */
export const controller = struct('controller', {
  ...nicira(20),
  /** Bytes of the packet at most; 0xffff is all of them. */
  maxLen: u16,
  /** 0 is what a connection has that did not set another. */
  controllerId: u16,
  /** OFPR. */
  reason: u8,
  _pad: pad(1),
});

const property = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16, { padTo: 8 }) }) as const;

/** How the packet is sent (nicira-ext). */
const controllerProperty = union(
  'controller property',
  [
    /** Bytes of the packet at most; without it all of them. */
    struct('max_len', {
      ...property(0),
      /** Bytes; 0xffff is all of them. */
      maxLen: u16,
      _pad: pad(2),
    }),
    /** Which controller connections; without it those of id 0. */
    struct('controller_id', {
      ...property(1),
      /** 0 to 65535. */
      controllerId: u16,
      _pad: pad(2),
    }),
    /** OFPR; without it ACTION. */
    struct('reason', {
      ...property(2),
      /** One of OFPR. */
      reason: u8,
    }),
    /** Bytes that the switch gives back in the packet-in. */
    struct('userdata', {
      ...property(3),
      /** Any bytes. */
      userdata: rest,
    }),
    /** The packet waits in the switch, to go on when the controller sends what it was told back. */
    struct('pause', property(4)),
    /** A meter that limits these packet-ins. */
    struct('meter_id', {
      ...property(5),
      /** 1 to OFPM.MAX. */
      meterId: u32,
    }),
  ],
  unknownProperty,
);

/** How `controller2` sends the packet (nicira-ext). */
export type ControllerProperty = Infer<typeof controllerProperty>;

/** As `controller`, with properties in place of fixed fields (subtype 37). */
export const controller2 = struct('controller2', {
  ...nicira(37),
  _pad: pad(6),
  properties: listOf(controllerProperty),
});
