/** The cables between the hosts: a namespace with one Linux bridge for the underlay and one for management. */
import { ipBatch, type Host } from './host.js';
import { interfaceName } from './names.js';
import { managementMac, prefixLength, underlayMac, underlayMtu } from './plan.js';
import { makeNamespace } from './namespaces.js';

export type Network = 'underlay' | 'management';

const bridges: Readonly<Record<Network, string>> = { underlay: 'under', management: 'mgmt' };

export interface Plug {
  /** Who gets the other end: as a host, and as a namespace. */
  readonly host: Host;
  readonly namespace: string;
  /** Tells this host's cables from others. */
  readonly label: string;
  /** The interface's name there. */
  readonly as: string;
  /** Makes the MAC; also the management address's last byte. */
  readonly index: number;
}

export class Fabric {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  static async create(machine: Host, namespace: string): Promise<Fabric> {
    const host = await makeNamespace(machine, namespace, { name: 'fabric' });
    await ipBatch(
      host,
      Object.values(bridges).flatMap(bridge => [
        `link add name ${bridge} mtu ${underlayMtu} type bridge forward_delay 0 mcast_snooping 0`,
        `link set ${bridge} up`,
      ]),
    );
    return new Fabric(host);
  }

  /** Lays a cable from a network to a namespace and brings both ends up. */
  async connect(network: Network, plug: Plug): Promise<void> {
    const ours = interfaceName(`${network === 'underlay' ? 'u' : 'm'}-${plug.label}`);
    const mac = network === 'underlay' ? underlayMac(plug.index) : managementMac(plug.index);
    await ipBatch(this.host, [
      `link add name ${ours} mtu ${underlayMtu} type veth peer name ${interfaceName(plug.as)} ` +
        `mtu ${underlayMtu} address ${mac} netns ${plug.namespace}`,
      `link set ${ours} master ${bridges[network]}`,
      `link set ${ours} up`,
    ]);
    await plug.host.run(['ip', 'link', 'set', plug.as, 'up']);
  }

  /** Cuts or mends a host's cable: what a broken switch or a pulled plug does to it. */
  async setCable(network: Network, label: string, state: 'up' | 'down'): Promise<void> {
    const ours = interfaceName(`${network === 'underlay' ? 'u' : 'm'}-${label}`);
    await this.host.run(['ip', 'link', 'set', ours, state]);
  }
}

/** Gives an interface its address. */
export async function setAddress(host: Host, device: string, address: string): Promise<void> {
  await ipBatch(host, [`addr replace ${address}/${prefixLength} dev ${device}`, `link set ${device} up`]);
}
