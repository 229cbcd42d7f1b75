import type { Dpid } from '../../lib/addresses.js';
import { formatVtep, type Vtep } from '../../lib/vtep.js';
import { type Host, signatures } from './members.js';

type Hosts = ReadonlyMap<string, Host>;

/** The VNIs under which two hosts, or one host before and after a change, say different things to their peers. */
export function differing(
  before: ReadonlyMap<number, string>,
  after: ReadonlyMap<number, string>,
): ReadonlySet<number> {
  const vnis = new Set<number>();
  for (const vni of [...before.keys(), ...after.keys()])
    if (before.get(vni) !== after.get(vni)) vnis.add(vni);
  return vnis;
}

/** Which switches have another program after a new file: those with other ports, and those that share a changed network. */
export function differingSwitches(before: Hosts, after: Hosts): ReadonlySet<Dpid> {
  const names = new Set([...before.keys(), ...after.keys()]);
  const vnis = new Set(
    [...names].flatMap(name => [...differing(toPeers(before.get(name)), toPeers(after.get(name)))]),
  );
  const others = [...names].filter(name => ownPart(before.get(name)) !== ownPart(after.get(name)));
  const vteps = new Set(others.map(name => (after.get(name) ?? before.get(name))?.vtep));
  const changed = [...after.values()].filter(
    host =>
      others.includes(host.name) ||
      // Whether a tunnel of somebody's making is used depends on both its ends.
      host.mesh.some(({ remote }) => vteps.has(remote)) ||
      host.members.some(({ network }) => vnis.has(network.vni)),
  );
  return new Set(changed.map(({ dpid }) => dpid));
}

/** What a network's other hosts program: its MACs here, where they are, and the VTEPs that the file adds to it. */
function toPeers(host: Host | undefined): ReadonlyMap<number, string> {
  if (host === undefined) return new Map();
  const networks = new Map(host.members.map(({ network }) => [network.vni, network]));
  const { dpid, vtep } = host;
  return new Map(
    [...signatures(host)].map(([vni, macs]) => {
      const remotes = networks.get(vni)?.remotes ?? [];
      return [vni, `${dpid} ${texts([vtep, ...remotes])} ${macs}`];
    }),
  );
}

function ownPart(host: Host | undefined): string {
  if (host === undefined) return '';
  const { dpid, tunnelPort, uplink, members, mesh } = host;
  const ports = members.map(({ port, ofport, network, vlan = 0, maxMacs = 0, addresses }) =>
    [network.vni, ofport, vlan, maxMacs, port, ...addresses.map(({ value }) => value)].join(' '),
  );
  const tunnels = mesh.map(({ networks, ...its }) => [its, networks.map(({ vni }) => vni)]);
  const limits = [...new Set(members.map(({ network }) => network))].map(
    ({ vni, flood, macAge, learnIps }) => [...[vni, flood, macAge, learnIps]],
  );
  return JSON.stringify([String(dpid), tunnelPort, uplink, ports.sort(), tunnels, limits.sort()]);
}

const texts = (addresses: readonly Vtep[]): string => addresses.map(formatVtep).join(',');
