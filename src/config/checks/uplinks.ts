import { glob } from '../../lib/glob.js';
import type { Facts, HypervisorFacts } from '../facts.js';
import { formatPath, quoted, type Finding, type KeyPath } from '../mistake.js';
import type { LineOf } from '../source.js';

/** As many comparisons as a file that people write never needs; what lies past them is found when the ports are there. */
const mostComparisons = 5_000_000;

/** An uplink is the host's: it is no bridge's own port, and no network's, neither as a port nor as a tunnel. */
export const checkUplinks = (facts: Facts, lineOf: LineOf): Finding[] => [
  ...facts.hypervisors.flatMap(({ path, uplink, bridge }) =>
    uplink === undefined || uplink !== bridge
      ? []
      : {
          path: [...path, 'uplink'],
          found: quoted(uplink),
          message: "expected the network card on the bridge: this is the bridge's own port",
        },
  ),
  ...claimedUplinks(facts, lineOf),
];

interface Claim {
  readonly path: KeyPath;
  readonly pattern: string;
  /** The one hypervisor whose ports are meant; undefined: those of all. */
  readonly on?: string;
}

function claimedUplinks({ hypervisors, networks }: Facts, lineOf: LineOf): Finding[] {
  /** Most hosts of a file have the same one. */
  const byUplink = new Map<string, HypervisorFacts[]>();
  for (const host of hypervisors) {
    if (host.uplink === undefined) continue;
    const hosts = byUplink.get(host.uplink);
    if (hosts === undefined) byUplink.set(host.uplink, [host]);
    else hosts.push(host);
  }
  const claims = networks.flatMap(({ ports, mesh }): Claim[] => [
    ...ports.flatMap(({ path, selector }): Claim[] =>
      selector.by === 'port'
        ? [{ path, pattern: selector.glob, ...(selector.on !== undefined && { on: selector.on }) }]
        : [],
    ),
    ...mesh.map(({ path, glob: pattern }) => ({ path, pattern })),
  ]);
  const findings: Finding[] = [];
  let comparisons = 0;
  for (const { path, pattern, on } of claims) {
    const wanted = glob(pattern);
    for (const [uplink, hosts] of byUplink) {
      if (++comparisons > mostComparisons) return findings;
      const host = wanted.matches(uplink)
        ? hosts.find(({ name }) => on === undefined || name === on)
        : undefined;
      if (host === undefined) continue;
      findings.push({
        path,
        message: `port ${quoted(pattern)} takes the uplink ${quoted(uplink)} of ${formatPath(host.path)} (line ${lineOf([...host.path, 'uplink'])}): an uplink is the host's own, and no network's`,
      });
      break;
    }
  }
  return findings;
}
