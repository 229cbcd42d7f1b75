import type { HostIntent } from '../intent/index.js';
import { readUuids, type Replica } from '../ovsdb/index.js';
import { hasOurController } from './host-controllers.js';
import { type Named, nameOf } from './host-plan.js';

/**
 * Why a bridge must not be taken over yet: it may be the host's only way out, and the port that the file names for that is not
 * there. Under Heddle with no flows for it, the host would be cut off, and Heddle with it.
 */
export function uplinkProblem(
  { bridge: name, uplink }: HostIntent,
  bridge: Named,
  rows: Replica,
): string | undefined {
  if (uplink === undefined || hasOurController(bridge, rows)) return undefined;
  const port = readUuids(bridge[1], 'ports')
    .map(uuid => rows.row('Port', uuid))
    .find(row => row !== undefined && nameOf(row) === uplink);
  const why =
    port === undefined
      ? `has no port ${uplink}, which the file names as its uplink`
      : readUuids(port, 'interfaces').length > 1
        ? `has a bond as its uplink ${uplink}, which is not served yet`
        : undefined;
  return why === undefined
    ? undefined
    : `bridge ${name} ${why}: it is not taken over, since the host could be cut off by it`;
}
