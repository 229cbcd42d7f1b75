/** What goes into a session and what comes out of it. */
import type { HeddleError } from '../lib/errors.js';
import type { MonitorMethod, WantedTables } from './monitor.js';
import type { Change, Replica } from './replica.js';
import type { TransactionOutcome } from './results.js';
import type { DatabaseSchema } from './schema.js';

/** The caller's name for a transaction: not looked at, only given back with the result. */
export type TransactionToken = string | number;

export interface SessionLimits {
  /** Quiet for this long, the server is sent an echo. */
  readonly idleMs: number;
  /** The echo unanswered for this long, the session closes. */
  readonly echoTimeoutMs: number;
  /** For each request, unless a transaction says otherwise. */
  readonly requestTimeoutMs: number;
  readonly maxPending: number;
  /** Of one message from the server. */
  readonly maxMessageBytes: number;
}

export const defaultSessionLimits: SessionLimits = {
  idleMs: 5_000,
  echoTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  maxPending: 1_000,
  maxMessageBytes: 64 * 2 ** 20,
};

export interface SessionOptions {
  readonly database: string;
  readonly tables: WantedTables;
  /** The clock, in milliseconds: any that never goes back. */
  readonly now: number;
  /** The replica of the connection before this one: the first changes are then what happened meanwhile. */
  readonly previous?: Replica;
  readonly limits?: Partial<SessionLimits>;
  /** A lock to ask for, at once; `lock` tells how it stands [RFC 7047 4.1.8]. */
  readonly lock?: string;
}

export type SessionPhase = 'connecting' | 'schema' | 'monitoring' | 'ready' | 'closed';

/** To be carried out in order. */
export type SessionOutput =
  | { readonly type: 'send'; readonly text: string }
  | {
      /** The replica holds the whole database; `changes` follow at once, unless there are none. */
      readonly type: 'ready';
      readonly replica: Replica;
      readonly schema: DatabaseSchema;
      readonly method: MonitorMethod;
      /** What was wanted and this server's schema lacks: `Table` or `Table.column`. */
      readonly missing: readonly string[];
    }
  /** The wanted lock was got, is another's, or was lost; told first before `ready`. */
  | { readonly type: 'lock'; readonly held: boolean }
  /** One transaction of the server's, already in the replica; our own comes before its result. */
  | { readonly type: 'changes'; readonly changes: readonly Change[] }
  | { readonly type: 'result'; readonly token: TransactionToken; readonly outcome: TransactionOutcome }
  /** The session is over: close the connection. */
  | { readonly type: 'close'; readonly error: HeddleError };
