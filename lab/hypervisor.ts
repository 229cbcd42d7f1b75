/**
 * A hypervisor: its own ovsdb-server and ovs-vswitchd, a bridge to the underlay that holds
 * the tunnel address, and VMs' ports plugged in as libvirt does it.
 */
import { Daemon } from './daemon.js';
import { labDatapath, type Datapath } from './datapath.js';
import type { Output, RunOptions } from './exec.js';
import { setAddress } from './fabric.js';
import { ipBatch, type Host } from './host.js';
import { sysctl } from './namespaces.js';
import { underlayAddress6, underlayMac, underlayMtu } from './plan.js';
import { makeVm, type Vm, type VmPlace, type VmSpec } from './vm.js';

export interface HypervisorSpec {
  readonly name: string;
  readonly host: Host;
  /** Where VMs' namespaces are made, and how they are called. */
  readonly place: VmPlace;
  /** Of its own: database, sockets, logs. */
  readonly directory: string;
  /** 1..250; makes its MACs. */
  readonly index: number;
  readonly management: string;
  /** Where its OVSDB listens, beside its socket: `ptcp:6640:10.98.0.1`. */
  readonly remote: string;
  readonly vtep: string;
  /** The NIC on the underlay, already up, with no address. */
  readonly uplink: string;
  /** The bridge that has the uplink as a port, and the tunnel address on its own port; br-phy unless said. */
  readonly bridge?: string;
}

/** How a VM's port appears in OVSDB; libvirt writes iface-id and attached-mac before the guest starts. */
export interface PortSpec {
  /** br-int unless said. */
  readonly bridge?: string;
  readonly ifaceId?: string;
  readonly attachedMac?: string;
  /** Port.tag: the VLAN by which NORMAL keeps networks apart. */
  readonly tag?: number;
}

export class Hypervisor {
  readonly name: string;
  readonly host: Host;
  readonly management: string;
  readonly vtep: string;
  readonly directory: string;
  /** Of its bridges. */
  readonly datapath: Datapath;
  readonly ovsdbServer: Daemon;
  /** The bare process; startVswitchd() also gives the tunnel address back. */
  readonly vswitchd: Daemon;
  readonly #spec: HypervisorSpec;
  readonly #physicalBridge: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(spec: HypervisorSpec) {
    const { directory, host } = spec;
    this.#spec = spec;
    this.#physicalBridge = spec.bridge ?? 'br-phy';
    this.name = spec.name;
    this.host = host;
    this.management = spec.management;
    this.vtep = spec.vtep;
    this.directory = directory;
    this.datapath = labDatapath();
    this.#env = { OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
    const common = { host, directory, env: this.#env };
    const remotes = [`--remote=punix:${directory}/db.sock`, `--remote=${spec.remote}`];
    const managers = '--remote=db:Open_vSwitch,Open_vSwitch,manager_options';
    this.ovsdbServer = new Daemon({
      ...common,
      program: 'ovsdb-server',
      args: [`${directory}/conf.db`, ...remotes, managers],
    });
    this.vswitchd = new Daemon({ ...common, program: 'ovs-vswitchd', args: [`unix:${directory}/db.sock`] });
  }

  /** Returns when both daemons serve and the tunnel address is up. */
  static async start(spec: HypervisorSpec): Promise<Hypervisor> {
    const hypervisor = new Hypervisor(spec);
    const { directory, host, name, uplink, index } = spec;
    await host.run(['mkdir', '-p', '-m', '700', directory]);
    await host.run(['ovsdb-tool', 'create', `${directory}/conf.db`]);
    await hypervisor.ovsdbServer.start();
    // The bridge stands in for the host's network card and its routes, so it forwards like any switch; a fixed MAC
    // keeps the neighbours' tunnel caches true when the bridge is made anew.
    const phy = hypervisor.#physicalBridge;
    await hypervisor.vsctl(
      ...['--no-wait', '--', 'init'],
      ...[
        '--',
        'set',
        'Open_vSwitch',
        '.',
        `external-ids:hostname=${name}`,
        `external-ids:system-id=${name}`,
      ],
      ...['--', 'add-br', phy],
      ...['--', 'set', 'Bridge', phy, `datapath_type=${hypervisor.datapath}`, 'fail_mode=standalone'],
      ...['--', 'set', 'Bridge', phy, `other-config:hwaddr="${underlayMac(index)}"`],
      ...['--', 'set', 'Interface', phy, `mtu_request=${underlayMtu}`],
      ...['--', 'add-port', phy, uplink],
    );
    await hypervisor.startVswitchd();
    return hypervisor;
  }

