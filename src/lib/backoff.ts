/**
 * Exponential backoff with jitter: 0.25 s, 0.5 s, 1 s, at most 2 s, each times a random factor from 0.75 to 1.25, so
 * that many clients of one server do not return in step. The limit is low, since a host that is back should be served at
 * once, and an attempt costs one SYN.
 *
 * @param attempt how many attempts have failed in a row, from 0
 * @param random 0 <= random < 1
 * @returns milliseconds
 */
export function backoff(attempt: number, random: number): number {
  const base = Math.min(250 * 2 ** Math.min(attempt, 10), 2_000);
  return Math.round(base * (0.75 + random / 2));
}
