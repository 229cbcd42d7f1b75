/** Messages that either side may send [OF1.3.5 7.5], and errors [OF1.3.5 7.4.4]. */
import { defaulted, rest, struct, u16, u32, u8 } from '../../lib/struct/index.js';
import { OFP_VERSION } from '../constants.js';
import { header, headerAfterVersion } from './header.js';

/** A message was refused, or could not be carried out [OF1.3.5 7.4.4]. */
export const error = struct('error', {
  /** 4 unless told otherwise. */
  version: defaulted(u8, OFP_VERSION),
  ...headerAfterVersion(1),
  /** One of OFPET. */
  errorType: u16,
  /** One of the codes of its type: OFPBRC, OFPBAC and so on; `errorName` names it. */
  code: u16,
  /**
   * The refused message, or its first 64 bytes at least; an experimenter error has who defines it (4 bytes) before that.
   * `quotedMessage` and `errorExperimenter` take it apart. For a failed hello it is text.
   */
  data: rest,
});

/** Asks the other side for an `echo_reply` with the same data. */
export const echoRequest = struct('echo_request', {
  ...header(2),
  /** Any bytes, which the answer brings back. */
  data: rest,
});

/** The answer to an echo_request [OF1.3.5 7.5.3]. */
export const echoReply = struct('echo_reply', {
  ...header(3),
  /** The question's own bytes. */
  data: rest,
});

/** An extension that we do not know [OF1.3.5 7.5.4]. */
export const experimenter = struct('experimenter', {
  ...header(4),
  /** Who defines it: one of Experimenter, or another number that IEEE (below 2^24) or ONF has given out. */
  experimenter: u32,
  /** The extension's own type. */
  expType: u32,
  /** All bytes behind it. */
  data: rest,
});
