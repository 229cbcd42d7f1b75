import type { NetworkConfig } from '../../config/config.js';
import type { Flow } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import type { Vtep } from '../../lib/vtep.js';
import {
  type Action,
  applyActions,
  gotoTable,
  type Instruction,
  load,
  masked,
  resubmit,
  setField,
} from '../../openflow/index.js';
import { arrivalOf } from './arrivals.js';
import { flow, from } from './flow.js';
import type { Claim, Claims } from './holders.js';
import type { Host, Member } from './members.js';
import { candidatesOf, hasLeft } from './mobility.js';
import { onceOf } from './once.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';
import { sendTo } from './tunnel-fields.js';
import { type MeshSending, wayTo } from './ways.js';

/**
 * Known MACs, before their first packet. A MAC has one match whether it is here or elsewhere, so that where it moves, the
 * new flow takes the old one's place, also while nothing may be deleted.
 */
export function unicastFlows(
  host: Host,
  { network, claims: claimsByMac }: Segment,
  tables: TableNumbers,
  sending: MeshSending,
  isServed: (host: Host) => boolean,
): readonly Flow[] {
  const flows: Flow[] = [];
  const only = host.mesh.length > 0 ? undefined : { way: wayTo(host, network, host, sending) };
  for (const [mac, claims] of claimsByMac) {
    const [holder] = claims;
    if (claims.length > 1) {
      for (const one of contendedFlows(host, network, mac, claims, tables, sending, isServed))
        flows.push(one);
    } else if (holder.host.name === host.name) flows.push(flowHere(holder, tables));
    else {
      const { way } = only ?? { way: wayTo(host, network, holder.host, sending) };
      if (way !== undefined) flows.push(flowThere(holder, way, tables));
    }
  }
  return flows;
}

/*
 * The flow to a member is made once while its host says the same of it: as the same object it need not be encoded and compared
 * again, and it is one for all hosts that see the member by the same port number, which mostly they do.
 */

const flowHere = ({ member }: Claim, tables: TableNumbers, isLeaving = false): Flow =>
  onceOf(tables, member, `here ${isLeaving}`, () =>
    knownFlow(member, [setField({ reg1: member.ofport })], tables, isLeaving),
  );

const flowThere = (
  { host: { vtep }, member }: Claim,
  way: number,
  tables: TableNumbers,
  isLeaving = false,
): Flow =>
  onceOf(tables, member, isLeaving ? `there ${way}` : way, () => {
    const to = member.network.wire === undefined ? [sendTo(vtep)] : [];
    return knownFlow(member, [...to, setField({ reg1: way })], tables, isLeaving);
  });

/** @param isLeaving it is about to leave its place: the switch may have seen it elsewhere before Heddle has */
const knownFlow = (
  { network, mac }: Claim['member'],
  actions: readonly Action[],
  tables: TableNumbers,
  isLeaving: boolean,
): Flow =>
  flow(
    tables.unicast,
    100,
    { metadata: BigInt(network.vni), eth_dst: mac },
    applyActions(isLeaving ? [...actions, resubmit(tables.learned)] : actions),
    gotoTable(tables.afterFlood),
  );

const toPort = ({ ofport }: Member): Instruction => applyActions([setField({ reg1: ofport })]);

/** Of a MAC that several ports claim. */
function contendedFlows(
  host: Host,
  network: NetworkConfig,
  mac: Mac,
  claims: Claims,
  tables: TableNumbers,
  sending: MeshSending,
  isServed: (host: Host) => boolean,
): readonly Flow[] {
  const candidates = candidatesOf(claims);
  if (candidates.length > 1) return guessedFlows(host, network, mac, candidates, tables, sending);
  const [holder] = claims;
  const isLeaving = arrivalOf(network, claims) !== undefined;
  if (holder.host.name === host.name) return [flowHere(holder, tables, isLeaving)];
  const next = gotoTable(tables.afterFlood);
  const known = { metadata: BigInt(network.vni), eth_dst: mac };
  const waiting = claims.find(claim => claim.host.name === host.name);
  const arrived = { ...known, reg0: masked(from.tunnel, from.tunnel) };
  const way = wayTo(host, network, holder.host, sending);
  // Who sent it does not know yet that the VM has gone, and the new place is ready for it.
  if (
    waiting !== undefined &&
    hasLeft(holder, waiting) &&
    network.wire === undefined &&
    way !== undefined &&
    isServed(holder.host)
  ) {
    const there = [sendTo(holder.host.vtep), setField({ reg1: way })];
    return [
      flow(tables.unicast, 100, known, applyActions(there), next),
      sentOn(network.vni, mac, holder.host.vtep, way, tables),
    ];
  }
  // From a tunnel a frame goes to a port here or nowhere: who sent it knows already that the MAC has come to this host.
  const early = waiting && flow(tables.unicast, 110, arrived, toPort(waiting.member), next);
  const there = way === undefined ? [] : [flowThere(holder, way, tables, isLeaving)];
  return early === undefined ? there : [...there, early];
}

/** A copy for each port where a VM may be, of which one is; from a tunnel for the port here alone, as ever. */
function guessedFlows(
  host: Host,
  network: NetworkConfig,
  mac: Mac,
  candidates: readonly Claim[],
  tables: TableNumbers,
  sending: MeshSending,
): readonly Flow[] {
  const known = { metadata: BigInt(network.vni), eth_dst: mac };
  const here = candidates
    .filter(claim => claim.host.name === host.name)
    .flatMap(({ member }) => [setField({ reg1: member.ofport }), resubmit(tables.afterFlood)]);
  const elsewhere = candidates.flatMap(claim => {
    const way = claim.host.name === host.name ? undefined : wayTo(host, network, claim.host, sending);
    if (way === undefined) return [];
    const there = network.wire === undefined ? [sendTo(claim.host.vtep)] : [];
    return [...there, setField({ reg1: way }), resubmit(tables.output)];
  });
  const arrived = { ...known, reg0: masked(from.tunnel, from.tunnel) };
  return [
    flow(tables.unicast, 100, known, applyActions([...here, ...elsewhere])),
    ...(here.length === 0 ? [] : [flow(tables.unicast, 110, arrived, applyActions(here))]),
  ];
}

/**
 * The one way back into the tunnel, against split horizon: as a local port's frame, and one that came by no port, since a switch
 * sends nothing to the port that it came in by [OF1.3.5 7.2.1]. The other host never sends it back: the VM's port is there.
 */
const asFromHere = [setField({ reg0: from.local }), load(0n, 'nxm_in_port')];

/** What a tunnel brings for a MAC that was here. */
export const sentOn = (vni: number, mac: Mac, vtep: Vtep, way: number, tables: TableNumbers): Flow =>
  flow(
    tables.unicast,
    110,
    { metadata: BigInt(vni), eth_dst: mac, reg0: masked(from.tunnel, from.tunnel) },
    applyActions([...asFromHere, sendTo(vtep), setField({ reg1: way })]),
    gotoTable(tables.afterFlood),
  );

/** A learned flow cannot go on by itself: it is looked up on the way, and leaves reg1 set where it matched. */
export const missOfUnicast = (tables: TableNumbers): readonly Flow[] => [
  flow(tables.unicast, 0, {}, applyActions([resubmit(tables.learned)]), gotoTable(tables.flood)),
];
