/**
 * Transaction ids [OF1.3.5 7.1] run in a ring from 1 to 2^32 - 1: 0 stands for "no request", since that is what
 * switches put into messages that answer nothing.
 */
const ring = 0xffff_ffff;

/** The transaction id that is `steps` behind `xid` in the order of sending. */
export const xidAfter = (xid: number, steps: number): number => ((xid - 1 + steps) % ring) + 1;

/** How many steps lead from `from` on to `xid`: 0 for itself; Infinity for 0, which is not in the ring. */
export const xidSteps = (from: number, xid: number): number =>
  xid === 0 ? Infinity : (xid - from + ring) % ring;
