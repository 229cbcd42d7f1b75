import type { Dpid } from '../lib/addresses.js';

/** A port that Heddle makes on a bridge, with the one interface that it has. */
export interface PortIntent {
  readonly name: string;
  /** Interface.type, for example `vxlan`. */
  readonly type: string;
  /** Interface.options. */
  readonly options: Readonly<Record<string, string>>;
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
  readonly ports: readonly PortIntent[];
  /** False while an app cannot say which ports it wants: then none is taken away. */
  readonly complete: boolean;
}
