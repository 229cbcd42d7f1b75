import * as z from 'zod';
import { rangeMasks } from '../lib/range-masks.js';
import type { PortRange, TrafficConfig } from './config.js';
import { readDscp } from './dscp.js';
import { section } from './section.js';
import {
  mergedRanges,
  protocols,
  readMac,
  readPortRange,
  readPrefix,
  readProtocol,
  readSourceMac,
} from './traffic-values.js';
import { treatment, treatmentKeys } from './treatment.js';
import { name, reading } from './values.js';

/** What a policy may say of some of a port's packets. */

const listed = <T>(read: Parameters<typeof reading<unknown, T>>[0], expected: string) =>
  z
    .unknown()
    .transform(value => (Array.isArray(value) ? (value as readonly unknown[]) : [value]))
    .pipe(z.array(z.unknown().transform(reading(read))).min(1, { error: expected }));

const ports = listed(readPortRange, 'expected at least one port').transform(mergedRanges);

/** Networks are by their names here: which VNI each has, the whole file says. */
export type TrafficText = Omit<TrafficConfig, 'networks'> & { readonly networks?: readonly string[] };

/** On every host that has the policy, for each direction. */
const mostFlows = 512;

const blocksIn = (ranges: readonly PortRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + rangeMasks(from, to).length, 0);

/** Protocols that have ports. */
const withPorts: readonly unknown[] = [protocols['tcp'], protocols['udp'], protocols['sctp']];

const traffic = section({
  dscp: listed(readDscp, 'expected at least one DSCP').optional(),
  protocol: z.unknown().transform(reading(readProtocol)).optional(),
  source: z.unknown().transform(reading(readPrefix)).optional(),
  destination: z.unknown().transform(reading(readPrefix)).optional(),
  'source-mac': z.unknown().transform(reading(readSourceMac)).optional(),
  'destination-mac': z.unknown().transform(reading(readMac)).optional(),
  'source-ports': ports.optional(),
  'destination-ports': ports.optional(),
  networks: z.array(name, { error: "expected a list of networks' names" }).min(1).optional(),
}).transform((read, context): TrafficText => {
  // What is wrong further in was told already.
  if (context.issues.length > 0) return z.NEVER;
  const { dscp, protocol, source, destination, networks } = read;
  const sourcePorts = read['source-ports'];
  const destinationPorts = read['destination-ports'];
  const sourceMac = read['source-mac'];
  const destinationMac = read['destination-mac'];
  const refuse = (message: string, ...path: string[]) => {
    context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  };
  if (Object.values(read).every(value => value === undefined))
    return refuse('expected something that the packets have: a class of all others has no match');
  if (sourcePorts !== undefined && !withPorts.includes(protocol))
    return refuse('expected a protocol beside it that has ports: tcp, udp or sctp', 'source-ports');
  if (destinationPorts !== undefined && !withPorts.includes(protocol))
    return refuse('expected a protocol beside it that has ports: tcp, udp or sctp', 'destination-ports');
  if (source !== undefined && destination !== undefined && source.version !== destination.version)
    return refuse('expected two addresses of one version of IP: no packet has one of each');
  const version = source?.version ?? destination?.version;
  if (protocol === 'arp' && (version !== undefined || dscp !== undefined))
    return refuse('expected no IP address and no DSCP beside it: ARP is not carried by IP', 'protocol');
  if ((protocol === 1 && version === 6) || (protocol === 58 && version === 4))
    return refuse('expected icmp with IPv4 and icmpv6 with IPv6', 'protocol');
  const flows = [
    dscp?.length ?? 1,
    networks?.length ?? 1,
    ...[sourcePorts, destinationPorts].map(ranges => (ranges ? blocksIn(ranges) : 1)),
  ].reduce((product, count) => product * count, version === undefined ? 2 : 1);
  if (flows > mostFlows)
    return refuse(
      `expected what at most ${mostFlows} flows can say, and this takes ${flows}: ranges of ports that begin and end at multiples of 2, 4, 8 … take fewer`,
    );
  return {
    ...(dscp !== undefined && { dscp: [...new Set(dscp)] }),
    ...(protocol !== undefined && { protocol }),
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    ...(sourceMac !== undefined && { sourceMac }),
    ...(destinationMac !== undefined && { destinationMac }),
    ...(sourcePorts !== undefined && { sourcePorts }),
    ...(destinationPorts !== undefined && { destinationPorts }),
    ...(networks !== undefined && { networks: [...new Set(networks)] }),
  };
});

const one = section({ name, match: traffic.optional(), ...treatmentKeys }).transform((read, context) => {
  // What is wrong further in was told already.
  if (context.issues.length > 0) return z.NEVER;
  const { name, match } = read;
  if (read['from-vm']?.police !== undefined) {
    const message = 'expected none in a class: a port is policed as a whole';
    context.addIssue({ code: 'custom', message, path: ['from-vm', 'police'] });
    return z.NEVER;
  }
  if (read['to-vm']?.shape !== undefined) {
    const message = 'expected none in a class: a port is shaped as a whole';
    context.addIssue({ code: 'custom', message, path: ['to-vm', 'shape'] });
    return z.NEVER;
  }
  return { name, ...(match !== undefined && { traffic: match }), ...treatment(read, context) };
});

export type ClassText = z.output<typeof one>;

/** Flows are made for each class on each host: a list of thousands would be a mistake. */
const most = 64;

export const classes = z
  .array(one, { error: 'expected a list of classes' })
  .min(1, { error: 'expected at least one class' })
  .max(most, { error: `expected at most ${most} classes` })
  .transform((list, context) => {
    if (context.issues.length > 0) return z.NEVER;
    list.forEach(({ name, traffic }, index) => {
      const refuse = (message: string, ...path: string[]): void => {
        context.addIssue({ code: 'custom', message, path: [index, ...path] });
      };
      if (list.findIndex(other => other.name === name) < index)
        refuse('expected another name: a class of this policy has it already', 'name');
      if (traffic === undefined && index < list.length - 1)
        refuse('expected a match, as other classes follow: the one of all others comes last');
    });
    return list;
  });
