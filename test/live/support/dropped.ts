/** What this machine itself throws away, since the program that was to read it had no turn. */
import type { Test } from 'tap';
import type { Host } from '../../../lab/host.js';

/** Packets that came for a socket that was full: of packet sockets, which ovs-vswitchd reads devices by, and of UDP. */
export async function droppedOn(hosts: readonly Host[]): Promise<number> {
  const counts = await Promise.all(
    hosts.map(async host => {
      const { stdout } = await host.run(['ss', '--packet', '--udp', '--all', '--memory', '--no-header']);
      // ss(8), skmem: what was dropped before it got into the socket.
      return [...stdout.matchAll(/skmem:\([^)]*,d(\d+)\)/g)].map(([, count]) => Number(count));
    }),
  );
  return counts.flat().reduce((sum, count) => sum + count, 0);
}

/**
 * A packet that this machine threw away by itself says nothing of an event: these are counted by the kernel, and are told.
 *
 * @param dropped what `droppedOn` tells more than before
 */
export function noneLost(
  t: Test,
  { lost, dropped }: { readonly lost: number; readonly dropped: number },
  when = '',
): void {
  if (dropped > 0) t.comment(`${dropped} packets were dropped by full sockets of this machine`);
  t.ok(
    lost <= Math.max(0, dropped),
    `no packet is lost${when}: ${lost}, ${dropped} of them before they could be read`,
  );
}
