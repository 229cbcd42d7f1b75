/** What must be one host's, or one VM's, alone, and is there twice. */
import { formatMac } from '../lib/addresses.js';
import { groupBy } from '../lib/group-by.js';
import { formatVtep } from '../lib/vtep.js';
import { type HostFacts, type Placed, type PortFacts, portsOf } from './facts.js';
import { type Finding, some } from './finding.js';
import type { Vteps } from './vteps.js';

export const twinFindings = (hosts: readonly HostFacts[], { clashes }: Vteps): readonly Finding[] => [
  ...clashes.map(({ address, first, second }): Finding => ({
    level: 'broken',
    code: 'address-twice',
    host: second.name,
    what: `${formatVtep(address)} is the tunnel address of ${first.name}, and this host has it too`,
    todo: 'give each host its own (options:local_ip, and the address itself), and write it as `vtep`',
  })),
  ...repeated(hosts, host => host.systemId).map(([systemId, same]): Finding => ({
    level: 'broken',
    code: 'system-id-twice',
    what: `${some(same.map(({ name }) => name))} have one system-id, ${systemId}: as after copying a host's disk`,
    todo: 'give each its own: ovs-vsctl set Open_vSwitch . external-ids:system-id=$(uuidgen)',
  })),
  ...repeated(members(hosts), ({ port }) => port.ifaceId).map(([ifaceId, same]): Finding => ({
    level: 'broken',
    code: 'iface-id-twice',
    what: `the iface-id ${ifaceId} is on ${some(same.map(nameOf))}: one VM's interface is in two places`,
    todo: 'if that VM is migrating, import again when it has come; else take the port of the copy away',
  })),
  ...repeated(members(hosts), ({ port }) =>
    port.attachedMac === undefined ? undefined : `${formatMac(port.attachedMac)} ${vlanOf(port)}`,
  )
    .filter(([, same]) => new Set(same.map(({ port }) => port.ifaceId)).size > 1)
    .map(([mac, same]): Finding => ({
      level: 'broken',
      code: 'mac-twice',
      what: `${some(same.map(nameOf))} have one MAC, ${mac.split(' ')[0] ?? ''}, in VLANs of one number`,
      todo: 'give one of the VMs another MAC, if they are to reach each other',
    })),
];

const members = (hosts: readonly HostFacts[]): readonly Placed[] =>
  hosts.flatMap(portsOf).filter(({ port }) => port.role === 'member');

const nameOf = ({ host, port }: Placed): string => `${port.name} of ${host.name}`;

/** As far as a MAC may be there again in another VLAN. */
const vlanOf = ({ vlan }: PortFacts): number => (vlan.kind === 'access' ? vlan.tag : vlan.native);

const repeated = <T>(
  list: readonly T[],
  keyOf: (one: T) => string | undefined,
): readonly (readonly [string, readonly T[]])[] =>
  [...groupBy(list, keyOf)].flatMap(([key, group]) =>
    key === undefined || group.length === 1 ? [] : [[key, group] as const],
  );
