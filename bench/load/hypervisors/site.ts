import type { Vm } from './hypervisor.js';

export interface SiteShape {
  readonly hosts: number;
  readonly vmsEach: number;
  readonly networks: number;
  /** TCP ports of the hosts' OVSDBs, one after another. */
  readonly firstPort: number;
}

/** The VMs of a host are in networks one after another; the next host goes on where it ends. */
export function vmsOf(host: number, { vmsEach, networks }: SiteShape): readonly Vm[] {
  return Array.from({ length: vmsEach }, (_, index) => {
    const number = host * vmsEach + index;
    const hex = number.toString(16).padStart(10, '0');
    return {
      name: `vnet${index}`,
      ifaceId: `n${number % networks}-vm${number}`,
      mac: `02:${(hex.match(/../g) ?? []).join(':')}`,
    };
  });
}

/** The file for Heddle. */
export function siteFile({ hosts, networks, firstPort }: SiteShape, bridge: string): string {
  const hypervisors = Array.from({ length: hosts }, (_, host) => {
    const vtep = `10.97.${host >> 8}.${host & 0xff}`;
    return `  kvm${host}: { ovsdb: "tcp:127.0.0.1:${firstPort + host}", bridge: ${bridge}, vtep: ${vtep} }`;
  });
  const tenants = Array.from(
    { length: networks },
    (_, network) => `  net${network}: { vni: ${5000 + network}, ports: [{ iface-id: "n${network}-*" }] }`,
  );
  return `openflow: { listen: "tcp:127.0.0.1:${firstPort - 1}", advertise: "tcp:127.0.0.1:${firstPort - 1}" }
api: { listen: "127.0.0.1:${firstPort - 2}" }
hypervisors:
${hypervisors.join('\n')}
networks:
${tenants.join('\n')}
`;
}
