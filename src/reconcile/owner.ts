import { readStringMap, type Row } from '../ovsdb/index.js';

/**
 * Rows that Heddle made carry this in external_ids; others are never changed or deleted. The key is Heddle's own, since
 * others mark their rows there too.
 */
export const ownerMark: ReadonlyMap<string, string> = new Map([['heddle', 'managed']]);

export const isMarked = (externalIds: ReadonlyMap<string, string>): boolean =>
  [...ownerMark].every(([key, value]) => externalIds.get(key) === value);

export const isOurs = (row: Row): boolean => isMarked(readStringMap(row, 'external_ids'));

/** Of which of the bridges, ports and queues a QoS or Queue row of ours is: those have no names. */
export interface QosOwner {
  readonly bridge: string;
  readonly port: string;
  /** Left out for a QoS row. */
  readonly queue?: number;
}

/** A key in external_ids of an interface that Heddle polices: what it has set there. */
export const policingMark = 'heddle-policing';

export const policingOf = ({
  rateKbit,
  burstKbit,
}: {
  readonly rateKbit: number;
  readonly burstKbit: number;
}): string => `${rateKbit}/${burstKbit}`;

export const qosMark = ({ bridge, port, queue }: QosOwner): ReadonlyMap<string, string> =>
  new Map([
    ...ownerMark,
    ['heddle-bridge', bridge],
    ['heddle-port', port],
    ...(queue === undefined ? [] : [['heddle-queue', String(queue)] as const]),
  ]);

/** @returns undefined where the row is not ours */
export function qosOwner(row: Row): QosOwner | undefined {
  const ids = readStringMap(row, 'external_ids');
  if (!isMarked(ids)) return undefined;
  const queue = ids.get('heddle-queue');
  return {
    bridge: ids.get('heddle-bridge') ?? '',
    port: ids.get('heddle-port') ?? '',
    ...(queue !== undefined && { queue: Number(queue) }),
  };
}
