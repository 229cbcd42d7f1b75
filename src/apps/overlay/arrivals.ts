/**
 * The first frame of a VM from where it is migrating to says that it is there (mobility.ts). Where it is an announcement, the switches draw
 * the conclusion by themselves, each when the frame passes it, and until Heddle has told them: by flows that they learn, which the flow of that MAC looks
 * up. Heddle hears of the frame, too, and what it then programs takes the place of all this.
 */
import type { NetworkConfig } from '../../config/config.js';
import type { Flow } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import {
  type Action,
  applyActions,
  gotoTable,
  learn,
  learnLoad,
  learnMatch,
  type LearnSpec,
  OFPP,
  output,
} from '../../openflow/index.js';
import { flow, from } from './flow.js';
import type { Claim, Claims } from './holders.js';
import { toPort } from './learn.js';
import type { Host } from './members.js';
import { candidatesOf, isAwaited } from './mobility.js';
import { onceOf } from './once.js';
import type { Segment } from './segments.js';
import type { TableNumbers } from './tables.js';
import { cameFrom, learnSender } from './tunnel-fields.js';
import { type MeshSending, wayTo } from './ways.js';

/** Enough to tell who sent it: the Ethernet header with a tag. Bytes. */
const headerLength = 18;

/** What the switches have concluded lasts so long after a frame of the VM, should nobody tell them more. Seconds. */
const concludedFor = 30;

/**
 * Announcements alone lead to conclusions: RARP and gratuitous ARP are broadcast. What is cached in a datapath is translated
 * anew when flows change, and brings packets with it that were counted up to half a second before: of a VM that was there just now
 * and comes back they would say that it has come already.
 */
const announced = { eth_dst: 0xff_ff_ff_ff_ff_ff };

/** Above all else in the table of what is learned. */
const concludedPriority = 200;

/** The port that a VM may be about to come to, where it is the only one, on another host: the switches go by what they see of it. */
export function arrivalOf(network: NetworkConfig, claims: Claims): Claim | undefined {
  if (claims.length === 1 || network.wire !== undefined || candidatesOf(claims).length > 1) return undefined;
  const [arrival, ...others] = claims.filter(claim => isAwaited(claims, claim));
  if (arrival === undefined || others.length > 0) return undefined;
  const isAlone = claims.every(claim => claim === arrival || claim.host.name !== arrival.host.name);
  return isAlone ? arrival : undefined;
}

export function arrivalFlows(
  host: Host,
  { network, claims: claimsByMac }: Segment,
  tables: TableNumbers,
  sending: MeshSending,
  cookieFor: (key: string) => bigint,
): readonly Flow[] {
  return [...claimsByMac].flatMap(([mac, claims]) => {
    if (claims.length === 1) return [];
    const arrival = arrivalOf(network, claims);
    const key = arrival && `arrival ${network.vni} ${mac} ${arrival.host.name} ${arrival.member.ofport}`;
    const conclude = (...loads: readonly LearnSpec[]): readonly Action[] =>
      key === undefined ? [] : [concluding(tables, cookieFor(key), loads)];
    const here = claims
      .filter(claim => claim.host.name === host.name && isAwaited(claims, claim))
      .flatMap(({ member: { ofport } }) =>
        heardFlows(network, mac, ofport, tables, conclude(learnLoad(toPort, BigInt(ofport)))),
      );
    if (arrival === undefined) return here;
    if (arrival.host.name === host.name) return [...here, onlyFromThere(network, mac, tables)];
    const { tunnelPort } = host;
    if (tunnelPort === undefined || wayTo(host, network, arrival.host, sending) !== tunnelPort) return here;
    const { vtep } = arrival.host;
    const isSource = claims[0].host.name === host.name;
    const loads = [
      learnSender(vtep),
      learnLoad(toPort, BigInt(tunnelPort)),
      // What tunnels bring goes back into them, as unicast.ts has it.
      ...(isSource ? [learnLoad('reg0', BigInt(from.local)), learnLoad('nxm_in_port', 0n)] : []),
    ];
    const actions = conclude(...loads);
    const seen = { ...cameFrom(vtep), metadata: BigInt(network.vni), eth_src: mac, ...announced };
    // One for all hosts that see it by the same port.
    const seenFlow = onceOf(tables, arrival.member, `seen ${tunnelPort} ${isSource}`, () =>
      flow(tables.tunnelSource, 120, seen, applyActions(actions), gotoTable(tables.unicast)),
    );
    return [...here, seenFlow];
  });
}

/** Frames that say that a VM has come here go to Heddle, too, until it has drawn its conclusion, within some milliseconds. */
function heardFlows(
  network: NetworkConfig,
  mac: Mac,
  ofport: number,
  tables: TableNumbers,
  conclude: readonly Action[],
): readonly Flow[] {
  const sent = { metadata: BigInt(network.vni), in_port: ofport, eth_src: mac };
  const told = output(OFPP.CONTROLLER, headerLength);
  const next = gotoTable(tables.suppress);
  const any = flow(tables.learn, 120, sent, applyActions([told]), next);
  return conclude.length === 0
    ? [any]
    : [any, flow(tables.learn, 125, { ...sent, ...announced }, applyActions([told, ...conclude]), next)];
}

/** The others go by a frame's source and the host that it came from: no other port of that host may say so. */
const onlyFromThere = (network: NetworkConfig, mac: Mac, tables: TableNumbers): Flow =>
  flow(tables.learn, 115, { metadata: BigInt(network.vni), eth_src: mac });

const concluding = (tables: TableNumbers, cookie: bigint, loads: readonly LearnSpec[]): Action =>
  learn({
    ...{ table: tables.learned, cookie, priority: concludedPriority },
    hardTimeout: concludedFor,
    specs: [learnMatch('metadata'), learnMatch('eth_dst', 'eth_src'), ...loads],
  });
