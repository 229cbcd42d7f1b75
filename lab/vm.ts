/** A VM: a network namespace with one cable to its hypervisor. */
import type { Output, RunOptions } from './exec.js';
import { ipBatch, type Host } from './host.js';
import { checkHostName, portName } from './names.js';
import { makeNamespace } from './namespaces.js';
import { parsePing, pingCommand, type PingOptions, type PingResult } from './ping.js';
import { guestMtu, prefixLength } from './plan.js';

export interface VmSpec {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
  /** With one, IPv6 is on in the guest; without, it is off and the guest says nothing by itself. */
  readonly ip6?: string;
  /** 1450 unless said. */
  readonly mtu?: number;
}

/** Where VMs' namespaces are made. */
export interface VmPlace {
  readonly machine: Host;
  readonly namespaceOf: (host: string) => string;
}

const device = 'eth0';

export class Vm {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
  readonly ip6: string | undefined;
  /** The hypervisor's end of the cable. */
  readonly port: string;
  readonly host: Host;

  constructor(spec: VmSpec, host: Host) {
    this.name = spec.name;
    this.mac = spec.mac;
    this.ip = spec.ip;
    this.ip6 = spec.ip6;
    this.port = portName(spec.name);
    this.host = host;
  }

  /** Brings the interface up with its addresses. */
  async boot(): Promise<void> {
    await ipBatch(this.host, [
      `addr replace ${this.ip}/${prefixLength} dev ${device}`,
      // No duplicate address detection: the address works at once, and two networks may well share it.
      ...(this.ip6 === undefined ? [] : [`addr replace ${this.ip6}/64 dev ${device} nodad`]),
      `link set ${device} up`,
    ]);
  }

  exec(argv: readonly string[], options?: RunOptions): Promise<Output> {
    return this.host.run(argv, options);
  }

  /** Loss is an answer and no error: see `received`. */
  async ping(to: string, options: PingOptions = {}): Promise<PingResult> {
    const { argv, timeoutMs } = pingCommand(to, options);
    return parsePing((await this.host.run(argv, { timeoutMs, accept: [0, 1, 2] })).stdout);
  }

  /** Forgets its neighbours, so that the next packet asks by ARP or ND again. */
  async flushNeighbours(): Promise<void> {
    await this.host.run(['ip', 'neigh', 'flush', 'dev', device]);
  }

  /** Tells the network where it is: a gratuitous ARP, as after a migration. */
  async announce(): Promise<void> {
    // With this knob the kernel announces by itself whenever the MAC is set, even to what it was (arping, which could
    // do it, is one more package).
    await this.host.run(['tee', `/proc/sys/net/ipv4/conf/${device}/arp_notify`], { input: '1\n' });
    await this.host.run(['ip', 'link', 'set', device, 'address', this.mac]);
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
    `link add name ${vm.port} mtu ${mtu} type veth peer name ${device} mtu ${mtu} address ${spec.mac} netns ${namespace}`,
    `link set ${vm.port} up`,
  ]);
  await host.run(['ethtool', '-K', device, 'tx', 'off']);
  return vm;
}
