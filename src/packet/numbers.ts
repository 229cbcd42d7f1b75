/** Numbers that say which header follows. */

/** What follows an Ethernet header or a VLAN tag [IEEE 802 EtherTypes]. Below 1536 it is the length of an LLC frame. */
export const EtherType = {
  /** Internet Protocol version 4 [RFC 894]. */
  IPV4: 0x0800,
  /** Address Resolution Protocol [RFC 826]. */
  ARP: 0x0806,
  /** A customer's VLAN tag [IEEE 802.1Q 9.5]. */
  VLAN: 0x8100,
  /** Internet Protocol version 6 [RFC 2464]. */
  IPV6: 0x86dd,
  /** A provider's VLAN tag, the outer of two [IEEE 802.1Q 9.5]. */
  SERVICE_VLAN: 0x88a8,
  /** Link Layer Discovery Protocol [IEEE 802.1AB 8.3]. */
  LLDP: 0x88cc,
} as const;

/** What follows an IP header: IPv4's protocol, IPv6's next header [RFC 8200 4, IANA protocol numbers]. */
export const IpProtocol = {
  HOP_BY_HOP: 0,
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  ROUTING: 43,
  FRAGMENT: 44,
  /** Encapsulating Security Payload: encrypted, so that no header is seen behind it [RFC 4303]. */
  ESP: 50,
  AUTHENTICATION: 51,
  ICMPV6: 58,
  /** Nothing follows [RFC 8200 4.7]. */
  NO_NEXT_HEADER: 59,
  DESTINATION_OPTIONS: 60,
  SCTP: 132,
} as const;

/** The UDP port that VXLAN is sent to [RFC 7348 5]. */
export const VXLAN_PORT = 4789;
