/** Which buckets of a group are alive, and which of them a select group takes [OF1.3.5 5.6.1, 7.3.4.2]. */
import {
  type Bucket,
  type GroupMod,
  OFPG,
  OFPP,
  OFPPC,
  OFPPS,
  type Port,
} from '../../../src/openflow/index.js';
import type { Fields } from './fields.js';
import type { Tables } from './tables.js';

export function liveBuckets(
  tables: Tables,
  ports: readonly Port[],
  group: GroupMod,
  above: readonly number[] = [],
): readonly Bucket[] {
  const isUp = ({ config, state }: Port): boolean =>
    (config & OFPPC.PORT_DOWN) === 0 && (state & OFPPS.LINK_DOWN) === 0;
  const isPortLive = (number: number): boolean => ports.some(port => port.portNo === number && isUp(port));
  const isGroupLive = (id: number): boolean => {
    const other = tables.groups.get(id);
    const ids = [...above, group.groupId];
    return other !== undefined && !ids.includes(id) && liveBuckets(tables, ports, other, ids).length > 0;
  };
  return group.buckets.filter(({ watchPort, watchGroup }) => {
    const watchesPort = watchPort !== OFPP.ANY;
    const watchesGroup = watchGroup !== OFPG.ANY;
    if (!watchesPort && !watchesGroup) return true;
    return (watchesPort && isPortLive(watchPort)) || (watchesGroup && isGroupLive(watchGroup));
  });
}

/** One of them by weight; a switch's own hash is its own, so that only "the same for the same frame" can be relied on. */
export function selectedBucket(buckets: readonly Bucket[], fields: Fields): readonly Bucket[] {
  const total = buckets.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [];
  const seed = fields.get('eth_src') * 31n + fields.get('eth_dst');
  let left = Number(seed % BigInt(total));
  for (const bucket of buckets) {
    left -= bucket.weight;
    if (left < 0) return [bucket];
  }
  return [];
}
