import type { NetworkConfig } from '../../config/config.js';
import type { Mac } from '../../lib/addresses.js';
import { groupBy } from '../../lib/group-by.js';
import { same } from '../../lib/same.js';
import { type Claims, claimsIn } from './holders.js';
import type { Host, Member } from './members.js';

/** A network's ports on one host. */
export interface SpreadPart {
  /** As it was when this was last news to the network: the rest of it may be older than what is known now. */
  readonly host: Host;
  readonly members: readonly Member[];
}

/** A network on all hosts that have ports in it. It is the same object for as long as all of that stays as it is. */
export class Spread {
  /** By the hosts' names. */
  readonly parts: ReadonlyMap<string, SpreadPart>;
  #claims: ReadonlyMap<Mac, Claims> | undefined;

  constructor(parts: ReadonlyMap<string, SpreadPart>) {
    this.parts = parts;
  }

  /** All MACs that are known in it. */
  get claims(): ReadonlyMap<Mac, Claims> {
    return (this.#claims ??= claimsIn(this.parts.values()));
  }
}

export type Spreads = ReadonlyMap<NetworkConfig, Spread>;

type Hosts = ReadonlyMap<string, Host>;

export const noSpreads: Spreads = new Map();

/** What becomes of the spreads when hosts change: at the cost of the hosts that did, and of the networks that they have. */
export function spreadsAfter(spreads: Spreads, before: Hosts, after: Hosts): Spreads {
  const changes = new Map<NetworkConfig, Map<string, SpreadPart | undefined>>();
  const names = new Set([...before.keys(), ...after.keys()]);
  for (const name of names) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) continue;
    const [had, has] = [membersByNetwork(was), membersByNetwork(is)];
    const isSameHost = was !== undefined && is !== undefined && looksTheSame(was, is);
    for (const network of new Set([...had.keys(), ...has.keys()])) {
      const members = has.get(network);
      if (isSameHost && sameLists(had.get(network), members, sameFields)) continue;
      let parts = changes.get(network);
      if (parts === undefined) changes.set(network, (parts = new Map<string, SpreadPart | undefined>()));
      parts.set(name, is === undefined || members === undefined ? undefined : { host: is, members });
    }
  }
  if (changes.size === 0) return spreads;
  const next = new Map(spreads);
  for (const [network, parts] of changes) {
    const all = new Map(spreads.get(network)?.parts);
    for (const [name, part] of parts) {
      if (part === undefined) all.delete(name);
      else all.set(name, part);
    }
    if (all.size === 0) next.delete(network);
    else next.set(network, new Spread(all));
  }
  return next;
}

const byHost = new WeakMap<Host, ReadonlyMap<NetworkConfig, readonly Member[]>>();
const none: ReadonlyMap<NetworkConfig, readonly Member[]> = new Map();

function membersByNetwork(host: Host | undefined): ReadonlyMap<NetworkConfig, readonly Member[]> {
  if (host === undefined) return none;
  let found = byHost.get(host);
  if (found === undefined) byHost.set(host, (found = groupBy(host.members, ({ network }) => network)));
  return found;
}

/** As far as its peers see it, and its own flows in a network. Tunnels of somebody's making are not looked into. */
const looksTheSame = (a: Host, b: Host): boolean =>
  a.dpid === b.dpid &&
  a.vtep === b.vtep &&
  a.known === b.known &&
  a.tunnelPort === b.tunnelPort &&
  same(a.uplink, b.uplink) &&
  a.mesh.length + b.mesh.length === 0;

function sameLists<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  isSame: (a: T, b: T) => boolean,
): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((one, index) => isSame(one, b[index] as T));
}

/** By all of their fields, whatever these are: a network is itself alone, and an age or an address is what it says. */
const sameFields = ({ network, ...a }: Member, { network: other, ...b }: Member): boolean =>
  network === other && same(a, b);
