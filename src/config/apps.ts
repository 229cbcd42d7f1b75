import type { Finding } from './mistake.js';
import { describe } from './mistake.js';

/** An entry of `apps:`. */
export interface AppEntry {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the entry is a map of the name to its options: they stand under that key then. */
  readonly keyed: boolean;
}

const expected =
  "expected an app's name, a module's path (beginning with ./, ../ or /), or one of these with a map of its options";

/** `NAME` or `{NAME: {options}}`; what is wrong is told with its path within the entry. */
export function readAppEntry(entry: unknown): { value: AppEntry } | Finding {
  if (typeof entry === 'string') {
    return isAppName(entry)
      ? { value: { name: entry, options: {}, keyed: false } }
      : { path: [], message: expected, ...suggestPath(entry) };
  }
  if (!isMap(entry)) return { path: [], message: expected };
  const [member, ...more] = Object.entries(entry);
  if (member === undefined) return { path: [], found: 'an empty map', message: expected };
  if (more.length > 0) {
    return { path: [], message: 'expected one app in each entry: begin every app with a dash of its own' };
  }
  const [name, options] = member;
  if (!isAppName(name))
    return { path: [name], at: 'key', found: describe(name), message: expected, ...suggestPath(name) };
  if (!isMap(options)) {
    return { path: [name], found: describe(options), message: "expected a map of the app's options" };
  }
  return { value: { name, options, keyed: true } };
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether it is a module's path rather than the name of a built-in app. */
export const isAppPath = (name: string): boolean => /^\.{0,2}\//.test(name);

const isAppName = (name: string): boolean =>
  isAppPath(name) ? name.length <= 4096 : /^[A-Za-z0-9_.-]{1,64}$/.test(name);

const suggestPath = (name: string) =>
  /^[\w.@-]+\/[\w./@-]+$/.test(name) ? { hint: `did you mean "./${name}"?` } : undefined;
