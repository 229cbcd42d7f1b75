/** A lab on this machine: everything is made under one id, and taken away by it. */
import { Cleanup, cleanUpOnSignals, type CleanupFailure } from './cleanup.js';
import { Fabric, setAddress, type Network } from './fabric.js';
import { gate } from './gate.js';
import { inNamespace, thisMachine, type Host } from './host.js';
import { Hypervisor } from './hypervisor.js';
import { makeLinuxVtep, type LinuxVtepSpec } from './linux-vtep.js';
import { claimDirectory, directoryOf, markKept, takeDown } from './registry.js';
import { checkHostName, checkLabId, namespaceName, randomLabId } from './names.js';
import { makeNamespace } from './namespaces.js';
import { managementAddress, ovsdbPort, underlayAddress, underlayAddress6 } from './plan.js';
import type { Station } from './station.js';

const controllerIndex = 254;

export interface LabOptions {
  /** 1 to 8 of a-z and 0-9; random unless said. */
  readonly id?: string;
  /** Where Heddle reaches the hosts: on a network of its own (10.98.0.0/24) unless said. */
  readonly controllerOn?: Network;
}

/** How a hypervisor is wired. */
export interface Wiring {
  /** The bridge to the underlay; br-phy unless said. */
  readonly bridge?: string;
  /** The name of the NIC on that bridge; phy0 unless said. */
  readonly uplink?: string;
}

export class Lab {
  readonly id: string;
  /** For files of this lab; goes with it. */
  readonly directory: string;
  /** Where Heddle runs: at .254 of the management network, or of the underlay. */
  readonly controller: Host;
  readonly controllerAddress: string;
  readonly fabric: Fabric;
  readonly hypervisors = new Map<string, Hypervisor>();
  /** More to undo, before the lab itself goes. */
  readonly cleanup: Cleanup;
  readonly #machine: Host;
  readonly #controllerOn: Network;
  readonly #unhook: () => void;
  #nextIndex = 1;

  private constructor(parts: {
    id: string;
    cleanup: Cleanup;
    machine: Host;
    unhook: () => void;
    fabric: Fabric;
    controllerOn: Network;
  }) {
    this.id = parts.id;
    this.directory = directoryOf(parts.id);
    this.cleanup = parts.cleanup;
    this.fabric = parts.fabric;
    this.#machine = parts.machine;
    this.#controllerOn = parts.controllerOn;
    this.controllerAddress = this.#addressOf(controllerIndex);
    this.#unhook = parts.unhook;
    this.controller = inNamespace(parts.machine, namespaceName(parts.id, 'ctl'), 'controller');
  }

  /**
   * The cables and the controller's host, with no hypervisor yet. Needs root. SIGINT and SIGTERM take it down.
   * @throws HeddleError LAB_FAILED when a lab of this id is there, CommandError when a step fails
   */
  static async create(options: LabOptions = {}): Promise<Lab> {
    const id = checkLabId(options.id ?? randomLabId());
    await claimDirectory(id);
    const { host: machine, close } = gate(thisMachine);
    const cleanup = new Cleanup();
    cleanup.add('take the lab down', async () => {
      await close();
      await takeDown(id);
    });
    const unhook = cleanUpOnSignals(cleanup);
    try {
      const fabric = await Fabric.create(machine, namespaceName(id, 'fab'));
      const { controllerOn = 'management' } = options;
      const lab = new Lab({ id, cleanup, machine, unhook, fabric, controllerOn });
      await makeNamespace(machine, namespaceName(id, 'ctl'));
      await lab.#connect(controllerOn, lab.controller, 'ctl', controllerIndex);
      // Over the underlay its packets pass userspace datapaths, which compute no checksum that the kernel left out.
      if (controllerOn === 'underlay') await lab.controller.run(['ethtool', '-K', 'phy0', 'tx', 'off']);
      await setAddress(lab.controller, nicOf(controllerOn), lab.controllerAddress);
      return lab;
    } catch (thrown) {
      await cleanup.run();
      unhook();
      throw thrown;
    }
  }

  /** Starts a hypervisor: the first is 10.97.0.1 and 10.98.0.1, and so on. Several may start at once. */
  async addHypervisor(
    name: string,
    { uplink = nicOf('underlay'), bridge }: Wiring = {},
  ): Promise<Hypervisor> {
    const index = this.#nextIndex++;
    const management = this.#addressOf(index);
    const isApart = this.#controllerOn === 'management';
    const host = await makeNamespace(this.#machine, this.namespaceOf(checkHostName(name)), { name });
    await this.#connect('underlay', host, name, index, uplink);
    if (isApart) {
      await this.#connect('management', host, name, index);
      await setAddress(host, nicOf('management'), management);
    }
    const hypervisor = await Hypervisor.start({
      name,
      host,
      index,
      management,
      // Over the underlay, the address to listen on is there only when ovs-vswitchd has made the bridge.
      remote: isApart ? `ptcp:${ovsdbPort}:${management}` : `ptcp:${ovsdbPort}`,
      vtep: underlayAddress(index),
      uplink,
      ...(bridge !== undefined && { bridge }),
      directory: `${this.directory}/${name}`,
      place: { machine: this.#machine, namespaceOf: this.namespaceOf },
    });
    this.hypervisors.set(name, hypervisor);
    return hypervisor;
  }

  /** Starts a host with a plain Linux vxlan device: 10.97.0.`index` (or fd97::`index`) on the underlay, 9 unless said. */
  async addLinuxVtep(spec: LinuxVtepSpec, index = 9): Promise<{ station: Station; vtep: string }> {
    const { name, ip6 } = spec.station;
    const isIpv6 = spec.peers.some(peer => peer.includes(':'));
    const vtep = isIpv6 ? underlayAddress6(index) : underlayAddress(index);
    const options = { name, ipv6: isIpv6 || ip6 !== undefined };
    const host = await makeNamespace(this.#machine, this.namespaceOf(checkHostName(name)), options);
    await this.#connect('underlay', host, name, index);
    return { station: await makeLinuxVtep(host, { device: 'phy0', address: vtep }, spec), vtep };
  }

  readonly namespaceOf = (host: string): string => namespaceName(this.id, host);

  /** Aborted when the lab begins to go down: by down() or by a signal. */
  get goingDown(): AbortSignal {
    return this.cleanup.begun;
  }

  /** Ends every process of the lab and removes it. Safe to call twice. */
  async down(): Promise<readonly CleanupFailure[]> {
    const failures = await this.cleanup.run();
    this.#unhook();
    return failures;
  }

  /** Leaves the lab up when this process ends; takeDown(id) ends it. */
  async keep(): Promise<void> {
    await markKept(this.id);
    this.#unhook();
  }

  #addressOf(index: number): string {
    return this.#controllerOn === 'management' ? managementAddress(index) : underlayAddress(index);
  }

  #connect(network: Network, host: Host, label: string, index: number, as = nicOf(network)): Promise<void> {
    return this.fabric.connect(network, { host, namespace: this.namespaceOf(label), label, as, index });
  }
}

const nicOf = (network: Network): string => (network === 'underlay' ? 'phy0' : 'mgmt0');
