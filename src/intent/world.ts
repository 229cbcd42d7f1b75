import type { HypervisorConfig, NetworkConfig } from '../config/config.js';
import type { Dpid, Mac } from '../lib/addresses.js';
import type { Port } from '../openflow/index.js';

/** A switch with a live OpenFlow session. */
export interface SwitchView {
  readonly dpid: Dpid;
  /** The host that it dialled in from. */
  readonly peer: string;
  /** By OpenFlow port number. */
  readonly ports: ReadonlyMap<number, Port>;
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
}
