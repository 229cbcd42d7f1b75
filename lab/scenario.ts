/**
 * The lab that `npm run lab` shows: two hypervisors, two networks whose VMs have the same MACs and IPs, and whatever
 * controller is given to bring the networks about.
 */
import { heddleYaml, type FileHypervisor, type FileNetwork } from './heddle-file.js';
import type { Hypervisor, PortSpec } from './hypervisor.js';
import type { Lab } from './lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from './plan.js';
import type { Progress } from './progress.js';
import { checkReachability, type Cell, type Member } from './reachability.js';
import type { VmSpec } from './vm.js';
import { waitFor } from './wait.js';

interface ScenarioVm extends VmSpec, PortSpec {
  readonly on: string;
  readonly network: string;
}

const first = { mac: '02:00:00:00:00:01', ip: '10.0.0.1', on: 'kvm1' };
const second = { mac: '02:00:00:00:00:02', ip: '10.0.0.2', on: 'kvm2' };
/** As libvirt plugs a VM in: Heddle knows its MAC before its first packet. */
const byLibvirt = (name: string, mac: string): PortSpec => ({ ifaceId: name, attachedMac: mac });

/** blue is known by iface-id and MAC; of red Heddle knows the ports' names and learns the rest. */
const vms: readonly ScenarioVm[] = [
  { name: 'blue-1', network: 'blue', ...first, ...byLibvirt('blue-1', first.mac) },
  { name: 'blue-2', network: 'blue', ...second, ...byLibvirt('blue-2', second.mac) },
  { name: 'red-1', network: 'red', ...first },
  { name: 'red-2', network: 'red', ...second },
];

const networks: readonly FileNetwork[] = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
  {
    name: 'red',
    vni: 6000,
    ports: [
      { port: 'red-1-p', on: 'kvm1' },
      { port: 'red-2-p', on: 'kvm2' },
    ],
  },
];

export const vmNames = vms.map(vm => vm.name);

/** What the scenario needs of a lab, whatever its hosts are. */
export type Site = Pick<Lab, 'addHypervisor' | 'goingDown'>;

/** What makes the bridges and the tunnels. */
export interface Controller<S extends Site = Lab> {
  start(lab: S, yaml: string): Promise<void>;
  /** Returns when it says that all is in place. */
  ready(): Promise<void>;
  /** Passes `work` on, and fails as soon as the controller has ended. */
  guard<T>(work: Promise<T>): Promise<T>;
}

/** Builds the lab and asks who reaches whom. */
export async function runScenario<S extends Site>(
  lab: S,
  controller: Controller<S>,
  progress: Progress,
): Promise<Cell[]> {
  const hypervisors = await progress.step('start two hypervisors', () =>
    Promise.all(['kvm1', 'kvm2'].map(name => lab.addHypervisor(name))),
  );
  await progress.step('start Heddle, which makes their bridges', async () => {
    await controller.start(lab, scenarioYaml(hypervisors));
    await controller.guard(
      Promise.all(hypervisors.map(hypervisor => untilBridge(hypervisor, lab.goingDown))),
    );
  });
  const members = await progress.step('start four VMs in two networks', () =>
    Promise.all(vms.map(vm => plugIn(vm, hypervisors))),
  );
  await progress.step('wait until the networks are up', async detail => {
    detail('heddle status');
    await controller.ready();
    detail('pings');
    await controller.guard(Promise.all(members.map(member => untilReached(member, members, lab.goingDown))));
  });
  return progress.step('ask every VM whom it reaches', detail =>
    controller.guard(
      checkReachability(members, {
        signal: lab.goingDown,
        onTurn: (from, turn, turns) => detail(`${from} (${turn} of ${turns})`),
      }),
    ),
  );
}

/** The file that tells Heddle of these networks. */
export const scenarioYaml = (hypervisors: readonly FileHypervisor[]): string =>
  heddleYaml({ listen: `tcp:${controllerAddress}:${openflowPort}`, ovsdbPort, hypervisors, networks });

/** VMs come after the bridge, as on a host where Heddle runs before libvirt's guests. */
const untilBridge = (hypervisor: Hypervisor, signal: AbortSignal): Promise<boolean> =>
  waitFor(
    `Heddle to make br-int on ${hypervisor.name}`,
    async () => (await hypervisor.vsctl('list-br')).split('\n').includes('br-int'),
    { timeoutMs: 20_000, intervalMs: 100, signal },
  );

async function plugIn(vm: ScenarioVm, hypervisors: readonly Hypervisor[]): Promise<Member> {
  const hypervisor = hypervisors.find(({ name }) => name === vm.on);
  if (hypervisor === undefined) throw new Error(`no hypervisor ${vm.on}`);
  return { network: vm.network, station: await hypervisor.addVm(vm) };
}

/** The first packets between two hosts are lost while they ask for each other's tunnel address. */
async function untilReached(member: Member, members: readonly Member[], signal: AbortSignal): Promise<void> {
  const peers = members.filter(other => other !== member && other.network === member.network);
  for (const { station } of peers) {
    await waitFor(
      `${member.station.name} to reach ${station.name}`,
      async () => (await member.station.ping(station.ip, { count: 1, timeoutMs: 500 })).received > 0,
      { timeoutMs: 20_000, signal },
    );
  }
}
