/** Checks on parsed JSON that a peer sent: each returns the value under its narrower type or throws OVSDB_BAD_MESSAGE. */
import { HeddleError } from '../lib/errors.js';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The error for a message that is JSON, but not what RFC 7047 says; never quotes more than a few words of the peer's. */
export const badMessage = (expected: string, found: unknown): HeddleError =>
  new HeddleError('OVSDB_BAD_MESSAGE', `expected ${expected}, found ${describe(found)}`);

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

export function asRecord(value: unknown, what: string): JsonRecord {
  if (!isRecord(value)) throw badMessage(`${what}, an object`, value);
  return value;
}

export function asArray(value: unknown, what: string): readonly unknown[] {
  if (!isArray(value)) throw badMessage(`${what}, an array`, value);
  return value;
}

export function asString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw badMessage(`${what}, a string`, value);
  return value;
}

/** A few words for any value, of bounded length. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isArray(value)) return `an array of ${value.length}`;
  if (isRecord(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
