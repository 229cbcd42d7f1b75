import type { IpPrefix, PortRange, TrafficConfig } from '../config/config.js';
import { rangeMasks } from '../lib/range-masks.js';
import type { MatchFields } from '../openflow/index.js';

const ethTypes = { ipv4: 0x0800, ipv6: 0x86dd, arp: 0x0806 } as const;

/** IP protocols that are carried by one version of IP alone, and those that have ports. */
const icmp = 1;
const icmpv6 = 58;
const portFields = {
  6: ['tcp_src', 'tcp_dst'],
  17: ['udp_src', 'udp_dst'],
  132: ['sctp_src', 'sctp_dst'],
} as const satisfies Readonly<Record<number, readonly (keyof MatchFields)[]>>;

/**
 * The packets of a class as matches, of which no packet has two. A list of alternatives is a match for each, and a range of
 * ports one for each block of numbers that begin with the same bits.
 */
export function matchesOf(traffic: TrafficConfig): readonly MatchFields[] {
  const { protocol, sourceMac, destinationMac, dscp, networks } = traffic;
  const macs: MatchFields = {
    ...(sourceMac !== undefined && { eth_src: sourceMac }),
    ...(destinationMac !== undefined && { eth_dst: destinationMac }),
  };
  const ofNetworks = alternatives(networks, vni => ({ metadata: BigInt(vni) }));
  const ofDscp = alternatives(dscp, value => ({ ip_dscp: value }));
  const ofIp = versionsOf(traffic).flatMap(ethType =>
    product(
      [{ eth_type: ethType, ...addresses(traffic) }],
      ofDscp,
      typeof protocol === 'number' ? [{ ip_proto: protocol }] : [{}],
      ...ports(traffic),
    ),
  );
  return product([macs], ofNetworks, isOfAnyKind(traffic) ? [{}] : ofIp);
}

/** Nothing is said of what a frame carries. */
const isOfAnyKind = ({ protocol, source, destination, dscp }: TrafficConfig): boolean =>
  protocol === undefined && source === undefined && destination === undefined && dscp === undefined;

function versionsOf({ protocol, source, destination }: TrafficConfig): readonly number[] {
  if (protocol === 'arp') return [ethTypes.arp];
  const version = source?.version ?? destination?.version;
  if (version === 4 || protocol === icmp) return [ethTypes.ipv4];
  if (version === 6 || protocol === icmpv6) return [ethTypes.ipv6];
  return [ethTypes.ipv4, ethTypes.ipv6];
}

const addresses = ({ source, destination }: TrafficConfig): MatchFields => ({
  ...(source !== undefined && prefix(source, 'src')),
  ...(destination !== undefined && prefix(destination, 'dst')),
});

function prefix(of: IpPrefix, end: 'src' | 'dst'): MatchFields {
  if (of.version === 4) {
    const mask = (-(2 ** (32 - of.length)) >>> 0) % 2 ** 32;
    return { [`ipv4_${end}`]: { value: of.value, mask } };
  }
  const whole = (1n << 128n) - 1n;
  return { [`ipv6_${end}`]: { value: of.value, mask: whole ^ ((1n << BigInt(128 - of.length)) - 1n) } };
}

function ports({ protocol, sourcePorts, destinationPorts }: TrafficConfig): MatchFields[][] {
  const fields = portFields[protocol as keyof typeof portFields] as
    (typeof portFields)[keyof typeof portFields] | undefined;
  if (fields === undefined) return [];
  const [src, dst] = fields;
  return [
    alternatives(blocks(sourcePorts), one => ({ [src]: one })),
    alternatives(blocks(destinationPorts), one => ({ [dst]: one })),
  ];
}

const blocks = (ranges: readonly PortRange[] | undefined) =>
  ranges?.flatMap(({ from, to }) => rangeMasks(from, to));

const alternatives = <T>(list: readonly T[] | undefined, toFields: (one: T) => MatchFields): MatchFields[] =>
  list === undefined ? [{}] : list.map(toFields);

const product = (...factors: readonly (readonly MatchFields[])[]): MatchFields[] =>
  factors.reduce<MatchFields[]>(
    (some, more) => some.flatMap(one => more.map(other => ({ ...one, ...other }))),
    [{}],
  );
