import { isGroupMac, type Mac, parseIpv4, parseMac } from '../lib/addresses.js';
import { parseIpv6 } from '../lib/ipv6.js';
import { nearMiss } from '../lib/near-miss.js';
import type { IpPrefix, PortRange } from './config.js';
import type { Reading } from './endpoint.js';
import { didYouMean } from './mistake.js';

/** What a class says of its packets, as people write it. */

/** Numbers of IANA's registry "Protocol Numbers", by the names that are used for them. */
export const protocols: Readonly<Record<string, number | 'arp'>> = {
  arp: 'arp',
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  icmpv6: 58,
  sctp: 132,
};

const protocolExpected = `expected a protocol: ${Object.keys(protocols).join(', ')}, or an IP protocol's number from 0 to 255`;

/** @param value what the file has, of whatever type */
export function readProtocol(value: unknown): Reading<number | 'arp'> {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value < 256 ? { value } : { problem: protocolExpected };
  if (typeof value !== 'string') return { problem: protocolExpected };
  const name = value.toLowerCase();
  const found = Object.hasOwn(protocols, name) ? protocols[name] : undefined;
  return found === undefined
    ? { problem: protocolExpected, ...didYouMean(nearMiss(name, Object.keys(protocols))) }
    : { value: found };
}

const prefixExpected = 'expected an IP address or prefix such as 10.0.0.0/24 or fd00::/64';

/** @param value what the file has, of whatever type */
export function readPrefix(value: unknown): Reading<IpPrefix> {
  const [, address = '', digits] =
    (typeof value === 'string' ? /^([0-9a-fA-F.:]{1,45})(?:\/(\d{1,3}))?$/.exec(value) : null) ?? [];
  const ipv4 = parseIpv4(address);
  const ipv6 = ipv4 === undefined ? parseIpv6(address) : undefined;
  const width = ipv4 === undefined ? 128 : 32;
  const length = digits === undefined ? width : Number(digits);
  if ((ipv4 === undefined && ipv6 === undefined) || length > width || length === 0)
    return { problem: prefixExpected };
  const whole = ipv6 ?? BigInt(ipv4 ?? 0);
  const rest = BigInt(width - length);
  if ((whole >> rest) << rest !== whole)
    return { problem: `${prefixExpected}: this one has bits behind its /${length}` };
  return {
    value: ipv4 === undefined ? { version: 6, value: whole, length } : { version: 4, value: ipv4, length },
  };
}

const portsExpected = 'expected a port or a range of ports from 1 to 65535, such as 443 or 8000-8099';

/** @param value what the file has, of whatever type */
export function readPortRange(value: unknown): Reading<PortRange> {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return { problem: portsExpected };
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const from = Number(first);
  const to = Number(last);
  return first !== '' && from > 0 && from <= to && to < 65_536
    ? { value: { from, to } }
    : { problem: portsExpected };
}

/** Ranges that touch each other as one, in order. */
export function mergedRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else merged.push(range);
  }
  return merged;
}

/** @param value what the file has, of whatever type */
export function readSourceMac(value: unknown): Reading<Mac> {
  const mac = readMac(value);
  return 'value' in mac && isGroupMac(mac.value)
    ? { problem: 'expected the MAC of one host: this is a group, which sends nothing' }
    : mac;
}

/** @param value what the file has, of whatever type */
export function readMac(value: unknown): Reading<Mac> {
  const mac = typeof value === 'string' ? parseMac(value) : undefined;
  return mac === undefined ? { problem: 'expected a MAC such as 02:00:00:00:00:01' } : { value: mac };
}
