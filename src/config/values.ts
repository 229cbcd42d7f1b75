import * as z from 'zod';
import { parseDpid, parseIpv4, type Dpid } from '../lib/addresses.js';
import { parseIpv6 } from '../lib/ipv6.js';
import { familyOf, isOfOneHost, parseVtep, type Vtep } from '../lib/vtep.js';
import type { FloodLimit, IpAddress } from './config.js';
import { readAdvertise, readApiListen, readTcp, type Reading } from './endpoint.js';
import { readRate } from './quantities.js';

/** The leaves of the file's schema. A message says what is expected: what was found is added where it is told. */

/** For a schema's `transform`: what `read` makes of the value, or what it says is wrong with it. */
export const reading =
  <Input, T>(read: (value: Input) => Reading<T>) =>
  (value: Input, context: z.core.$RefinementCtx): T => {
    const result = read(value);
    if ('value' in result) return result.value;
    const params = result.hint === undefined ? {} : { params: { hint: result.hint } };
    context.addIssue({ code: 'custom', message: result.problem, ...params });
    return z.NEVER;
  };

const readable = <T>(expected: string, read: (text: string) => Reading<T>) =>
  z.string({ error: `expected ${expected}` }).transform(reading(read));

/** A key of DESIGN that this version reads nothing from: said as such, so that nobody looks for a slip of the finger. */
export const notYet = (what: string) =>
  z.never({ error: `this version of Heddle does not do ${what} yet` }).optional();

const matching = (pattern: RegExp, expected: string) =>
  z.string({ error: `expected ${expected}` }).regex(pattern, { error: `expected ${expected}` });

export const name = matching(
  /^[A-Za-z0-9_.-]{1,64}$/,
  'a name of 1 to 64 letters, digits, dots, hyphens and underscores',
);

/** A network device's name: Linux takes 15 characters, and these two have a meaning as directories. */
export const bridgeName = matching(
  /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}$/,
  "a bridge's name of 1 to 15 letters, digits, dots, hyphens and underscores",
);

/** Open vSwitch takes any name for a port of DPDK; here are no wildcards, so that nobody thinks that they are read. */
export const portName = matching(
  /^[^\s*?/]{1,255}$/,
  "a port's name of 1 to 255 characters, with no spaces, slashes and wildcards",
);
export const portGlob = matching(/^.{1,255}$/s, "a port's name or a glob, of 1 to 255 characters");
export const ifaceIdGlob = matching(/^.{1,255}$/s, 'an interface id or a glob, of 1 to 255 characters');
export const hypervisorName = z.string({ error: "expected a hypervisor's name" });

const largestVni = 2 ** 24 - 1;
const vniRange = { error: `expected a whole number from 1 to ${largestVni}` };
export const vni = z.int(vniRange).min(1, vniRange).max(largestVni, vniRange);

const mostMacs = 65_536;
const macsRange = { error: `expected a whole number from 1 to ${mostMacs}` };
export const maxMacs = z.int(macsRange).min(1, macsRange).max(mostMacs, macsRange);

/** Seconds: shorter, and MACs would go between two ARP requests of theirs; a timeout in OpenFlow has 16 bits. */
const ageRange = { error: 'expected seconds: a whole number from 10 to 65535' };
export const macAge = z.int(ageRange).min(10, ageRange).max(65_535, ageRange);

/** 0 is no VLAN, and 4095 is reserved [IEEE 802.1Q 9.6]. */
const vlanRange = { error: 'expected a VLAN: a whole number from 1 to 4094' };
export const vlan = z.int(vlanRange).min(1, vlanRange).max(4094, vlanRange);

const highestFlood = 10_000_000;
/** A rate with its unit, so that nobody takes it for bytes. */
export const floodLimit = z.unknown().transform(
  reading((value): Reading<FloodLimit> => {
    if (value === 'drop') return { value };
    const read = readRate(value);
    return 'value' in read && read.value.unit === 'packet' && read.value.perSecond <= highestFlood
      ? { value: read.value.perSecond }
      : { problem: `expected drop, or packets per second from 1pps to ${highestFlood}pps` };
  }),
);

export const datapath = z.enum(['system', 'netdev'], { error: 'expected system or netdev' });

export const datapathId = readable('1 to 16 hexadecimal digits, not all zero', (text): Reading<Dpid> => {
  const dpid = parseDpid(text.replace(/^0x/i, ''));
  // Open vSwitch takes the id of all zeros for none.
  return dpid === undefined || dpid === 0n
    ? { problem: 'expected 1 to 16 hexadecimal digits, not all zero' }
    : { value: dpid };
});

/** An address that a tunnel can end at. */
export const tunnelAddress = readable('an IPv4 or IPv6 address', (text): Reading<Vtep> => {
  const address = parseVtep(text);
  if (address === undefined) return { problem: 'expected an IPv4 or IPv6 address' };
  if (isOfOneHost(address)) return { value: address };
  return {
    problem:
      familyOf(address) === 'IPv4'
        ? 'expected an IPv4 address of one host: this one is unspecified, multicast, reserved or broadcast'
        : 'expected an IPv6 address of one host: this one is unspecified, loopback, IPv4-mapped, link-local or multicast',
  };
});

/** An address that one host has: not all zeros, no group, not the broadcast address. */
export const ipAddress = readable('an IPv4 or IPv6 address', (text): Reading<IpAddress> => {
  const problem = 'expected an IPv4 or IPv6 address of one host';
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined)
    return ipv4 >>> 24 === 0 || ipv4 >>> 24 >= 224 ? { problem } : { value: { version: 4, value: ipv4 } };
  const ipv6 = parseIpv6(text);
  return ipv6 === undefined || ipv6 === 0n || ipv6 >> 120n === 0xffn
    ? { problem }
    : { value: { version: 6, value: ipv6 } };
});

export const tcpListen = readable('tcp:HOST:PORT', readTcp);
export const advertise = readable('tcp:HOST:PORT', readAdvertise);
export const apiListen = readable('HOST:PORT or tcp:HOST:PORT', readApiListen);
