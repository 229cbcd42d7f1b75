import type { NetworkConfig } from '../../config/config.js';
import { meterIds, type PortReport, type Problem, type Report, type World } from '../../intent/index.js';
import { formatMac } from '../../lib/addresses.js';
import { groupBy } from '../../lib/group-by.js';
import { formatVtep } from '../../lib/vtep.js';
import type { Claim } from './holders.js';
import { copyProblems } from './copies.js';
import type { Locations } from './locations.js';
import type { Host } from './members.js';
import { candidatesOf, hasLeft, isSameInterface } from './mobility.js';
import { type Copying, relayingOf } from './relays.js';
import type { Spreads } from './spreads.js';
import { hasAddresses, ratesOf } from './storms.js';
import { isAnswered } from './ways.js';
import { wireProblems } from './wire.js';

/** What `heddle status` tells of the overlay. */
export function report(
  hosts: readonly Host[],
  spreads: Spreads,
  copying: Copying,
  world: World,
  locations: Locations,
): Report {
  const members = groupBy(
    hosts.flatMap(host => host.members.map(member => ({ host, ...member }))),
    ({ network }) => network.name,
  );
  const uses = usesOf(hosts);
  return {
    networks: world.networks.map(network => {
      const { name, vni, wire, remotes } = network;
      const spread = spreads.get(network);
      const relaying = spread && relayingOf(network, spread, copying);
      const its = members.get(name) ?? [];
      return {
        name,
        ...(wire === undefined ? { vni } : { vlan: wire }),
        hypervisors: [...new Set(its.map(({ host }) => host.name))],
        ports: its.length,
        remotes: remotes.map(formatVtep),
        ...(relaying?.isInUse === true && { relayParts: relaying.parts.length }),
      };
    }),
    ports: [...world.hypervisors].flatMap(([hypervisor, view]) =>
      [...view.ports.values()].flatMap(port => {
        const its = uses.get(`${hypervisor} ${port.name}`) ?? [{}];
        return its.map(use => ({
          hypervisor,
          port: port.name,
          ...(port.name === view.config.uplink && { role: 'uplink' as const }),
          ...use,
          ...(port.ofport !== undefined && { ofport: port.ofport }),
          ...(port.ifaceId !== undefined && { ifaceId: port.ifaceId }),
          ...(port.attachedMac !== undefined && { mac: formatMac(port.attachedMac) }),
          ...(port.error !== undefined && { error: port.error }),
        }));
      }),
    ),
    problems: [
      ...hosts.flatMap(host => [...host.problems, ...wireProblems(host), ...tunnelProblems(host, world)]),
      ...hosts.flatMap(host => meshProblems(host, hosts, world)),
      ...world.networks.flatMap(network => duplicateMacs(network, spreads)),
      ...copyProblems(world.networks, spreads, copying),
      ...hosts.flatMap(host => stormProblems(host)),
      ...locations.problems(hosts),
      ...waiting(hosts),
    ],
  };
}

type Use = Pick<PortReport, 'role' | 'network' | 'vlan' | 'remote'>;

/** By hypervisor and port. */
function usesOf(hosts: readonly Host[]): ReadonlyMap<string, readonly Use[]> {
  const uses = hosts.flatMap(({ name, members, mesh }): (readonly [string, Use])[] => [
    ...members.map(({ port, network, vlan }): readonly [string, Use] => [
      `${name} ${port}`,
      { network: network.name, ...(vlan !== undefined && { vlan }) },
    ]),
    ...mesh.map(({ port, networks, remote }): readonly [string, Use] => [
      `${name} ${port}`,
      {
        role: 'mesh',
        network: networks.map(network => network.name).join(', '),
        remote: formatVtep(remote),
      },
    ]),
  ]);
  const byPort = groupBy(uses, ([port]) => port);
  return new Map([...byPort].map(([port, its]) => [port, its.map(([, use]) => use)]));
}

