/** Throughput between two stations, by iperf3. */
import * as z from 'zod';
import { HeddleError } from '../src/lib/errors.js';
import type { Station } from './station.js';

export interface IperfOptions {
  /** 2 unless said. */
  readonly seconds?: number;
  /** Sends UDP at this rate (bit/s); TCP as fast as it goes unless said. */
  readonly udpBitsPerSecond?: number;
  readonly port?: number;
  /** More arguments for the client, such as -S 0xb8. */
  readonly args?: readonly string[];
}

export interface Throughput {
  /** What arrived. */
  readonly bitsPerSecond: number;
  /** Of UDP datagrams, 0..100; undefined with TCP. */
  readonly lostPercent: number | undefined;
}

const rate = z.object({ bits_per_second: z.number() });
const outcome = z.object({
  error: z.string().optional(),
  end: z
    .object({
      sum: rate.extend({ lost_percent: z.number() }).optional(),
      sum_received: rate.optional(),
    })
    .optional(),
});

/** Reads iperf3's JSON. @throws HeddleError LAB_FAILED when it tells of an error */
export function parseIperf(json: string): Throughput {
  const { error, end } = outcome.parse(JSON.parse(json));
  const sum = end?.sum;
  // With UDP, `sum` is what was sent and the share of it that was lost.
  if (sum !== undefined) {
    return {
      bitsPerSecond: sum.bits_per_second * (1 - sum.lost_percent / 100),
      lostPercent: sum.lost_percent,
    };
  }
  if (end?.sum_received === undefined) throw new HeddleError('LAB_FAILED', `iperf3: ${error ?? 'no result'}`);
  return { bitsPerSecond: end.sum_received.bits_per_second, lostPercent: undefined };
}

/** Measures from `client` to `server`; the server runs for this one test. */
export async function iperf(
  client: Station,
  server: Station,
  options: IperfOptions = {},
): Promise<Throughput> {
  const { seconds = 2, udpBitsPerSecond, port = 5201, args = [] } = options;
  let listening = (): void => undefined;
  const isListening = new Promise<void>(resolve => (listening = resolve));
  const serving = await server.host.start(['iperf3', '-s', '-1', '--forceflush', '-p', String(port)], {
    onLine: line => {
      if (line.includes('Server listening')) listening();
    },
  });
  try {
    await Promise.race([isListening, serving.exited]);
    const udp = udpBitsPerSecond === undefined ? [] : ['-u', '-b', String(udpBitsPerSecond), '-l', '1300'];
    const argv = [
      'iperf3',
      '-c',
      server.ip,
      '-p',
      String(port),
      '-J',
      '-t',
      String(seconds),
      ...udp,
      ...args,
    ];
    const { stdout } = await client.host.run(argv, { timeoutMs: seconds * 1000 + 15_000, accept: [0, 1] });
    return parseIperf(stdout);
  } finally {
    await serving.stop('SIGKILL');
  }
}
