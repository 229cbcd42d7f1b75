import { glob, type Glob } from '../../lib/glob.js';
import type { PortSelector } from '../config.js';
import type { Facts } from '../facts.js';
import { formatPath, quoted, type Finding, type KeyPath } from '../mistake.js';
import type { LineOf } from '../source.js';

interface Claim {
  readonly network: string;
  readonly path: KeyPath;
  readonly selector: PortSelector;
  readonly glob: Glob;
  /** Place in the file's order: of two claims, the later one is told as the mistake. */
  readonly order: number;
}

/**
 * A file may hold some hundred thousand selectors, all of which could match each other. What lies past this many comparisons
 * is found when the ports are there, as is a port that two different patterns match.
 */
const mostComparisons = 5_000_000;

/**
 * Ports that two networks claim by one VLAN, or one network by two: by the same selector, or by a name that the other's
 * pattern matches.
 */
export function checkPorts(facts: Facts, lineOf: LineOf): Finding[] {
  const claims = facts.networks
    .flatMap(({ name, ports }) => ports.map(({ selector, path }) => ({ network: name, path, selector })))
    .map((claim, order): Claim => ({ ...claim, glob: glob(claim.selector.glob), order }));
  const rivals = new Map<Claim, Claim>();
  for (const [a, b] of overlaps(claims)) {
    const [first, later] = a.order < b.order ? [a, b] : [b, a];
    if (!rivals.has(later)) rivals.set(later, first);
  }
  return [...rivals].map(([later, first]) => ({
    path: later.path,
    message: `${tell(later)} is also claimed by ${formatPath(['networks', first.network])} (line ${lineOf(first.path)}${
      first.glob.pattern === later.glob.pattern && later.network !== first.network ? '' : `: ${tell(first)}`
    }): ${lawOf(later, first)}`,
  }));
}

const tell = ({ selector: { by, glob: pattern, vlan } }: Claim): string =>
  `${by} ${quoted(pattern)}${vlan === undefined ? '' : ` with VLAN ${vlan}`}`;

function lawOf({ network, selector }: Claim, first: Claim): string {
  if (network === first.network) return 'a network has one VLAN of a port, or its untagged frames';
  return selector.vlan === undefined
    ? 'a port belongs to one network'
    : 'a VLAN of a port belongs to one network';
}

function* overlaps(claims: readonly Claim[]): Generator<[Claim, Claim]> {
  const same = new Map<string, Claim[]>();
  /** Patterns by what comes before their first wildcard: a name is compared with those only that begin as it does. */
  const patterns = new Map<string, Claim[]>();
  let comparisons = 0;
  for (const claim of claims) {
    const { pattern, prefix, literal } = claim.glob;
    const equals = listOf(same, `${claim.selector.by} ${pattern}`);
    for (const earlier of equals) {
      if (++comparisons > mostComparisons) return;
      if (compete(earlier, claim)) yield [earlier, claim];
    }
    equals.push(claim);
    if (!literal) listOf(patterns, `${claim.selector.by} ${prefix}`).push(claim);
  }
  for (const claim of claims) {
    const { pattern, literal } = claim.glob;
    for (let length = 0; literal && length <= pattern.length; length++) {
      for (const other of patterns.get(`${claim.selector.by} ${pattern.slice(0, length)}`) ?? []) {
        if (++comparisons > mostComparisons) return;
        if (compete(other, claim) && other.glob.matches(pattern)) yield [other, claim];
      }
    }
  }
}

function listOf(lists: Map<string, Claim[]>, key: string): Claim[] {
  const list = lists.get(key) ?? [];
  if (list.length === 0) lists.set(key, list);
  return list;
}

/**
 * Two networks with one VLAN, or one network with two, and hosts in common: a port's name is of one host where `on` says so,
 * an interface id is of all.
 */
function compete(a: Claim, b: Claim): boolean {
  if ((a.network === b.network) === (a.selector.vlan === b.selector.vlan)) return false;
  const onA = hostOf(a.selector);
  const onB = hostOf(b.selector);
  return onA === undefined || onB === undefined || onA === onB;
}

const hostOf = (selector: PortSelector): string | undefined =>
  selector.by === 'port' ? selector.on : undefined;
