import { classOfCookie } from '../intent/index.js';
import { type FlowUpdate, type Message, multipart, OFPFMF, OFPP, OFPTT } from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';

/** Anything will do: a connection has one monitor. */
const id = 1;

/**
 * Asks to be told of all flows that come, go or change from now on. A monitor cannot be bound to a cookie, so what others do with
 * their own flows is told, too; what this connection does is only named by its transaction ids.
 */
export const beginWatch: Message = multipart({
  type: 'flow_monitor',
  entries: [
    {
      id,
      flags: OFPFMF.ADD | OFPFMF.DELETE | OFPFMF.MODIFY,
      outPort: OFPP.ANY,
      tableId: OFPTT.ALL,
      match: [],
    },
  ],
});

export const endWatch: Message = { type: 'flow_monitor_cancel', xid: 0, id };

/** More events in a second, for so long, are no hint any more, but a burden. */
export const mostEvents = 1_000;
/** Milliseconds. */
export const busyFor = 5_000;

/** Cookies that are kept at one time: what is done to more flows is found by their number, or by the audits to come. */
export const mostSuspects = 1_024;

/** @returns the cookie of a flow that Heddle keeps true, where somebody else has touched one */
export function touchedBy(update: FlowUpdate): bigint | undefined {
  switch (update.type) {
    case 'added':
    case 'deleted':
    case 'modified':
      // Learned flows come and go by themselves, and reactive ones end by their timeouts.
      return classOfCookie(update.cookie) === 'static' ? update.cookie : undefined;
    case 'abbrev':
    case 'unknown':
      return undefined;
  }
}

export interface FlowWatchOptions {
  /** Fails only when the connection has ended: unlike what apps send, these are not dropped where a switch is slow to read. */
  readonly exchange: (messages: readonly Message[]) => Promise<ExchangeOutcome>;
  /** Where the switch tells what Heddle does itself, too, since it was asked to for another reason: what is done there is no hint. */
  readonly isOwnTold?: (tableId: number) => boolean;
  /** The switch has told of the first flow since all that it told of before was looked at. */
  readonly onSuspect: () => void;
  /** There is too much to be told, for whatever reason; nothing is any more. Told once. */
  readonly onTooMuch: () => void;
}

/**
 * Has a switch tell which flows of ours somebody else touches, so that it is looked at sooner than its audit would. Only a hint: a
 * switch that knows no flow monitors, as Open vSwitch before 3.0 in OpenFlow 1.3, refuses the request, and nothing is lost.
 */
export class FlowWatch {
  readonly #options: FlowWatchOptions;
  readonly #suspects = new Set<bigint>();
  #phase: 'none' | 'asked' | 'over' = 'none';
  #events = 0;
  #countedAt: number | undefined;
  #busySince: number | undefined;

  constructor(options: FlowWatchOptions) {
    this.#options = options;
  }

  /** A cookie of which the switch has told something that has not been looked at. */
  get suspect(): bigint | undefined {
    for (const cookie of this.#suspects) return cookie;
    return undefined;
  }

  /** The switch has all that is wanted, and only somebody else would change it. Asks at the first time. */
  begin(): void {
    if (this.#phase !== 'none') return;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#phase = 'asked';
    const outcome = await this.#options.exchange([beginWatch]);
    if (outcome.type === 'failed' || outcome.errors.length > 0) this.#phase = 'over';
  }

  /** A message that belongs to no request. */
  heard(message: Message): void {
    if (this.#phase !== 'asked' || message.type !== 'multipart_reply') return;
    const { body } = message;
    if (body.type !== 'flow_monitor') return;
    for (const update of body.entries) {
      if ('tableId' in update && this.#options.isOwnTold?.(update.tableId) === true) continue;
      if (update.type !== 'abbrev') this.#events += 1;
      const cookie = touchedBy(update);
      if (cookie === undefined || this.#suspects.size >= mostSuspects) continue;
      if (this.#suspects.size === 0) this.#options.onSuspect();
      this.#suspects.add(cookie);
    }
  }

  /** It is being looked at the flows whose cookies these are. */
  looked(isLookedAt: (cookie: bigint) => boolean): void {
    for (const cookie of this.#suspects) if (isLookedAt(cookie)) this.#suspects.delete(cookie);
  }

  /** @param now in milliseconds; to be called about once a second */
  tick(now: number): void {
    const from = this.#countedAt ?? now;
    const isBusy = this.#events * 1_000 > mostEvents * (now - from);
    this.#countedAt = now;
    this.#events = 0;
    this.#busySince = isBusy ? (this.#busySince ?? from) : undefined;
    if (this.#phase !== 'asked' || this.#busySince === undefined || now - this.#busySince < busyFor) return;
    this.#phase = 'over';
    this.#suspects.clear();
    void this.#options.exchange([endWatch]);
    this.#options.onTooMuch();
  }
}
