import { glob } from '../lib/glob.js';

/** As many names as a line holds well. */
const fewNames = 6;

/**
 * Names of ports as one glob, where there are many that begin alike, and no other port has such a name.
 *
 * @param others the names of all ports on the managed bridges; those that are meant may be among them
 */
export function shortened(names: readonly string[], others: ReadonlySet<string>): readonly string[] {
  const [first = ''] = names;
  if (names.length <= fewNames) return names;
  const begin = common(names);
  const pattern = `${begin}*${commonEnd(names.map(name => name.slice(begin.length)))}`;
  const meant = new Set(names);
  const meantBy = glob(pattern);
  const isExact = [...others].every(name => meant.has(name) || !meantBy.matches(name));
  return begin.length >= 2 && begin.length < first.length && isExact ? [pattern] : names;
}

/** What all of them begin with. */
function common([first = '', ...more]: readonly string[]): string {
  let length = first.length;
  for (const name of more) while (!name.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

function commonEnd([first = '', ...more]: readonly string[]): string {
  let from = 0;
  for (const name of more) while (!name.endsWith(first.slice(from))) from++;
  return first.slice(from);
}
