/** An IP address that goes with a MAC. */
export interface IpReport {
  readonly address: string;
  /** declared: the file says it; seen: the MAC has used it. */
  readonly how: 'declared' | 'seen';
  /** Since when that is known, by `World.now`; left out for what the file says. */
  readonly since?: number;
}

/** Where a MAC of a network is. */
export interface MacReport {
  readonly network: string;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
  readonly ips: readonly IpReport[];
  readonly hypervisor?: string;
  /** The port of that hypervisor's bridge. */
  readonly port?: string;
  /** Where it is behind a VTEP that Heddle does not manage: that. */
  readonly vtep?: string;
  /**
   * attached: its port's OVSDB says so; learned: a switch has seen it behind one of its ports; remote: a switch has seen it
   * behind a VTEP that Heddle does not manage.
   */
  readonly how: 'attached' | 'learned' | 'remote';
  /** Since when it is there, by `World.now`. */
  readonly since: number;
  /** How often it has come from another place since it was first known. */
  readonly moves: number;
  /** It is seen in several places in turn, so often that it is taken to be where it was, for a while. */
  readonly held?: boolean;
}
