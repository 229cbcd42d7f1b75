/** Which tunnel address is whose: OVSDB does not tell a host's own addresses, but its tunnels, and those of others, do. */
import { type Ipv4, parseIpv4 } from '../lib/addresses.js';
import { type HostFacts, type PlacedVxlan, vxlansOf } from './facts.js';
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
  const named = new Set(vxlansOf(hosts).flatMap(remoteOf));
  for (const host of remaining()) {
    const address = ovsdbAddress(host);
    const itself = address !== undefined && own.get(host)?.flatMap(remoteOf).includes(address) === true;
    if (address !== undefined && named.has(address) && !itself) claim(host, { address, from: 'named' });
  }
  for (let found = true; found;) {
    const match = eliminated(remaining(), { hosts, own, owners, named });
    found = match !== undefined;
    if (match !== undefined) claim(match.host, { address: match.address, from: 'elimination' });
  }
  for (const host of remaining()) {
    const address = ovsdbAddress(host);
    if (address !== undefined && !clashes.some(({ second }) => second === host))
      claim(host, { address, from: 'ovsdb' });
  }
  return { of, owners, clashes };
}

interface Known {
  readonly hosts: readonly HostFacts[];
  readonly own: ReadonlyMap<HostFacts, readonly PlacedVxlan[]>;
  readonly owners: ReadonlyMap<Ipv4, HostFacts>;
  readonly named: ReadonlySet<Ipv4>;
}

/** A host for which one single address is left, that no other host could have as well. */
function eliminated(
  remaining: readonly HostFacts[],
  known: Known,
): { readonly host: HostFacts; readonly address: Ipv4 } | undefined {
  const candidates = new Map(remaining.map(host => [host, candidatesOf(host, known)] as const));
  for (const [host, addresses] of candidates) {
    const [address] = addresses;
    if (address === undefined || addresses.length > 1) continue;
    const rivals = [...candidates].filter(([other, theirs]) => other !== host && theirs.includes(address));
    if (rivals.length === 0) return { host, address };
  }
  return undefined;
}

/** Addresses that others' tunnels lead to, and no tunnel of its own; where the tunnels' other ends are known, they answer. */
function candidatesOf(host: HostFacts, { hosts, own, owners, named }: Known): readonly Ipv4[] {
  const mine = own.get(host) ?? [];
  const remotes = new Set(mine.flatMap(remoteOf));
  if (remotes.size === 0) return [];
  return [...named].filter(address => {
    if (owners.has(address) || remotes.has(address)) return false;
    const naming = hosts.filter(other => own.get(other)?.some(port => remoteOf(port).includes(address)));
    return naming.every(other => {
      const theirs = [...owners].find(([, owner]) => owner === other)?.[0];
      if (theirs === undefined) return true;
      const towards = (own.get(other) ?? []).filter(port => remoteOf(port).includes(address));
      const back = mine.filter(port => remoteOf(port).includes(theirs));
      return towards.some(a => back.some(b => a.vxlan.outKey === b.vxlan.inKey));
    });
  });
}

export const remoteOf = ({ vxlan: { remote } }: Pick<PlacedVxlan, 'vxlan'>): Ipv4[] =>
  remote.kind === 'one' ? [remote.address] : [];

function ovsdbAddress({ ovsdb }: HostFacts): Ipv4 | undefined {
  const address = ovsdb.transport === 'tcp' ? parseIpv4(ovsdb.host) : undefined;
  return address !== undefined && isTunnelAddress(address) ? address : undefined;
}
