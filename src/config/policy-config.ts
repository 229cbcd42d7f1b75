import type { Ipv4, Ipv6, Mac } from '../lib/addresses.js';

/** Service levels, as the file's `qos` says them. */

/** What a meter counts. */
export type RateUnit = 'kbit' | 'packet';

export interface Rate {
  readonly unit: RateUnit;
  /** kbit/s or packets/s, a whole number of at least 1: what a meter's band can say [OF1.3.5 7.3.4.4]. */
  readonly perSecond: number;
}

/** What a meter lets pass. */
export interface LimitConfig {
  readonly rate: Rate;
  /**
   * What may pass above the rate at once: kbit or packets, as the rate is of bits or packets. A whole number; 0 with
   * `shape`: as the kernel has it.
   */
  readonly burst: number;
  /** What is over the rate waits in a queue of the port, and is not dropped at once; of bits alone. */
  readonly shape?: Shaper;
  /** The kernel drops what is over the rate before the switch has it: in place of a meter, where that has none. */
  readonly police?: 'ingress';
}

/** Types of QoS that shape what a port sends [ovs-vswitchd.conf.db(5), QoS: type]. */
export type Shaper = 'linux-htb' | 'linux-hfsc';

/** How a host sends on its way out. Rates are in kbit/s. */
export interface EgressConfig {
  readonly type: Shaper;
  readonly maxKbit: number;
  /** The first has number 1, and so on; 0 is what no policy sends elsewhere. */
  readonly queues: readonly QueueConfig[];
}

export interface QueueConfig {
  readonly name: string;
  /** What it has whatever the others send. */
  readonly minKbit?: number;
  readonly maxKbit?: number;
  /** 0 to 7: what is left goes to the lowest first. */
  readonly priority?: number;
  readonly burstKbit?: number;
}

/** A code point that is written, 0 to 63 [RFC 2474 3], or that what the VM itself has written stays. */
export type Marking = number | 'trust';

/** What is done to packets: to all of a port, or to those of a class. */
export interface Treatment {
  /** Limits what a VM sends. */
  readonly fromVm?: LimitConfig;
  /** Limits what a VM gets. */
  readonly toVm?: LimitConfig;
  /** Of what a VM sends. Left out: the marks stay as they are, or for a class, what the policy says. */
  readonly dscp?: Marking;
  /** The queue by which it leaves a host (`egress.queues`). Left out: the one that is for all, or for a class, the policy's. */
  readonly queue?: string;
}

/** A service level. Limits are for each port by itself, not for all of a network together. */
export interface PolicyConfig extends Treatment {
  readonly name: string;
  /** The first that a packet belongs to has it, within the limits of all of the port. Left out: there are none. */
  readonly classes?: readonly ClassConfig[];
}

/** Some of a port's packets, which are treated in a way of their own. */
export interface ClassConfig extends Treatment {
  readonly name: string;
  /** Left out: all packets that no class before it has. */
  readonly traffic?: TrafficConfig;
}

/** Which packets, as they are on the wire in either direction: all that is said must hold, of a list one of its members. */
export interface TrafficConfig {
  /** 0 to 63, as it is before the switch writes another. */
  readonly dscp?: readonly number[];
  /** Of IPv4 or IPv6 [IANA Protocol Numbers], 0 to 255; or ARP. */
  readonly protocol?: number | 'arp';
  readonly source?: IpPrefix;
  readonly destination?: IpPrefix;
  readonly sourceMac?: Mac;
  readonly destinationMac?: Mac;
  /** Of TCP, UDP or SCTP, which `protocol` says. Sorted, with no overlap. */
  readonly sourcePorts?: readonly PortRange[];
  readonly destinationPorts?: readonly PortRange[];
  /** VNIs. */
  readonly networks?: readonly number[];
}

/** An address with all bits behind the prefix cleared. */
export type IpPrefix =
  | { readonly version: 4; readonly value: Ipv4; readonly length: number }
  | { readonly version: 6; readonly value: Ipv6; readonly length: number };

/** 0 to 65535, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}
