import { printable } from '../config/mistake.js';
import { readDscp } from '../config/dscp.js';
import { formatRate } from '../config/quantities.js';
import { startProgram } from '../io/programs.js';
import { HeddleError } from '../lib/errors.js';
import { parseIpv4 } from '../lib/addresses.js';
import { parseIpv6 } from '../lib/ipv6.js';
import { askHeddle } from './ask.js';
import { exitCodes } from './exit-codes.js';
import { isQosStatus } from './qos.js';
import { type Proof, proofOf, readArrived, readSent, trialOf } from './qos-proof.js';

export interface ProveOptions {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly execFrom: string;
  readonly execTo: string;
  readonly seconds: string;
  readonly udpPort: string;
  readonly network?: string;
  readonly class?: string;
  readonly dscp?: string;
  readonly json?: boolean;
  readonly api?: string;
}

/** The burst is through by then: half a second of the rate takes a second to go at 1.5 times the rate. Seconds. */
const settling = 2;

/**
 * `heddle qos prove [FILE]`: sends UDP at 1.5 times the rate from one VM's port to another's, by iperf3 run in both VMs, and
 * tells what passed.
 *
 * @returns 0 the limit is held, 2 it is not
 * @throws HeddleError OF_CLOSED when no Heddle answers, CONFIG_INVALID, COMMAND_FAILED
 */
export async function prove(file: string | undefined, options: ProveOptions): Promise<number> {
  const { from, to, address } = options;
  const seconds = wholeNumber('--seconds', options.seconds, 1, 300);
  const udpPort = wholeNumber('--udp-port', options.udpPort, 1, 65_535);
  const isIpv6 = parseIpv6(address) !== undefined;
  if (!isIpv6 && parseIpv4(address) === undefined)
    throw new HeddleError(
      'CONFIG_INVALID',
      `--address: found ${address}, expected the IP address of the VM at ${to}`,
    );
  const tos = dscpBits(options.dscp);
  const { limits } = await askHeddle({ file, api: options.api }, '/v1/qos', isQosStatus);
  const trial = trialOf(limits, { ...options, isIpv6 });
  if (trial === undefined)
    throw new HeddleError(
      'COMMAND_FAILED',
      `nothing limits what port ${from} sends, or port ${to} gets: \`heddle qos\` lists what has a limit`,
    );
  const port = ['-p', String(udpPort)];
  const duration = settling + seconds;
  const patience = (duration + 20) * 1_000;
  let hasBegun = (): void => undefined;
  const began = new Promise<void>(resolve => (hasBegun = resolve));
  const server = startProgram(
    [
      ...words('--exec-to', options.execTo),
      'iperf3',
      '-s',
      '-1',
      '--forceflush',
      '-i',
      '1',
      '-f',
      'k',
      ...port,
    ],
    patience,
    text => {
      if (text.includes('listening')) hasBegun();
    },
  );
  try {
    const failed = server.ended.then(({ stderr, stdout }) => {
      throw new HeddleError(
        'COMMAND_FAILED',
        `iperf3 at ${to} ended: ${printable((stderr || stdout).trim())}`,
      );
    });
    failed.catch(() => undefined);
    await Promise.race([began, failed]);
    const client = startProgram(
      [
        ...words('--exec-from', options.execFrom),
        ...['iperf3', '-c', address, ...port, '-J', '-u', '-t', String(duration)],
        ...['-b', String(Math.round(trial.sendBitsPerSecond)), '-l', String(trial.payload)],
        ...(tos === undefined ? [] : ['-S', String(tos)]),
      ],
      patience,
    );
    const { stdout, stderr } = await client.ended;
    const sent = readSent(stdout);
    if (typeof sent === 'string')
      throw new HeddleError('COMMAND_FAILED', `iperf3 at ${from}: ${printable(stderr.trim() || sent)}`);
    const arrived = readArrived((await server.ended).stdout, settling);
    if (arrived === undefined)
      throw new HeddleError('COMMAND_FAILED', `iperf3 at ${to} has not told what arrived`);
    const proof = proofOf(trial, { sent, arrived }, isIpv6);
    console.log(options.json === true ? JSON.stringify(proof, null, 2) : formatProof(proof));
    return proof.ok ? exitCodes.ok : exitCodes.attention;
  } finally {
    server.stop();
  }
}

function formatProof({ limit, sent, passed, share, ok }: Proof): string {
  const rate = (perSecond: number): string =>
    limit.unit === 'kbit' ? `${(perSecond / 1_000).toFixed(2)} mbit/s` : `${Math.round(perSecond)} packets/s`;
  const of =
    limit.class === undefined ? `policy ${limit.policy}` : `policy ${limit.policy}, class ${limit.class}`;
  return printable(
    `${limit.port} (${limit.direction}, ${of}, limit ${formatRate(limit)}): sent ${rate(sent)}, passed ${rate(passed)}, ${(100 * share).toFixed(1)} % of the limit: ${ok ? 'held' : 'NOT held'}`,
  );
}

/** No shell reads it: a program and its arguments, with spaces between. */
function words(option: string, text: string): readonly string[] {
  const found = text.split(/\s+/).filter(word => word !== '');
  if (found.length > 0) return found;
  throw new HeddleError(
    'CONFIG_INVALID',
    `${option}: expected a command such as "ip netns exec vm1" or "ssh vm1"`,
  );
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new HeddleError(
    'CONFIG_INVALID',
    `${option}: found ${text}, expected a whole number from ${least} to ${most}`,
  );
}

function dscpBits(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const read = readDscp(/^\d+$/.test(text) ? Number(text) : text);
  if ('value' in read) return read.value * 4;
  throw new HeddleError('CONFIG_INVALID', `--dscp: found ${text}, ${read.problem}`);
}
