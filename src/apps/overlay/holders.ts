import type { NetworkConfig } from '../../config/config.js';
import type { HypervisorView } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import type { Host, Member, SinceOf } from './members.js';

/** What was there when a host was first read has no order in time: that of the file decides. */
export const asFirstRead = (hypervisors: ReadonlyMap<string, HypervisorView>, name: string): SinceOf => {
  let place: number | undefined;
  return () => (place ??= [...hypervisors.keys()].indexOf(name));
};

/**
 * Claims that the host had already keep their age, also where a new file gives the network another name or another VNI;
 * others get `next`.
 */
export function agedBy(before: Host, next: number): SinceOf {
  const known = new Map(
    before.members.flatMap(({ port, network: { name, vni }, mac, since }) => [
      [claim(port, vni, mac), since],
      [claim(port, name, mac), since],
    ]),
  );
  return (port, { name, vni }, mac) =>
    known.get(claim(port, vni, mac)) ?? known.get(claim(port, name, mac)) ?? next;
}

const claim = (port: string, network: number | string, mac: Mac | undefined): string =>
  `${JSON.stringify(network)} ${mac ?? ''} ${port}`;

/** A port with a MAC that is known, and where it is. */
export interface Claim {
  readonly host: Host;
  readonly member: Member & { readonly mac: Mac };
}

/** Of all that have a MAC in a network, the holder and, after it, those that wait for it to go. */
export function claimsOf(
  network: NetworkConfig,
  hosts: readonly Host[],
): ReadonlyMap<Mac, readonly [Claim, ...Claim[]]> {
  const claims = new Map<Mac, [Claim, ...Claim[]]>();
  for (const host of hosts) {
    for (const member of host.members) {
      if (member.network !== network || !hasMac(member)) continue;
      const others = claims.get(member.mac);
      if (others === undefined) claims.set(member.mac, [{ host, member }]);
      else others.push({ host, member });
    }
  }
  for (const rivals of claims.values()) rivals.sort(byAge);
  return claims;
}

const hasMac = (member: Member): member is Claim['member'] => member.mac !== undefined;

/** Ports of one host that came at once go by their names, which are the same in whatever order they are read. */
const byAge = ({ member: a }: Claim, { member: b }: Claim): number =>
  a.since - b.since || (a.port < b.port ? -1 : 1);
