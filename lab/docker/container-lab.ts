/** The lab whose hosts are containers: what lab/lab.ts is for namespaces of one machine. */
import * as z from 'zod';
import { HeddleError } from '../../src/lib/errors.js';
import type { Exit } from '../background.js';
import { type HeddleProcess, statusOf } from '../heddle.js';
import { ipBatch, type Host } from '../host.js';
import { Hypervisor } from '../hypervisor.js';
import { controllerAddress, managementAddress, ovsdbPort, underlayAddress } from '../plan.js';
import type { Site } from '../scenario.js';
import { agentPort } from './protocol.js';
import { Rendezvous } from './rendezvous.js';

/** The containers that hypervisors are, and the last byte of their addresses; docker-compose.yml says the same. */
const indexes: ReadonlyMap<string, number> = new Map([
  ['kvm1', 1],
  ['kvm2', 2],
]);
const heddleName = 'heddle';
export const labAddress = managementAddress(253);

export class ContainerLab implements Site {
  readonly hypervisors = new Map<string, Hypervisor>();
  readonly goingDown: AbortSignal;
  readonly #agents: Rendezvous;

  private constructor(agents: Rendezvous, goingDown: AbortSignal) {
    this.#agents = agents;
    this.goingDown = goingDown;
  }

  /** Returns when the agents may come. @throws HeddleError LISTEN_FAILED */
  static async open(goingDown: AbortSignal): Promise<ContainerLab> {
    const names = new Map([...indexes].map(([name, index]) => [managementAddress(index), name]));
    names.set(controllerAddress, heddleName);
    const where = { address: labAddress, port: agentPort };
    return new ContainerLab(await Rendezvous.open({ ...where, names, signal: goingDown }), goingDown);
  }

  /** Starts Open vSwitch in a container. @throws HeddleError LAB_FAILED, CommandError */
  async addHypervisor(name: string): Promise<Hypervisor> {
    const index = indexes.get(name);
    if (index === undefined) throw new HeddleError('LAB_FAILED', `there is no container ${name}`);
    const host = await this.#agents.host(name);
    const management = managementAddress(index);
    const vtep = underlayAddress(index);
    // The engine shows the kernel's settings read-only; the VMs' namespaces have their own, IPv6 on or off among them.
    await host.run(['mount', '-o', 'remount,bind,rw', '/proc/sys']);
    const hypervisor = await Hypervisor.start({
      name,
      host,
      index,
      management,
      remote: `ptcp:${ovsdbPort}:${management}`,
      vtep,
      uplink: await freeUplink(host, vtep),
      // Where Open vSwitch's tools look unless told otherwise, so that a person in the container can just use them.
      directory: '/run/openvswitch',
      place: { machine: host, namespaceOf: vm => vm },
    });
    this.hypervisors.set(name, hypervisor);
    return hypervisor;
  }

  /** Heddle, which runs in its container from the beginning. */
  async heddle(): Promise<Pick<HeddleProcess, 'exited' | 'goingDown' | 'status'>> {
    const host = await this.#agents.host(heddleName);
    const exited = host.gone.then((): Exit => ({ code: undefined, signal: undefined }));
    return {
      exited,
      goingDown: this.goingDown,
      status: () => statusOf(host),
    };
  }

  /** Ends all containers but this one. */
  close(): Promise<void> {
    return this.#agents.close();
  }
}

/**
 * Takes the tunnel address from the interface that the engine gave it to: it is to stand on br-phy, whose port this
 * interface becomes. @returns the interface's name
 */
async function freeUplink(host: Host, vtep: string): Promise<string> {
  const { stdout } = await host.run(['ip', '-json', '-4', 'address', 'show']);
  const device = deviceWith(vtep, stdout);
  if (device === undefined) throw new HeddleError('LAB_FAILED', `no interface of ${host.name} has ${vtep}`);
  await ipBatch(host, [`address flush dev ${device}`]);
  return device;
}

const devices = z.array(
  z.object({ ifname: z.string(), addr_info: z.array(z.object({ local: z.string().optional() })) }),
);

/** The interface that has an address, in what `ip -json address show` prints. */
export function deviceWith(address: string, json: string): string | undefined {
  const parsed = devices.safeParse(JSON.parse(json));
  return parsed.data?.find(device => device.addr_info.some(({ local }) => local === address))?.ifname;
}
