import type { Flow } from '../../intent/index.js';
import {
  type Action,
  applyActions,
  gotoTable,
  learn,
  learnMatch,
  type LearnSpec,
  popVlan,
  writeMetadata,
} from '../../openflow/index.js';
import { arrivingBy } from './access.js';
import { flow } from './flow.js';
import { usualAge } from './learn.js';
import type { Member } from './members.js';
import type { TableNumbers } from './tables.js';

/** Addresses that are noted of one port: a guest that makes up addresses fills no more than this. */
const mostAddresses = 256;

/** What the notes of a port are known by, as what is learned behind it (learn.ts). */
export const addressKey = ({ network, port, ofport }: Member): string =>
  `ips ${network.vni} ${port} ${ofport}`;

/**
 * Where the file wants it, a port's switch notes which addresses ARP and ND say that MACs have [RFC 826, RFC 4861 4.3, 4.4]: as flows of
 * a table that no packet ever comes to, so that no packet has to go to Heddle, and notes end by themselves. They are shown, and believed
 * by nobody.
 */
export function addressFlows(
  member: Member,
  tables: TableNumbers,
  cookieFor: (key: string) => bigint,
): readonly Flow[] {
  const { network, vlan } = member;
  if (network.learnIps !== true) return [];
  const metadata = BigInt(network.vni);
  const cookie = cookieFor(addressKey(member));
  const note = (ethType: bigint, address: LearnSpec): Action =>
    learn({
      ...{ table: tables.addresses, cookie, priority: 100, limit: mostAddresses },
      hardTimeout: network.macAge ?? usualAge,
      specs: [
        learnMatch('metadata', metadata),
        learnMatch('eth_src'),
        learnMatch('eth_type', ethType),
        address,
      ],
    });
  const icmpv6 = { eth_type: 0x86dd, ip_proto: 58 } as const;
  const signs = [
    [{ eth_type: 0x0806 }, note(0x0806n, learnMatch('arp_spa'))],
    [{ ...icmpv6, icmpv6_type: 135 }, note(0x86ddn, learnMatch('ipv6_src'))],
    [{ ...icmpv6, icmpv6_type: 136 }, note(0x86ddn, learnMatch('ipv6_src', 'ipv6_nd_target'))],
  ] as const;
  return signs.map(([fields, action]) =>
    flow(
      tables.classify,
      110,
      { ...arrivingBy(member), ...fields },
      applyActions([...(vlan === undefined ? [] : [popVlan()]), action]),
      writeMetadata(metadata),
      gotoTable(tables.afterSource),
    ),
  );
}
