/** What an event costs two guests that talk to each other all the time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeResult } from '../../../lab/guest/protocol.js';
import type { Host } from '../../../lab/host.js';
import type { Station } from '../../../lab/station.js';
import { droppedOn, type Loss } from './dropped.js';

/** Both directions; every probe needs the way back, too. */
export interface Cost {
  readonly there: ProbeResult;
  readonly back: ProbeResult;
  /** What full sockets of the two, and of the hosts between them, dropped meanwhile (dropped.ts). */
  readonly dropped: number;
  /** The same for as long again, without the event. @returns what was dropped then */
  readonly quiet: () => Promise<number>;
}

export interface Watch {
  /** Milliseconds before and after the event; 3,000 unless said. */
  readonly aroundMs?: number;
  /** Milliseconds between two probes; 10 unless said. */
  readonly intervalMs?: number;
  /** Hosts that the packets pass. */
  readonly between?: readonly Host[];
  /** A device on these whose own drops are not counted. */
  readonly except?: string;
}

/**
 * Probes from one to the other and back, before, while and after something happens. Where the
 * event begins with the first probe (`aroundMs: 0`), the longest gap tells how long after that they were answered.
 */
export async function costOf(
  one: Station,
  two: Station,
  event: () => unknown,
  watch: Watch = {},
): Promise<Cost> {
  const { aroundMs = 3_000, intervalMs = 10, between = [], except } = watch;
  const places = [one.host, two.host, ...between];
  const before = await droppedOn(places, except);
  const [first, second] = await Promise.all([one.agent(), two.agent()]);
  const there = first.startProbing(two.ip, { intervalMs });
  const back = second.startProbing(one.ip, { intervalMs });
  try {
    await sleep(aroundMs);
    const began = performance.now();
    await event();
    const took = performance.now() - began;
    await sleep(aroundMs);
    const results = { there: await there.stop(), back: await back.stop() };
    return {
      ...results,
      dropped: (await droppedOn(places, except)) - before,
      quiet: async () => (await costOf(one, two, () => sleep(took), watch)).dropped,
    };
  } finally {
    // Also when the event failed: what nobody stops goes on for an hour.
    for (const probing of [there, back]) void probing.stop();
  }
}

const tell = ({ sent, lost, longestGapMs }: ProbeResult): string =>
  `${lost} of ${sent} lost, longest gap ${longestGapMs} ms`;

export const describeCost = ({ there, back }: Cost): string => `there: ${tell(there)}; back: ${tell(back)}`;

export const lost = ({ there, back }: Cost): number => there.lost + back.lost;

export const lossOf = (cost: Cost): Loss => ({ lost: lost(cost), dropped: cost.dropped, quiet: cost.quiet });

export const longestGapMs = ({ there, back }: Cost): number =>
  Math.max(there.longestGapMs, back.longestGapMs);
