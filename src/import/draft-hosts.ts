import { dpidOfName, isMadeFromName } from '../config/dpid.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import { familyOf, formatVtep, parseVtep, type Vtep } from '../lib/vtep.js';
import type { DraftHost } from './draft.js';
import { type HostFacts, vxlansOf } from './facts.js';
import { type Finding, some } from './finding.js';
import { nameOf } from './peers.js';
import type { Uplink } from './uplinks.js';
import type { FoundVtep, Vteps } from './vteps.js';

export interface DraftedHosts {
  readonly hypervisors: readonly DraftHost[];
  readonly findings: readonly Finding[];
}

/** @param wanted the bridge's name where a host has no bridge that could be meant */
export function draftHosts(
  hosts: readonly HostFacts[],
  vteps: Vteps,
  uplinks: ReadonlyMap<HostFacts, Uplink>,
  wanted: string,
): DraftedHosts {
  const findings: Finding[] = [];
  const stand = standIns(hosts, vteps);
  const dpids = new Map<Dpid, HostFacts>();
  const datapathIdOf = (host: HostFacts): Dpid | undefined => {
    const dpid = host.bridge?.datapathId;
    if (dpid === undefined || isMadeFromName(dpid) || dpid === dpidOfName(host.name)) return undefined;
    const first = dpids.get(dpid);
    if (first === undefined) {
      dpids.set(dpid, host);
      return dpid;
    }
    findings.push({
      level: 'broken',
      code: 'datapath-id-twice',
      host: host.name,
      bridge: host.bridge?.name ?? '',
      what: `its other_config:datapath-id ${formatDpid(dpid)} is also that of ${first.name}, and a switch is known by it`,
      todo:
        'take it away here: ovs-vsctl remove Bridge ' +
        (host.bridge?.name ?? '') +
        ' other_config datapath-id',
    });
    return undefined;
  };
  const hypervisors = hosts.map((host): DraftHost => {
    const found = vteps.of.get(host);
    const vtep =
      found === undefined
        ? {
            address: stand.get(host) ?? 0,
            note: 'NOT FOUND: put the address here that other hosts reach this one by',
          }
        : { address: found.address, note: noteOf(found, host, vteps) };
    findings.push(...vtepFindings(host, found, vteps));
    const datapathId = datapathIdOf(host);
    const uplink = uplinks.get(host);
    return {
      name: host.name,
      ovsdb: host.ovsdb,
      bridge: host.bridge?.name ?? wanted,
      datapath: host.bridge?.datapathType === 'netdev' ? 'netdev' : 'system',
      ...(datapathId !== undefined && { datapathId }),
      vtep,
      ...(uplink !== undefined && {
        uplink: {
          name: uplink.name,
          note: uplink.sure
            ? "the host's own way out, by the bridge's own port"
            : "taken for the host's own way out: no tunnel tells by which port the host sends",
        },
      }),
    };
  });
  return { hypervisors, findings };
}

function noteOf({ address, from }: FoundVtep, host: HostFacts, { towards }: Vteps): string {
  switch (from) {
    case 'local': {
      const ports = vxlansOf([host]).filter(({ vxlan }) => vxlan.localIp === address);
      return `local_ip of ${some(
        ports.map(({ port }) => port.name),
        3,
      )}`;
    }
    case 'named':
    case 'elimination': {
      const ports = (towards.get(address) ?? []).filter(port => port.host !== host);
      return `remote_ip of ${some(ports.map(nameOf), 2)}`;
    }
    case 'ovsdb':
      return 'where its OVSDB is: no tunnel tells another';
  }
}

function vtepFindings(
  host: HostFacts,
  found: FoundVtep | undefined,
  { family, besides, owners, towards }: Vteps,
): readonly Finding[] {
  const other = besides.get(host);
  if (other !== undefined && (found === undefined || found.from === 'ovsdb'))
    return [
      {
        level: 'broken',
        code: 'vtep',
        host: host.name,
        what: `other hosts reach it by ${formatVtep(other)}, and the file's tunnels are over ${family}, as most are: no tunnel joins two families`,
        todo: `give it an ${family} address that all the others reach, and write it as \`vtep\`; or bring all hosts to one family, and import again`,
      },
    ];
  if (found === undefined)
    return [
      {
        level: 'broken',
        code: 'vtep',
        host: host.name,
        what: 'the address that other hosts reach it by is nowhere to be found: no tunnel names it, and its OVSDB is at no address of its own',
        todo: 'write it as `vtep`, in place of the one for documentation that stands there',
      },
    ];
  const unowned = [...towards]
    .filter(
      ([address, ports]) =>
        familyOf(address) === family && !owners.has(address) && ports.some(port => port.host !== host),
    )
    .map(([address]) => formatVtep(address));
  return found.from !== 'ovsdb' || vxlansOf([host]).length === 0 || unowned.length === 0
    ? []
    : [
        {
          level: 'broken',
          code: 'vtep',
          host: host.name,
          what: `${formatVtep(found.address)} is where its OVSDB is, but no tunnel leads there; it may be one of ${some(unowned)}, which are no known host's`,
          todo: 'write the right one as `vtep`, and take it out of `remotes`',
        },
      ];
}

/** Addresses for documentation [RFC 5737: TEST-NET-1; RFC 3849], which lead nowhere, for the hosts that have none. */
function standIns(
  hosts: readonly HostFacts[],
  { family, of, owners, towards }: Vteps,
): ReadonlyMap<HostFacts, Vtep> {
  const used = new Set([...owners.keys(), ...towards.keys()]);
  const given = new Map<HostFacts, Vtep>();
  let next = parseVtep(family === 'IPv4' ? '192.0.2.1' : '2001:db8::1') ?? 0;
  for (const host of hosts) {
    if (of.has(host)) continue;
    while (used.has(next)) next++;
    given.set(host, next++);
  }
  return given;
}
