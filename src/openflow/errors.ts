/** Names of the errors that a switch may answer with [OF1.3.5 7.4.4], and of ONF's bundle errors [ONF extension 230]. */
import type { ErrorMessage } from './messages/index.js';

/** By error type: the prefix of its codes' names, and the codes in their order. */
const codes: Readonly<Record<number, readonly [prefix: string, names: string]>> = {
  0: ['OFPHFC', 'INCOMPATIBLE EPERM'],
  1: [
    'OFPBRC',
    'BAD_VERSION BAD_TYPE BAD_MULTIPART BAD_EXPERIMENTER BAD_EXP_TYPE EPERM BAD_LEN BUFFER_EMPTY BUFFER_UNKNOWN BAD_TABLE_ID IS_SLAVE BAD_PORT BAD_PACKET MULTIPART_BUFFER_OVERFLOW',
  ],
  2: [
    'OFPBAC',
    'BAD_TYPE BAD_LEN BAD_EXPERIMENTER BAD_EXP_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM TOO_MANY BAD_QUEUE BAD_OUT_GROUP MATCH_INCONSISTENT UNSUPPORTED_ORDER BAD_TAG BAD_SET_TYPE BAD_SET_LEN BAD_SET_ARGUMENT',
  ],
  3: [
    'OFPBIC',
    'UNKNOWN_INST UNSUP_INST BAD_TABLE_ID UNSUP_METADATA UNSUP_METADATA_MASK BAD_EXPERIMENTER BAD_EXP_TYPE BAD_LEN EPERM',
  ],
  4: [
    'OFPBMC',
    'BAD_TYPE BAD_LEN BAD_TAG BAD_DL_ADDR_MASK BAD_NW_ADDR_MASK BAD_WILDCARDS BAD_FIELD BAD_VALUE BAD_MASK BAD_PREREQ DUP_FIELD EPERM',
  ],
  5: ['OFPFMFC', 'UNKNOWN TABLE_FULL BAD_TABLE_ID OVERLAP EPERM BAD_TIMEOUT BAD_COMMAND BAD_FLAGS'],
  6: [
    'OFPGMFC',
    'GROUP_EXISTS INVALID_GROUP WEIGHT_UNSUPPORTED OUT_OF_GROUPS OUT_OF_BUCKETS CHAINING_UNSUPPORTED WATCH_UNSUPPORTED LOOP UNKNOWN_GROUP CHAINED_GROUP BAD_TYPE BAD_COMMAND BAD_BUCKET BAD_WATCH EPERM',
  ],
  7: ['OFPPMFC', 'BAD_PORT BAD_HW_ADDR BAD_CONFIG BAD_ADVERTISE EPERM'],
  8: ['OFPTMFC', 'BAD_TABLE BAD_CONFIG EPERM'],
  9: ['OFPQOFC', 'BAD_PORT BAD_QUEUE EPERM'],
  10: ['OFPSCFC', 'BAD_FLAGS BAD_LEN EPERM'],
  11: ['OFPRRFC', 'STALE UNSUP BAD_ROLE'],
  12: [
    'OFPMMFC',
    'UNKNOWN METER_EXISTS INVALID_METER UNKNOWN_METER BAD_COMMAND BAD_FLAGS BAD_RATE BAD_BURST BAD_BAND BAD_BAND_TYPE OUT_OF_METERS OUT_OF_BANDS',
  ],
  13: ['OFPTFFC', 'BAD_TABLE BAD_METADATA BAD_TYPE BAD_LEN BAD_ARGUMENT EPERM'],
};

const experimenterType = 0xffff;
const firstBundleCode = 2300;
const bundleCodes =
  'UNKNOWN EPERM BAD_ID BUNDLE_EXIST BUNDLE_CLOSED OUT_OF_BUNDLES BAD_TYPE BAD_FLAGS MSG_BAD_LEN MSG_BAD_XID MSG_UNSUP MSG_CONFLICT MSG_TOO_MANY MSG_FAILED TIMEOUT BUNDLE_IN_PROGRESS'.split(
    ' ',
  );

/** The standard's name of an error: `OFPFMFC_TABLE_FULL`; `error 5/99` where there is none. */
export function errorName(type: number, code: number): string {
  if (type === experimenterType) {
    const name = bundleCodes[code - firstBundleCode];
    return name === undefined ? `experimenter error ${code}` : `OFPBFC_${name}`;
  }
  const [prefix, names] = codes[type] ?? [];
  const name = names?.split(' ')[code];
  return prefix === undefined || name === undefined ? `error ${type}/${code}` : `${prefix}_${name}`;
}

/** The refused message that an error quotes, or its first bytes; empty where it quotes none. */
export const quotedMessage = ({ errorType, data }: Pick<ErrorMessage, 'errorType' | 'data'>): Uint8Array =>
  // An experimenter error has the experimenter's id before the quote [OF1.3.5 7.4.4].
  errorType === experimenterType ? data.subarray(4) : data;
