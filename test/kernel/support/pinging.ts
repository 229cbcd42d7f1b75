/** Pings that go on while something happens. The guest is slow: ping costs it much less than a program in Node does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePing } from '../../../lab/ping.js';
import type { Host } from '../../../lab/host.js';

export interface Pinged {
  readonly sent: number;
  readonly lost: number;
  /** Of those that came back: milliseconds there and back. */
  readonly times: readonly number[];
}

/** @param args more for ping, such as -Q 0xb8 */
export async function pingWhile(
  from: { readonly host: Host },
  to: string,
  event: () => Promise<unknown>,
  { intervalMs = 50, args = [] }: { intervalMs?: number; args?: readonly string[] } = {},
): Promise<Pinged> {
  const lines: string[] = [];
  const argv = ['ping', '-n', '-i', String(intervalMs / 1000), ...args, to];
  const program = await from.host.start(argv, { onLine: line => void lines.push(line) });
  try {
    await event();
    await sleep(10 * intervalMs);
  } finally {
    await program.stop('SIGINT'); // at which it tells its summary
  }
  const times = lines.flatMap(line => / time=([\d.]+) ms/.exec(line)?.[1] ?? []).map(Number);
  const { sent, received } = parsePing(lines.join('\n'));
  // The last one may have been under way when it was stopped.
  const isUnderWay = !lines.some(line => line.includes(` icmp_seq=${sent} `));
  return { sent, lost: sent - received - (isUnderWay ? 1 : 0), times };
}

/** Of numbers, that below which this share of them is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
