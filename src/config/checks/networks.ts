import { formatIpv4 } from '../../lib/addresses.js';
import { formatIpv6 } from '../../lib/ipv6.js';
import { formatVtep } from '../../lib/vtep.js';
import { nearMiss } from '../../lib/near-miss.js';
import type { IpAddress } from '../config.js';
import type { Facts, NetworkFacts } from '../facts.js';
import { didYouMean, formatPath, quoted, type Finding } from '../mistake.js';
import type { LineOf } from '../source.js';
import { repeats } from './repeats.js';

/** What networks must not share, and the hypervisors that they speak of. */
export function checkNetworks(facts: Facts, lineOf: LineOf): Finding[] {
  return [
    ...checkHypervisorsExist(facts),
    ...facts.networks.flatMap(network => checkKind(network, facts)),
    ...repeats(
      facts.networks,
      network => network.vlan,
      (network, first) => ({
        path: [...network.path, 'vlan'],
        message: `${network.vlan ?? 0} is also the VLAN of ${formatPath(first.path)} (line ${lineOf([...first.path, 'vlan'])}): on the wire a VLAN is one network`,
      }),
    ),
    ...repeats(
      facts.networks,
      network => network.vni,
      (network, first) => ({
        path: [...network.path, 'vni'],
        message: `${network.vni ?? 0} is also the VNI of ${formatPath(first.path)} (line ${lineOf([...first.path, 'vni'])}): each network needs its own`,
      }),
    ),
    ...checkRemotes(facts, lineOf),
    ...facts.networks.flatMap(network => checkAddresses(network, lineOf)),
    ...facts.networks.flatMap(({ mesh }) =>
      repeats(
        mesh,
        ({ glob }) => glob,
        ({ glob, path }, first) => ({
          path,
          message: `${quoted(glob)} is in this list already, on line ${lineOf(first.path)}`,
        }),
      ),
    ),
  ];
}

/** A network is in tunnels, by its VNI, or a VLAN of the physical network, by the hosts' uplinks. */
function checkKind({ path, says, remotes, mesh }: NetworkFacts, { hypervisors }: Facts): Finding[] {
  if (says === undefined || (says.vni && !says.vlan)) return [];
  if (!says.vlan)
    return [
      {
        path: [...path, 'vni'],
        message:
          'missing, expected a whole number from 1 to 16777215 (or in its place vlan, for a VLAN of the physical network)',
      },
    ];
  if (says.vni)
    return [
      {
        path: [...path, 'vlan'],
        message: 'expected no vlan beside vni: a network is in tunnels, or on the wire by the uplinks',
      },
    ];
  const [tunnel] = [...remotes, ...mesh];
  return [
    ...(tunnel === undefined
      ? []
      : [
          {
            path: tunnel.path,
            message: 'expected no tunnels in a network that has a vlan: it is on the wire',
          },
        ]),
    ...(hypervisors.length === 0 || hypervisors.some(({ uplink }) => uplink !== undefined)
      ? []
      : [
          {
            path: [...path, 'vlan'],
            message:
              'expected a hypervisor with an uplink, by which the VLAN is reached: none in this file has one',
          },
        ]),
  ];
}

function checkHypervisorsExist(facts: Facts): Finding[] {
  if (facts.networks.length === 0 || !facts.hypervisorsKnown) return [];
  if (facts.hypervisors.length === 0) {
    return [
      { path: ['networks'], at: 'key', message: 'networks need hypervisors, and this file names none' },
    ];
  }
  const names = new Set(facts.hypervisors.map(host => host.name));
  return facts.networks.flatMap(network => strangers(network, names));
}

const strangers = (network: NetworkFacts, names: ReadonlySet<string>): Finding[] =>
  network.ports.flatMap(({ selector, path }) => {
    if (selector.by !== 'port' || selector.on === undefined || names.has(selector.on)) return [];
    return {
      path: [...path, 'on'],
      found: quoted(selector.on),
      message: "expected a hypervisor's name",
      ...didYouMean(nearMiss(selector.on, names)),
    };
  });

function checkRemotes(facts: Facts, lineOf: LineOf): Finding[] {
  const managed = new Map(facts.hypervisors.map(host => [host.vtep, host]));
  return facts.networks.flatMap(({ remotes }) => [
    ...repeats(
      remotes,
      remote => remote.address,
      (remote, first) => ({
        path: remote.path,
        message: `${formatVtep(remote.address)} is in this list already, on line ${lineOf(first.path)}`,
      }),
    ),
    ...remotes.flatMap(({ path, address }) => {
      const host = managed.get(address);
      if (host === undefined) return [];
      const where = `${formatPath(host.path)} (line ${lineOf([...host.path, 'vtep'])})`;
      return {
        path,
        message: `${formatVtep(address)} is the vtep of ${where}: remotes are those that Heddle does not manage`,
      };
    }),
  ]);
}

/** Of two ports with one address, a request for it could be answered for one only. */
const checkAddresses = ({ ports }: NetworkFacts, lineOf: LineOf): Finding[] =>
  repeats(
    ports.flatMap(({ selector, path }) =>
      (selector.addresses ?? []).map((address, index) => ({
        address,
        path: [...path, 'addresses', index],
      })),
    ),
    ({ address }) => `${address.version} ${address.value}`,
    ({ address, path }, first) => ({
      path,
      message: `${formatIp(address)} is given on line ${lineOf(first.path)} already: an address of a network has one port`,
    }),
  );

const formatIp = ({ version, value }: IpAddress): string =>
  version === 4 ? formatIpv4(value) : formatIpv6(value);
