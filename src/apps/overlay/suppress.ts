import type { NetworkConfig } from '../../config/config.js';
import type { Flow } from '../../intent/index.js';
import type { Ipv4, Ipv6, Mac } from '../../lib/addresses.js';
import {
  type Action,
  applyActions,
  gotoTable,
  type Instruction,
  masked,
  meter,
  move,
  resubmit,
  setField,
} from '../../openflow/index.js';
import { flow, from } from './flow.js';
import { onceOf } from './once.js';
import type { Segment } from './segments.js';
import { hasAddresses, type StormMeters } from './storms.js';
import type { TableNumbers } from './tables.js';

/**
 * Requests for addresses that the file says are answered by the switch of whoever asks, so that they are not flooded: who has
 * them, and that its MAC is known, is known on all hosts. A request to all is answered; one to a host alone asks whether it
 * lives, and goes there, as do the announcements of who has the address, and the probes of who wants to have it
 * [RFC 5227 1.1, RFC 4862 5.4.2].
 */
export function suppressFlows(
  { network, claims }: Segment,
  storms: StormMeters,
  tables: TableNumbers,
): readonly Flow[] {
  const limit = storms.answersOf(network);
  // A member's are made once, for all hosts with that meter.
  const key = `answers ${limit ?? ''}`;
  const answer = (actions: readonly Action[], ...then: readonly Instruction[]): readonly Instruction[] => [
    ...(limit === undefined ? [] : [meter(limit)]),
    applyActions(actions),
    ...then,
  ];
  return [...claims].flatMap(([mac, [{ member }]]) =>
    member.addresses.length === 0
      ? []
      : onceOf(tables, member, key, () =>
          member.addresses.flatMap(({ version, value }) =>
            version === 4
              ? arpFlows({ network, mac, address: value, answer }, tables)
              : ndFlows({ network, mac, address: value, answer }, tables),
          ),
        ),
  );
}

interface Known<Address> {
  readonly network: NetworkConfig;
  readonly mac: Mac;
  readonly address: Address;
  readonly answer: (actions: readonly Action[], ...then: readonly Instruction[]) => readonly Instruction[];
}

/** The request becomes its reply, and goes back to where it came from [RFC 826]. */
function arpFlows({ network, mac, address, answer }: Known<Ipv4>, tables: TableNumbers): readonly Flow[] {
  const request = {
    metadata: BigInt(network.vni),
    reg0: from.local,
    eth_type: 0x0806,
    arp_op: 1,
    arp_tpa: address,
  };
  const reply = [
    move('eth_src', 'eth_dst'),
    setField({ eth_src: mac }),
    setField({ arp_op: 2 }),
    move('arp_sha', 'arp_tha'),
    setField({ arp_sha: mac }),
    move('arp_spa', 'arp_tpa'),
    setField({ arp_spa: address }),
    setField({ reg1: toSender }),
    resubmit(tables.output),
  ];
  const onward = gotoTable(tables.afterSuppress);
  return [
    flow(tables.suppress, 110, { ...request, arp_spa: address }, onward),
    flow(tables.suppress, 100, { ...request, eth_dst: 0xff_ff_ff_ff_ff_ff }, ...answer(reply)),
  ];
}

/** The solicitation becomes an advertisement: solicited, and to be believed rather than what was known [RFC 4861 4.4]. */
function ndFlows({ network, mac, address, answer }: Known<Ipv6>, tables: TableNumbers): readonly Flow[] {
  const solicitation = {
    metadata: BigInt(network.vni),
    reg0: from.local,
    ...icmpv6,
    icmpv6_type: 135,
    ipv6_nd_target: address,
  };
  const advertisement = [
    move('eth_src', 'eth_dst'),
    setField({ eth_src: mac }),
    move('ipv6_src', 'ipv6_dst'),
    setField({ ipv6_src: address }),
    setField({ icmpv6_type: 136 }),
    setField({ nd_options_type: 2 }),
    setField({ nd_reserved: 0x6000_0000 }),
  ];
  const toGroups = masked(0x33_33_00_00_00_00, 0xff_ff_00_00_00_00);
  return [
    flow(tables.suppress, 110, { ...solicitation, ipv6_src: address }, gotoTable(tables.afterSuppress)),
    flow(
      tables.suppress,
      100,
      { ...solicitation, icmpv6_code: 0, eth_dst: toGroups },
      ...answer(advertisement, gotoTable(tables.advertise)),
    ),
  ];
}

const icmpv6 = { eth_type: 0x86dd, ip_proto: 58 } as const;

/** OFPP_IN_PORT in 16 bits: a port's own number sends nothing back to it [OF1.3.5 7.2.1]. */
export const toSender = 0xfff8;

/**
 * What is the same for all networks: who asks with no address of its own is answered by nobody but who has it. Where there are
 * no addresses there are no such flows, which would put more fields into every cached datapath flow.
 */
export function suppressTables(networks: readonly NetworkConfig[], tables: TableNumbers): readonly Flow[] {
  const onward = gotoTable(tables.afterSuppress);
  const miss = flow(tables.suppress, 0, {}, onward);
  if (!networks.some(hasAddresses)) return [miss];
  return [
    miss,
    flow(tables.suppress, 200, { eth_type: 0x0806, arp_op: 1, arp_spa: 0 }, onward),
    flow(tables.suppress, 200, { ...icmpv6, icmpv6_type: 135, ipv6_src: 0n }, onward),
    // A switch takes the target's link-layer address from a packet that it knows to be an advertisement, which it is only now.
    flow(
      tables.advertise,
      100,
      { ...icmpv6, icmpv6_type: 136, icmpv6_code: 0 },
      applyActions([move('eth_src', 'ipv6_nd_tll'), setField({ reg1: toSender }), resubmit(tables.output)]),
    ),
  ];
}
