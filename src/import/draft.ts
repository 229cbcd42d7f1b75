/** What the file will say, each value with the comment that stands beside it. */
import type { Endpoint } from '../config/config.js';
import type { Dpid } from '../lib/addresses.js';
import type { Vtep } from '../lib/vtep.js';

export interface Draft {
  /** Where Heddle is to listen; none where the default will do. */
  readonly listen?: { readonly at: Endpoint; readonly note: string };
  readonly hypervisors: readonly DraftHost[];
  readonly networks: readonly DraftNetwork[];
}

export interface DraftHost {
  readonly name: string;
  readonly ovsdb: Endpoint;
  readonly bridge: string;
  readonly datapath: 'system' | 'netdev';
  readonly datapathId?: Dpid;
  readonly vtep: { readonly address: Vtep; readonly note: string };
  readonly uplink?: { readonly name: string; readonly note: string };
}

export interface DraftNetwork {
  readonly name: string;
  /** What it is on the hosts. */
  readonly about: string;
  /** In tunnels by its VNI, or on the wire by its VLAN. */
  readonly number: { readonly key: 'vni' | 'vlan'; readonly value: number; readonly note: string };
  readonly mesh: readonly string[];
  readonly ports: readonly DraftPort[];
  readonly remotes: readonly { readonly address: Vtep; readonly note: string }[];
}

export type DraftPort = ({ readonly ifaceId: string } | { readonly port: string; readonly on: string }) & {
  readonly vlan?: number;
  readonly note: string;
};
