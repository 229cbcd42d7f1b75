import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../config/mistake.js';
import type { MacStatus, MacTable } from '../controller/mac-status.js';
import { messageOf } from '../lib/errors.js';
import { exitCodes } from './exit-codes.js';
import { formatMacs, howOf } from './macs-text.js';

export interface MacChange {
  readonly change: 'known' | 'came' | 'moved' | 'went';
  readonly mac: MacStatus;
  /** Where it was, of one that has moved. */
  readonly from?: MacStatus;
}

/**
 * Shows the MACs until it is interrupted: anew every two seconds on a terminal, elsewhere a line for each change. A Heddle that goes
 * is waited for.
 *
 * @param ask fails when no Heddle answers
 * @param period milliseconds
 * @throws what `ask` throws the first time
 */
export async function watchMacs(
  ask: () => Promise<MacTable>,
  json: boolean,
  period = 2_000,
): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const redraws = process.stdout.isTTY && !json;
    let before: MacTable | undefined;
    let failure: string | undefined;
    while (!stop.signal.aborted) {
      try {
        const now = await ask();
        failure = undefined;
        if (redraws) console.log(`\x1b[2J\x1b[H${formatMacs(now)}`);
        else
          for (const one of changesBetween(before, now)) console.log(json ? JSON.stringify(one) : tell(one));
        before = now;
      } catch (thrown) {
        if (before === undefined) throw thrown;
        if (failure === undefined) console.error(messageOf(thrown));
        failure = messageOf(thrown);
      }
      await sleep(period, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    return exitCodes.ok;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** @param before undefined: nothing has been told yet */
export function changesBetween(before: MacTable | undefined, now: MacTable): readonly MacChange[] {
  const old = new Map(before?.macs.map(mac => [keyOf(mac), mac]));
  const changes = now.macs.flatMap((mac): MacChange[] => {
    const from = old.get(keyOf(mac));
    old.delete(keyOf(mac));
    if (from === undefined) return [{ change: before === undefined ? 'known' : 'came', mac }];
    return placeOf(from) === placeOf(mac) ? [] : [{ change: 'moved', mac, from }];
  });
  return [...changes, ...[...old.values()].map((mac): MacChange => ({ change: 'went', mac }))];
}

const keyOf = ({ network, mac }: MacStatus): string => `${network} ${mac}`;

const placeOf = (mac: MacStatus): string =>
  [mac.hypervisor ?? `vtep ${mac.vtep ?? ''}`, ...(mac.port === undefined ? [] : [mac.port])].join(' ');

const tell = ({ change, mac, from }: MacChange): string => {
  const origin = from === undefined ? '' : ` from ${placeOf(from)}`;
  return printable(`${change.padEnd(5)} ${mac.network} ${mac.mac}${origin}: ${placeOf(mac)} (${howOf(mac)})`);
};
