import type { Dpid } from '../lib/addresses.js';
import {
  type Message,
  type MeterStats,
  multipart,
  OFPM,
  OFPP,
  OFPQ_ALL,
  type PortStats,
  type QueueStats,
} from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';

/** What one switch has counted, at one moment. */
export interface SwitchCounters {
  /** By the effects' clock, milliseconds. */
  readonly at: number;
  readonly meters: ReadonlyMap<number, MeterStats>;
  /** By port number. */
  readonly ports: ReadonlyMap<number, PortStats>;
  readonly queues: readonly QueueStats[];
}

/** A switch to be asked. */
export interface Counting {
  readonly dpid: Dpid;
  readonly exchange: (messages: readonly Message[]) => Promise<ExchangeOutcome>;
}

const requests: readonly Message[] = [
  multipart({ type: 'meter', meterId: OFPM.ALL }),
  multipart({ type: 'port_stats', portNo: OFPP.ANY }),
  multipart({ type: 'queue', portNo: OFPP.ANY, queueId: OFPQ_ALL }),
];

/** Who asks sooner than this after another one gets the same answer. Milliseconds. */
const freshFor = 900;
/** Switches that are asked at a time. */
const atOnce = 8;

/** Asks switches for their counters: however many want to know, each switch at most about once a second, and some at a time. */
export class CounterReader {
  readonly #now: () => number;
  #last: { readonly at: number; readonly counters: ReadonlyMap<Dpid, SwitchCounters> } | undefined;
  #running: Promise<ReadonlyMap<Dpid, SwitchCounters>> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns without those whose connection ends before they have told */
  read(switches: readonly Counting[]): Promise<ReadonlyMap<Dpid, SwitchCounters>> {
    if (this.#running !== undefined) return this.#running;
    if (this.#last !== undefined && this.#now() - this.#last.at < freshFor)
      return Promise.resolve(this.#last.counters);
    this.#running = this.#ask(switches).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #ask(switches: readonly Counting[]): Promise<ReadonlyMap<Dpid, SwitchCounters>> {
    const counters = new Map<Dpid, SwitchCounters>();
    const left = [...switches];
    const worker = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        const outcome = await one.exchange(requests);
        if (outcome.type === 'done') counters.set(one.dpid, countersIn(outcome.replies, this.#now()));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    this.#last = { at: this.#now(), counters };
    return counters;
  }
}

function countersIn(replies: readonly Message[], at: number): SwitchCounters {
  const meters = new Map<number, MeterStats>();
  const ports = new Map<number, PortStats>();
  const queues: QueueStats[] = [];
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply') continue;
    const { body } = reply;
    if (body.type === 'meter') for (const entry of body.entries) meters.set(entry.meterId, entry);
    if (body.type === 'port_stats') for (const entry of body.entries) ports.set(entry.portNo, entry);
    if (body.type === 'queue') queues.push(...body.entries);
  }
  return { at, meters, ports, queues };
}
