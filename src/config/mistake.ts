/** A place in a file: both count from 1; columns are UTF-16 code units, as editors count them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys of maps and indexes of lists, from the file's root down to a value. */
export type KeyPath = readonly (string | number)[];

/** What is wrong, without where: what a check returns. */
export interface Finding {
  readonly path: KeyPath;
  /** What stands there, as `describe` tells it. */
  readonly found?: string;
  /** Begins with "expected" where it says what is allowed. */
  readonly message: string;
  /** A whole clause, such as `did you mean "vni"?`. */
  readonly hint?: string;
  /** Whether the key of `path` is meant, or the value (the default). */
  readonly at?: 'key' | 'value';
}

/** One thing that is wrong with a file: all that a person needs to repair it. */
export interface Mistake extends Position {
  readonly file: string;
  readonly path: KeyPath;
  readonly found?: string;
  readonly message: string;
  readonly hint?: string;
}

/** One line: `heddle.yaml:12:10: networks.blue.vni: found 0, expected a whole number from 1 to 16777215`. */
export function formatMistake(mistake: Mistake): string {
  const place = `${mistake.file}:${mistake.line}:${mistake.column}: `;
  const path = mistake.path.length === 0 ? '' : `${formatPath(mistake.path)}: `;
  const joint = mistake.message.startsWith('expected') ? ', ' : ': ';
  const found = mistake.found === undefined ? '' : `found ${mistake.found}${joint}`;
  const hint = mistake.hint === undefined ? '' : `; ${mistake.hint}`;
  return printable(place + path + found + mistake.message + hint);
}

/** `networks.blue.ports[0].on`; keys that would read as something else are quoted. */
export function formatPath(path: KeyPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += (text === '' ? '' : '.') + (/^[\w-]+$/.test(key) ? key : quoted(key));
  }
  return text;
}

const longestQuote = 60;

/** A text in quotes, with its control characters escaped, cut where it is long. */
export const quoted = (text: string): string =>
  printable(JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text));

/** A value of the file in a few words. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a map';
}

export const didYouMean = (name: string | undefined): { hint: string } | undefined =>
  name === undefined ? undefined : { hint: `did you mean ${quoted(name)}?` };

/**
 * Escapes what could move a terminal's cursor or turn its text around: a file's own text is shown to people, and a file may
 * come from a stranger.
 */
export const printable = (text: string): string =>
  text.replace(
    /[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
