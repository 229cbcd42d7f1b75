/** Words for an Ethernet type and an IP protocol, and the names of fields that mean another field with each of them. */
import type { FieldName } from '../fields/table.js';

export interface Protocol {
  readonly ethType: number;
  readonly ipProto?: number;
}

const ip = 0x0800;
const ipv6 = 0x86dd;
const arpOrRarp = [0x0806, 0x8035];

/** A match says `tcp` for eth_type=0x0800 and ip_proto=6. */
export const protocols: Readonly<Partial<Record<string, Protocol>>> = {
  ip: { ethType: ip },
  ipv6: { ethType: ipv6 },
  arp: { ethType: 0x0806 },
  rarp: { ethType: 0x8035 },
  mpls: { ethType: 0x8847 },
  mplsm: { ethType: 0x8848 },
  icmp: { ethType: ip, ipProto: 1 },
  tcp: { ethType: ip, ipProto: 6 },
  udp: { ethType: ip, ipProto: 17 },
  sctp: { ethType: ip, ipProto: 132 },
  icmp6: { ethType: ipv6, ipProto: 58 },
  tcp6: { ethType: ipv6, ipProto: 6 },
  udp6: { ethType: ipv6, ipProto: 17 },
  sctp6: { ethType: ipv6, ipProto: 132 },
};

const words = Object.entries(protocols).flatMap(([word, one]) => (one ? [{ word, ...one }] : []));

/** The word for an Ethernet type and IP protocol, and whether it says the protocol too. */
export function protocolWord(
  ethType: number | undefined,
  ipProto: number | undefined,
): { readonly word: string | undefined; readonly saysIpProto: boolean } {
  const ofType = words.filter(one => one.ethType === ethType);
  const upper = ofType.find(one => one.ipProto !== undefined && one.ipProto === ipProto);
  if (upper) return { word: upper.word, saysIpProto: true };
  return { word: ofType.find(one => one.ipProto === undefined)?.word, saysIpProto: false };
}

/** What a match says of the protocol. */
export interface Known {
  readonly ethType: number | undefined;
  readonly ipProto: number | undefined;
}

const isIp = ({ ethType }: Known): boolean => ethType === ip || ethType === ipv6;
const isArp = ({ ethType }: Known): boolean => ethType !== undefined && arpOrRarp.includes(ethType);
const over =
  (ipProto: number, ...ethTypes: readonly number[]) =>
  (known: Known): boolean =>
    known.ethType !== undefined && ethTypes.includes(known.ethType) && known.ipProto === ipProto;

/** One of the fields that a name may mean, and when it is meant. */
export interface Meaning {
  readonly field: FieldName;
  readonly when: (known: Known) => boolean;
}

interface Shared {
  readonly meanings: readonly Meaning[];
  /** What the match must have, for the name to mean anything. */
  readonly needs: string;
}

const ipOrArp = 'ip, arp or rarp';
const port = (tcp: FieldName, udp: FieldName, sctp: FieldName): Shared => ({
  meanings: [
    { field: tcp, when: over(6, ip, ipv6) },
    { field: udp, when: over(17, ip, ipv6) },
    { field: sctp, when: over(132, ip, ipv6) },
  ],
  needs: 'tcp, udp, sctp, tcp6, udp6 or sctp6',
});
const address = (ipv4: FieldName, arp: FieldName): Shared => ({
  meanings: [
    { field: ipv4, when: ({ ethType }) => ethType === ip },
    { field: arp, when: isArp },
  ],
  needs: ipOrArp,
});
const icmp = (v4: FieldName, v6: FieldName): Shared => ({
  meanings: [
    { field: v4, when: over(1, ip) },
    { field: v6, when: over(58, ipv6) },
  ],
  needs: 'icmp or icmp6',
});
const proto: Shared = {
  meanings: [
    { field: 'ip_proto', when: isIp },
    { field: 'arp_op', when: isArp },
  ],
  needs: 'ip, ipv6, arp or rarp',
};

/** Names in a match that mean another field with each protocol. */
export const shared: Readonly<Partial<Record<string, Shared>>> = {
  nw_src: address('ipv4_src', 'arp_spa'),
  ip_src: address('ipv4_src', 'arp_spa'),
  nw_dst: address('ipv4_dst', 'arp_tpa'),
  ip_dst: address('ipv4_dst', 'arp_tpa'),
  nw_proto: proto,
  ip_proto: proto,
  tp_src: port('tcp_src', 'udp_src', 'sctp_src'),
  tp_dst: port('tcp_dst', 'udp_dst', 'sctp_dst'),
  icmp_type: icmp('icmpv4_type', 'icmpv6_type'),
  icmp_code: icmp('icmpv4_code', 'icmpv6_code'),
};
