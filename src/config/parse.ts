import { checkFacts } from './checks/index.js';
import type { AppConfig, Config } from './config.js';
import type { TcpEndpoint } from './endpoint.js';
import { surveyFacts } from './facts.js';
import { mistakesOf } from './issues.js';
import { formatMistake, type KeyPath, type Mistake } from './mistake.js';
import { fileSchema } from './schema.js';
import { mistakeAt, type Source } from './source.js';
import { readableApi, readableApps, toConfig } from './to-config.js';
import { readYaml, type YamlReading } from './yaml.js';

/**
 * With the config comes its source, so that mistakes in an app's options can be told with line and column too; and with
 * the mistakes what could be read of the apps, so that theirs are told at the same time.
 */
export type ParseResult =
  | { readonly ok: true; readonly config: Config; readonly source: Source }
  | {
      readonly ok: false;
      readonly mistakes: readonly Mistake[];
      readonly apps?: ReadableApps;
      /** `api.listen` as far as it can be understood, or its default. */
      readonly api: TcpEndpoint;
    };

export interface ReadableApps {
  readonly apps: readonly AppConfig[];
  readonly source: Source;
}

/** Past this many, one more line says how many there are. */
const mostMistakes = 100;

/**
 * The text of a configuration file as a Config, or everything that is wrong with it, in the file's order. `file` is the name
 * that messages call it by. An empty text gives the defaults. Never throws, whatever the text.
 */
export function parseConfig(text: string, file: string): ParseResult {
  const reading = readYaml(text, file, isDatapathId);
  const { source, syntax, refused } = reading;
  // What has no shape at all is told once, by whoever saw it first.
  if (source === undefined || source.value === null) {
    return { ok: false, mistakes: arrange([...syntax, ...refused]), api: readableApi(undefined) };
  }
  const parsed = fileSchema.safeParse(source.value);
  const wrong = parsed.success ? [] : mistakesOf(parsed.error, [], source, fileSchema);
  const findings = checkFacts(surveyFacts(source.value), path => source.locateKey(path).line);
  const mistakes = [
    ...syntax,
    ...refused,
    ...wrong.filter(mistake => !isEcho(mistake, reading)),
    ...findings.map(finding => mistakeAt(source, finding)),
  ];
  if (parsed.success && mistakes.length === 0) return { ok: true, config: toConfig(parsed.data), source };
  const apps = syntax.length === 0 ? { apps: { apps: readableApps(source.value), source } } : {};
  return { ok: false, mistakes: arrange(mistakes), ...apps, api: readableApi(source.value) };
}

/**
 * A datapath id is taken as it is written: YAML would read 0000000000000010 as ten, 00e1 as zero, and would round
 * 0x4864000000000001.
 */
const isDatapathId = (path: KeyPath): boolean =>
  path.length === 3 && path[0] === 'hypervisors' && path[2] === 'datapath-id';

/** What the schema says about a place that could not be read is most likely the same slip, seen again. */
const isEcho = (mistake: Mistake, { syntax, refused }: YamlReading): boolean =>
  syntax.some(({ line }) => line === mistake.line) ||
  (syntax.length > 0 && (mistake.found === 'nothing' || mistake.message.startsWith('missing'))) ||
  refused.some(({ line, column }) => line === mistake.line && column === mistake.column);

/** In the file's order, each once, and not without end. */
export function arrange(mistakes: readonly Mistake[]): Mistake[] {
  const distinct = [...new Map(mistakes.map(mistake => [formatMistake(mistake), mistake])).values()];
  distinct.sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = distinct.slice(0, mostMistakes);
  const last = shown.at(-1);
  const more = distinct.length - shown.length;
  if (last === undefined || more === 0) return shown;
  const { file, line, column } = last;
  return [
    ...shown,
    { file, line, column, path: [], message: `there are ${more} more mistakes after this one` },
  ];
}
