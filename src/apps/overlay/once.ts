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

const madeOf = new WeakMap<TableNumbers, WeakMap<object, Map<string | number, unknown>>>();

/**
 * The same for what is said of one object, such as a port that peers know: kept for as long as that is.
 *
 * @param key what is made of it
 */
export function onceOf<T>(tables: TableNumbers, of: object, key: string | number, make: () => T): T {
  let byObject = madeOf.get(tables);
  if (byObject === undefined)
    madeOf.set(tables, (byObject = new WeakMap<object, Map<string | number, unknown>>()));
  let known = byObject.get(of);
  if (known === undefined) byObject.set(of, (known = new Map<string | number, unknown>()));
  const found = known.get(key);
  if (found !== undefined) return found as T;
  const one = make();
  known.set(key, one);
  return one;
}
