/** The OVSDB client [RFC 7047], with no I/O: whoever has a connection feeds the session its bytes and the time. */
export { namedUuid, type NamedUuid, type WriteAtom, type WriteRow, type WriteValue } from './encode.js';
export { Introduction, type IntroductionOutput } from './introduction.js';
export type { MonitorMethod, WantedTables } from './monitor.js';
export {
  assertLock,
  byUuid,
  comment,
  insert,
  mutate,
  remove,
  select,
  update,
  verify,
  type Comparison,
  type Condition,
  type Mutation,
  type Mutator,
  type Operation,
} from './operations.js';
export { preview } from './preview.js';
export { changedColumns, type Change, type Replica } from './replica.js';
export { replicaFromJson, type ReplicaJson, replicaToJson } from './replica-json.js';
export { TransactionRefused, type OperationResult, type TransactionOutcome } from './results.js';
export {
  readBoolean,
  readNumber,
  readReferenceMap,
  readString,
  readStringMap,
  readStrings,
  readUuids,
} from './row.js';
export { columnOf, type ColumnSchema, type DatabaseSchema, type TableSchema } from './schema.js';
export { OvsdbSession } from './session.js';
export type {
  SessionLimits,
  SessionOptions,
  SessionOutput,
  SessionPhase,
  TransactionToken,
} from './session-types.js';
export { configColumns, countConfig, countedConfig, isConfigured, rootOf } from './switch-config.js';
export {
  portColumns,
  portEvents,
  portsOf,
  type PortEvent,
  type SwitchPort,
  type SwitchPorts,
} from './switch-ports.js';
export {
  isUuid,
  parseUuid,
  sameValue,
  zeroUuid,
  type Atom,
  type Row,
  type Uuid,
  type Value,
} from './values.js';
