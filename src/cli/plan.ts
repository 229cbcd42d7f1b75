import { formatEndpoint } from '../config/endpoint.js';
import type { Config } from '../config/config.js';
import { expectedSwitches } from '../controller/plan/expected.js';
import type { HostReading } from '../controller/plan/host-reader.js';
import type { Plan } from '../controller/plan/plan.js';
import { makePlan, type PlanInput } from '../controller/plan/planner.js';
import { SwitchReader } from '../controller/plan/switch-reader.js';
import { decodeReading, type SwitchReading } from '../controller/switch-reading.js';
import { addressOf, getText, isNothingThere } from '../io/http-client.js';
import { listen } from '../io/streams.js';
import { formatDpid } from '../lib/addresses.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import { exitCodes } from './exit-codes.js';
import { longestWait, readHosts } from './plan-hosts.js';
import { formatPlan } from './plan-text.js';
import { readConfig } from './read-config.js';

export interface PlanOptions {
  readonly json?: boolean;
  /** HOST:PORT of the Heddle that runs, instead of the file's `api.listen`. */
  readonly api?: string;
}

/** How long a Heddle that runs may take to read its switches. Milliseconds. */
const patience = 40_000;

/**
 * `heddle plan [FILE]`: tells what `heddle run` would change with this file, and changes nothing.
 *
 * @returns 0 nothing to do, 1 a host, or the Heddle that runs, could not be read, 2 there are changes, or something is in the way
 * @throws HeddleError FILE_UNREADABLE, CONFIG_INVALID, APP_THREW, APP_INVALID
 */
export async function plan(file: string | undefined, options: PlanOptions): Promise<number> {
  const { config, apps } = await readConfig(file);
  const address = options.api ?? addressOf(config.api.listen);
  const hosts = await readHosts(config, address);
  const made = makePlan({ config, apps, hosts, ...(await readSwitches(config, hosts, address)) });
  console.log(options.json === true ? JSON.stringify(made, null, 2) : formatPlan(made));
  return exitCodeOf(made);
}

export function exitCodeOf({ ok, error, hosts }: Plan): number {
  if (error !== undefined || hosts.some(host => host.error !== undefined)) return exitCodes.failed;
  return ok ? exitCodes.ok : exitCodes.attention;
}

type Switches = Pick<PlanInput, 'switches' | 'unread' | 'error'>;

/** By the Heddle that runs, where one does; where nothing listens, those that dial in here, for a moment. */
async function readSwitches(
  config: Config,
  hosts: ReadonlyMap<string, HostReading>,
  address: string,
): Promise<Switches> {
  const { switches: expected, unread } = expectedSwitches(config, hosts);
  const notRead = (why: string): Switches => ({
    switches: [],
    unread: new Map([...unread, ...[...expected.values()].map(name => [name, why] as const)]),
    error: why,
  });
  let answer: { readonly code: number; readonly text: string };
  try {
    answer = await getText(`http://${address}/v1/readings`, patience);
  } catch (thrown) {
    if (!isNothingThere(thrown))
      return notRead(`what should answer at ${address} does not (${messageOf(thrown)})`);
    return expected.size === 0 ? { switches: [], unread } : await readDialled(config, expected, unread);
  }
  try {
    return { switches: readingsIn(answer), unread };
  } catch (thrown) {
    return notRead(`what answers at ${address} cannot tell (${messageOf(thrown)})`);
  }
}

function readingsIn({ code, text }: { readonly code: number; readonly text: string }): SwitchReading[] {
  if (code !== 200) throw new Error(`it answered ${code}: is it an older Heddle?`);
  const answer: unknown = JSON.parse(text);
  const readings: unknown =
    typeof answer === 'object' && answer !== null && 'readings' in answer ? answer.readings : undefined;
  if (!Array.isArray(readings)) throw new Error('it is no Heddle');
  return readings.map(decodeReading);
}

/** Listens where Heddle would until all that are expected have been read, or the time is up. */
async function readDialled(
  { openflow }: Config,
  expected: ReadonlyMap<bigint, string>,
  unread: ReadonlyMap<string, string>,
): Promise<Switches> {
  const switches = new Map<bigint, SwitchReading>();
  const failures = new Map<string, string>();
  let done: () => void = () => undefined;
  const allRead = new Promise<void>(resolve => (done = resolve));
  const where = formatEndpoint(openflow.listen);
  const reader = (stream: ConstructorParameters<typeof SwitchReader>[0]): SwitchReader =>
    new SwitchReader(stream, {
      isExpected: dpid => expected.has(dpid) && !switches.has(dpid),
      onReading: reading => {
        switches.set(reading.dpid, reading);
        console.error(`read the switch of ${expected.get(reading.dpid) ?? formatDpid(reading.dpid)}`);
        if (switches.size === expected.size) done();
      },
      onFailure: (dpid, why) => failures.set(expected.get(dpid) ?? '', why),
    });
  const why = new Map(unread);
  try {
    const listener = await listen(openflow.listen, reader);
    console.error(
      `no Heddle runs: waiting up to ${longestWait / 1000} s for the switches of ${[...expected.values()].join(', ')} to dial in to ${where}`,
    );
    const timer = setTimeout(done, longestWait);
    await allRead;
    clearTimeout(timer);
    await listener.close();
    for (const [dpid, name] of expected)
      if (!switches.has(dpid))
        why.set(name, failures.get(name) ?? `it did not dial in to ${where} within ${longestWait / 1000} s`);
  } catch (thrown) {
    if (!(thrown instanceof HeddleError)) throw thrown;
    for (const name of expected.values()) why.set(name, `no Heddle answers, and ${thrown.message}`);
  }
  return { switches: [...switches.values()], unread: why };
}
