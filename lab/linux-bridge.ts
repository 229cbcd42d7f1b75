/**
 * A switch that is no Open vSwitch: the kernel's own bridge, which keeps VLANs apart, with a trunk to a hypervisor. Not every
 * kernel can filter VLANs (CONFIG_BRIDGE_VLAN_FILTERING).
 */
import { ipBatch, thisMachine, type Host } from './host.js';
import type { Hypervisor } from './hypervisor.js';
import type { Lab } from './lab.js';
import { portName } from './names.js';
import { makeNamespace } from './namespaces.js';
import { guestMtu } from './plan.js';
import { Station, stationDevice, type StationSpec } from './station.js';

const bridge = 'sw';
const trunk = 'trunk';

export class LinuxBridge {
  readonly host: Host;
  readonly #lab: Lab;
  readonly #namespace: string;

  private constructor(lab: Lab, namespace: string, host: Host) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.host = host;
  }

  /**
   * Its trunk has these VLANs with a tag, and VLAN 1 without one, as the kernel gives it to each port. It ends at the device
   * `port` of the hypervisor, which is on no bridge yet.
   */
  static async connect(
    lab: Lab,
    name: string,
    to: { readonly hypervisor: Hypervisor; readonly port: string; readonly vlans: readonly number[] },
  ): Promise<LinuxBridge> {
    const namespace = lab.namespaceOf(name);
    const host = await makeNamespace(thisMachine, namespace, { name });
    await ipBatch(to.hypervisor.host, [
      `link add name ${to.port} type veth peer name ${trunk} netns ${namespace}`,
      `link set ${to.port} up`,
    ]);
    await ipBatch(host, [
      `link add name ${bridge} type bridge vlan_filtering 1 mcast_snooping 0 forward_delay 0`,
      `link set ${trunk} master ${bridge}`,
      `link set ${trunk} up`,
      `link set ${bridge} up`,
    ]);
    for (const vlan of to.vlans) await host.run(['bridge', 'vlan', 'add', 'dev', trunk, 'vid', String(vlan)]);
    return new LinuxBridge(lab, namespace, host);
  }

  /** A station on an access port of this VLAN. */
  async addStation(spec: StationSpec, vlan: number): Promise<Station> {
    const namespace = this.#lab.namespaceOf(spec.name);
    const host = await makeNamespace(thisMachine, namespace, { name: spec.name });
    const port = portName(spec.name);
    await ipBatch(host, [
      `link add name ${stationDevice} mtu ${guestMtu} address ${spec.mac} type veth ` +
        `peer name ${port} mtu ${guestMtu} netns ${this.#namespace}`,
    ]);
    await ipBatch(this.host, [`link set ${port} master ${bridge}`, `link set ${port} up`]);
    const vlanOf = (verb: string, id: number, ...how: string[]): Promise<unknown> =>
      this.host.run(['bridge', 'vlan', verb, 'dev', port, 'vid', String(id), ...how]);
    if (vlan !== 1) {
      await vlanOf('add', vlan, 'pvid', 'untagged');
      await vlanOf('del', 1);
    }
    const station = new Station(spec, host);
    await station.boot();
    return station;
  }
}
