import { formatMac } from '../lib/addresses.js';
import { type Family, familyOf, formatVtep, type Vtep } from '../lib/vtep.js';
import type { DraftNetwork, DraftPort } from './draft.js';
import { isKnownCard } from './known-card.js';
import type { HostFacts } from './facts.js';
import { type Finding, listed, some } from './finding.js';
import type { FoundNetwork, Member } from './networks.js';
import type { Numbered } from './numbers.js';
import { nameOf, placed, type Peering } from './peers.js';
import { shortened } from './mesh-glob.js';
import { tunnelFindings } from './tunnel-findings.js';

export interface DraftedNetworks {
  readonly networks: readonly DraftNetwork[];
  readonly findings: readonly Finding[];
}

/** @param wire the tags of those that are on the physical network */
export function draftNetworks(
  numbered: readonly Numbered[],
  peering: Peering,
  hosts: readonly HostFacts[],
  family: Family,
  wire: ReadonlyMap<FoundNetwork, number>,
): DraftedNetworks {
  const findings: Finding[] = [];
  const names = nameNetworks(numbered);
  const several = identitiesOfSeveral(numbered);
  const portNames = new Set(hosts.flatMap(({ bridge }) => bridge?.ports.map(({ name }) => name) ?? []));
  const networks = numbered.map((one, index): DraftNetwork => {
    const name = names[index] ?? '';
    const { network, mesh } = one;
    findings.push(...tunnelFindings(name, one), ...cardFindings(name, network));
    const ports = draftPorts(network, several);
    findings.push(...ports.findings);
    const all = draftRemotes(one, peering);
    const remotes = all.filter(({ address }) => familyOf(address) === family);
    findings.push(...strangers(name, all, family));
    return {
      name,
      about: aboutOf(network, hosts),
      number: numberOf(one, wire.get(network)),
      mesh: shortened(mesh, portNames),
      ports: ports.drafted,
      remotes,
    };
  });
  return { networks, findings };
}

/** The tag that most of its parts have, in words: `vlan10`. Two of a kind are told apart by their VNI. */
function nameNetworks(numbered: readonly Numbered[]): readonly string[] {
  const words = numbered.map(({ network }) => {
    const tag = commonTag(network);
    return tag === 0 ? 'untagged' : `vlan${tag}`;
  });
  return words.map((word, index) => {
    const isShared = words.filter(other => other === word).length > 1;
    return isShared ? `${word}-vni${numbered[index]?.vni ?? 0}` : word;
  });
}

