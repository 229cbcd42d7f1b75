/** How busy this machine is: where it is too slow for what is sent, a delay says nothing of queues. */
import { readFile } from 'node:fs/promises';

/** @returns the share of its CPUs' time that was used meanwhile, 0..1 */
export async function busyWhile(event: () => Promise<unknown>): Promise<number> {
  const before = await times();
  await event();
  const after = await times();
  const [all, idle] = [after.all - before.all, after.idle - before.idle];
  return all === 0 ? 0 : 1 - idle / all;
}

/** The first line of /proc/stat (proc(5)): "cpu user nice system idle iowait …", in ticks since boot. */
async function times(): Promise<{ readonly all: number; readonly idle: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, one) => sum + one, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}
