import { constant, length, struct, u16, u32, u8 } from '../../lib/struct/index.js';
import { Experimenter, OFP_VERSION } from '../constants.js';

/** The header that all messages share [OF1.3.5 7.1]: `version:8 type:8 length:16 xid:32`. */
export const header = (type: number) =>
  ({
    _version: constant(u8, OFP_VERSION),
    _type: constant(u8, type),
    _length: length(u16),
    /** Transaction id: an answer has that of the question [OF1.3.5 7.1]. */
    xid: u32,
  }) as const;

/** HELLO and ERROR must be understood before a version is agreed on [OF1.3.5 6.3.1]. */
export const headerAfterVersion = (type: number) => {
  const { _version, ...after } = header(type);
  return after;
};

/** The header of an experimenter message [OF1.3.5 7.5.4]: `experimenter:32 exp_type:32` after the common one. */
const experimenterHeader = (experimenter: number, subtype: number) =>
  ({
    ...header(4),
    _experimenter: constant(u32, experimenter),
    _subtype: constant(u32, subtype),
  }) as const;

/** The header of an ONF extension message. */
export const onfHeader = (subtype: number) => experimenterHeader(Experimenter.ONF, subtype);

/** The header of a message that Open vSwitch adds (nicira-ext). */
export const niciraHeader = (subtype: number) => experimenterHeader(Experimenter.NICIRA, subtype);

/** A message that is its header alone. */
export const bare = <const N extends string>(name: N, type: number) => struct(name, header(type));
