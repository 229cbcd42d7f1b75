/** What a host that was set up by hand holds, as far as its database tells: plain values, checked one by one. */
import type { Endpoint } from '../config/config.js';
import type { Dpid, Mac } from '../lib/addresses.js';
import type { Vtep } from '../lib/vtep.js';
import type { VlanMode } from './vlan.js';

/** What a database says of its host as a whole. */
export interface HostIdentity {
  readonly hostname?: string;
  readonly systemId?: string;
}

export interface HostFacts {
  /** As it is called in the file: unique among the imported hosts. */
  readonly name: string;
  readonly ovsdb: Endpoint;
  /** Open_vSwitch.external_ids:system-id. */
  readonly systemId?: string;
  readonly bridges: readonly BridgeFacts[];
  /** The bridge that Heddle is to manage; none where the host has no bridge that could be. */
  readonly bridge?: BridgeFacts;
}

export interface BridgeFacts {
  readonly name: string;
  /** As written: '' and 'system' are the same. */
  readonly datapathType: string;
  /** other_config:datapath-id, where it is one. */
  readonly datapathId?: Dpid;
  readonly failMode: string;
  readonly spanningTree?: 'STP' | 'RSTP';
  /** Controller.target of each. */
  readonly controllers: readonly string[];
  readonly mirrors: readonly string[];
  /** Such as `sFlow`: what watches the traffic by itself. */
  readonly exporters: readonly string[];
  readonly ports: readonly PortFacts[];
}

/**
 * `own`: the bridge's own port, by which the host itself is on it. `nic`: a network card. `member`: a VM's, a container's or
 * an internal port, which can be in a network. `heddle`: one that Heddle has made.
 */
export type PortRole = 'own' | 'member' | 'nic' | 'bond' | 'vxlan' | 'patch' | 'tunnel' | 'heddle';

export interface PortFacts {
  readonly name: string;
  readonly role: PortRole;
  /** Interface.type as written. */
  readonly type: string;
  readonly vlan: VlanMode;
  /** vlan_mode=dot1q-tunnel: customers' tags below the port's own. */
  readonly stacked: boolean;
  readonly ifaceId?: string;
  readonly attachedMac?: Mac;
  readonly vmId?: string;
  /** For `vxlan`. */
  readonly vxlan?: VxlanFacts;
  /** For `patch`: the other end's name. */
  readonly peer?: string;
  /** Why the interface could not be made, in the switch's words. */
  readonly error?: string;
  /** Rates that somebody has set, in words. */
  readonly rates: readonly string[];
}

/** The options of a tunnel port [ovs-vswitchd.conf.db(5), Interface: Tunnel Options]. */
export interface VxlanFacts {
  readonly remote: { readonly kind: 'one'; readonly address: Vtep } | { readonly kind: 'flow' } | BadRemote;
  readonly localIp?: Vtep;
  /** What frames must carry to come in here, and what goes out with: 0 where none is set, undefined where it is no VNI. */
  readonly inKey: Key | undefined;
  readonly outKey: Key | undefined;
  /** UDP; undefined where it is no port. */
  readonly dstPort: number | undefined;
  /** status:tunnel_egress_iface: through which interface the host reaches the remote. */
  readonly egress?: string;
}

export type Key = number | 'flow';

/** None at all, or one that Heddle's file has no place for. */
export type BadRemote = { readonly kind: 'none' } | { readonly kind: 'other'; readonly text: string };

/** A port with the place where it is. */
export interface Placed {
  readonly host: HostFacts;
  readonly bridge: BridgeFacts;
  readonly port: PortFacts;
}

export type PlacedVxlan = Placed & { readonly vxlan: VxlanFacts };

export const portsOf = (host: HostFacts): readonly Placed[] =>
  host.bridges.flatMap(bridge => bridge.ports.map(port => ({ host, bridge, port })));

/** The hand-made vxlan ports of some hosts, on whatever bridge. */
export const vxlansOf = (hosts: readonly HostFacts[]): readonly PlacedVxlan[] =>
  hosts
    .flatMap(portsOf)
    .flatMap(placed => (placed.port.vxlan === undefined ? [] : [{ ...placed, vxlan: placed.port.vxlan }]));

/** Whether a bridge forwards by itself (NORMAL), and not by what a controller or ovs-ofctl has put there. */
export const forwardsByItself = (bridge: BridgeFacts): boolean =>
  bridge.controllers.length === 0 && bridge.failMode !== 'secure';
