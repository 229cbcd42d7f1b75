import type { Dpid } from '../lib/addresses.js';
import type { Message } from '../openflow/index.js';
import type { ConnectedSwitch } from './connected-switch.js';
import { CounterReader, type SwitchCounters } from './switch-counters.js';
import { readingOf, readingRequests, type SwitchReading } from './switch-reading.js';

/** What people want to know of the switches, asked of them. Asking often costs the switches no more. */
export class SwitchQuestions {
  readonly #switches: () => readonly ConnectedSwitch[];
  readonly #counters: CounterReader;
  #readings: Promise<readonly SwitchReading[]> | undefined;

  /** @param now in milliseconds */
  constructor(switches: () => readonly ConnectedSwitch[], now: () => number) {
    this.#switches = switches;
    this.#counters = new CounterReader(now);
  }

  /** What each switch holds, without those whose connection ends before they have told it. Who asks while one is under way gets that one. */
  readings(): Promise<readonly SwitchReading[]> {
    this.#readings ??= this.#read().finally(() => (this.#readings = undefined));
    return this.#readings;
  }

  /** What meters, queues and ports have counted, on the switches of these hypervisors; at most about once a second. */
  counters(hypervisors: ReadonlySet<string>): Promise<ReadonlyMap<Dpid, SwitchCounters>> {
    const counting = this.#switches()
      .filter(({ view, isUp }) => isUp && hypervisors.has(view.hypervisor ?? ''))
      .map(({ view: { dpid }, connection }) => ({
        dpid,
        exchange: (messages: readonly Message[]) => connection.exchange(messages),
      }));
    return this.#counters.read(counting);
  }

  async #read(): Promise<readonly SwitchReading[]> {
    const all = await Promise.all(
      this.#switches().map(async ({ view: { dpid }, connection }) =>
        readingOf(dpid, await connection.exchange(readingRequests)),
      ),
    );
    return all.filter(reading => reading !== undefined);
  }
}
