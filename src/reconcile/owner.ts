import { readStringMap, type Row } from '../ovsdb/index.js';

/**
 * Rows that Heddle made carry this in external_ids; others are never changed or deleted. The key is Heddle's own, since
 * others mark their rows there too.
 */
export const ownerMark: ReadonlyMap<string, string> = new Map([['heddle', 'managed']]);

export const isMarked = (externalIds: ReadonlyMap<string, string>): boolean =>
  [...ownerMark].every(([key, value]) => externalIds.get(key) === value);

export const isOurs = (row: Row): boolean => isMarked(readStringMap(row, 'external_ids'));
