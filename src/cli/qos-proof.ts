import type { LimitStatus } from '../controller/qos-status.js';
import { HeddleError } from '../lib/errors.js';

/** Which packets are sent, and how many of them should pass. */
export interface Trial {
  /** The lowest limit on the way: of what the one port sends, or the other gets. */
  readonly limit: LimitStatus;
  /** Bytes of UDP payload in each packet. */
  readonly payload: number;
  /** Payload, bit/s. */
  readonly sendBitsPerSecond: number;
}

export interface Proof {
  readonly limit: LimitStatus;
  /** kbit/s of Ethernet frames or packets/s, as the limit is. */
  readonly sent: number;
  readonly passed: number;
  /** Of the limit. */
  readonly share: number;
  readonly ok: boolean;
}

/** So much more than the limit is sent. */
const excess = 1.5;
/** Beside the payload of UDP: Ethernet, IP and UDP. */
const headers = { v4: 14 + 20 + 8, v6: 14 + 40 + 8 };
/** A limit is held when what passes is this near to it: the limit itself is met within 3 %, the rest is the senders' clocks. */
const tolerance = { below: 0.9, above: 1.05 };

/** A port, and the packets of it that are meant. */
export interface Flow {
  /** `PORT`, or `HYPERVISOR/PORT`: libvirt calls ports by the same names on every host. */
  readonly from: string;
  readonly to: string;
  /** Of a port that is in several. */
  readonly network?: string | undefined;
  /** The class that the packets are of; left out: of none that has a limit. */
  readonly class?: string | undefined;
  readonly isIpv6: boolean;
}

/**
 * What to send from one port to another.
 *
 * @returns undefined where nothing limits them
 * @throws HeddleError CONFIG_INVALID where a name fits several ports, or a port is in several networks
 */
export function trialOf(
  limits: readonly LimitStatus[],
  { from, to, network, class: part, isIpv6 }: Flow,
): Trial | undefined {
  const ofNetwork = limits.filter(limit => network === undefined || limit.network === network);
  const ends = [
    { option: '--from', name: from, direction: 'from-vm' },
    { option: '--to', name: to, direction: 'to-vm' },
  ] as const;
  const onTheWay = ends.flatMap(({ option, name, direction }) => {
    const its = ofNetwork.filter(limit => isNamed(limit, name));
    refuseSeveral(
      `${option} ${name} is a port of`,
      'say HYPERVISOR/PORT',
      its,
      ({ hypervisor }) => hypervisor,
    );
    refuseSeveral(`${option} ${name} is in`, 'say --network', its, limit => limit.network);
    return its.filter(
      limit => limit.direction === direction && (limit.class === undefined || limit.class === part),
    );
  });
  const trials = onTheWay.map((limit): Trial => {
    const payload = limit.unit === 'kbit' ? 1_200 : 200;
    const sendBitsPerSecond =
      limit.unit === 'kbit'
        ? (excess * limit.perSecond * 1_000 * payload) / (payload + overhead(isIpv6))
        : excess * limit.perSecond * payload * 8;
    return { limit, payload, sendBitsPerSecond };
  });
  return trials.sort((a, b) => a.sendBitsPerSecond - b.sendBitsPerSecond)[0];
}

const isNamed = ({ hypervisor, port }: LimitStatus, name: string): boolean =>
  name === port || name === `${hypervisor}/${port}`;

function refuseSeveral(
  what: string,
  todo: string,
  limits: readonly LimitStatus[],
  of: (limit: LimitStatus) => string,
): void {
  const found = [...new Set(limits.map(of))];
  if (found.length > 1)
    throw new HeddleError('CONFIG_INVALID', `${what} ${found.sort().join(' and ')}: ${todo}`);
}

const overhead = (isIpv6: boolean): number => (isIpv6 ? headers.v6 : headers.v4);

/** @param bits of payload, each second: sent, and arrived */
export function proofOf(
  { limit, payload }: Trial,
  bits: { readonly sent: number; readonly arrived: number },
  isIpv6: boolean,
): Proof {
  const inUnit = (perSecond: number): number =>
    limit.unit === 'kbit'
      ? (perSecond * (payload + overhead(isIpv6))) / payload / 1_000
      : perSecond / 8 / payload;
  const passed = inUnit(bits.arrived);
  const share = passed / limit.perSecond;
  return {
    limit,
    sent: inUnit(bits.sent),
    passed,
    share,
    ok: share >= tolerance.below && share <= tolerance.above,
  };
}

/** What a client of iperf3 tells in its JSON: the payload that it sent, bit/s; a text where that is an error, or nothing. */
export function readSent(text: string): number | string {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return 'iperf3 told nothing that can be read';
  }
  const at = (value: unknown, ...path: string[]): unknown =>
    path.reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
      value,
    );
  const error = at(told, 'error');
  if (typeof error === 'string') return error;
  const sent = at(told, 'end', 'sum', 'bits_per_second');
  return typeof sent === 'number' ? sent : 'iperf3 told no result';
}

/**
 * What a server of iperf3 tells line by line (`-i 1 -f k`): the payload that arrived in whole seconds from the given one on, bit/s.
 * Not what it tells at the end: that counts what was lost before, too.
 *
 * @returns undefined where there is none
 */
export function readArrived(text: string, since: number): number | undefined {
  const rates = [...text.matchAll(/^\[ *\d+\] +([\d.]+)-([\d.]+) +sec .*? ([\d.]+) Kbits\/sec/gm)]
    .map(([, from, to, kbit]) => ({ from: Number(from), to: Number(to), kbit: Number(kbit) }))
    .filter(({ from, to }) => from >= since - 0.1 && to - from > 0.9 && to - from < 1.1);
  return rates.length === 0
    ? undefined
    : (rates.reduce((sum, { kbit }) => sum + kbit, 0) / rates.length) * 1_000;
}
