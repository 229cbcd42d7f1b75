/** What came of a transaction: the results of its operations, or the one error that undid it [RFC 7047 4.1.3]. */
import { HeddleError } from '../lib/errors.js';
import { asArray, asRecord, badMessage, isRecord, type JsonRecord } from './json.js';
import type { Operation, Select } from './operations.js';
import { errorParts, type RpcReply } from './rpc.js';
import { columnOf, type DatabaseSchema } from './schema.js';
import { decodeAtom, decodeValue, type Row, type Uuid } from './values.js';

export type OperationResult =
  | { readonly op: 'insert'; readonly uuid: Uuid }
  | { readonly op: 'select'; readonly rows: readonly Row[] }
  | { readonly op: 'update' | 'mutate' | 'delete'; readonly count: number }
  | { readonly op: 'wait' | 'comment' | 'assert' };

export type TransactionOutcome =
  | { readonly ok: true; readonly results: readonly OperationResult[] }
  | { readonly ok: false; readonly error: HeddleError };

/** The server undid the whole transaction. Its code is OVSDB_REFUSED. */
export class TransactionRefused extends HeddleError {
  /** The operation that failed; undefined where all passed and the commit did not: a constraint, a dangling reference. */
  readonly operation: number | undefined;
  /** The server's own word, such as "constraint violation", or "timed out" for a `wait` that another writer made fail. */
  readonly error: string;
  readonly details: string;

  constructor(operation: number | undefined, wire: unknown) {
    const { error, details } = errorParts(wire);
    const where = operation === undefined ? 'commit' : `operation ${operation}`;
    super('OVSDB_REFUSED', `${where}: ${error}${details === '' ? '' : `: ${details}`}`);
    this.operation = operation;
    this.error = error;
    this.details = details;
  }
}

/** Throws OVSDB_BAD_MESSAGE where the reply is none to these operations. */
export function checkReply(
  schema: DatabaseSchema,
  operations: readonly Operation[],
  reply: RpcReply,
): TransactionOutcome {
  if (!reply.ok) return { ok: false, error: new TransactionRefused(undefined, reply.error) };
  const entries = asArray(reply.result, 'the results of a transaction');
  // An error at commit time comes as one more entry; after a failed operation, the entries are null.
  const failed = entries.findIndex(entry => isRecord(entry) && entry['error'] !== undefined);
  const expected = failed === operations.length ? failed + 1 : operations.length;
  if (entries.length !== expected) throw badMessage(`${expected} results`, entries);
  if (failed !== -1) {
    const operation = failed < operations.length ? failed : undefined;
    return { ok: false, error: new TransactionRefused(operation, entries[failed]) };
  }
  const results = operations.map((operation, index) =>
    parseResult(schema, operation, asRecord(entries[index], `the result of ${operation.op}`)),
  );
  return { ok: true, results };
}

function parseResult(schema: DatabaseSchema, operation: Operation, result: JsonRecord): OperationResult {
  switch (operation.op) {
    case 'insert':
      return { op: 'insert', uuid: decodeAtom('uuid', result['uuid']) as Uuid };
    case 'select':
      return {
        op: 'select',
        rows: asArray(result['rows'], 'the rows of a select').map(row => parseRow(schema, operation, row)),
      };
    case 'update':
    case 'mutate':
    case 'delete': {
      const { count } = result;
      if (typeof count !== 'number' || !Number.isInteger(count)) throw badMessage('a count of rows', count);
      return { op: operation.op, count };
    }
    case 'wait':
    case 'comment':
    case 'assert':
      return { op: operation.op };
  }
}

function parseRow(schema: DatabaseSchema, { table: name }: Select, wire: unknown): Row {
  const table = schema.tables.get(name);
  const cells = Object.entries(asRecord(wire, 'a row')).map(([columnName, value]) => {
    const column = table && columnOf(table, columnName);
    if (column === undefined) throw badMessage(`a column of ${name}`, columnName);
    return [columnName, decodeValue(column, value)] as const;
  });
  return Object.freeze(Object.fromEntries(cells));
}
