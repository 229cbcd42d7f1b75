import type { BridgeFacts } from './facts.js';

/** What the file takes for a bridge's name: Linux allows a network device 15 characters. */
const namePattern = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}$/;

export const canBeNamed = ({ name }: Pick<BridgeFacts, 'name'>): boolean => namePattern.test(name);

/**
 * The bridge that Heddle is to manage. With a name, that one or none; without: the one with the most tunnels, unless it
 * carries no VM and is patched to one that does; where there are no tunnels, the one with the most VMs.
 */
export function chooseBridge(
  bridges: readonly BridgeFacts[],
  wanted: string | undefined,
): BridgeFacts | undefined {
  const possible = bridges.filter(canBeNamed);
  if (wanted !== undefined) return possible.find(({ name }) => name === wanted);
  const tunnels = (bridge: BridgeFacts): number => bridge.ports.filter(({ role }) => role === 'vxlan').length;
  const best = largest(largest(possible, membersOf), tunnels)[0];
  if (best === undefined || membersOf(best) > 0) return best;
  const patched = possible.filter(other => membersOf(other) > 0 && arePatched(best, other));
  return largest(patched, membersOf)[0] ?? best;
}

/** Its VMs: of internal ports those only that have an identity, as a container's. */
export const membersOf = ({ ports }: BridgeFacts): number =>
  ports.filter(
    ({ role, type, ifaceId }) => role === 'member' && (type !== 'internal' || ifaceId !== undefined),
  ).length;

/** Whether a patch port of one is the peer of one of the other's. */
export const arePatched = (a: BridgeFacts, b: BridgeFacts): boolean =>
  a.ports.some(
    one => one.role === 'patch' && b.ports.some(other => other.role === 'patch' && one.peer === other.name),
  );

/** In falling order; equal ones stay in theirs. */
const largest = <T>(list: readonly T[], size: (one: T) => number): readonly T[] =>
  [...list].sort((a, b) => size(b) - size(a));
