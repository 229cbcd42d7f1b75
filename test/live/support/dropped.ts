/** What this machine itself throws away, since the program that was to read it had no turn. */
import type { Test } from 'tap';
import type { Host } from '../../../lab/host.js';

/**
 * Packets that came for a socket that was full: of packet sockets, which ovs-vswitchd reads devices by, and of UDP.
 *
 * @param except a device whose own are not counted, as too much is sent to it on purpose
 */
export async function droppedOn(hosts: readonly Host[], except?: string): Promise<number> {
  const counts = await Promise.all(
    hosts.map(async host => {
      const { stdout } = await host.run(['ss', '--packet', '--udp', '--all', '--memory', '--no-header']);
      // ss(8), skmem: what was dropped before it got into the socket.
      return stdout
        .split('\n')
        .filter(line => except === undefined || !line.includes(`:${except} `))
        .map(line => Number(/skmem:\([^)]*,d(\d+)\)/.exec(line)?.[1] ?? 0));
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
