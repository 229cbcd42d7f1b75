import type { Flow } from '../../intent/index.js';
import { applyActions, gotoTable, OFPP, output } from '../../openflow/index.js';
import { flow } from './flow.js';
import type { Host } from './members.js';
import { isAwaited } from './mobility.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';

/** Enough to tell who sent it: the Ethernet header with a tag. Bytes. */
const headerLength = 18;

/** Frames that say that a VM has come here go to Heddle, too, until it has drawn its conclusion, within some milliseconds. */
export const arrivalFlows = (
  host: Host,
  { network, claims: claimsByMac }: Segment,
  tables: TableNumbers,
): readonly Flow[] =>
  [...claimsByMac].flatMap(([mac, claims]) =>
    (claims.length === 1 ? [] : claims)
      .filter(claim => claim.host.name === host.name && isAwaited(claims, claim))
      .map(({ member: { ofport } }) =>
        flow(
          tables.learn,
          120,
          { metadata: BigInt(network.vni), in_port: ofport, eth_src: mac },
          applyActions([output(OFPP.CONTROLLER, headerLength)]),
          gotoTable(tables.suppress),
        ),
      ),
  );
