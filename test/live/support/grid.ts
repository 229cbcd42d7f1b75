/** Networks of VMs with equal addresses, spread over hypervisors: who speaks to whom, and what each of them has heard. */
import type { Capture } from '../../../lab/capture.js';
import { capture } from '../../../lab/capture.js';
import type { FileNetwork } from '../../../lab/heddle-file.js';
import type { Hypervisor } from '../../../lab/hypervisor.js';
import type { Lab } from '../../../lab/lab.js';
import { stationDevice } from '../../../lab/station.js';
import type { Vm } from '../../../lab/vm.js';
import { framesOf, macAt } from './frames.js';
import { macOf } from './overlay-site.js';

export interface GridVm {
  readonly name: string;
  readonly network: string;
  /** The last byte of its addresses and of its MAC. */
  readonly address: number;
  readonly vm: Vm;
  on: string;
}

export interface GridNetwork {
  readonly name: string;
  readonly vni: number;
  readonly hosts: readonly string[];
  /** Most of these are those of the other networks, too. */
  readonly addresses: readonly number[];
}

const ipOf = (address: number): string => `10.0.0.${address}`;
const ip6Of = (address: number): string => `fd00::${address.toString(16)}`;
const nameOf = (network: string, address: number): string => `${network}-${address}`;

/** What the file says of them: every VM by its iface-id, with its addresses. */
export const gridNetworks = (networks: readonly GridNetwork[]): readonly FileNetwork[] =>
  networks.map(({ name, vni, addresses }) => ({
    name,
    vni,
    ports: addresses.map(address => ({
      ifaceId: nameOf(name, address),
      addresses: [ipOf(address), ip6Of(address)],
    })),
  }));

/** Makes the VMs of a network, on its hosts in turn. */
export function addGridVms(
  lab: Lab,
  { name: network, hosts, addresses }: GridNetwork,
): Promise<readonly GridVm[]> {
  return Promise.all(
    addresses.map(async (address, index) => {
      const on = hosts[index % hosts.length] ?? '';
      const name = nameOf(network, address);
      const vm = await hypervisorOf(lab, on).addVm({
        name,
        mac: macOf(address),
        ip: ipOf(address),
        ip6: ip6Of(address),
        ifaceId: name,
        attachedMac: macOf(address),
      });
      return { name, network, address, vm, on };
    }),
  );
}

export function hypervisorOf(lab: Lab, name: string): Hypervisor {
  const found = lab.hypervisors.get(name);
  if (found === undefined) throw new Error(`no hypervisor ${name}`);
  return found;
}

/** The VM's end of the cable goes on as it was; the hypervisor's end goes to another one. */
export async function moveCable(lab: Lab, moving: GridVm, to: string): Promise<void> {
  const { vm, name, address } = moving;
  const [source, destination] = [hypervisorOf(lab, moving.on), hypervisorOf(lab, to)];
  await source.unplug(vm);
  await source.host.run(['ip', 'link', 'set', vm.port, 'netns', lab.namespaceOf(to)]);
  await destination.host.run(['ip', 'link', 'set', vm.port, 'up']);
  await destination.plug(vm, { ifaceId: name, attachedMac: macOf(address) });
  moving.on = to;
}

const kinds = [
  { over: 'udp', ip: ipOf },
  { over: 'udp', ip: ip6Of },
  { over: 'tcp', ip: ipOf },
  { over: 'tcp', ip: ip6Of },
] as const;

/**
 * Every VM asks all others of its network, over IPv4 and IPv6, UDP and TCP, until each has answered.
 *
 * @returns what is wrong, a line each
 */
export const askPeers = (vms: readonly GridVm[], timeoutMs = 15_000): Promise<readonly string[]> =>
  askAll(vms, async (from, address, over, ip) => {
    if (address === from.address || !isOwn(vms, from, address)) return [];
    const right = nameOf(from.network, address);
    const heard = await ask(from, ip, over, timeoutMs);
    return heard.length === 1 && heard[0] === right
      ? []
      : [`${from.name} to ${ip} over ${over}: ${heard.join() || 'nobody'}, not ${right}`];
  });

/** Every VM asks for the addresses that only other networks have, which nobody is to answer. @returns as `askPeers` */
export const askStrangers = (vms: readonly GridVm[]): Promise<readonly string[]> =>
  askAll(vms, async (from, address, over, ip) => {
    if (isOwn(vms, from, address)) return [];
    const heard = await ask(from, ip, over, 0);
    return heard.map(name => `${from.name} to ${ip} over ${over}: ${name}, which is in another network`);
  });

