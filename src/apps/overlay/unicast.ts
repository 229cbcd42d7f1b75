import type { Flow } from '../../intent/index.js';
import { applyActions, gotoTable, masked, resubmit, setField } from '../../openflow/index.js';
import { flow, from } from './flow.js';
import { type Claim, claimsOf } from './holders.js';
import type { Host, Member } from './members.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';
import { type MeshSending, wayTo } from './ways.js';

/**
 * Known MACs, before their first packet. A MAC has one match whether it is here or elsewhere, so that where it moves, the
 * new flow takes the old one's place, also while nothing may be deleted.
 */
export function unicastFlows(
  host: Host,
  { network, peers }: Segment,
  tables: TableNumbers,
  sending: MeshSending,
): readonly Flow[] {
  const metadata = BigInt(network.vni);
  const next = gotoTable(tables.afterFlood);
  return [...claimsOf(network, [host, ...peers])].flatMap(([mac, claims]) => {
    const [holder] = claims;
    const known = { metadata, eth_dst: mac };
    const toPort = ({ member }: Claim) => applyActions([setField({ reg1: member.ofport })]);
    if (holder.host === host)
      return [
        once(tables, holder.member, 'here', () => flow(tables.unicast, 100, known, toPort(holder), next)),
      ];
    // From a tunnel a frame goes to a port here or nowhere: who sent it knows already that the MAC has come to this host.
    const waiting = claims.find(claim => claim.host === host);
    const arrived = { ...known, reg0: masked(from.tunnel, from.tunnel) };
    const early = waiting && flow(tables.unicast, 110, arrived, toPort(waiting), next);
    const way = wayTo(host, network, holder.host, sending);
    if (way === undefined) return early === undefined ? [] : [early];
    const there = once(tables, holder.member, way, () => {
      const { vtep } = holder.host;
      return flow(
        tables.unicast,
        100,
        known,
        applyActions([setField({ tun_dst: vtep }), setField({ reg1: way })]),
        next,
      );
    });
    return early === undefined ? [there] : [there, early];
  });
}

/** By where the MAC is seen from: the port towards it, or `here`. */
type FlowsTo = Map<number | 'here', Flow>;

const made = new WeakMap<TableNumbers, WeakMap<Member, FlowsTo>>();

/**
 * The flow to a member, made once while its host says the same of it: as the same object it need not be encoded and compared
 * again, and it is one for all hosts that see the member by the same port number, which mostly they do.
 */
function once(tables: TableNumbers, member: Member, seenFrom: number | 'here', make: () => Flow): Flow {
  let byMember = made.get(tables);
  if (byMember === undefined) made.set(tables, (byMember = new WeakMap<Member, FlowsTo>()));
  let flows = byMember.get(member);
  if (flows === undefined) byMember.set(member, (flows = new Map<number | 'here', Flow>()));
  let found = flows.get(seenFrom);
  if (found === undefined) flows.set(seenFrom, (found = make()));
  return found;
}

/** A learned flow cannot go on by itself: it is looked up on the way, and leaves reg1 set where it matched. */
export const missOfUnicast = (tables: TableNumbers): readonly Flow[] => [
  flow(tables.unicast, 0, {}, applyActions([resubmit(tables.learned)]), gotoTable(tables.flood)),
];
