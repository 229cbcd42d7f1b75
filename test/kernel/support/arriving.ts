/** What arrives at a station, told by its device: all frames, whoever sends them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../../lab/wait.js';
import { stationDevice, type Station } from '../../../lab/station.js';

export interface Arriving {
  /** Of frames, with their Ethernet headers. */
  readonly bitsPerSecond: number;
  readonly packetsPerSecond: number;
}

/** Counts for so long, from two seconds after the first frames on: a burst that was saved up is through then. */
export async function arriving(at: Station, forMs: number): Promise<Arriving> {
  const { packets } = await counted(at);
  await waitFor('a stream to begin', async () => (await counted(at)).packets > packets + 100);
  await sleep(2_000);
  const before = await counted(at);
  await sleep(forMs);
  const after = await counted(at);
  const seconds = (after.ms - before.ms) / 1_000;
  return {
    bitsPerSecond: ((after.bytes - before.bytes) * 8) / seconds,
    packetsPerSecond: (after.packets - before.packets) / seconds,
  };
}

/** The counters and the clock in one process, so that little time is between them. */
async function counted(at: Station): Promise<{ ms: number; bytes: number; packets: number }> {
  const folder = `/sys/class/net/${stationDevice}/statistics`;
  const script = `date +%s%3N; cat ${folder}/rx_bytes ${folder}/rx_packets`;
  const [ms = Number.NaN, bytes = Number.NaN, packets = Number.NaN] = (
    await at.exec(['sh', '-c', script])
  ).stdout
    .trim()
    .split('\n')
    .map(Number);
  return { ms, bytes, packets };
}
