import type { IpAddress } from '../../config/config.js';
import type { IpReport, MacReport, World } from '../../intent/index.js';
import { formatIpv4, formatMac, type Mac } from '../../lib/addresses.js';
import { formatIpv6 } from '../../lib/ipv6.js';
import { formatVtep } from '../../lib/vtep.js';
import { isHeld } from './damping.js';
import type { Locations } from './locations.js';
import type { Spreads } from './spreads.js';

/** What `heddle macs` tells of the overlay: by network, and by MAC. What OVSDB tells of a MAC goes before what was learned. */
export function macReports(spreads: Spreads, world: World, locations: Locations): readonly MacReport[] {
  const ipsOf = (vni: number, mac: Mac, said: readonly IpAddress[]): readonly IpReport[] => {
    const declared = said.map(formatIp);
    return [
      ...declared.map(address => ({ address, how: 'declared' as const })),
      ...locations.addresses
        .of(vni, mac)
        .map(({ address, since }) => ({ address: formatIp(address), how: 'seen' as const, since }))
        .filter(({ address }) => !declared.includes(address))
        .slice(0, mostShown),
    ];
  };
  return world.networks.flatMap(network => {
    const rows = new Map<Mac, MacReport>();
    for (const [mac, [{ host, member }]] of spreads.get(network)?.claims ?? []) {
      const { since = world.now(), moves = 0 } = locations.attachments.of(network.vni, mac) ?? {};
      rows.set(mac, {
        network: network.name,
        mac: formatMac(mac),
        ips: ipsOf(network.vni, mac, member.addresses),
        hypervisor: host.name,
        port: member.port,
        how: 'attached',
        since,
        moves,
      });
    }
    for (const { mac, place, since, moves } of locations.sightings.of(network.vni)) {
      if (rows.has(mac) || place?.network.name !== network.name) continue;
      const { hypervisor, port, vtep } = place;
      rows.set(mac, {
        network: network.name,
        mac: formatMac(mac),
        ips: ipsOf(network.vni, mac, []),
        ...(hypervisor !== undefined && { hypervisor, ...(port !== undefined && { port }) }),
        ...(vtep !== undefined && { vtep: formatVtep(vtep) }),
        how: hypervisor === undefined ? 'remote' : 'learned',
        since,
        moves: moves.count,
        ...(isHeld(moves, world.now()) && { held: true }),
      });
    }
    return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  });
}

/** Of those that a MAC has used, the latest ones. */
const mostShown = 16;

const formatIp = ({ version, value }: IpAddress): string =>
  version === 4 ? formatIpv4(value) : formatIpv6(value);
