import type { Dpid } from '../lib/addresses.js';
import type { Match } from '../openflow/index.js';

/** A flow that a switch has written by a `learn` action of the app's. */
export interface LearnedFlow {
  /** That of the action: one of `Setup.learnedCookie`. */
  readonly cookie: bigint;
  readonly table: number;
  readonly match: Match;
  /** When the switch wrote it, by `World.now`; left out where the switch has not said. */
  readonly since?: number;
}

/** A flow that came, or got another cookie or other actions, or one that went. */
export interface LearnedChange {
  readonly type: 'came' | 'went';
  readonly flow: LearnedFlow;
}

/** What a switch has learned by itself, of one app's. */
export interface LearnedNews {
  readonly dpid: Dpid;
  /** These flows are all that there are: what was known before and is not among them has gone. */
  readonly whole: boolean;
  /** In the order in which they happened. */
  readonly changes: readonly LearnedChange[];
}
