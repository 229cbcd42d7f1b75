import type { Dpid, Ipv4, Ipv6 } from '../lib/addresses.js';
import type { Vtep } from '../lib/vtep.js';
import type { EgressConfig, PolicyConfig } from './policy-config.js';

export type * from './policy-config.js';

/** Where something listens, or is reached. */
export type Endpoint =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'unix'; readonly path: string };

/** How Heddle comes to speak with a host's OVSDB: it connects to it, or waits for it to connect here, and to say who it is. */
export type OvsdbSource = Endpoint | DialIn;

export interface DialIn {
  readonly transport: 'dial-in';
  /** Open_vSwitch.external_ids:system-id of the host. */
  readonly systemId: string;
}

/** Which ports belong to a network: by identity that follows the VM, or by the port's name. */
export type PortSelector = (
  | { readonly by: 'iface-id'; readonly glob: string }
  | { readonly by: 'port'; readonly glob: string; readonly on?: string }
) & {
  /** The VLAN of a trunk that is the network, 1..4094 [IEEE 802.1Q 9.6]; left out: its untagged frames are. */
  readonly vlan?: number;
  /** The service level of these ports, where it is another than the network's. */
  readonly policy?: PolicyConfig;
  /** MACs that a switch may learn behind each of these ports; left out: 1,024. */
  readonly maxMacs?: number;
  /** What the one port that this is about has, in this network; left out: not known. */
  readonly addresses?: readonly IpAddress[];
};

export type IpAddress =
  { readonly version: 4; readonly value: Ipv4 } | { readonly version: 6; readonly value: Ipv6 };

export interface HypervisorConfig {
  readonly name: string;
  readonly ovsdb: OvsdbSource;
  readonly bridge: string;
  readonly datapath: 'system' | 'netdev';
  /** All hypervisors of a file have one family. */
  readonly vtep: Vtep;
  /**
   * The port of this very bridge that is the host's own way out: it and the bridge's own port are the host's underlay, and
   * no network's.
   */
  readonly uplink?: string;
  /** How it sends by that port. */
  readonly egress?: EgressConfig;
  /**
   * The bridge's datapath id: known from the file alone, so that a switch that dials in is recognised before its
   * OVSDB has answered (docs/adr/0003). Made from the name unless the file says it.
   */
  readonly dpid: Dpid;
}

/** Frames to a unicast MAC that is not known, to all, and to other groups. */
export type FloodKind = 'unknown-unicast' | 'broadcast' | 'multicast';

/** Packets per second, on each host for itself, or none at all. */
export type FloodLimit = number | 'drop';

export interface NetworkConfig {
  readonly name: string;
  /**
   * VXLAN network identifier, 1..16777215 [RFC 7348 section 5], and the network's `metadata` in the pipeline. A network of the wire has
   * none there: this is its `metadata` alone, above all VNIs (see wireNumber).
   */
  readonly vni: number;
  /** The VLAN of the hosts' uplinks that it is: it is in no tunnel then. */
  readonly wire?: number;
  readonly ports: readonly PortSelector[];
  /** VTEPs that Heddle does not manage. */
  readonly remotes: readonly Vtep[];
  /** Globs of the names of VXLAN ports that somebody made on the hypervisors' bridges: used as they are. */
  readonly mesh: readonly string[];
  /** What may be flooded of each kind; left out: all. */
  readonly flood: Readonly<Partial<Record<FloodKind, FloodLimit>>>;
  /** Seconds that a learned MAC stays after its last frame; left out: 300. */
  readonly macAge?: number;
  /** Which addresses its MACs use is noted, and shown. Left out: it is not. */
  readonly learnIps?: true;
  /** The service level of its ports. */
  readonly policy?: PolicyConfig;
}

/** Above all VNIs. */
const firstWireNumber = 2 ** 24;

/** The number of the network that is this VLAN of the uplinks. */
export const wireNumber = (vlan: number): number => firstWireNumber + vlan;

/** An app that the file asks for. `options` are checked later, against the schema of the app itself. */
export interface AppConfig {
  /** A built-in app's name, or a module's path as the file has it. */
  readonly name: string;
  readonly options: unknown;
  /** Where `options` stand in the file, as a path of keys: for messages. */
  readonly path: readonly (string | number)[];
}

export interface Config {
  readonly openflow: {
    readonly listen: Endpoint & { transport: 'tcp' };
    /** What hosts are told to connect to (Controller.target). */
    readonly advertise: Endpoint & { transport: 'tcp' };
  };
  /** Where hosts dial in with their OVSDB; left out where none is to. */
  readonly ovsdb?: { readonly listen: Endpoint & { transport: 'tcp' } };
  readonly api: { readonly listen: Endpoint & { transport: 'tcp' } };
  readonly apps: readonly AppConfig[];
  readonly hypervisors: readonly HypervisorConfig[];
  readonly networks: readonly NetworkConfig[];
}
