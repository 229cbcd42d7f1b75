/**
 * A switch of somebody else's, as a rack has one: it keeps VLANs apart by tags, and has a trunk to a hypervisor. An Open
 * vSwitch that forwards as NORMAL says, since not every kernel can filter VLANs.
 */
import { ipBatch } from './host.js';
import type { Hypervisor } from './hypervisor.js';
import type { Lab } from './lab.js';
import type { StationSpec } from './station.js';
import type { Vm } from './vm.js';

const bridge = 'sw';
const trunk = 'trunk';

export class VlanSwitch {
  readonly #switch: Hypervisor;

  private constructor(hypervisor: Hypervisor) {
    this.#switch = hypervisor;
  }

  /** Its trunk ends at the device `port` of the hypervisor, which is on no bridge yet. */
  static async connect(lab: Lab, name: string, hypervisor: Hypervisor, port: string): Promise<VlanSwitch> {
    const self = await lab.addHypervisor(name);
    const datapath = `datapath_type=${self.datapath}`;
    await ipBatch(hypervisor.host, [
      `link add name ${port} type veth peer name ${trunk} netns ${lab.namespaceOf(name)}`,
      `link set ${port} up`,
    ]);
    await self.host.run(['ip', 'link', 'set', trunk, 'up']);
    await self.vsctl(
      ...['add-br', bridge, '--', 'set', 'Bridge', bridge, datapath, 'fail_mode=standalone'],
      ...['--', 'add-port', bridge, trunk, '--', 'set', 'Port', trunk, 'vlan_mode=trunk'],
    );
    return new VlanSwitch(self);
  }

  /** A station on an access port of this VLAN, which the trunk has with a tag. */
  addStation(spec: StationSpec, vlan: number): Promise<Vm> {
    return this.#switch.addVm({ ...spec, bridge, tag: vlan });
  }

  /** Sends a frame, given as hexadecimal digits, out of the trunk as it is. */
  async sendByTrunk(frame: string): Promise<void> {
    await this.#switch.ofctl('packet-out', bridge, `in_port=LOCAL packet=${frame} actions=output:${trunk}`);
  }
}
