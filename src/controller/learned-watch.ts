import { classOfCookie, type LearnedChange, type LearnedFlow, learnedCookies } from '../intent/index.js';
import {
  askForFlows,
  type FlowStats,
  type FlowUpdate,
  type Message,
  multipart,
  OFPFMF,
  OFPP,
} from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';

/** Another one than the flow watch's: both may be there on one connection. */
const firstId = 2;

/**
 * Asks for all that is in these tables, and for all that comes, goes or changes there from then on: also by what Heddle sends, as
 * otherwise nothing would tell whether the switch has forgotten what it was asked to.
 */
const beginWatch = (tables: readonly number[]): Message =>
  multipart({
    type: 'flow_monitor',
    entries: tables.map((tableId, index) => ({
      id: firstId + index,
      flags: OFPFMF.INITIAL | OFPFMF.ADD | OFPFMF.DELETE | OFPFMF.MODIFY | OFPFMF.OWN,
      outPort: OFPP.ANY,
      tableId,
      match: [],
    })),
  });

const endWatch = (tables: readonly number[]): readonly Message[] =>
  tables.map((_, index) => ({ type: 'flow_monitor_cancel', xid: 0, id: firstId + index }));

const askForAll: Message = askForFlows({ cookie: learnedCookies.cookie, cookieMask: learnedCookies.mask });

/** A switch that is not watched is asked this often. Milliseconds. */
export const pollPeriod = 15_000;

/** More changes in a second, for so long, are not worth their while: a MAC that goes to and fro makes some in a second. */
export const mostChanges = 2_000;
/** Changes that are kept while the switch has yet to tell what there is. */
export const mostEarly = 65_536;
/** Milliseconds. */
export const busyFor = 5_000;
/** So long is it asked instead, before it is watched again. Milliseconds. */
export const restFor = 60_000;

export interface LearnedWatchOptions {
  /** Tables that `learn` actions of ours write to. With none, nothing is asked. */
  readonly tables: () => readonly number[];
  /** Fails only when the connection has ended. */
  readonly exchange: (messages: readonly Message[]) => Promise<ExchangeOutcome>;
  readonly now: () => number;
  /** @param whole these are all that there are */
  readonly onNews: (changes: readonly LearnedChange[], whole: boolean) => void;
  /** It is asked every `pollPeriod` from now on, for this reason; told at each beginning. */
  readonly onPolling: (why: 'unknown' | 'too many') => void;
}

/**
 * Has a switch tell what it learns by itself. One that knows no flow monitors, as Open vSwitch before 3.0 in OpenFlow 1.3, is
 * asked now and then: a packet-in for each new source would be sooner, and a way for a guest to keep Heddle busy.
 */
export class LearnedWatch {
  readonly #options: LearnedWatchOptions;
  #phase: 'none' | 'asking' | 'watching' | 'polling' | 'over' = 'none';
  /** What the switch has told between its answer and the end of the exchange. */
  readonly #early: LearnedChange[] = [];
  /** It has told more than is kept. */
  #hasMissed = false;
  #watched: readonly number[] = [];
  #knowsMonitors = true;
  #pollAt = 0;
  #againAt = 0;
  #polls = false;
  #changes = 0;
  #countedAt: number | undefined;
  #busySince: number | undefined;

  constructor(options: LearnedWatchOptions) {
    this.#options = options;
  }

