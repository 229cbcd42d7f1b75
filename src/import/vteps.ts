/** Which tunnel address is whose: OVSDB does not tell a host's own addresses, but its tunnels, and those of others, do. */
import { groupBy } from '../lib/group-by.js';
import { type Family, familyOf, parseVtep, type Vtep } from '../lib/vtep.js';
import { type HostFacts, type PlacedVxlan, vxlansOf } from './facts.js';
import { isTunnelAddress } from './vxlan.js';

export interface FoundVtep {
  readonly address: Vtep;
  /**
   * `local`: a tunnel's local_ip. `named`: its OVSDB is there, and others' tunnels lead there. `elimination`: others' tunnels
   * lead there, and it can be nobody else. `ovsdb`: where its OVSDB is, and nothing else is known.
   */
  readonly from: 'local' | 'named' | 'elimination' | 'ovsdb';
}

export interface VtepClash {
  readonly address: Vtep;
  /** The one that keeps it, and the one that claims it too. */
  readonly first: HostFacts;
  readonly second: HostFacts;
}

export interface Vteps {
  /** The file's: no tunnel joins two, and a host has one address for tunnels there. */
  readonly family: Family;
  /** Those of the file's family. */
  readonly of: ReadonlyMap<HostFacts, FoundVtep>;
  /** What hosts are reached by in the other one, as far as tunnels tell. */
  readonly besides: ReadonlyMap<HostFacts, Vtep>;
  /** Of both families. */
  readonly owners: ReadonlyMap<Vtep, HostFacts>;
  readonly clashes: readonly VtepClash[];
  /** The hosts' tunnels, by the address that they lead to; of both families. */
  readonly towards: ReadonlyMap<Vtep, readonly PlacedVxlan[]>;
}

/**
 * The file's family is the one in which the most hosts are found, then the one of the most tunnels, then that of the OVSDBs.
 * The hosts whose address is nowhere to be found have none in the answer.
 */
export function findVteps(hosts: readonly HostFacts[]): Vteps {
  const tunnels = vxlansOf(hosts);
  const [four, six] = (['IPv4', 'IPv6'] as const).map(family => findIn(hosts, tunnels, family)) as [
    InFamily,
    InFamily,
  ];
  const lead =
    six.of.size - four.of.size ||
    six.tunnels - four.tunnels ||
    hosts.filter(host => ovsdbAddress(host, 'IPv6')).length -
      hosts.filter(host => ovsdbAddress(host, 'IPv4')).length;
  const [chosen, other] = lead > 0 ? [six, four] : [four, six];
  const { family, of, owners, clashes } = chosen;
  for (const host of hosts) {
    const address = ovsdbAddress(host, family);
    if (address === undefined || of.has(host) || clashes.some(({ second }) => second === host)) continue;
    chosen.claim(host, { address, from: 'ovsdb' });
  }
  return {
    family,
    of,
    besides: new Map([...other.of].map(([host, { address }]) => [host, address] as const)),
    owners: new Map([...owners, ...other.owners]),
    clashes: [...clashes, ...other.clashes],
    towards: new Map([...chosen.towards, ...other.towards]),
  };
}

/** Tunnels of one family, and whose addresses they tell. */
interface InFamily {
  readonly family: Family;
  readonly tunnels: number;
  readonly of: ReadonlyMap<HostFacts, FoundVtep>;
  readonly owners: ReadonlyMap<Vtep, HostFacts>;
  readonly clashes: readonly VtepClash[];
  readonly towards: ReadonlyMap<Vtep, readonly PlacedVxlan[]>;
  claim(host: HostFacts, vtep: FoundVtep): void;
}

function findIn(hosts: readonly HostFacts[], all: readonly PlacedVxlan[], family: Family): InFamily {
  const of = new Map<HostFacts, FoundVtep>();
  const owners = new Map<Vtep, HostFacts>();
  const clashes: VtepClash[] = [];
  const tunnels = all.filter(tunnel => isOf(tunnel, family));
  const byHost = groupBy(tunnels, ({ host }) => host);
  const own = new Map(hosts.map(host => [host, byHost.get(host) ?? []] as const));
  const claim = (host: HostFacts, vtep: FoundVtep): void => {
    const first = owners.get(vtep.address);
    if (first !== undefined) clashes.push({ address: vtep.address, first, second: host });
    else {
      owners.set(vtep.address, host);
      of.set(host, vtep);
    }
  };
  const remaining = (): HostFacts[] => hosts.filter(host => !of.has(host));

  for (const [host, ports] of own) {
    const address = ports.find(({ vxlan }) => vxlan.localIp !== undefined)?.vxlan.localIp;
    if (address !== undefined && familyOf(address) === family) claim(host, { address, from: 'local' });
  }
  const towards = byRemote(tunnels);
  for (const host of remaining()) {
    const address = ovsdbAddress(host, family);
    if (address === undefined) continue;
    const named = towards.get(address) ?? [];
    if (named.length > 0 && named.every(port => port.host !== host)) claim(host, { address, from: 'named' });
  }
  for (;;) {
    const matches = eliminated(remaining(), { own, owners, towards, of });
    for (const { host, address } of matches) claim(host, { address, from: 'elimination' });
    if (matches.length === 0) break;
  }
  return { family, tunnels: tunnels.length, of, owners, clashes, towards, claim };
}

function isOf({ vxlan: { remote, localIp } }: PlacedVxlan, family: Family): boolean {
  const address = remote.kind === 'one' ? remote.address : localIp;
  return address !== undefined && familyOf(address) === family;
}

/** Tunnels as far as addresses are concerned. */
interface Known {
  readonly own: ReadonlyMap<HostFacts, readonly PlacedVxlan[]>;
  readonly owners: ReadonlyMap<Vtep, HostFacts>;
  /** By the address that they lead to. */
  readonly towards: ReadonlyMap<Vtep, readonly PlacedVxlan[]>;
  readonly of: ReadonlyMap<HostFacts, FoundVtep>;
}

/** The hosts for which one single address is left, that no other host could have as well. */
function eliminated(
  remaining: readonly HostFacts[],
  known: Known,
): readonly { readonly host: HostFacts; readonly address: Vtep }[] {
  const candidates = remaining.map(host => ({ host, addresses: candidatesOf(host, known) }));
  const claims = groupBy(
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
function candidatesOf(host: HostFacts, { own, owners, towards, of }: Known): readonly Vtep[] {
  const back = byRemote(own.get(host) ?? []);
  if (back.size === 0) return [];
  const fits = (address: Vtep): boolean => {
    const naming = groupBy(towards.get(address) ?? [], port => port.host);
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

export const remoteOf = ({ vxlan: { remote } }: Pick<PlacedVxlan, 'vxlan'>): Vtep[] =>
  remote.kind === 'one' ? [remote.address] : [];

function byRemote(tunnels: readonly PlacedVxlan[]): ReadonlyMap<Vtep, readonly PlacedVxlan[]> {
  const led = groupBy(
    tunnels.flatMap(port => remoteOf(port).map(address => ({ port, address }))),
    ({ address }) => address,
  );
  return new Map([...led].map(([address, ports]) => [address, ports.map(({ port }) => port)] as const));
}

function ovsdbAddress({ ovsdb }: HostFacts, family: Family): Vtep | undefined {
  const address = ovsdb.transport === 'tcp' ? parseVtep(ovsdb.host) : undefined;
  const fits = address !== undefined && familyOf(address) === family && isTunnelAddress(address);
  return fits ? address : undefined;
}
