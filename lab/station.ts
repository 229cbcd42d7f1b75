/** Something with one address on the overlay: a VM, or a host that speaks VXLAN itself. */
import { capture, type Capture, type CaptureOptions } from './capture.js';
import type { Output, RunOptions } from './exec.js';
import { GuestAgent } from './guest-agent.js';
import { ipBatch, type Host } from './host.js';
import { parsePing, pingCommand, type PingOptions, type PingResult } from './ping.js';
import { prefixLength } from './plan.js';

export interface StationSpec {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
  /** With one, IPv6 is on; without, it is off and the station says nothing by itself. */
  readonly ip6?: string;
}

/** The name of every station's one interface. */
export const stationDevice = 'eth0';

export class Station {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
  readonly ip6: string | undefined;
  readonly host: Host;
  #agent: Promise<GuestAgent> | undefined;

  constructor(spec: StationSpec, host: Host) {
    this.name = spec.name;
    this.mac = spec.mac;
    this.ip = spec.ip;
    this.ip6 = spec.ip6;
    this.host = host;
  }

  /** Brings the interface up with its addresses. */
  async boot(): Promise<void> {
    await ipBatch(this.host, [
      `addr replace ${this.ip}/${prefixLength} dev ${stationDevice}`,
      // No duplicate address detection: the address works at once, and two networks may well share it.
      ...(this.ip6 === undefined ? [] : [`addr replace ${this.ip6}/64 dev ${stationDevice} nodad`]),
      `link set ${stationDevice} up`,
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

  /**
   * The program in this station that answers probes with the station's name, and sends them. The first call starts
   * it: a station that is to answer must have been asked for it, too.
   */
  agent(): Promise<GuestAgent> {
    this.#agent ??= GuestAgent.start(this.name, this.host);
    return this.#agent;
  }

  /** Watches the station's interface. */
  capture(options?: CaptureOptions): Promise<Capture> {
    return capture(this.host, stationDevice, options);
  }

  /** Forgets its neighbours, so that the next packet asks by ARP or ND again. */
  async flushNeighbours(): Promise<void> {
    await this.host.run(['ip', 'neigh', 'flush', 'dev', stationDevice]);
  }

  /** Tells the network where it is: a gratuitous ARP. */
  async announce(): Promise<void> {
    await this.announceWhenUp(stationDevice);
    await this.host.run(['ip', 'link', 'set', stationDevice, 'address', this.mac]);
  }

  /**
   * With this knob the kernel announces by itself when the interface comes up, and when its MAC is set, even to what it
   * was (arping, which could do it, is one more package).
   */
  protected async announceWhenUp(device: string): Promise<void> {
    await this.host.run(['tee', `/proc/sys/net/ipv4/conf/${device}/arp_notify`], { input: '1\n' });
  }
}