  /** The switch has all that is wanted. To be called as often as that is so: once begun, it does nothing. */
  begin(): void {
    if (this.#phase === 'none') void this.#watch();
  }

  /** All that there is, once more. One that is asked now and then tells it anyhow. */
  again(): void {
    if (this.#phase !== 'watching') return;
    this.#end();
    void this.#watch();
  }

  /** The switch is to tell of all that comes, goes or changes in this table: also of what Heddle itself sends there. */
  isWatching(tableId: number): boolean {
    return this.#isTold && this.#watched.includes(tableId);
  }

  get #isTold(): boolean {
    return this.#phase === 'asking' || this.#phase === 'watching';
  }

  /** A message that belongs to no request. */
  heard(message: Message): void {
    if (message.type !== 'multipart_reply' || message.body.type !== 'flow_monitor' || !this.#isTold) return;
    const changes = changesIn(message.body.entries, this.#options.now());
    this.#changes += changes.length;
    if (this.#phase === 'asking') this.#keep(changes);
    else if (changes.length > 0) this.#options.onNews(changes, false);
  }

  /** @param now in milliseconds; to be called about once a second */
  tick(now: number): void {
    if (this.#phase === 'watching' && !sameTables(this.#watched, this.#options.tables())) this.again();
    if (this.#phase === 'watching' && this.#isTooMuch(now)) this.#rest();
    if (this.#phase !== 'polling') return;
    if (this.#knowsMonitors && now >= this.#againAt) void this.#watch();
    else if (now >= this.#pollAt) void this.#ask();
  }

  /** The connection has ended. */
  close(): void {
    this.#phase = 'over';
  }

  #isTooMuch(now: number): boolean {
    const from = this.#countedAt ?? now;
    const isBusy = this.#changes * 1_000 > mostChanges * (now - from);
    this.#countedAt = now;
    this.#changes = 0;
    this.#busySince = isBusy ? (this.#busySince ?? from) : undefined;
    return this.#busySince !== undefined && now - this.#busySince >= busyFor;
  }

  async #watch(): Promise<void> {
    const tables = this.#options.tables();
    if (tables.length === 0) {
      this.#phase = 'none';
      return;
    }
    this.#phase = 'asking';
    this.#watched = tables;
    this.#hasMissed = false;
    this.#countedAt = undefined;
    this.#busySince = undefined;
    const outcome = await this.#options.exchange([beginWatch(tables)]);
    if (this.#isOver() || outcome.type === 'failed') return;
    const early = this.#early.splice(0);
    if (outcome.errors.length > 0) {
      this.#knowsMonitors = false;
      this.#poll('unknown');
      return;
    }
    if (this.#isCut()) {
      this.#rest();
      return;
    }
    const there = outcome.replies.flatMap(reply =>
      reply.type === 'multipart_reply' && reply.body.type === 'flow_monitor'
        ? changesIn(reply.body.entries)
        : [],
    );
    this.#phase = 'watching';
    this.#options.onNews(there, true);
    if (early.length > 0) this.#options.onNews(early, false);
  }

  #keep(changes: readonly LearnedChange[]): void {
    if (this.#early.length + changes.length > mostEarly) this.#hasMissed = true;
    else for (const change of changes) this.#early.push(change);
  }

  /** What is told is not worth its while: it is asked for a time. */
  #rest(): void {
    this.#end();
    this.#againAt = this.#options.now() + restFor;
    this.#poll('too many');
  }

  /** By an exchange, which is not dropped: a monitor that stayed would be in the way of the next one with its id. */
  #end(): void {
    void this.#options.exchange(endWatch(this.#watched));
  }

  #poll(why: 'unknown' | 'too many'): void {
    this.#phase = 'polling';
    this.#pollAt = this.#options.now();
    this.#options.onPolling(why);
  }

  async #ask(): Promise<void> {
    if (this.#polls) return;
    this.#polls = true;
    const outcome = await this.#options.exchange([askForAll]);
    this.#polls = false;
    const now = this.#options.now();
    this.#pollAt = now + pollPeriod;
    if (this.#isOver() || this.#phase !== 'polling' || outcome.type === 'failed') return;
    // What the switch would not tell stays as it was.
    if (outcome.errors.length > 0) return;
    const flows = outcome.replies.flatMap(reply =>
      reply.type === 'multipart_reply' && reply.body.type === 'flow' ? reply.body.entries : [],
    );
    this.#options.onNews(asChanges(flows, now), true);
  }

  /** As `#isOver`: it may have become so meanwhile. */
  #isCut(): boolean {
    return this.#hasMissed;
  }

  /** Asked anew after each wait: the connection may have ended meanwhile. */
  #isOver(): boolean {
    return this.#phase === 'over';
  }
}

/**
 * Of what a switch tells of its flows, what it has learned.
 *
 * @param now when it happened; left out: some time before
 */
const changesIn = (updates: readonly FlowUpdate[], now?: number): LearnedChange[] =>
  updates.flatMap((update): LearnedChange[] => {
    if (update.type === 'abbrev' || update.type === 'unknown') return [];
    const { cookie, tableId: table, match } = update;
    if (classOfCookie(cookie) !== 'learned') return [];
    const flow: LearnedFlow = { cookie, table, match, ...(now !== undefined && { since: now }) };
    return [{ type: update.type === 'deleted' ? 'went' : 'came', flow }];
  });

/** Flows of a dump, as what an app is told of them. @param now in milliseconds */
export const asChanges = (flows: readonly FlowStats[], now: number): readonly LearnedChange[] =>
  flows.map(({ cookie, tableId: table, match, durationSec, durationNsec }) => ({
    type: 'came',
    flow: { cookie, table, match, since: now - durationSec * 1_000 - durationNsec / 1e6 },
  }));

const sameTables = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((table, index) => table === b[index]);
