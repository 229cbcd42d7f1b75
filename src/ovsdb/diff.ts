/**
 * The differences that `update2` and `update3` carry for a modified column [ovsdb-server(7) 4.1.14]: the
 * elements that a set gained or lost, the pairs that a map gained, lost or changed. A column of at most one element,
 * a map too, comes as its whole new value.
 */
import { isArray } from './json.js';
import type { ColumnSchema } from './schema.js';
import {
  canonicalMap,
  canonicalSet,
  decodeMap,
  decodeSet,
  decodeValue,
  type Atom,
  type Value,
} from './values.js';

/** Throws OVSDB_BAD_MESSAGE where the difference is not of the column's type. */
export function decodeDiff(column: ColumnSchema, wire: unknown): Value {
  if (column.max === 1) return decodeValue(column, wire);
  return column.kind === 'map' ? decodeMap(column.key, column.value, wire) : decodeSet(column.key, wire);
}

/** The value after the difference; applied twice, it gives the value before. */
export function applyDiff(column: ColumnSchema, before: Value, diff: Value): Value {
  if (column.max === 1) return diff;
  if (isArray(before) && isArray(diff)) return toggle(before, diff);
  if (before instanceof Map && diff instanceof Map) {
    const after = new Map(before);
    for (const [key, value] of diff) {
      // The old value again says that the pair is gone; any other is the new value.
      if (before.get(key) === value) after.delete(key);
      else after.set(key, value);
    }
    return canonicalMap(after);
  }
  return diff;
}

function toggle(before: readonly Atom[], diff: readonly Atom[]): Value {
  const after = new Set(before);
  for (const element of diff) if (!after.delete(element)) after.add(element);
  return canonicalSet(after);
}
