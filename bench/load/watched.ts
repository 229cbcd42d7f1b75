/**
 * Loaded into a Heddle under load, before its own program (`node --import`): tells over its IPC channel, when it is asked, for how
 * long its event loop has stood still at most since the last time, and how much time of a core it has used.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What is told. */
export interface Watched {
  /** The longest time between two turns of the event loop. Milliseconds. */
  readonly stall: number;
  /** Of all its threads, since its start. Milliseconds. */
  readonly cpu: number;
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ stall: delay.max / 1e6, cpu: (user + system) / 1_000 } satisfies Watched);
  delay.reset();
});
// It ends as it would by itself.
process.channel?.unref();
