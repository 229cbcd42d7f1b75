/**
 * Every error that Heddle throws or reports on purpose has a stable code from this closed list, so that tests, logs and
 * callers can tell errors apart without reading their texts.
 */
export const errorCodes = [
  // bytes and frames
  'WIRE_TRUNCATED', // a read would leave its window
  'WIRE_BAD_LENGTH', // a length field that cannot be true
  'WIRE_BAD_VALUE', // a field whose value is not allowed there
  'WIRE_BAD_MATCH', // a match field twice, before what it presumes, or with a mask that it can not have
  // OpenFlow
  'OF_BAD_VERSION',
  'OF_BAD_FRAME',
  'OF_INCOMPLETE', // an answer of which a part is missing, or cannot be read
  'OF_TIMEOUT',
  'OF_CLOSED',
  'OF_REFUSED', // the switch answered with OFPT_ERROR
  'OF_BAD_TEXT', // a flow, group or meter in ovs-ofctl's notation that can not be read
  // OVSDB
  'OVSDB_BAD_JSON',
  'OVSDB_BAD_MESSAGE',
  'OVSDB_TOO_LARGE',
  'OVSDB_BAD_VALUE', // a value of ours that does not fit its column
  'OVSDB_BUSY', // too many requests wait for an answer
  'OVSDB_REFUSED', // the server answered with an error
  'OVSDB_TIMEOUT',
  'OVSDB_CLOSED',
  // configuration and apps
  'CONFIG_INVALID',
  'APP_NOT_FOUND',
  'APP_INVALID',
  'APP_THREW',
  // the machine
  'LISTEN_FAILED',
  'NOT_THERE', // the Heddle that runs has nothing of this name
  'FILE_UNREADABLE',
  'FILE_UNWRITABLE',
  'COMMAND_FAILED', // a program that the lab ran ended in failure, or not in time
  'LAB_FAILED', // the lab could not be set up, or did not come to the state that it waited for
] as const;

/** The stable code of an error. */
export type ErrorCode = (typeof errorCodes)[number];

/** Whatever is thrown or reported on purpose: `code` says what it is, `message` says it to people. */
export class HeddleError extends Error {
  override readonly name: string = 'HeddleError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error at a byte: `offset` counts from the first byte of the frame that was being read. */
export class WireError extends HeddleError {
  override readonly name = 'WireError';
  readonly offset: number;

  constructor(code: Extract<ErrorCode, `WIRE_${string}`>, message: string, offset: number) {
    super(code, `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

/** An error at a character of a text: `line` and `column` count from 1. */
export class TextError extends HeddleError {
  override readonly name = 'TextError';
  readonly line: number;
  readonly column: number;

  constructor(
    code: 'OF_BAD_TEXT',
    message: string,
    place: { readonly line: number; readonly column: number },
  ) {
    super(code, `${message} (line ${place.line}, column ${place.column})`);
    this.line = place.line;
    this.column = place.column;
  }
}

/** The text of anything that was thrown; never throws itself, though plain JavaScript may throw what has no text. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something without a text was thrown';
  }
}

/** Makes a `switch` over a closed union exhaustive: a member that was forgotten is a type error. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
