import type { Config } from '../config/config.js';
import { formatMistake, type Mistake } from '../config/mistake.js';
import { arrange, parseConfig, type ParseResult } from '../config/parse.js';
import type { LoadedApp } from '../controller/apps.js';
import { readText } from '../io/files.js';
import { HeddleError } from '../lib/errors.js';
import { loadApps } from './load-apps.js';

/** A file that was checked in full, with the apps that it names. */
export interface CheckedFile {
  readonly config: Config;
  readonly apps: readonly LoadedApp[];
}

/**
 * Reads and checks a file; with none, gives the defaults: a learning switch on loopback.
 *
 * @throws HeddleError FILE_UNREADABLE, or CONFIG_INVALID whose message has a line for each mistake
 */
export async function readConfig(file: string | undefined): Promise<CheckedFile> {
  const parsed = await parseFile(file);
  const named = parsed.ok ? { apps: parsed.config.apps, source: parsed.source } : parsed.apps;
  const loaded = named && (await loadApps(named.apps, named.source));
  if (parsed.ok && loaded?.ok === true) return { config: parsed.config, apps: loaded.apps };
  throw invalid([...(parsed.ok ? [] : parsed.mistakes), ...(loaded?.ok === false ? loaded.mistakes : [])]);
}

/**
 * The same without the apps: no module is loaded.
 *
 * @throws HeddleError FILE_UNREADABLE
 */
export const parseFile = async (file: string | undefined): Promise<ParseResult> =>
  parseConfig(file === undefined ? '' : await readText(file), file ?? 'defaults');

export const invalid = (mistakes: readonly Mistake[]): HeddleError =>
  new HeddleError('CONFIG_INVALID', arrange(mistakes).map(formatMistake).join('\n'));
