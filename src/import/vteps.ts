/** Which tunnel address is whose: OVSDB does not tell a host's own addresses, but its tunnels, and those of others, do. */
import { type Ipv4, parseIpv4 } from '../lib/addresses.js';
import { type HostFacts, type PlacedVxlan, vxlansOf } from './facts.js';
import { grouped } from './grouped.js';
import { isTunnelAddress } from './vxlan.js';

export interface Vtep {
  readonly address: Ipv4;
  /**
   * `local`: a tunnel's local_ip. `named`: its OVSDB is there, and others' tunnels lead there. `elimination`: others' tunnels
   * lead there, and it can be nobody else. `ovsdb`: where its OVSDB is, and nothing else is known.
   */
  readonly from: 'local' | 'named' | 'elimination' | 'ovsdb';
}

export interface VtepClash {
  readonly address: Ipv4;
  /** The one that keeps it, and the one that claims it too. */
  readonly first: HostFacts;
  readonly second: HostFacts;
}

export interface Vteps {
  readonly of: ReadonlyMap<HostFacts, Vtep>;
  readonly owners: ReadonlyMap<Ipv4, HostFacts>;
  readonly clashes: readonly VtepClash[];
  /** The hosts' tunnels, by the address that they lead to. */
  readonly towards: ReadonlyMap<Ipv4, readonly PlacedVxlan[]>;
}

/** The hosts whose address is nowhere to be found have none in the answer. */
export function findVteps(hosts: readonly HostFacts[]): Vteps {
  const of = new Map<HostFacts, Vtep>();
  const owners = new Map<Ipv4, HostFacts>();
  const clashes: VtepClash[] = [];
  const own = new Map(hosts.map(host => [host, vxlansOf([host])] as const));
  const claim = (host: HostFacts, vtep: Vtep): void => {
    const first = owners.get(vtep.address);
    if (first !== undefined) clashes.push({ address: vtep.address, first, second: host });
    else {
      owners.set(vtep.address, host);
      of.set(host, vtep);
    }
  };
  const remaining = (): HostFacts[] => hosts.filter(host => !of.has(host));

  for (const host of hosts) {
    const address = own.get(host)?.find(({ vxlan }) => vxlan.localIp !== undefined)?.vxlan.localIp;
    if (address !== undefined) claim(host, { address, from: 'local' });
  }
  const towards = grouped([...own.values()].flat(), port => remoteOf(port)[0]);
  for (const host of remaining()) {
    const address = ovsdbAddress(host);
    if (address === undefined) continue;
    const named = towards.get(address) ?? [];
    if (named.length > 0 && named.every(port => port.host !== host)) claim(host, { address, from: 'named' });
  }
  for (;;) {
    const matches = eliminated(remaining(), { own, owners, towards, of });
    for (const { host, address } of matches) claim(host, { address, from: 'elimination' });
    if (matches.length === 0) break;
  }
  for (const host of remaining()) {
    const address = ovsdbAddress(host);
    if (address !== undefined && !clashes.some(({ second }) => second === host))
      claim(host, { address, from: 'ovsdb' });
  }
  return { of, owners, clashes, towards };
}

/** Tunnels as far as addresses are concerned. */
interface Known {
  readonly own: ReadonlyMap<HostFacts, readonly PlacedVxlan[]>;
  readonly owners: ReadonlyMap<Ipv4, HostFacts>;
  /** By the address that they lead to. */
  readonly towards: ReadonlyMap<Ipv4, readonly PlacedVxlan[]>;
  readonly of: ReadonlyMap<HostFacts, Vtep>;
}

/** The hosts for which one single address is left, that no other host could have as well. */
function eliminated(
  remaining: readonly HostFacts[],
  known: Known,
): readonly { readonly host: HostFacts; readonly address: Ipv4 }[] {
  const candidates = remaining.map(host => ({ host, addresses: candidatesOf(host, known) }));
  const claims = grouped(
    candidates.flatMap(({ addresses }) => addresses),
    address => address,
  );
  return candidates.flatMap(({ host, addresses: [address, ...more] }) =>
    address !== undefined && more.length === 0 && claims.get(address)?.length === 1
      ? [{ host, address }]
      : [],
  );
}

/** Addresses that others' tunnels lead to, and no tunnel of its own; where the tunnels' other ends are known, they answer. */
function candidatesOf(host: HostFacts, { own, owners, towards, of }: Known): readonly Ipv4[] {
  const back = grouped(own.get(host) ?? [], port => remoteOf(port)[0]);
  if (back.size === 0) return [];
  const fits = (address: Ipv4): boolean => {
    const naming = grouped(towards.get(address) ?? [], port => port.host);
    return [...naming].every(([other, ports]) => {
      const theirs = of.get(other)?.address;
      return (
        theirs === undefined ||
        ports.some(a => back.get(theirs)?.some(b => a.vxlan.outKey === b.vxlan.inKey) === true)
      );
    });
  };
  return [...towards.keys()].filter(address => !owners.has(address) && !back.has(address) && fits(address));
}

export const remoteOf = ({ vxlan: { remote } }: Pick<PlacedVxlan, 'vxlan'>): Ipv4[] =>
  remote.kind === 'one' ? [remote.address] : [];

function ovsdbAddress({ ovsdb }: HostFacts): Ipv4 | undefined {
  const address = ovsdb.transport === 'tcp' ? parseIpv4(ovsdb.host) : undefined;
  return address !== undefined && isTunnelAddress(address) ? address : undefined;
}
