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
  /** The hypervisor's end of the cable. */
  readonly port: string;

  constructor(spec: VmSpec, host: Host) {
    super(spec, host);
    this.port = portName(spec.name);
  }
}

/**
 * Makes the namespace and the cable, its hypervisor end up and the guest's still down. Checksums are computed in
 * the guest: over a veth the kernel leaves them blank, and the userspace datapath would send them so.
 */
export async function makeVm(place: VmPlace, hypervisor: Host, spec: VmSpec): Promise<Vm> {
  const namespace = place.namespaceOf(checkHostName(spec.name));
  const host = await makeNamespace(place.machine, namespace, {
    name: spec.name,
    ipv6: spec.ip6 !== undefined,
  });
  const mtu = spec.mtu ?? guestMtu;
  const vm = new Vm(spec, host);
  await ipBatch(hypervisor, [
    `link add name ${vm.port} mtu ${mtu} type veth peer name ${stationDevice} ` +
      `mtu ${mtu} address ${spec.mac} netns ${namespace}`,
    `link set ${vm.port} up`,
  ]);
  await host.run(['ethtool', '-K', stationDevice, 'tx', 'off']);
  return vm;
}
