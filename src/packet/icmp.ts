/** ICMP for IPv4 [RFC 792]. */
import { pad, rest, select, struct, tag, u16, u8 } from '../lib/struct/index.js';
import { ipv4Address } from './fields.js';

/** A question for an echo, and its answer [RFC 792 "Echo or Echo Reply Message"]. Shared with ICMPv6 [RFC 4443 4.1]. */
export const echo = {
  /** Tells the questions of one program from those of others. */
  identifier: u16,
  /** Counts the questions. */
  sequence: u16,
  /** What the answer brings back. */
  data: rest,
} as const;

/** The other side has no such host, port or protocol [RFC 792 "Destination Unreachable Message"]. */
const destinationUnreachable = struct('destination_unreachable', {
  _unused: pad(2),
  /** With code 4, the largest packet in bytes that the next network takes [RFC 1191 4]; else 0. */
  mtu: u16,
  /** The packet that could not be delivered, from its IP header on; often its first bytes only. */
  quoted: rest,
});

/** A better router for this destination [RFC 792 "Redirect Message"]. */
const redirect = struct('redirect', {
  /** The router to be used. */
  gateway: ipv4Address,
  /** The packet that was sent the long way, from its IP header on; often its first bytes only. */
  quoted: rest,
});

/** The time to live ran out, or fragments did not arrive in time [RFC 792 "Time Exceeded Message"]. */
const timeExceeded = struct('time_exceeded', {
  _unused: pad(4),
  /** The packet that was dropped, from its IP header on; often its first bytes only. */
  quoted: rest,
});

/** A header that could not be understood [RFC 792 "Parameter Problem Message"]. */
const parameterProblem = struct('parameter_problem', {
  /** Byte of the quoted packet that is at fault. */
  pointer: u8,
  _unused: pad(3),
  /** The packet that was dropped, from its IP header on; often its first bytes only. */
  quoted: rest,
});

/** The question of a ping [RFC 792 "Echo or Echo Reply Message"]. */
const echoRequest = struct('echo_request', echo);

/** The answer to a ping [RFC 792 "Echo or Echo Reply Message"]. */
const echoReply = struct('echo_reply', echo);

/** An ICMP message [RFC 792]. */
export const icmp = struct('icmp', {
  _kind: tag(u8, 'body'),
  /** Says more about the type. */
  code: u8,
  /** Internet checksum of the whole message [RFC 1071]. */
  checksum: u16,
  /** The message, by its ICMP type. */
  body: select('icmp_body', [
    [0, echoReply],
    [3, destinationUnreachable],
    [5, redirect],
    [8, echoRequest],
    [11, timeExceeded],
    [12, parameterProblem],
  ]),
});
