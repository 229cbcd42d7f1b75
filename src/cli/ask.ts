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
 * @throws HeddleError OF_CLOSED when none answers, NOT_THERE when it has no such thing, CONFIG_INVALID
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
    throw parsed.ok || isNotThere(thrown) ? thrown : invalid(parsed.mistakes);
  }
}

const isNotThere = (thrown: unknown): boolean => thrown instanceof HeddleError && thrown.code === 'NOT_THERE';

async function ask<T>(address: string, path: string, isAnswer: (answer: unknown) => answer is T): Promise<T> {
  try {
    const { code, text } = await getText(`http://${address}${path}`, patience);
    if (code !== 200 && code !== 404) throw new Error(`it answered ${code}`);
    const answer: unknown = JSON.parse(text);
    if (code === 404) throw new HeddleError('NOT_THERE', reasonIn(answer));
    if (!isAnswer(answer)) throw new Error('what answered is no Heddle');
    return answer;
  } catch (thrown) {
    if (isNotThere(thrown)) throw thrown;
    throw new HeddleError(
      'OF_CLOSED',
      `no Heddle answers at ${address} (${messageOf(thrown)}): is \`heddle run\` running here, with this file?`,
      { cause: thrown },
    );
  }
}

function reasonIn(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string')
    return answer.error;
  throw new Error('what answered is no Heddle');
}
