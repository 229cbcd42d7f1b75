/** ICMPv6 [RFC 4443], with Neighbor Discovery [RFC 4861 4]. */
import { packed, pad, rest, select, struct, tag, u16, u32, u8 } from '../lib/struct/index.js';
import { ipv6Address } from './fields.js';
import { echo } from './icmp.js';
import { ndOptions } from './nd-options.js';

const quoted = {
  /** The packet that was dropped, from its IPv6 header on; often its first bytes only. */
  quoted: rest,
} as const;

/** The other side has no such host or port [RFC 4443 3.1]. */
const destinationUnreachable = struct('destination_unreachable', { _unused: pad(4), ...quoted });

/** The packet is larger than the next network takes [RFC 4443 3.2]. */
const packetTooBig = struct('packet_too_big', {
  /** The largest packet that it takes, in bytes. */
  mtu: u32,
  ...quoted,
});

/** The hop limit ran out, or fragments did not arrive in time [RFC 4443 3.3]. */
const timeExceeded = struct('time_exceeded', { _unused: pad(4), ...quoted });

/** A header that could not be understood [RFC 4443 3.4]. */
const parameterProblem = struct('parameter_problem', {
  /** Byte of the quoted packet that is at fault. */
  pointer: u32,
  ...quoted,
});

/** The question of a ping [RFC 4443 4.1]. */
const echoRequest = struct('echo_request', echo);

/** The answer to a ping [RFC 4443 4.2]. */
const echoReply = struct('echo_reply', echo);

/** Asks routers to advertise themselves now [RFC 4861 4.1]. */
const routerSolicitation = struct('router_solicitation', {
  _reserved: pad(4),
  /** Often the sender's link-layer address. */
  options: ndOptions,
});

/** A router says that it is there, and how hosts shall set themselves up [RFC 4861 4.2]. */
const routerAdvertisement = struct('router_advertisement', {
  /** The hop limit that hosts shall use; 0: not said. */
  hopLimit: u8,
  ...packed(u8, {
    /** 1: addresses are given by DHCPv6. */
    managed: 1,
    /** 1: other settings are given by DHCPv6. */
    otherConfig: 1,
    /** 1: it is a home agent [RFC 6275 7.1]. */
    homeAgent: 1,
    /** Preference as a default router: 1 high, 0 medium, 3 low, 2 is not used [RFC 4191 2.2]. */
    preference: 2,
    /** 1: forwarded by a proxy [RFC 4389 4.1.3.3]. */
    proxy: 1,
    _reserved: { width: 2 },
  }),
  /** Seconds that it serves as a default router; 0: it does not. */
  routerLifetime: u16,
  /** Milliseconds that a neighbour is held reachable; 0: not said. */
  reachableTime: u32,
  /** Milliseconds between solicitations; 0: not said. */
  retransTimer: u32,
  /** Often its link-layer address, the MTU and prefixes. */
  options: ndOptions,
});

/** Asks for the link-layer address of a neighbour [RFC 4861 4.3]. */
const neighborSolicitation = struct('neighbor_solicitation', {
  _reserved: pad(4),
  /** The address asked for, no multicast one. */
  target: ipv6Address,
  /** Often the sender's link-layer address; none where the sender probes an address of its own [RFC 4862 5.4.2]. */
  options: ndOptions,
});

/** The answer: where a neighbour is [RFC 4861 4.4]. */
const neighborAdvertisement = struct('neighbor_advertisement', {
  ...packed(u32, {
    /** 1: the sender is a router. */
    router: 1,
    /** 1: answers a solicitation that was sent to one host. */
    solicited: 1,
    /** 1: replaces what is cached. */
    override: 1,
    _reserved: { width: 29 },
  }),
  /** The address that is told of. */
  target: ipv6Address,
  /** Often the target's link-layer address. */
  options: ndOptions,
});

/** A better first hop for a destination [RFC 4861 4.5]. */
const redirect = struct('redirect', {
  _reserved: pad(4),
  /** The better first hop; the destination itself where that is a neighbour. */
  target: ipv6Address,
  /** What is to be reached by it. */
  destination: ipv6Address,
  /** Often the target's link-layer address. */
  options: ndOptions,
});

/** An ICMPv6 message [RFC 4443 2.1]. Neighbor Discovery counts with a hop limit of 255 only [RFC 4861 7.1]. */
export const icmpv6 = struct('icmpv6', {
  _kind: tag(u8, 'body'),
  /** Says more about the type. */
  code: u8,
  /** Internet checksum of the whole message, and of a pseudo-header [RFC 8200 8.1]. */
  checksum: u16,
  /** The message, by its ICMPv6 type. */
  body: select('icmpv6_body', [
    [1, destinationUnreachable],
    [2, packetTooBig],
    [3, timeExceeded],
    [4, parameterProblem],
    [128, echoRequest],
    [129, echoReply],
    [133, routerSolicitation],
    [134, routerAdvertisement],
    [135, neighborSolicitation],
    [136, neighborAdvertisement],
    [137, redirect],
  ]),
});
