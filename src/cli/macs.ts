import type { MacTable } from '../controller/mac-status.js';
import { printable } from '../config/mistake.js';
import { HeddleError } from '../lib/errors.js';
import { askHeddle } from './ask.js';
import { exitCodes } from './exit-codes.js';
import { formatMacs } from './macs-text.js';
import { watchMacs } from './macs-watch.js';

export interface MacsOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  /** The name of one network. */
  readonly network?: string;
  /** HOST:PORT, instead of the file's `api.listen`. */
  readonly api?: string;
}

/**
 * `heddle macs [FILE]`: asks the Heddle that runs with this file where each MAC is that it knows.
 *
 * @returns 0, or 2 where a MAC is seen in several places in turn
 * @throws HeddleError OF_CLOSED when no Heddle answers, NOT_THERE when it has no such network
 */
export async function macs(file: string | undefined, options: MacsOptions): Promise<number> {
  const ask = () => askForMacs(file, options);
  if (options.watch === true) return watchMacs(ask, options.json === true);
  const answer = await ask();
  console.log(options.json === true ? JSON.stringify(answer, null, 2) : formatMacs(answer));
  return answer.macs.some(({ held }) => held === true) ? exitCodes.attention : exitCodes.ok;
}

async function askForMacs(file: string | undefined, { api, network }: MacsOptions): Promise<MacTable> {
  const path = network === undefined ? '/v1/macs' : `/v1/macs?network=${encodeURIComponent(network)}`;
  try {
    return await askHeddle({ file, api }, path, isMacTable);
  } catch (thrown) {
    if (!(thrown instanceof HeddleError) || thrown.code !== 'NOT_THERE') throw thrown;
    throw new HeddleError('NOT_THERE', printable(thrown.message), { cause: thrown });
  }
}

const isMacTable = (answer: unknown): answer is MacTable =>
  typeof answer === 'object' && answer !== null && 'macs' in answer && Array.isArray(answer.macs);