function commonTag({ parts }: FoundNetwork): number {
  const counts = new Map<number, number>();
  for (const { vlan } of parts) counts.set(vlan, (counts.get(vlan) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0] ?? 0;
}

function aboutOf({ parts }: FoundNetwork, hosts: readonly HostFacts[]): string {
  const byVlan = new Map<number, string[]>();
  for (const { vlan, host } of parts) byVlan.set(vlan, [...(byVlan.get(vlan) ?? []), host.name]);
  return [...byVlan]
    .map(([vlan, names]) => {
      const where = names.length === hosts.length && names.length > 2 ? 'all hosts' : some(names);
      return `${vlan === 0 ? 'untagged' : `VLAN ${vlan}`} on ${where}`;
    })
    .join('; ');
}

function numberOf(one: Numbered, tag: number | undefined): DraftNetwork['number'] {
  return tag === undefined
    ? { key: 'vni', value: one.vni, note: vniNote(one) }
    : { key: 'vlan', value: tag, note: 'on the physical network, by the uplinks' };
}

function vniNote({ network: { tunnels }, from }: Numbered): string {
  const ports = some([...new Set(tunnels.map(({ port }) => port.name))], 3);
  if (from === 'key') return `the key of ${ports}`;
  if (from === 'keys') return `the key of most of ${ports}`;
  if (tunnels.length === 0) return 'chosen: no tunnel of its own has a key; change it as you like';
  return `chosen: no key of ${ports} is this network's alone; any other that no tunnel has will do`;
}

/** iface-ids that stand in more than one network: such a port is named by its port, host by host. */
function identitiesOfSeveral(numbered: readonly Numbered[]): ReadonlySet<string> {
  const first = new Map<string, FoundNetwork>();
  const several = new Set<string>();
  for (const { network } of numbered) {
    for (const { placed: at } of network.members) {
      const { ifaceId } = at.port;
      if (ifaceId === undefined) continue;
      if ((first.get(ifaceId) ?? network) !== network) several.add(ifaceId);
      first.set(ifaceId, network);
    }
  }
  return several;
}

function draftPorts(
  network: FoundNetwork,
  several: ReadonlySet<string>,
): { readonly drafted: readonly DraftPort[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const drafted = new Map<string, DraftPort>();
  const members = [...network.members, ...network.cards.filter(card => isKnownCard(card, network))];
  for (const member of members) {
    const port = draftPort(member, several);
    if (port === undefined) {
      findings.push({
        level: 'broken',
        code: 'selector',
        ...placed(member.placed),
        what: 'its name has a wildcard (* or ?) or is too long, and so the file cannot name it',
        todo: 'give the port another name, or its VM an iface-id',
      });
      continue;
    }
    // One VM's interface that is on two hosts, as while it migrates, is named once; so is a port with two VLANs of one network.
    const key = 'ifaceId' in port ? `i ${port.ifaceId}` : `p ${port.on} ${port.port}`;
    const known = drafted.get(key);
    if (known === undefined) drafted.set(key, port);
    else if (known.note !== port.note) drafted.set(key, { ...known, note: `${known.note}; ${port.note}` });
  }
  return { drafted: [...drafted.values()], findings };
}

const nameable = (text: string): boolean => !/[*?]/.test(text) && text.length > 0 && text.length <= 255;

function draftPort({ placed: at, tag }: Member, several: ReadonlySet<string>): DraftPort | undefined {
  const { host, port } = at;
  const vlan = tag === 0 ? {} : { vlan: tag };
  const about = [
    ...(port.vmId === undefined ? [] : [`VM ${port.vmId}`]),
    ...(port.attachedMac === undefined ? [] : [formatMac(port.attachedMac)]),
    ...(port.role === 'nic' ? ['the way to the physical network'] : []),
    ...(port.type === 'internal' ? ["an interface of the host's"] : []),
  ].join(', ');
  const { ifaceId } = port;
  if (ifaceId !== undefined && nameable(ifaceId) && !several.has(ifaceId)) {
    const note = `${port.name} on ${host.name}${about === '' ? '' : `: ${about}`}`;
    return { ifaceId, ...vlan, note };
  }
  return nameable(port.name) ? { port: port.name, on: host.name, ...vlan, note: about } : undefined;
}

function draftRemotes(
  { network, vni, mesh }: Numbered,
  { outside }: Peering,
): readonly { readonly address: Vtep; readonly note: string }[] {
  const tunnels = new Set(network.tunnels);
  const byAddress = new Map<Vtep, string[]>();
  const keys = new Map<Vtep, boolean>();
  for (const { port, address } of outside) {
    if (!tunnels.has(port)) continue;
    byAddress.set(address, [...(byAddress.get(address) ?? []), nameOf(port)]);
    const reached = mesh.includes(port.port.name) || port.vxlan.outKey === vni;
    keys.set(address, (keys.get(address) ?? true) && reached);
  }
  return [...byAddress].map(([address, ports]) => ({
    address,
    note: `remote_ip of ${some(ports, 2)}: import that host too, or it is a VTEP of somebody else's${
      keys.get(address) === true ? '' : '; it has another key, and will not be reached'
    }`,
  }));
}

/** Addresses that `remotes` has no place for, beside tunnels of the other family. */
function strangers(name: string, remotes: DraftNetwork['remotes'], family: Family): readonly Finding[] {
  const others = remotes.filter(({ address }) => familyOf(address) !== family);
  return others.length === 0
    ? []
    : [
        {
          level: 'broken',
          code: 'vtep',
          what: `${some(others.map(({ address }) => formatVtep(address)))}, to which tunnels of ${name} lead, cannot be in its \`remotes\`: the file's tunnels are over ${family}, and none joins two families`,
          todo: `give those an ${family} address, and write it there; until then Heddle sends nothing to them`,
        },
      ];
}

/** Cards that carry a network, and are not written, since two of them would make a loop, or nobody has said that they do. */
function cardFindings(name: string, network: FoundNetwork): readonly Finding[] {
  const left = network.cards.filter(card => !isKnownCard(card, network));
  if (left.length === 0) return [];
  const cards = listed(left.map(({ placed: at }) => nameOf(at)));
  return [
    {
      level: 'note',
      code: 'fabric-left',
      what: `${cards} may join ${name} to the physical network, and is not in the file`,
      todo: 'where its VMs need that, add the card of one host to its ports: `{ port: NAME, on: HOST }`, with `vlan: N` for frames with a tag; two would make a loop',
    },
  ];
}

/** What an uplink takes from the VMs: the physical network, which they reach by it as long as the bridge forwards by itself. */
export function lostFabric(
  host: HostFacts,
  uplink: string | undefined,
  parts: readonly { readonly vlan: number; readonly sure: boolean }[],
): readonly Finding[] {
  if (uplink === undefined || host.bridge === undefined || parts.length === 0) return [];
  const vlans = (list: typeof parts): string =>
    some(list.map(({ vlan }) => (vlan === 0 ? 'VLAN 0 (no tag)' : `VLAN ${vlan}`)));
  const place = { host: host.name, bridge: host.bridge.name, port: uplink };
  const sure = parts.filter(one => one.sure);
  const unsure = parts.filter(one => !one.sure);
  const finding = (level: Finding['level'], what: string, todo: string): Finding => ({
    level,
    code: 'fabric-left',
    ...place,
    what,
    todo,
  });
  return [
    ...(sure.length === 0
      ? []
      : [
          finding(
            'broken',
            `the VMs in ${vlans(sure)} are on the physical network by it, and would lose that with this file: it has them in networks of \`vni\`, whose frames leave by tunnels only`,
            sure.some(({ vlan }) => vlan !== 0)
              ? 'if they need it, write `vlan: N` in place of `vni` and `mesh` of their network, with the tag that its frames have on the wire: it goes by the uplinks then, and needs no tunnels. Frames without a tag take another card, as a port of their network'
              : "frames without a tag are the host's own on an uplink: if the VMs need them, give them another card, on this bridge as a port of their network, before Heddle comes",
          ),
        ]),
    ...(unsure.length === 0
      ? []
      : [
          finding(
            'note',
            `it carries every VLAN, ${vlans(unsure)} among them; with this file VMs no longer reach the physical network by it`,
            `nothing, if the physical network does not carry ${unsure.length === 1 ? 'that VLAN' : 'those VLANs'}; else write \`vlan: N\` in place of \`vni\` of their network`,
          ),
        ]),
  ];
}
