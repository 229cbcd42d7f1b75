import type { Dpid } from '../lib/addresses.js';

/** A port that Heddle makes on a bridge, with the one interface that it has. */
export interface PortIntent {
  readonly name: string;
  /** Interface.type, for example `vxlan`. */
  readonly type: string;
  /** Interface.options. */
  readonly options: Readonly<Record<string, string>>;
}

/** A queue of a port's QoS; the number is what `set_queue` names [ovs-vswitchd.conf.db(5), QoS: queues]. */
export interface QueueIntent {
  /** 0 to 4294967295. */
  readonly number: number;
  /** Queue.other_config, for example `{ 'max-rate': '10000000' }`: what is allowed depends on the type of the QoS. */
  readonly otherConfig: Readonly<Record<string, string>>;
  /** 0 to 63: the DSCP that Open vSwitch gives to what goes through this queue. */
  readonly dscp?: number;
}

/** How a port sends. Heddle makes the rows, and takes them away when no app wants them any more. */
export interface QosIntent {
  /** The name of a port of the hypervisor's bridge. While there is none of this name, nothing is made. */
  readonly port: string;
  /** QoS.type, for example `linux-htb`. */
  readonly type: string;
  /** QoS.other_config, for example `{ 'max-rate': '100000000' }`. */
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly queues: readonly QueueIntent[];
}

/** How much may come in by a port of somebody else's: the kernel drops what is more. */
export interface PolicingIntent {
  /** The name of a port of the hypervisor's bridge. While there is none of this name, nothing is set. */
  readonly port: string;
  /** Interface.ingress_policing_rate, kbit/s: at least 1. */
  readonly rateKbit: number;
  /** Interface.ingress_policing_burst, kbit. */
  readonly burstKbit: number;
}

/** What is wanted in one hypervisor's OVSDB. */
export interface HostIntent {
  readonly bridge: string;
  /** Bridge.datapath_type: '' is the kernel's. */
  readonly datapathType: '' | 'netdev';
  readonly dpid: Dpid;
  /** The hypervisors of the file by their datapath ids: by them, a bridge that is another's is known. */
  readonly names: ReadonlyMap<Dpid, string>;
  /** Controller.target, for example `tcp:10.98.0.254:6653`. */
  readonly controller: string;
  /** The host's own traffic takes this bridge, and its way to the controller may. */
  readonly inBand?: boolean;
  /** The port that is its way out, by the file. */
  readonly uplink?: string;
  readonly ports: readonly PortIntent[];
  /** Names of VXLAN ports that somebody else made, and that the user has asked to be replaced: they are deleted. */
  readonly replaced?: readonly string[];
  readonly qos: readonly QosIntent[];
  /** Left out: none. */
  readonly policing?: readonly PolicingIntent[];
  /** False while an app cannot say which ports, or which QoS, it wants: then none is taken away. */
  readonly complete: boolean;
}
