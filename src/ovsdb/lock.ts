/**
 * A lock of the server's, which one connection holds at a time [RFC 7047 4.1.8-4.1.10]. It is asked for when the connection
 * stands, and goes with it; who has to wait gets it as soon as it is free, and may lose it to one that steals.
 */
import { asRecord, badMessage } from './json.js';
import { refusal, type RpcReply } from './rpc.js';

/** Whether the lock is held. Throws OVSDB_REFUSED, OVSDB_BAD_MESSAGE. */
export function readLockReply(lock: string, reply: RpcReply): boolean {
  if (!reply.ok) throw refusal(`lock ${lock}`, reply.error);
  const { locked } = asRecord(reply.result, 'the result of lock');
  if (typeof locked !== 'boolean') throw badMessage('whether the lock is held', locked);
  return locked;
}

/** The same, where a notification is about this lock; undefined for all others. */
export function readLockNotification(
  lock: string | undefined,
  method: string,
  params: readonly unknown[],
): boolean | undefined {
  if ((method !== 'locked' && method !== 'stolen') || lock === undefined || params[0] !== lock)
    return undefined;
  return method === 'locked';
}
