/** What arrives of UDP, once the first burst of whatever limits it is through. */
import { iperf } from '../../../lab/iperf.js';
import type { Station } from '../../../lab/station.js';

export interface Stream {
  /** Of the datagrams' payload. */
  readonly bitsPerSecond: number;
  /** Bytes of payload of each. */
  readonly size: number;
  readonly seconds: number;
  readonly port?: number;
  /** The TOS byte of its packets; 0 unless said. */
  readonly tos?: number;
  /** Bytes that the sender's socket takes before it makes the sender wait: the kernel's own 208 kB unless said. */
  readonly backlog?: number;
}

export interface Received {
  readonly bitsPerSecond: number;
  readonly packetsPerSecond: number;
  /** Of the datagrams that were sent after the first two seconds, 0..100. */
  readonly lostPercent: number;
}

const settleSeconds = 2;

export async function received(
  from: Station,
  to: Station,
  { bitsPerSecond, size, seconds, port = 5201, tos = 0, backlog }: Stream,
): Promise<Received> {
  const stream = await iperf(from, to, {
    udpBitsPerSecond: bitsPerSecond,
    seconds: seconds + settleSeconds,
    port,
    args: [
      ...['-l', String(size), '-S', String(tos), '-O', String(settleSeconds)],
      ...(backlog === undefined ? [] : ['-w', String(backlog)]),
    ],
  });
  return {
    bitsPerSecond: stream.bitsPerSecond,
    packetsPerSecond: stream.bitsPerSecond / 8 / size,
    lostPercent: stream.lostPercent ?? 100,
  };
}
