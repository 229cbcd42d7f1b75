/** A lab whose bridges Heddle makes and programs: hypervisors, VMs in networks, and Heddle, which can go and come back. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { heddleYaml, type FileNetwork } from '../../../lab/heddle-file.js';
import { startHeddle, untilInSync, whileRunning, type HeddleProcess } from '../../../lab/heddle.js';
import type { Hypervisor } from '../../../lab/hypervisor.js';
import { Lab } from '../../../lab/lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../../../lab/plan.js';
import type { Station } from '../../../lab/station.js';
import type { Vm } from '../../../lab/vm.js';
import { waitFor } from '../../../lab/wait.js';
import type { MacStatus } from '../../../src/controller/mac-status.js';
import type { Status } from '../../../src/controller/status.js';
import { openDoor } from './door.js';
import { macsOf, statusOf } from './heddle-in.js';

export interface SiteSpec {
  /** The first is 10.97.0.1 on the underlay, and so on. */
  readonly hypervisors: readonly string[];
  readonly networks: readonly FileNetwork[];
  /** What the tunnels are over; IPv4 unless said. */
  readonly underlay?: 'ipv6';
  readonly maxCopies?: number;
  /** The NIC of each host is this one, a port of br-int; one of a bridge to the underlay unless said. */
  readonly uplink?: string;
  /** Of each host, where there is an uplink: `{ max-rate: 10mbit }`. */
  readonly egress?: string;
  /** Done before the hypervisors start. */
  readonly prepare?: (lab: Lab) => Promise<unknown>;
}

export interface GuestSpec {
  readonly name: string;
  /** Its last byte: 10.0.0.1 with 02:00:00:00:00:01. Guests of two networks may well have the same. */
  readonly address: number;
  /** iface-id and attached-mac, as libvirt writes them; without, Heddle knows the port's name alone. */
  readonly known: boolean;
}

/** Where `heddle run` answers `heddle status`, unless the file says otherwise. */
const apiPort = 8653;

export const macOf = (address: number): string => `02:00:00:00:00:${address.toString(16).padStart(2, '0')}`;

export class Site {
  readonly lab: Lab;
  /** The file that Heddle was first started with. */
  readonly yaml: string;
  /** A way to Heddle's api, whichever Heddle it is. */
  readonly #api: string;
  #heddle: HeddleProcess;

  private constructor(lab: Lab, yaml: string, api: string, heddle: HeddleProcess) {
    this.lab = lab;
    this.yaml = yaml;
    this.#api = api;
    this.#heddle = heddle;
  }

  /** Returns when Heddle holds every hypervisor's bridge, with no VM yet. */
  static async open({
    hypervisors: names,
    networks,
    underlay,
    maxCopies,
    prepare,
    ...nic
  }: SiteSpec): Promise<Site> {
    const lab = await Lab.create();
    try {
      await prepare?.(lab);
      const hypervisors = [];
      for (const name of names) {
        const wiring = nic.uplink === undefined ? {} : { bridge: 'br-int', uplink: nic.uplink };
        const hypervisor = await lab.addHypervisor(name, wiring);
        const { management, datapath } = hypervisor;
        const vtep = underlay === 'ipv6' ? await hypervisor.addIpv6Vtep() : hypervisor.vtep;
        hypervisors.push({ name, management, vtep, datapath, ...nic });
      }
      const listen = `tcp:${controllerAddress}:${openflowPort}`;
      const yaml = heddleYaml({
        ...{ listen, ovsdbPort, hypervisors, networks },
        ...(maxCopies !== undefined && { maxCopies }),
      });
      const api = await openDoor(lab.controller, lab.directory, apiPort);
      const site = new Site(lab, yaml, api, await startHeddle(lab, yaml));
      await site.untilInSync();
      return site;
    } catch (thrown) {
      await lab.down();
      throw thrown;
    }
  }

  hypervisor(name: string): Hypervisor {
    const hypervisor = this.lab.hypervisors.get(name);
    if (hypervisor === undefined) throw new Error(`no hypervisor ${name}`);
    return hypervisor;
  }

  /** Makes a VM, plugs it in and boots it. It says nothing by itself. */
  addGuest(on: string, { name, address, known }: GuestSpec): Promise<Vm> {
    const identity = known ? { ifaceId: name, attachedMac: macOf(address) } : {};
    return this.hypervisor(on).addVm({ name, mac: macOf(address), ip: `10.0.0.${address}`, ...identity });
  }

  /** What `heddle status --json` prints. */
  status(): Promise<Status> {
    return statusOf(this.#api);
  }

  /** What `heddle macs --json` prints. */
  macs(): Promise<readonly MacStatus[]> {
    return macsOf(this.#api);
  }

  /** Waits until status says what `look` looks for. */
  untilStatus(what: string, look: (status: Status) => boolean, timeoutMs = 20_000): Promise<true> {
    const wait = { timeoutMs, intervalMs: 100 };
    return whileRunning(
      this.#heddle,
      waitFor(what, async () => look(await this.status()), wait),
    );
  }

  untilInSync(): Promise<void> {
    const { exited, goingDown } = this.#heddle;
    return untilInSync({ exited, goingDown, status: () => this.status() });
  }

  get heddlePid(): number {
    return this.#heddle.pid;
  }

  async stopHeddle(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#heddle.stop(signal);
  }

  /** Starts Heddle again, with the same file unless another is given. */
  async startHeddle(yaml = this.yaml): Promise<void> {
    this.#heddle = await startHeddle(this.lab, yaml);
  }

  /** Puts another file in the place of the one that Heddle was started with, as editors do. */
  async replaceFile(yaml: string): Promise<void> {
    const { file } = this.#heddle;
    await writeFile(`${file}.new`, yaml);
    await rename(`${file}.new`, file);
  }

  /** Lines of Heddle's log that this pattern matches: JSON, since it is no terminal. */
  async logged(pattern: RegExp): Promise<readonly string[]> {
    return (await readFile(this.#heddle.log, 'utf8')).split('\n').filter(line => pattern.test(line));
  }

  signalHeddle(signal: NodeJS.Signals): void {
    process.kill(this.#heddle.pid, signal);
  }

  /** Takes the lab down; `tell`, where a test has failed, gets the end of Heddle's log and of Open vSwitch's first. */
  async close(tell?: (text: string) => void): Promise<void> {
    try {
      const daemons = [...this.lab.hypervisors.values()];
      const tails = () => [this.#heddle.logTail(40), ...daemons.map(hypervisor => hypervisor.logTail(10))];
      if (tell) tell((await Promise.all(tails())).join('\n'));
    } finally {
      await this.lab.down();
    }
  }
}

/** The first packets between two hosts are lost while they ask for each other's tunnel address. */
export async function reaches(from: Station, to: Station): Promise<true> {
  const [agent] = await Promise.all([from.agent(), to.agent()]);
  const look = async (): Promise<boolean> =>
    ((await agent.probe(to.ip, { timeoutMs: 200 })).by[to.name] ?? 0) > 0;
  return waitFor(`${from.name} to reach ${to.name}`, look);
}

export const reachEachOther = (one: Station, two: Station): Promise<unknown> =>
  Promise.all([reaches(one, two), reaches(two, one)]);
