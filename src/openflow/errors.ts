/** What an error says: its name, and the message that it refuses [OF1.3.5 7.4.4]. */
import { getU32 } from '../lib/struct/index.js';
import { Experimenter } from './constants.js';
import * as codes from './error-codes.js';
import type { ErrorMessage } from './messages/index.js';

const named = (prefix: string, table: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(table).map(([name, code]) => [code, `${prefix}${name}`]));

const { OFPET } = codes;
/** By error type, the names of its codes. */
const names: ReadonlyMap<number, ReadonlyMap<number, string>> = new Map([
  [OFPET.HELLO_FAILED, named('OFPHFC_', codes.OFPHFC)],
  [OFPET.BAD_REQUEST, named('OFPBRC_', codes.OFPBRC)],
  [OFPET.BAD_ACTION, named('OFPBAC_', codes.OFPBAC)],
  [OFPET.BAD_INSTRUCTION, named('OFPBIC_', codes.OFPBIC)],
  [OFPET.BAD_MATCH, named('OFPBMC_', codes.OFPBMC)],
  [OFPET.FLOW_MOD_FAILED, named('OFPFMFC_', codes.OFPFMFC)],
  [OFPET.GROUP_MOD_FAILED, named('OFPGMFC_', codes.OFPGMFC)],
  [OFPET.PORT_MOD_FAILED, named('OFPPMFC_', codes.OFPPMFC)],
  [OFPET.TABLE_MOD_FAILED, named('OFPTMFC_', codes.OFPTMFC)],
  [OFPET.QUEUE_OP_FAILED, named('OFPQOFC_', codes.OFPQOFC)],
  [OFPET.SWITCH_CONFIG_FAILED, named('OFPSCFC_', codes.OFPSCFC)],
  [OFPET.ROLE_REQUEST_FAILED, named('OFPRRFC_', codes.OFPRRFC)],
  [OFPET.METER_MOD_FAILED, named('OFPMMFC_', codes.OFPMMFC)],
  [OFPET.TABLE_FEATURES_FAILED, named('OFPTFFC_', codes.OFPTFFC)],
]);

/** By who defines them, the names of the codes of experimenter errors. */
const experimenterNames: ReadonlyMap<number, ReadonlyMap<number, string>> = new Map([
  [Experimenter.ONF, named('', codes.OnfError)],
  [Experimenter.NICIRA, named('', codes.NiciraError)],
]);

/**
 * The standard's name of an error: `OFPFMFC_TABLE_FULL`; `error 5/99` or `experimenter error 7` where there is none.
 *
 * @param experimenter who defines the code, where the type is OFPET.EXPERIMENTER; ONF unless told otherwise
 */
export function errorName(type: number, code: number, experimenter: number = Experimenter.ONF): string {
  return type === OFPET.EXPERIMENTER
    ? (experimenterNames.get(experimenter)?.get(code) ?? `experimenter error ${code}`)
    : (names.get(type)?.get(code) ?? `error ${type}/${code}`);
}

/** Before the quote of an experimenter error stands who defines it [OF1.3.5 7.4.4]. */
const idSize = 4;

/** Who defines an experimenter error; undefined for errors of the standard. */
export const errorExperimenter = ({
  errorType,
  data,
}: Pick<ErrorMessage, 'errorType' | 'data'>): number | undefined =>
  errorType === OFPET.EXPERIMENTER && data.length >= idSize ? getU32(data, 0) : undefined;

/** `errorName` of a message. */
export const nameOfError = (error: Pick<ErrorMessage, 'errorType' | 'code' | 'data'>): string =>
  errorName(error.errorType, error.code, errorExperimenter(error));

/** The refused message that an error quotes, or its first bytes; empty where it quotes none. */
export const quotedMessage = ({ errorType, data }: Pick<ErrorMessage, 'errorType' | 'data'>): Uint8Array =>
  errorType === OFPET.EXPERIMENTER ? data.subarray(idSize) : data;
