/** JSON-RPC 1.0 messages as OVSDB uses them [RFC 7047 4]: both ends may ask, and a request without an id is a notification. */
import { HeddleError } from '../lib/errors.js';
import { asArray, asRecord, badMessage, isRecord } from './json.js';

export type RpcMessage =
  | {
      readonly type: 'request';
      readonly id: unknown;
      readonly method: string;
      readonly params: readonly unknown[];
    }
  | { readonly type: 'notification'; readonly method: string; readonly params: readonly unknown[] }
  | { readonly type: 'response'; readonly id: unknown; readonly reply: RpcReply };

export type RpcReply =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

/** Throws OVSDB_BAD_MESSAGE where the value is no JSON-RPC message. */
export function parseMessage(wire: unknown): RpcMessage {
  const message = asRecord(wire, 'a JSON-RPC message');
  const { method, id } = message;
  if (method === undefined) {
    if (id === undefined || id === null) throw badMessage('the id of a response', id);
    return { type: 'response', id, reply: parseReply(message['error'], message['result']) };
  }
  if (typeof method !== 'string') throw badMessage('the name of a method', method);
  const params = asArray(message['params'], `the params of ${method}`);
  return id === undefined || id === null
    ? { type: 'notification', method, params }
    : { type: 'request', id, method, params };
}

function parseReply(error: unknown, result: unknown): RpcReply {
  if (error !== undefined && error !== null) return { ok: false, error };
  if (result === undefined) throw badMessage('the result of a response', result);
  return { ok: true, result };
}

export const formatRequest = (id: number | string, method: string, params: readonly unknown[]): string =>
  JSON.stringify({ method, params, id });

export const formatNotification = (method: string, params: readonly unknown[]): string =>
  JSON.stringify({ method, params, id: null });

export const formatResult = (id: unknown, result: unknown): string =>
  JSON.stringify({ result, error: null, id });

export const formatError = (id: unknown, error: string): string =>
  JSON.stringify({ result: null, error, id });

/** The server's `error` string and its `details`: an error is an object of both [RFC 7047 3.1 <error>], or a bare string. */
export function errorParts(error: unknown): { readonly error: string; readonly details: string } {
  if (typeof error === 'string') return { error, details: '' };
  if (!isRecord(error) || typeof error['error'] !== 'string') throw badMessage('an error', error);
  const details = error['details'];
  return { error: error['error'], details: typeof details === 'string' ? details : '' };
}

/** A request that was refused as a whole, as an error to report. */
export function refusal(what: string, wire: unknown): HeddleError {
  const { error, details } = errorParts(wire);
  return new HeddleError(
    'OVSDB_REFUSED',
    details === '' ? `${what}: ${error}` : `${what}: ${error}: ${details}`,
  );
}
