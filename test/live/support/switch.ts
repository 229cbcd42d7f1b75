/** A switch as a person makes it by hand, with `ovs-vsctl`: no hypervisor of any file. */
import type { Hypervisor } from '../../../lab/hypervisor.js';
import type { Lab } from '../../../lab/lab.js';
import type { Vm } from '../../../lab/vm.js';

/** What README tells a person to type. */
export async function setController(host: Hypervisor, bridge: string): Promise<void> {
  await host.vsctl('set-controller', bridge, 'tcp:127.0.0.1:6653');
}

/**
 * Makes a connected switch try again each second when it loses its controller, and not after up to 8: for tests that
 * restart Heddle. Open vSwitch 3.1 gives a connection its settings when the bridge changes after it was made.
 */
export async function reconnectSoon(host: Hypervisor, bridge: string): Promise<void> {
  await host.vsctl('set', 'Controller', bridge, 'max_backoff=1000');
  await host.vsctl('set', 'Bridge', bridge, 'external-ids:touched=1');
}

/** A host of its own with the empty bridge br0, and no controller yet. */
export async function addSwitch(lab: Lab, name = 'sw'): Promise<Hypervisor> {
  const host = await lab.addHypervisor(name);
  await host.vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev');
  return host;
}

export const macOf = (last: number): string => `02:00:00:00:00:0${last}`;

/** VMs 1, 2, 3 …: 10.0.0.1 with 02:00:00:00:00:01 at port 1, and so on. */
export async function addGuests(host: Hypervisor, ...names: readonly string[]): Promise<Vm[]> {
  const vms: Vm[] = [];
  for (const [index, name] of names.entries()) {
    const last = index + 1;
    vms.push(await host.addVm({ name, mac: macOf(last), ip: `10.0.0.${last}`, bridge: 'br0' }));
  }
  return vms;
}

/** The flows that the learning switch has made by packets, and not those that it always wants. */
export const learnedFlows = async (host: Hypervisor): Promise<string[]> =>
  (await host.ofctl('dump-flows', 'br0')).split('\n').filter(line => line.includes('idle_timeout'));

/** A flow of a dump without its age and its counters. */
export const timeless = (flow: string): string =>
  flow.replaceAll(/(duration|n_packets|n_bytes|idle_age)=[^,]*, ?/g, '').trim();

/** A switch of Open vSwitch's own beside br0: guests without a tag on one side, frames with a tag on the other. */
export async function addAccessSwitch(host: Hypervisor, name: string): Promise<void> {
  const patch = (bridge: string, port: string, peer: string): string[] => [
    ...['--', 'add-port', bridge, port],
    ...['--', 'set', 'Interface', port, 'type=patch', `options:peer=${peer}`],
  ];
  await host.vsctl(
    ...['add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=netdev', 'fail_mode=standalone'],
    ...patch(name, `from-${name}`, `to-${name}`),
    ...patch('br0', `to-${name}`, `from-${name}`),
  );
}

/** A guest whose frames have this VLAN's tag when they leave its access switch. */
export async function addTaggedGuest(
  host: Hypervisor,
  guest: Parameters<Hypervisor['addVm']>[0],
  vlan: number,
): Promise<Vm> {
  const vm = await host.addVm(guest);
  await host.vsctl('set', 'Port', vm.port, `tag=${vlan}`);
  return vm;
}
