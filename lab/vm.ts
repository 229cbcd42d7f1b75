/** A VM: a network namespace with one cable to its hypervisor. */
import { ipBatch, type Host } from './host.js';
import { checkHostName, portName } from './names.js';
import { makeNamespace } from './namespaces.js';
import { guestMtu } from './plan.js';
import { Station, stationDevice, type StationSpec } from './station.js';

export interface VmSpec extends StationSpec {
  /** 1450 unless said. */
  readonly mtu?: number;
}

/** Where VMs' namespaces are made. */
export interface VmPlace {
  readonly machine: Host;
  readonly namespaceOf: (host: string) => string;
}

export class Vm extends Station {
  /** The hypervisor's end of the cable; the same name on every hypervisor. */
  readonly port: string;
  readonly namespace: string;
  readonly mtu: number;

  constructor(spec: VmSpec, namespace: string, host: Host) {
    super(spec, host);
    this.port = portName(spec.name);
    this.namespace = namespace;
    this.mtu = spec.mtu ?? guestMtu;
  }

  /**
   * Lays a cable to a hypervisor, whose end comes up while the guest's stays down. Checksums are computed in the guest:
   * over a veth the kernel leaves them blank, and the userspace datapath would send them so.
   */
  async layCable(hypervisor: Host, device = stationDevice): Promise<void> {
    await ipBatch(hypervisor, [
      `link add name ${this.port} mtu ${this.mtu} type veth peer name ${device} ` +
        `mtu ${this.mtu} address ${this.mac} netns ${this.namespace}`,
      `link set ${this.port} up`,
    ]);
    await this.host.run(['ethtool', '-K', device, 'tx', 'off']);
  }

  /**
   * Goes on over another cable, which takes the place and the name of the first: within some milliseconds, and with a
   * gratuitous ARP, as a migrated guest is announced where it wakes up. Its neighbour table starts anew.
   */
  async switchTo(device: string): Promise<void> {
    await this.announceWhenUp(device);
    await ipBatch(this.host, [
      `link set ${stationDevice} down`,
      `link set ${stationDevice} name ${stationDevice}.old`,
      `link set ${device} name ${stationDevice}`,
    ]);
    await this.boot();
  }
}

/** Makes the guest's namespace and its first cable. */
export async function makeVm(place: VmPlace, hypervisor: Host, spec: VmSpec): Promise<Vm> {
  const namespace = place.namespaceOf(checkHostName(spec.name));
  const host = await makeNamespace(place.machine, namespace, {
    name: spec.name,
    ipv6: spec.ip6 !== undefined,
  });
  const vm = new Vm(spec, namespace, host);
  await vm.layCable(hypervisor);
  return vm;
}