type Ask = (from: GridVm, address: number, over: 'udp' | 'tcp', ip: string) => Promise<readonly string[]>;

async function askAll(vms: readonly GridVm[], asking: Ask): Promise<readonly string[]> {
  const addresses = [...new Set(vms.map(({ address }) => address))];
  const wrong = await Promise.all(
    vms.flatMap(from =>
      addresses.flatMap(address => kinds.map(({ over, ip }) => asking(from, address, over, ip(address)))),
    ),
  );
  return wrong.flat();
}

const isOwn = (vms: readonly GridVm[], { network }: GridVm, address: number): boolean =>
  vms.some(one => one.network === network && one.address === address);

/** Who answers there. */
async function ask({ vm }: GridVm, to: string, over: 'udp' | 'tcp', patienceMs: number): Promise<string[]> {
  const agent = await vm.agent();
  const end = performance.now() + patienceMs;
  for (;;) {
    const { by } = await agent.probe(to, { over, count: 2, intervalMs: 50, timeoutMs: 1_000 });
    const names = Object.keys(by);
    if (names.length > 0 || performance.now() >= end) return names;
  }
}

/** What all VMs hear, from now on. */
export class Ears {
  readonly #vms: readonly GridVm[];
  readonly #files: readonly string[];
  readonly #captures: readonly Capture[];

  private constructor(vms: readonly GridVm[], files: readonly string[], captures: readonly Capture[]) {
    this.#vms = vms;
    this.#files = files;
    this.#captures = captures;
  }

  static async open(lab: Lab, vms: readonly GridVm[], label: string): Promise<Ears> {
    const files = vms.map(({ name }) => `${lab.directory}/${label}-${name}.pcap`);
    const captures = await Promise.all(
      vms.map(({ vm }, index) =>
        capture(vm.host, stationDevice, { direction: 'in', file: files[index] ?? '' }),
      ),
    );
    return new Ears(vms, files, captures);
  }

  /**
   * Stops listening.
   *
   * @returns for each VM how many frames it has heard, those of other networks, and the broadcasts of each guest
   */
  async close(): Promise<readonly Heard[]> {
    await Promise.all(this.#captures.map(one => one.stop()));
    return Promise.all(
      this.#vms.map(async (listener, index) => {
        const frames = await framesOf(this.#files[index] ?? '');
        return heardBy(
          listener,
          this.#vms,
          frames.map(({ bytes }) => bytes),
        );
      }),
    );
  }
}

export interface Heard {
  readonly name: string;
  readonly frames: number;
  /** Frames of other networks: by a name in them, or by a source MAC that only another network has. */
  readonly strangers: readonly string[];
  /** How many broadcast probes of each guest. */
  readonly broadcasts: Readonly<Record<string, number>>;
}

function heardBy(listener: GridVm, all: readonly GridVm[], frames: readonly Buffer[]): Heard {
  const own = new Set(all.filter(({ network }) => network === listener.network).map(one => one.address));
  const foreign = new Set(
    all.filter(({ address }) => !own.has(address)).map(({ address }) => macOf(address)),
  );
  const strangers: string[] = [];
  const broadcasts: Record<string, number> = {};
  for (const frame of frames) {
    const text = frame.toString('latin1');
    // A probe's token begins with the name of whoever asks, and a reply ends with that of whoever answers.
    const names = text.match(/heddle-lab (?:probe|reply) ([a-z]+)-\d+\.\d+ \d+(?: ([a-z]+)-\d+)?/);
    const networks = [names?.[1], names?.[2]].filter(one => one !== undefined);
    const source = macAt(frame, 6);
    if (networks.some(network => network !== listener.network) || foreign.has(source))
      strangers.push(`from ${source}: ${names?.[0] ?? frame.toString('hex', 0, 64)}`);
    const sender = /heddle-lab probe ([a-z]+-\d+)\./.exec(text)?.[1];
    if (sender !== undefined && macAt(frame, 0) === 'ff:ff:ff:ff:ff:ff')
      broadcasts[sender] = (broadcasts[sender] ?? 0) + 1;
  }
  return { name: listener.name, frames: frames.length, strangers, broadcasts };
}
