/** How a bridge came by its controller and its flows, as the log of its ovs-vswitchd tells it. */
import { readFile } from 'node:fs/promises';
import type { Hypervisor } from '../../../lab/hypervisor.js';

/** Makes ovs-vswitchd write each OpenFlow message to its log: `readArrival` needs it. */
export const logMessages = '-vvconn:file:dbg';

export interface Arrival {
  /** Tries to connect, the one that led to a connection included. */
  readonly attempts: number;
  /** Bundles that were committed. */
  readonly bundles: number;
  /** Messages that change flows, groups or meters and came in no bundle. */
  readonly loose: number;
  /** From its start to the connection: its own share of the outage. Milliseconds. */
  readonly beforeMs: number;
  /** From the connection to the answer to its first commit: the controller's share. Milliseconds. */
  readonly controllerMs: number;
}

/** What it has said since its last start. */
export async function readArrival(hypervisor: Hypervisor, bridge = 'br-int'): Promise<Arrival> {
  const records = await recordsOf(hypervisor);
  const of = (...patterns: readonly RegExp[]): typeof records =>
    records.filter(({ said }) => patterns.every(pattern => pattern.test(said)));
  const own = rconnOf(bridge);
  const connected = of(own, /: connected$/)[0]?.at ?? NaN;
  const commits = of(/BUNDLE_CONTROL/, /type=COMMIT_REPLY/);
  return {
    attempts: of(own, /: connecting\.\.\.$/).length,
    bundles: commits.length,
    loose: of(/\|vconn\|DBG\|.*received: OFPT_(?:FLOW|GROUP|METER)_MOD/).length,
    beforeMs: connected - (records[0]?.at ?? NaN),
    controllerMs: (commits[0]?.at ?? NaN) - connected,
  };
}

/** When it looked for its controller in vain, since its last start: milliseconds since 1970. */
export async function triesOf(hypervisor: Hypervisor, bridge = 'br-int'): Promise<readonly number[]> {
  const records = await recordsOf(hypervisor);
  return records
    .filter(({ said }) => rconnOf(bridge).test(said) && /: connection failed/.test(said))
    .map(({ at }) => at);
}

const rconnOf = (bridge: string): RegExp => new RegExp(`\\|rconn\\|[A-Z]+\\|${bridge}<->tcp:`);

interface LogRecord {
  readonly at: number;
  readonly said: string;
}

async function recordsOf({ vswitchd }: Hypervisor): Promise<readonly LogRecord[]> {
  const text = await readFile(vswitchd.log, 'utf8');
  return text
    .slice(text.lastIndexOf('|00001|vlog|') - stampLength)
    .split(/\n(?=\d{4}-)/)
    .map(record => ({ at: Date.parse(record.slice(0, stampLength)), said: record }));
}

const stampLength = '2026-01-01T00:00:00.000Z'.length;
