import type { HypervisorView } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import type { AgeOf, Host, Member } from './members.js';
import { inOrder } from './mobility.js';

/** Earlier than all that happens while Heddle runs. */
const longAgo = -(2 ** 31);

/** What was there when a host was first read has no order in time: that of the file decides. */
export const asFirstRead = (hypervisors: ReadonlyMap<string, HypervisorView>, name: string): AgeOf => {
  let place: number | undefined;
  return () => ({ since: longAgo + (place ??= [...hypervisors.keys()].indexOf(name)), heard: 0 });
};

/**
 * Claims that the host had already keep their age, also where a new file gives the network another name or another VNI;
 * others get `next`.
 */
export function agedBy(before: Host, next: number): AgeOf {
  const known = new Map(
    before.members.flatMap(({ port, network: { name, vni }, mac, age }) => [
      [claim(port, vni, mac), age],
      [claim(port, name, mac), age],
    ]),
  );
  return (port, { name, vni }, mac) =>
    known.get(claim(port, vni, mac)) ?? known.get(claim(port, name, mac)) ?? { since: next, heard: 0 };
}

const claim = (port: string, network: number | string, mac: Mac | undefined): string =>
  `${JSON.stringify(network)} ${mac ?? ''} ${port}`;

/** A port with a MAC that is known, and where it is. */
export interface Claim {
  readonly host: Host;
  readonly member: Member & { readonly mac: Mac };
}

/** Of all that have a MAC in a network, the holder, which gets its frames, and after it the others. */
export type Claims = readonly [Claim, ...Claim[]];

/** @param parts one network's ports, host by host */
export function claimsIn(
  parts: Iterable<{ readonly host: Host; readonly members: readonly Member[] }>,
): ReadonlyMap<Mac, Claims> {
  const claims = new Map<Mac, [Claim, ...Claim[]]>();
  for (const { host, members } of parts) {
    for (const member of members) {
      if (!hasMac(member)) continue;
      const others = claims.get(member.mac);
      if (others === undefined) claims.set(member.mac, [{ host, member }]);
      else others.push({ host, member });
    }
  }
  for (const rivals of claims.values()) if (rivals.length > 1) inOrder(rivals);
  return claims;
}

const hasMac = (member: Member): member is Claim['member'] => member.mac !== undefined;
