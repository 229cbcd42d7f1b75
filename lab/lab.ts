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
import { controllerAddress, managementAddress, underlayAddress } from './plan.js';
import type { Station } from './station.js';

const controllerIndex = 254;

export interface LabOptions {
  /** 1 to 8 of a-z and 0-9; random unless said. */
  readonly id?: string;
}

export class Lab {
  readonly id: string;
  /** For files of this lab; goes with it. */
  readonly directory: string;
  /** Where Heddle runs: on the management network only, at 10.98.0.254. */
  readonly controller: Host;
  readonly fabric: Fabric;
  readonly hypervisors = new Map<string, Hypervisor>();
  /** More to undo, before the lab itself goes. */
  readonly cleanup: Cleanup;
  readonly #machine: Host;
  readonly #unhook: () => void;
  #nextIndex = 1;

  private constructor(parts: {
    id: string;
    cleanup: Cleanup;
    machine: Host;
    unhook: () => void;
    fabric: Fabric;
  }) {
    this.id = parts.id;
    this.directory = directoryOf(parts.id);
    this.cleanup = parts.cleanup;
    this.fabric = parts.fabric;
    this.#machine = parts.machine;
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
      const lab = new Lab({ id, cleanup, machine, unhook, fabric });
      await makeNamespace(machine, namespaceName(id, 'ctl'));
      await lab.#connect('management', lab.controller, 'ctl', controllerIndex);
      await setAddress(lab.controller, 'mgmt0', controllerAddress);
      return lab;
    } catch (thrown) {
      await cleanup.run();
      unhook();
      throw thrown;
    }
  }

  /** Starts a hypervisor: the first is 10.97.0.1 and 10.98.0.1, and so on. Several may start at once. */
  async addHypervisor(name: string): Promise<Hypervisor> {
    const index = this.#nextIndex++;
    const management = managementAddress(index);
    const host = await makeNamespace(this.#machine, this.namespaceOf(checkHostName(name)), { name });
    await this.#connect('management', host, name, index);
    await this.#connect('underlay', host, name, index);
    await setAddress(host, 'mgmt0', management);
    const hypervisor = await Hypervisor.start({
      name,
      host,
      index,
      management,
      vtep: underlayAddress(index),
      uplink: 'phy0',
      directory: `${this.directory}/${name}`,
      place: { machine: this.#machine, namespaceOf: this.namespaceOf },
    });
    this.hypervisors.set(name, hypervisor);
    return hypervisor;
  }

  /** Starts a host with a plain Linux vxlan device: 10.97.0.`index` on the underlay, 9 unless said. */
  async addLinuxVtep(spec: LinuxVtepSpec, index = 9): Promise<{ station: Station; vtep: string }> {
    const { name, ip6 } = spec.station;
    const vtep = underlayAddress(index);
    const options = { name, ipv6: ip6 !== undefined };
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

  #connect(network: Network, host: Host, label: string, index: number): Promise<void> {
    const as = network === 'underlay' ? 'phy0' : 'mgmt0';
    return this.fabric.connect(network, { host, namespace: this.namespaceOf(label), label, as, index });
  }
}
