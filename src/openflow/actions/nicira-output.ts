/** Actions that choose where a packet goes (nicira-ext). Port numbers are of 16 bits, as in OpenFlow 1.0. */
import { align, pad, struct, u16, u32, u8 } from '../../lib/struct/index.js';
import { bitRange, countedU16, nicira } from './nicira-header.js';
import { fieldRef } from '../fields/oxm.js';

/** Runs a port's packet through its own table again, as if it came in at `inPort` (subtype 1). */
export const resubmitPort = struct('resubmit_port', {
  ...nicira(1),
  /** The port that the look-up sees. */
  inPort: u16,
  _pad: pad(4),
});

const lookUp = (subtype: number) =>
  ({
    ...nicira(subtype),
    /** NX_RESUBMIT_IN_PORT keeps the port as it is. */
    inPort: u16,
    /** 255 is the table at hand. */
    tableId: u8,
    _pad: pad(3),
  }) as const;

/** Looks the packet up in `tableId` and comes back (subtype 14). */
export const resubmit = struct('resubmit', lookUp(14));

/** As `resubmit`, with the addresses and ports of the tracked connection's other direction in the look-up (subtype 44). */
export const resubmitCt = struct('resubmit_ct', lookUp(44));

/** Outputs to the port whose number stands in a field (subtype 15). */
export const outputReg = struct('output_reg', {
  ...nicira(15),
  /** Which bits of the field. */
  range: bitRange,
  /** The field. */
  src: fieldRef,
  /** Bytes of the packet at most, where the port is the controller; 0xffff is all of them. */
  maxLen: u16,
  _pad: pad(6),
});

/** As `output_reg`, for fields whose header takes more than four bytes (subtype 32). */
export const outputReg2 = struct('output_reg2', {
  ...nicira(32),
  /** Which bits of the field. */
  range: bitRange,
  /** Bytes of the packet at most, where the port is the controller; 0xffff is all of them. */
  maxLen: u16,
  /** The field. */
  src: fieldRef,
  _pad: align(8),
});

/** Outputs the first `maxLen` bytes of the packet (at least 14) (subtype 39). */
export const outputTrunc = struct('output_trunc', {
  ...nicira(39),
  /** The port to output to. */
  port: u16,
  /** Bytes that are sent, 14 at least. */
  maxLen: u32,
});

/** Writes a link's number, 0 to `maxLink`, that a hash of the packet gives, into a field (subtype 10). */
export const multipath = struct('multipath', {
  ...nicira(10),
  /** NxHashFields. */
  fields: u16,
  /** Another basis gives other hashes of the same packets. */
  basis: u16,
  _pad1: pad(2),
  /** NxMultipathAlgorithm. */
  algorithm: u16,
  /** The number of links, less 1. */
  maxLink: u16,
  /** For ITER_HASH: how many numbers at most are tried, 1 to 64. */
  arg: u32,
  _pad2: pad(2),
  /** Which bits of the field are written. */
  range: bitRange,
  /** The field that is written. */
  dst: fieldRef,
});

const memberChoice = {
  /** NxBundleAlgorithm. */
  algorithm: u16,
  /** NxHashFields. */
  fields: u16,
  /** Another basis gives other hashes of the same packets. */
  basis: u16,
  /** What members are: a port's number has the header of NXM_OF_IN_PORT. */
  memberType: fieldRef,
  _count: pad(2),
} as const;

/** Outputs to one of the members that are up, chosen by a hash of the packet (subtype 12). */
export const bundle = struct('bundle', {
  ...nicira(12),
  ...memberChoice,
  _noField: pad(6),
  _pad1: pad(4),
  /** Port numbers, in order of preference. */
  members: countedU16('members', 12),
  _pad2: align(8),
});

/** As `bundle`, and writes the member's number into a field in place of output (subtype 13). */
export const bundleLoad = struct('bundle_load', {
  ...nicira(13),
  ...memberChoice,
  /** Which bits of the field are written. */
  range: bitRange,
  /** The field that is written. */
  dst: fieldRef,
  _pad1: pad(4),
  /** Port numbers, in order of preference. */
  members: countedU16('members', 12),
  _pad2: align(8),
});
