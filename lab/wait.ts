import { setTimeout as sleep } from 'node:timers/promises';
import { HeddleError, messageOf } from '../src/lib/errors.js';

export interface WaitOptions {
  /** Milliseconds; 10,000 unless said. LAB_PATIENCE makes it as many times as long, on a machine that is slow. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks; 50 unless said. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

const patience = Math.max(1, Number(process.env['LAB_PATIENCE'] ?? 1) || 1);

/**
 * Looks again and again until `look` returns something other than undefined or false, which it then returns. A look
 * that throws counts as "not yet"; the last such error is told when the time is over.
 * @throws HeddleError LAB_FAILED
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const timeoutMs = (options.timeoutMs ?? 10_000) * patience;
  const end = performance.now() + timeoutMs;
  let problem = '';
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      problem = '';
    } catch (thrown) {
      problem = `: ${messageOf(thrown)}`;
    }
    options.signal?.throwIfAborted();
    if (performance.now() >= end) {
      throw new HeddleError('LAB_FAILED', `waited ${timeoutMs} ms for ${what}${problem}`);
    }
    await sleep(options.intervalMs ?? 50, undefined, options.signal ? { signal: options.signal } : {});
  }
}
