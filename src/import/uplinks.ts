/** Which network card is the host's own way out, on the bridge that its VMs are on. */
import type { HostFacts, PortFacts } from './facts.js';
import { type Finding, some } from './finding.js';

export interface Uplink {
  readonly name: string;
  /** Whether the switch itself says that tunnels leave by the bridge's own port. */
  readonly sure: boolean;
}

/**
 * A card on the bridge is the host's uplink where the host's own address is on the bridge's own port. What says so is by which
 * interface a tunnel leaves; where there is no tunnel yet, a card is taken for one, as that keeps the host on the network.
 */
export function findUplink(host: HostFacts): Uplink | undefined {
  const { bridge } = host;
  if (bridge === undefined) return undefined;
  const [card] = bridge.ports.filter(port => port.role === 'nic' && canBeUplink(port));
  if (card === undefined) return undefined;
  const ways = egressesOf(host);
  if (ways.length === 0) return { name: card.name, sure: false };
  return ways.includes(bridge.name) ? { name: card.name, sure: true } : undefined;
}

const canBeUplink = ({ name }: PortFacts): boolean => /^[^\s*?/]{1,255}$/.test(name);

/** The interfaces by which the host's tunnels leave. */
const egressesOf = ({ bridges }: HostFacts): readonly string[] =>
  bridges.flatMap(({ ports }) => ports).flatMap(({ vxlan }) => vxlan?.egress ?? []);

export function uplinkFindings(host: HostFacts, uplink: Uplink | undefined): readonly Finding[] {
  const { bridge } = host;
  if (bridge === undefined) return [];
  const place = { host: host.name, bridge: bridge.name };
  const cards = bridge.ports.filter(({ role }) => role === 'nic');
  const bonds = bridge.ports.filter(({ role }) => role === 'bond');
  const ways = new Set(egressesOf(host));
  const findings: Finding[] = [];
  for (const { name, role } of bridge.ports) {
    if ((role !== 'member' && role !== 'bond') || !ways.has(name)) continue;
    findings.push({
      level: 'broken',
      code: 'uplink',
      ...place,
      port: name,
      what: "the host's tunnels leave by this port of the bridge itself, which Heddle would cut off: it keeps the way between the uplink and the bridge's own port only",
      todo: "move the host's address to the bridge's own port, or its card to another bridge",
    });
  }
  if (bonds.length > 0)
    findings.push({
      level: ways.has(bridge.name) && cards.length === 0 ? 'broken' : 'note',
      code: 'bond',
      ...place,
      what: `${some(bonds.map(({ name }) => name))} ${bonds.length === 1 ? 'is a bond' : 'are bonds'}, which Heddle does not serve yet`,
      todo: 'make the bond on a bridge of its own, or of the kernel, before Heddle takes this one over',
    });
  if (uplink !== undefined && cards.length > 1)
    findings.push({
      level: 'note',
      code: 'uplink',
      ...place,
      what: `there are ${cards.length} network cards on it (${some(cards.map(({ name }) => name))}), and one is taken for the host's uplink`,
      todo: 'write the right one as `uplink`; the others would carry nothing',
    });
  const own = bridge.ports.find(({ role }) => role === 'own')?.vlan;
  if (own?.kind === 'access' && own.tag !== 0)
    findings.push({
      level: 'broken',
      code: 'uplink',
      ...place,
      port: bridge.name,
      what: `the host itself is in VLAN ${own.tag} (the bridge's own port has that tag), and Heddle's uplink passes frames as they are`,
      todo: "put the host's address on a VLAN device above the bridge's own port, and take the tag away",
    });
  return findings;
}
