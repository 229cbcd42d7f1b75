import { addressOf, getText } from '../io/http-client.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import { invalid, parseFile } from './read-config.js';

/** Milliseconds. */
const patience = 5_000;

/** Where the Heddle that runs is to be found: HOST:PORT, or by the file that it was given. */
export interface Whom {
  readonly file?: string | undefined;
  readonly api?: string | undefined;
}

/**
 * Asks the Heddle that runs. One that runs has refused what is wrong with the file now, and tells it; where none answers, that
 * is told here.
 *
 * @param path such as `/v1/status`
 * @param isAnswer whether this is what a Heddle answers
 * @throws HeddleError OF_CLOSED when none answers, CONFIG_INVALID
 */
export async function askHeddle<T>(
  { file, api }: Whom,
  path: string,
  isAnswer: (answer: unknown) => answer is T,
): Promise<T> {
  if (api !== undefined) return ask(api, path, isAnswer);
  const parsed = await parseFile(file);
  const listen = parsed.ok ? parsed.config.api.listen : parsed.api;
  try {
    return await ask(addressOf(listen), path, isAnswer);
  } catch (thrown) {
    throw parsed.ok ? thrown : invalid(parsed.mistakes);
  }
}

async function ask<T>(address: string, path: string, isAnswer: (answer: unknown) => answer is T): Promise<T> {
  try {
    const { code, text } = await getText(`http://${address}${path}`, patience);
    if (code !== 200) throw new Error(`it answered ${code}`);
    const answer: unknown = JSON.parse(text);
    if (!isAnswer(answer)) throw new Error('what answered is no Heddle');
    return answer;
  } catch (thrown) {
    throw new HeddleError(
      'OF_CLOSED',
      `no Heddle answers at ${address} (${messageOf(thrown)}): is \`heddle run\` running here, with this file?`,
      { cause: thrown },
    );
  }
}