  /** `ovs-vsctl`: waits until ovs-vswitchd has done it, unless --no-wait is said. */
  async vsctl(...args: readonly string[]): Promise<string> {
    return (await this.run(['ovs-vsctl', '--timeout=15', ...args])).stdout;
  }

  /** `ovs-ofctl -O OpenFlow13`. */
  async ofctl(...args: readonly string[]): Promise<string> {
    return (await this.run(['ovs-ofctl', '-O', 'OpenFlow13', ...args])).stdout;
  }

  /** `ovs-appctl` to ovs-vswitchd. */
  async appctl(...args: readonly string[]): Promise<string> {
    return (await this.run(['ovs-appctl', '-t', `${this.directory}/ovs-vswitchd.ctl`, ...args])).stdout;
  }

  /** Any program on this host, with the environment in which Open vSwitch's tools find this host's daemons. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<Output> {
    return this.host.run(argv, { ...options, env: { ...this.#env, ...options.env } });
  }

  /**
   * Starts ovs-vswitchd; it has read its database and made its bridges when this returns. The tunnel address is given
   * again, since the bridge's own interface may be a tap that went with the old process (a real host's network scripts
   * do the same).
   */
  async startVswitchd(...more: readonly string[]): Promise<void> {
    await this.vswitchd.start(...more);
    await setAddress(this.host, this.#physicalBridge, this.vtep);
  }

  /** Gives the host a tunnel address of IPv6, too, which goes with ovs-vswitchd. @returns it */
  async addIpv6Vtep(): Promise<string> {
    const address = underlayAddress6(this.#spec.index);
    const device = this.#physicalBridge;
    await sysctl(this.host, { [`net.ipv6.conf.${device}.disable_ipv6`]: 0 });
    await ipBatch(this.host, [`addr replace ${address}/64 dev ${device} nodad`]);
    return address;
  }

  stopVswitchd(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    return this.vswitchd.stop(signal);
  }

  async restartVswitchd(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.stopVswitchd(signal);
    await this.startVswitchd();
  }

  startOvsdbServer(): Promise<void> {
    return this.ovsdbServer.start();
  }

  stopOvsdbServer(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    return this.ovsdbServer.stop(signal);
  }

  async restartOvsdbServer(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.stopOvsdbServer(signal);
    await this.startOvsdbServer();
  }

  /** Makes a VM and plugs it in; the guest's interface comes up last, as a guest that boots. */
  async addVm(spec: VmSpec & PortSpec): Promise<Vm> {
    const vm = await makeVm(this.#spec.place, this.host, spec);
    await this.plug(vm, spec);
    await vm.boot();
    return vm;
  }

  /** Adds the VM's port to a bridge, with what libvirt writes beside it. */
  async plug(vm: Vm, port: PortSpec = {}): Promise<void> {
    const ids = {
      ...(port.ifaceId === undefined
        ? {}
        : { 'iface-id': port.ifaceId, 'iface-status': 'active', 'vm-id': vm.name }),
      ...(port.attachedMac === undefined ? {} : { 'attached-mac': port.attachedMac }),
    };
    const settings = Object.entries(ids).map(([key, value]) => `external-ids:${key}="${value}"`);
    const set = settings.length === 0 ? [] : ['--', 'set', 'Interface', vm.port, ...settings];
    const tag = port.tag === undefined ? [] : [`tag=${port.tag}`];
    await this.vsctl('--may-exist', 'add-port', port.bridge ?? 'br-int', vm.port, ...tag, ...set);
  }

  /** Takes the VM's port off its bridge, as libvirt does when the VM leaves. */
  async unplug(vm: Vm): Promise<void> {
    await this.vsctl('--if-exists', 'del-port', vm.port);
  }

  /**
   * Takes a running VM over from another hypervisor, in the order of a live migration: the port appears here while the
   * guest still runs there, the guest wakes up here and announces itself, and its old port goes.
   */
  async takeOver(vm: Vm, from: Hypervisor, port: PortSpec = {}): Promise<void> {
    const arriving = 'arriving';
    await vm.layCable(this.host, arriving);
    await this.plug(vm, port);
    await vm.switchTo(arriving);
    await from.unplug(vm);
    await from.host.run(['ip', 'link', 'delete', vm.port]);
  }

  /** The last lines of both daemons' logs: what to read when something went wrong. */
  async logTail(lines = 20): Promise<string> {
    const logs = [this.ovsdbServer.log, this.vswitchd.log];
    const { stdout } = await this.host.run(['tail', '-n', String(lines), ...logs], { accept: [0, 1] });
    return stdout;
  }
}
