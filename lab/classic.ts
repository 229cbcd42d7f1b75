/**
 * Two hosts as people set them up by hand, before there is a controller: on each one bridge that forwards as NORMAL says,
 * with the NIC and the host's own address on it, a VXLAN port to the other host, and VMs in one VLAN. OVSDB is reached over
 * that same NIC, as is everything else.
 */
import { GuestAgent } from './guest-agent.js';
import { sysctl } from './namespaces.js';
import type { Hypervisor } from './hypervisor.js';
import { Lab } from './lab.js';
import { ovsdbPort, openflowPort } from './plan.js';
import type { Vm } from './vm.js';

/** The names and numbers that such hosts have in this lab. */
export const classic = {
  bridge: 'vswitch002',
  uplink: 'eth0',
  /** Of both hosts: the port to the other one. */
  mesh: 'vxlan10',
  /** The VLAN of the VMs on each bridge, and the key of their tunnel. */
  tag: 10,
  key: 10,
} as const;

/** A host, its guest, and who answers probes for the host itself. */
export interface ClassicHost {
  readonly hypervisor: Hypervisor;
  /** On VLAN 10, plugged in as libvirt does. */
  readonly vm: Vm;
  /** Sends and answers probes with the host's own address: what an NFS mount or an ssh session would see. */
  readonly agent: GuestAgent;
}

export class ClassicSite {
  readonly lab: Lab;
  readonly hosts: readonly [ClassicHost, ClassicHost];

  private constructor(lab: Lab, hosts: readonly [ClassicHost, ClassicHost]) {
    this.lab = lab;
    this.hosts = hosts;
  }

  /** Returns when both hosts forward. Guests have their first neighbours still to find. */
  static async open(): Promise<ClassicSite> {
    const lab = await Lab.create({ controllerOn: 'underlay' });
    try {
      const { bridge, uplink } = classic;
      const one = await lab.addHypervisor('kvm1', { bridge, uplink });
      const two = await lab.addHypervisor('kvm2', { bridge, uplink });
      await Promise.all([setUp(one, two), setUp(two, one)]);
      return new ClassicSite(lab, [await populate(one, 1), await populate(two, 2)]);
    } catch (thrown) {
      await lab.down();
      throw thrown;
    }
  }

  /** Where Heddle listens in this lab, as the file says it. */
  get listen(): string {
    return `tcp:${this.lab.controllerAddress}:${openflowPort}`;
  }

  /** A host's OVSDB, as the file says it. */
  static ovsdbOf = ({ hypervisor }: ClassicHost): string => `tcp:${hypervisor.vtep}:${ovsdbPort}`;

  /** The file that says what is there already: what is asked for changes nothing of who reaches whom. */
  get yaml(): string {
    const { bridge, uplink, mesh, key } = classic;
    return [
      `openflow: { listen: '${this.listen}' }`,
      'hypervisors:',
      ...this.hosts.flatMap(host => [
        `  ${host.hypervisor.name}:`,
        `    ovsdb: ${ClassicSite.ovsdbOf(host)}`,
        `    bridge: ${bridge}`,
        `    datapath: ${host.hypervisor.datapath}`,
        `    vtep: ${host.hypervisor.vtep}`,
        `    uplink: ${uplink}`,
      ]),
      'networks:',
      `  vlan${classic.tag}: { vni: ${key}, mesh: [${mesh}], ports: [{ iface-id: 'vm-*' }] }`,
      '',
    ].join('\n');
  }
}

async function setUp(self: Hypervisor, peer: Hypervisor): Promise<void> {
  const { uplink, bridge, mesh, tag, key } = classic;
  // With the userspace datapath the kernel sees what the NIC receives, too, and would answer for the host a second time
  // (Open vSwitch's documentation, "Using the Userspace Datapath", has people block that).
  await sysctl(self.host, {
    [`net.ipv4.conf.${uplink}.rp_filter`]: 1,
    [`net.ipv4.conf.${uplink}.arp_ignore`]: 8,
  });
  // The wire carries untagged frames alone, as a physical switch that knows nothing of the hosts' VLANs. Without this, VLAN 10
  // would have two ways, the wire and the tunnel: a loop, and MACs that NORMAL learns now here, now there.
  await self.vsctl('set', 'Port', uplink, 'trunks=0');
  const options = [`options:remote_ip=${peer.vtep}`, `options:key=${key}`];
  await self.vsctl(
    ...['add-port', bridge, mesh, `tag=${tag}`, '--', 'set', 'Interface', mesh, 'type=vxlan', ...options],
  );
}

async function populate(hypervisor: Hypervisor, index: number): Promise<ClassicHost> {
  const [name, mac] = [`vm-${index}`, `02:00:00:00:00:0${index}`];
  const vm = await hypervisor.addVm({
    ...{ name, mac, ip: `10.0.0.${index}` },
    ...{ bridge: classic.bridge, tag: classic.tag, ifaceId: `${name}-eth0`, attachedMac: mac },
  });
  return { hypervisor, vm, agent: await GuestAgent.start(hypervisor.name, hypervisor.host) };
}