/** Tunnels of somebody's making that lead to nobody who is known, or that their other ends do not take. */
function meshProblems(host: Host, hosts: readonly Host[], world: World): readonly Problem[] {
  return host.mesh.flatMap(mesh =>
    mesh.networks.flatMap(network => {
      const about = { hypervisor: host.name, network: network.name, port: mesh.port };
      const peer = hosts.find(({ vtep }) => vtep === mesh.remote);
      const there = formatVtep(mesh.remote);
      if (peer === undefined)
        return network.remotes.includes(mesh.remote)
          ? []
          : [
              {
                ...about,
                message: `it leads to ${there}, which is no hypervisor's vtep: it is used, and what it brings is learned; name ${there} in remotes if that is meant`,
              },
            ];
      if (world.meshSending === 'flow' || isAnswered(host, mesh, network, peer)) return [];
      return [
        {
          ...about,
          message: `${peer.name} has no port that takes what this one sends (remote_ip ${formatVtep(host.vtep)}, the same key and dst_port, named in the network's mesh): Heddle's own tunnel is used to it`,
        },
      ];
    }),
  );
}

function tunnelProblems(host: Host, world: World): readonly Problem[] {
  if (!host.known || host.tunnelPort !== undefined) return [];
  const error = world.hypervisors.get(host.name)?.tunnelError;
  const why = error === undefined ? '' : ` (${error})`;
  return [
    {
      hypervisor: host.name,
      message: `its VXLAN port is not there yet${why}: no traffic to or from other hosts`,
    },
  ];
}

/** Two ports with one MAC in one network: frames to it can reach one of them only. */
function duplicateMacs(network: NetworkConfig, spreads: Spreads): readonly Problem[] {
  return [...(spreads.get(network)?.claims ?? [])].flatMap(([mac, [holder, ...others]]) =>
    others.map(other => ({ network: network.name, message: sharedMac(formatMac(mac), holder, other) })),
  );
}

function sharedMac(mac: string, holder: Claim, other: Claim): string {
  const [first, second] = [placeOf(holder), placeOf(other)];
  if (!isSameInterface(holder, other))
    return `MAC ${mac} is attached twice, to ${first} and to ${second}: the first gets its frames until its port goes`;
  if (candidatesOf([holder, other]).length > 1)
    return `MAC ${mac} is attached to ${first}, and with the same iface-id to ${second}, and which of them came first is not known: its frames go to both until it sends one from either`;
  return hasLeft(holder, other)
    ? `MAC ${mac} has gone to ${first}, and its port ${second} is still there: what comes there for it is sent on`
    : `MAC ${mac} is attached to ${first}, and with the same iface-id to ${second}: its frames follow it with the first one that it sends from there`;
}

const placeOf = ({ host, member }: Claim): string => `${member.port} on ${host.name}`;

/** Limits that cannot be what they seem: too many for a switch's meters, or MACs that nobody else can know. */
function stormProblems({ name, members }: Host): readonly Problem[] {
  const networks = [...new Set(members.map(({ network }) => network))];
  const meters = networks.reduce(
    (sum, network) => sum + ratesOf(network).length + (hasAddresses(network) ? 1 : 0),
    0,
  );
  const tooMany = {
    hypervisor: name,
    message: `its networks need ${meters} meters (flood, addresses), and the overlay uses ${meterIds.most} at most: some have no limit there`,
  };
  return [
    ...(meters > meterIds.most ? [tooMany] : []),
    ...members
      .filter(({ network, mac }) => network.flood['unknown-unicast'] === 'drop' && mac === undefined)
      .map(({ network, port }) => ({
        hypervisor: name,
        network: network.name,
        port,
        message:
          'it has no attached-mac, and its network drops what is for MACs that are not known: nobody reaches it before it has sent a frame',
      })),
  ];
}

function waiting(hosts: readonly Host[]): readonly Problem[] {
  const unknown = hosts.filter(({ known }) => !known).map(({ name }) => name);
  if (unknown.length === 0) return [];
  return [
    {
      app: 'overlay',
      message: `${unknown.join(', ')} ${unknown.length === 1 ? 'has' : 'have'} not been read since the start: until then, what is sent to them stays as it is`,
    },
  ];
}
