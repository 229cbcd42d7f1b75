import { setTimeout as sleep } from 'node:timers/promises';
import type { QosStatus } from '../controller/qos-status.js';
import { askHeddle, type Whom } from './ask.js';
import { exitCodes } from './exit-codes.js';
import { formatUsage } from './qos-text.js';
import { isHeld, usageBetween } from './qos-usage.js';

export interface QosOptions {
  readonly json?: boolean;
  /** Goes on until stopped. */
  readonly watch?: boolean;
  readonly api?: string;
}

/** Between two answers of one Heddle, of which rates are made: longer than an answer stays fresh there. Milliseconds. */
const apart = 1_000;
const refresh = 2_000;

/**
 * `heddle qos [FILE]`: what service levels let pass, and drop, by the counters of the switches.
 *
 * @returns 0 all limits are held, 2 some are not
 * @throws HeddleError OF_CLOSED when no Heddle answers
 */
export async function qos(file: string | undefined, options: QosOptions): Promise<number> {
  const whom: Whom = { file, api: options.api };
  let before = await askHeddle(whom, '/v1/qos', isQosStatus);
  const isTerminal = process.stdout.isTTY;
  for (let wait = apart; ; wait = refresh) {
    await sleep(wait);
    const after = await askHeddle(whom, '/v1/qos', isQosStatus);
    const usage = usageBetween(before, after);
    before = after;
    const text =
      options.json === true
        ? JSON.stringify(usage, null, options.watch === true ? undefined : 2)
        : formatUsage(usage, isTerminal);
    // The cursor goes to the top, and what was there is cleared.
    console.log(
      options.watch === true && isTerminal && options.json !== true ? `\x1b[H\x1b[2J${text}` : text,
    );
    if (options.watch !== true) return after.limits.every(isHeld) ? exitCodes.ok : exitCodes.attention;
  }
}

export const isQosStatus = (answer: unknown): answer is QosStatus =>
  typeof answer === 'object' &&
  answer !== null &&
  ['limits', 'ports', 'queues'].every(
    part => part in answer && Array.isArray(answer[part as keyof typeof answer]),
  );
