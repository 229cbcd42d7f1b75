import type { LearnedNews, SwitchView } from '../intent/index.js';
import { formatDpid } from '../lib/addresses.js';
import { messageOf } from '../lib/errors.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import type { CheckedPart } from '../reconcile/check.js';
import { describeDrift } from '../reconcile/drift.js';
import type { Effects, Log } from './effects.js';
import { FlowWatch } from './flow-watch.js';
import { LearnedWatch, pollPeriod } from './learned-watch.js';
import type { SwitchConnection } from './switch-connection.js';
import { auditPeriod, SwitchSync } from './switch-sync.js';

/** A switch that is connected and known. */
export interface ConnectedSwitch {
  view: SwitchView;
  readonly connection: SwitchConnection;
  readonly sync: SwitchSync;
  readonly watch: FlowWatch;
  readonly learning: LearnedWatch;
  /** When it connected, by the effects' clock. */
  readonly since: number;
  /** The apps have been told of it, once it had been read. */
  isUp: boolean;
  /** Why nothing is ever sent to it, nor told of it to the apps. */
  leftAlone?: string;
}

export interface ConnectedSwitchOptions {
  readonly view: SwitchView;
  readonly connection: SwitchConnection;
  readonly effects: Effects;
  readonly log: Log;
  /** The answers to `dumpRequests`, asked for with the greeting. */
  readonly firstDump?: Promise<ExchangeOutcome>;
  /** Asked only while the switch is up. */
  readonly wanted: () => readonly CheckedPart[] | undefined;
  readonly flowsPerAudit: () => number;
  /** Tables that apps want to know what is learned into; asked only while the switch is not left alone. */
  readonly learnedTables: () => readonly number[];
  /** Told only while the switch is up. */
  readonly onLearned: (news: LearnedNews) => void;
}

/** All that is kept of a switch whose handshake is done: it is not up yet, and nothing has been sent to it. */
export function connectSwitch(options: ConnectedSwitchOptions): ConnectedSwitch {
  const { view, connection, effects, log, firstDump } = options;
  const { dpid } = view;
  const name = nameOf(view);
  const watch = new FlowWatch({
    exchange: messages => connection.exchange(messages),
    isOwnTold: tableId => learning.isWatching(tableId),
    onSuspect: () =>
      log.info({ switch: name }, `${name} tells that somebody else touches flows of Heddle's: looking`),
    onTooMuch: () =>
      log.info(
        { switch: name },
        `${name} tells of too many flows that change: it is audited every ${auditPeriod / 1_000} s alone`,
      ),
  });
  const learning = new LearnedWatch({
    tables: () => (connected.leftAlone === undefined ? options.learnedTables() : []),
    exchange: messages => connection.exchange(messages),
    now: () => effects.now(),
    onNews: (changes, whole) => {
      if (connected.isUp) options.onLearned({ dpid, whole, changes });
    },
    onPolling: why =>
      log[why === 'unknown' ? 'debug' : 'info'](
        { switch: name },
        `${name} ${why === 'unknown' ? 'knows no flow monitors' : 'learns and forgets too fast to tell all of it'}: it is asked every ${pollPeriod / 1_000} s what it has learned`,
      ),
  });
  const sync = new SwitchSync({
    exchange: (messages, errorsSince) => connection.exchange(messages, errorsSince),
    ...(firstDump !== undefined && { firstDump }),
    // Nothing is sent before it is known whether the switch may be touched.
    wanted: () => (connected.isUp ? options.wanted() : undefined),
    effects,
    flowsPerAudit: options.flowsPerAudit,
    onRefusal: refusal =>
      log.warn({ switch: name, ...refusal }, `${name} refused ${refusal.what}: ${refusal.error}`),
    onDrift: drift =>
      log.warn(
        { switch: name, ...drift },
        `${name} was changed by another hand: ${describeDrift(drift)}; repaired now`,
      ),
    onFault: thrown => {
      log.error(
        { switch: name, err: thrown },
        `${name}: ${messageOf(thrown)}: its connection is closed, to begin anew`,
      );
      connection.close('what it told could not be worked in');
    },
    onInSync: sent => log.debug({ switch: name, flows: sent }, `${name} is in sync`),
    watch,
  });
  const connected: ConnectedSwitch = {
    ...{ view, connection, sync, watch, learning },
    ...{ since: effects.now(), isUp: false },
  };
  return connected;
}

/** For people: the hypervisor's name, or the datapath id. */
export const nameOf = (view: SwitchView): string => view.hypervisor ?? `switch ${formatDpid(view.dpid)}`;
