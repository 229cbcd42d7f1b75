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

export interface Loss {
  readonly lost: number;
  /** What `droppedOn` tells more than before. */
  readonly dropped: number;
  /** The same talk for as long again, in which nothing happens. @returns what is dropped then */
  readonly quiet: () => Promise<number>;
}

/** Packets that a machine with little time to spare may drop by itself at any moment. */
const few = 5;

/**
 * A packet that this machine threw away by itself says nothing of an event: these are counted by the kernel, and are told. But an
 * event that keeps a switch busy has its sockets overflow, too. So more than a few are excused only where the machine
 * drops some while nothing happens as well, and then ten times as many, since what else runs on it comes and goes in bursts.
 */
export async function noneLost(t: Test, { lost, dropped, quiet }: Loss, when = ''): Promise<void> {
  if (dropped > 0) t.comment(`${dropped} packets were dropped by full sockets of this machine`);
  const isInDoubt = lost > few && lost <= dropped;
  const usual = isInDoubt ? await quiet() : 0;
  if (isInDoubt) t.comment(`${usual} in as long a time without an event`);
  t.ok(
    lost <= excused(dropped, usual),
    `no packet is lost${when}: ${lost}; ${dropped} were dropped before they could be read${isInDoubt ? `, ${usual} without an event` : ''}`,
  );
}

/** @param usual what is dropped in a time as long, without an event */
export const excused = (dropped: number, usual: number): number =>
  Math.min(Math.max(0, dropped), usual > few ? 10 * usual : few);
