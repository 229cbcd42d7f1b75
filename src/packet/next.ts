/** Which header follows which, in both directions. */
import type { Header, HeaderName } from './headers.js';
import { EtherType, IpProtocol, VXLAN_PORT } from './numbers.js';

/** By EtherType. Where one header has two numbers, the first is the one that is written unless another is given. */
const byEtherType: ReadonlyMap<number, HeaderName> = new Map<number, HeaderName>([
  [EtherType.IPV4, 'ipv4'],
  [EtherType.ARP, 'arp'],
  [EtherType.VLAN, 'vlan'],
  [EtherType.SERVICE_VLAN, 'vlan'],
  [EtherType.IPV6, 'ipv6'],
  [EtherType.LLDP, 'lldp'],
]);

const behindBoth: readonly (readonly [number, HeaderName])[] = [
  [IpProtocol.TCP, 'tcp'],
  [IpProtocol.UDP, 'udp'],
];

const behindIpv4: ReadonlyMap<number, HeaderName> = new Map<number, HeaderName>([
  ...behindBoth,
  [IpProtocol.ICMP, 'icmp'],
]);

const behindIpv6: ReadonlyMap<number, HeaderName> = new Map<number, HeaderName>([
  ...behindBoth,
  [IpProtocol.ICMPV6, 'icmpv6'],
  [IpProtocol.HOP_BY_HOP, 'hop_by_hop'],
  [IpProtocol.ROUTING, 'routing'],
  [IpProtocol.FRAGMENT, 'fragment'],
  [IpProtocol.DESTINATION_OPTIONS, 'destination_options'],
  [IpProtocol.AUTHENTICATION, 'authentication'],
]);

/**
 * What is behind a header: the name of the next one; `end`, where the header holds all there is; `data`, where the rest
 * is an application's; `fragment`, where it is a later part of a packet; `unknown`.
 */
export type Next = HeaderName | 'end' | 'data' | 'later_fragment' | 'unknown';

export function nextOf(header: Header): Next {
  switch (header.type) {
    case 'ethernet':
    case 'vlan':
      return byEtherType.get(header.etherType) ?? 'unknown';
    case 'ipv4':
      return header.fragmentOffset > 0 ? 'later_fragment' : (behindIpv4.get(header.protocol) ?? 'unknown');
    case 'fragment':
      if (header.fragmentOffset > 0) return 'later_fragment';
      return behind6(header.nextHeader);
    case 'ipv6':
    case 'hop_by_hop':
    case 'routing':
    case 'destination_options':
    case 'authentication':
      return behind6(header.nextHeader);
    case 'udp':
      return header.dstPort === VXLAN_PORT ? 'vxlan' : 'data';
    case 'tcp':
      return 'data';
    case 'vxlan':
      return 'ethernet';
    case 'arp':
    case 'lldp':
    case 'icmp':
    case 'icmpv6':
      return 'end';
  }
}

const behind6 = (number: number): Next =>
  number === IpProtocol.NO_NEXT_HEADER ? 'end' : (behindIpv6.get(number) ?? 'unknown');

/** The field of a header that says what follows it. */
export function linkOf(name: HeaderName): 'etherType' | 'protocol' | 'nextHeader' | undefined {
  switch (name) {
    case 'ethernet':
    case 'vlan':
      return 'etherType';
    case 'ipv4':
      return 'protocol';
    case 'ipv6':
    case 'hop_by_hop':
    case 'routing':
    case 'fragment':
    case 'destination_options':
    case 'authentication':
      return 'nextHeader';
    default:
      return undefined;
  }
}

/** The number by which `name` says that `next` follows; undefined where it can not. */
export function linkNumber(name: HeaderName, next: HeaderName): number | undefined {
  const numbers = { etherType: byEtherType, protocol: behindIpv4, nextHeader: behindIpv6 };
  const link = linkOf(name);
  if (link === undefined) return undefined;
  for (const [number, follows] of numbers[link]) if (follows === next) return number;
  return undefined;
}
