import type { Config, DialIn, HypervisorConfig } from '../config/config.js';
import { formatEndpoint, type TcpEndpoint } from '../config/endpoint.js';
import { Arrivals } from '../controller/arrivals.js';
import type { Log } from '../controller/effects.js';
import { type HostReading, readArrival, readHost } from '../controller/plan/host-reader.js';
import { realEffects } from '../io/effects.js';
import { getText, isNothingThere } from '../io/http-client.js';
import { listen } from '../io/streams.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import { replicaFromJson } from '../ovsdb/index.js';

/** A switch and an ovsdb-server try again within 8 s, by default [ovs-vswitchd.conf.db(5): max_backoff]. Milliseconds. */
export const longestWait = 10_000;

/** How long a Heddle that runs may take to tell what it knows. Milliseconds. */
const patience = 10_000;

type Readings = ReadonlyMap<string, HostReading>;
type DialledIn = HypervisorConfig & { readonly ovsdb: DialIn };

const isDialledIn = (one: HypervisorConfig): one is DialledIn => one.ovsdb.transport === 'dial-in';

/**
 * Each host's OVSDB, by the hypervisor's name. Those that dial in speak to the Heddle that runs; where none does, they come here
 * for a moment.
 *
 * @param address of a running Heddle's api
 */
export async function readHosts({ hypervisors, ovsdb }: Config, address: string): Promise<Readings> {
  const effects = realEffects();
  const reached = hypervisors.map(async ({ name, ovsdb: source }): Promise<[string, HostReading][]> =>
    source.transport === 'dial-in' ? [] : [[name, await readHost(source, effects)]],
  );
  const coming = hypervisors.filter(isDialledIn);
  const [dialled, ...others] = await Promise.all([
    coming.length === 0 || ovsdb === undefined
      ? new Map<string, HostReading>()
      : readDialled(coming, ovsdb.listen, address),
    ...reached,
  ]);
  return new Map([...others.flat(), ...dialled]);
}

async function readDialled(hosts: readonly DialledIn[], at: TcpEndpoint, address: string): Promise<Readings> {
  try {
    await getText(`http://${address}/v1/status`, patience);
  } catch (thrown) {
    if (isNothingThere(thrown)) return awaitHosts(hosts, at);
    const why = `what should answer at ${address} does not (${messageOf(thrown)})`;
    return new Map(hosts.map(({ name }) => [name, { ok: false, why }]));
  }
  const readings = hosts.map(
    async ({ name, ovsdb }) => [name, await askFor(ovsdb.systemId, address)] as const,
  );
  return new Map(await Promise.all(readings));
}

async function askFor(systemId: string, address: string): Promise<HostReading> {
  try {
    const { code, text } = await getText(
      `http://${address}/v1/hosts/${encodeURIComponent(systemId)}`,
      patience,
    );
    if (code === 404) return { ok: false, why: 'it is not connected to the Heddle that runs' };
    if (code !== 200) throw new Error(`it answered ${code}`);
    return { ok: true, rows: replicaFromJson(JSON.parse(text)) };
  } catch (thrown) {
    return { ok: false, why: `what answers at ${address} cannot tell (${messageOf(thrown)})` };
  }
}

/** Listens where Heddle would until all have been read, or the time is up. */
async function awaitHosts(hosts: readonly DialledIn[], at: TcpEndpoint): Promise<Readings> {
  const effects = realEffects();
  const where = formatEndpoint(at);
  const names = new Map(hosts.map(({ name, ovsdb }) => [ovsdb.systemId, name]));
  const readings = new Map<string, HostReading>();
  const notRead = (why: string): Readings =>
    new Map(hosts.map(({ name }) => [name, readings.get(name) ?? { ok: false, why }]));
  let done: () => void = () => undefined;
  const allRead = new Promise<void>(resolve => (done = resolve));
  const arrivals = new Arrivals({
    effects,
    log: toStderr,
    onArrival: arrival => {
      const name = names.get(arrival.systemId);
      if (name === undefined) return false;
      void readArrival(arrival, effects).then(reading => {
        if (readings.get(name)?.ok !== true) readings.set(name, reading);
        if (reading.ok) console.error(`read the OVSDB of ${name}`);
        if ([...readings.values()].filter(({ ok }) => ok).length === hosts.length) done();
      });
      return true;
    },
  });
  try {
    const listener = await listen(at, stream => arrivals.accept(stream));
    console.error(
      `no Heddle runs: waiting up to ${longestWait / 1000} s for ${[...names.values()].join(', ')} to dial in to ${where}`,
    );
    const timer = setTimeout(done, longestWait);
    await allRead;
    clearTimeout(timer);
    await listener.close();
  } catch (thrown) {
    if (!(thrown instanceof HeddleError)) throw thrown;
    return notRead(`no Heddle answers, and ${thrown.message}`);
  }
  return notRead(`it did not dial in to ${where} within ${longestWait / 1000} s`);
}

/** What is worth a line of a person's time goes beside the plan, not into it. */
const toStderr: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_, message) => console.error(message),
  error: (_, message) => console.error(message),
};
