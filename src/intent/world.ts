import type { HypervisorConfig, NetworkConfig } from '../config/config.js';
import type { Dpid, Mac } from '../lib/addresses.js';
import type { Vtep } from '../lib/vtep.js';
import type { Port, SwitchFeatures } from '../openflow/index.js';

/** A switch with a live OpenFlow session. */
export interface SwitchView {
  readonly dpid: Dpid;
  /** The host that it dialled in from. */
  readonly peer: string;
  /** By OpenFlow port number. */
  readonly ports: ReadonlyMap<number, Port>;
  /** What it can do; left out while it has not been asked. */
  readonly features?: SwitchFeatures;
  /** The hypervisor whose bridge it is, by the file; undefined: a switch in no overlay. */
  readonly hypervisor?: string;
}

/** A port on a hypervisor's bridge, as its OVSDB tells. Its identity is its name or iface-id, never its ofport. */
export interface HostPort {
  readonly name: string;
  /** Undefined until Open vSwitch has given one, or when it could not (see `error`). */
  readonly ofport?: number;
  /** Interface.external_ids:iface-id, libvirt's and Nova's identity of a VM's interface: it moves with the VM. */
  readonly ifaceId?: string;
  /** Interface.external_ids:attached-mac. */
  readonly attachedMac?: Mac;
  /** The name of the Port row where that has several interfaces, of which this is one. */
  readonly bond?: string;
  /** Interface.error, in Open vSwitch's own words. */
  readonly error?: string;
  /** Limits that somebody else has set on it, as libvirt does for a `<bandwidth>`. */
  readonly bandwidth?: HostPortBandwidth;
  /** Interface.type, where that is one whose ports send all that they get, whatever QoS they have. */
  readonly unshaped?: string;
  /** Where its type is `vxlan`: what somebody has set it up for. */
  readonly vxlan?: VxlanPort;
}

/** [ovs-vswitchd.conf.db(5), Interface: Ingress Policing, Port: qos] */
export interface HostPortBandwidth {
  /** Interface.ingress_policing_rate, kbit/s: of what the VM sends. */
  readonly ingressPolicing?: number;
  /** QoS.type of somebody else's QoS: of what the VM gets. */
  readonly qos?: string;
}

/**
 * A VXLAN port that somebody made, as Interface.options has it [ovs-vswitchd.conf.db(5), Interface: Tunnel Options]. What
 * is left out cannot be read: Open vSwitch may take it for something, which Heddle does not guess.
 */
export interface VxlanPort {
  /** Where it sends to, and whom it takes frames from; 'flow': the flows say that. */
  readonly remoteIp?: Vtep | 'flow';
  /** The VNIs that it takes and sends with (options:in_key, out_key, else key); 'flow': any, as the flows say; 0 unless given. */
  readonly inKey?: number | 'flow';
  readonly outKey?: number | 'flow';
  /** UDP, 4789 unless given. */
  readonly dstPort?: number;
  /** Whether the DSCP of what is inside is copied to the outer header (options:tos=inherit); left out: it is not. */
  readonly copiesDscp?: true;
}

export interface HypervisorView {
  readonly config: HypervisorConfig;
  /**
   * False until its OVSDB has been read once since Heddle started, and while the bridge there has not this hypervisor's
   * datapath id: nothing is known of its ports then.
   */
  readonly known: boolean;
  /** By port name, without the bridge's own port and the tunnel port. */
  readonly ports: ReadonlyMap<string, HostPort>;
  /** The ofport of the flow-based VXLAN port. */
  readonly tunnelPort?: number;
  /** Why Open vSwitch could not make that port, in its own words. */
  readonly tunnelError?: string;
}

/** What apps may look at: read-only, and as it is now. The views in it are values, replaced and never edited. */
export interface World {
  readonly networks: readonly NetworkConfig[];
  readonly hypervisors: ReadonlyMap<string, HypervisorView>;
  readonly switches: ReadonlyMap<Dpid, SwitchView>;
  /** Whether a switch holds all that is wanted of it, as far as is known. Left out: nobody can say. */
  readonly isSettled?: (dpid: Dpid) => boolean;
  /**
   * By which tunnels managed hosts send to each other where somebody has made VXLAN ports that the networks name in `mesh`: by
   * those, or by Heddle's own flow-based port. Frames are taken from both, whatever this says. Left out: 'mesh'.
   */
  readonly meshSending?: 'mesh' | 'flow';
  /** Milliseconds of a clock that never goes back, and begins anywhere. */
  readonly now: () => number;
}
