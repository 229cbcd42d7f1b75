import type { TableNumbers } from './tables.js';

/** Of all pipelines; in practice there is one, and another while a new file is taken. */
const made = new WeakMap<TableNumbers, Map<string, unknown>>();

/** A site's tunnel addresses, each by few port numbers: beyond this, what is made is not kept. */
const most = 100_000;

/**
 * What is said of a tunnel address alone is one object for all hosts that say it: it is encoded and compared once, and takes its
 * memory once.
 *
 * @param key what is made, in full
 */
export function onceFor<T>(tables: TableNumbers, key: string, make: () => T): T {
  let known = made.get(tables);
  if (known === undefined) made.set(tables, (known = new Map<string, unknown>()));
  const found = known.get(key);
  if (found !== undefined) return found as T;
  const one = make();
  if (known.size < most) known.set(key, one);
  return one;
}
