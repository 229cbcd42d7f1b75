import type { z } from 'zod';
import type { Dpid } from '../lib/addresses.js';
import type {
  FlowMod,
  FlowRemoved,
  FlowStats,
  PacketIn,
  PacketOut,
  Port,
  Writer,
} from '../openflow/index.js';
import type { Program } from './flow.js';
import type { PolicingIntent, PortIntent, QosIntent } from './host.js';
import type { LearnedNews } from './learned.js';
import type { MacReport } from './mac-report.js';
import type { Scope, TableDeclaration, Tables } from './tables.js';
import type { World } from './world.js';

/** What happens to an app. Every app of the scope sees every event of its switches. */
export type AppEvent =
  /** A session is up; `reactive` are the flows that an earlier run of this app left in the switch. */
  | { readonly type: 'switch-up'; readonly dpid: Dpid; readonly reactive: readonly FlowStats[] }
  | { readonly type: 'switch-down'; readonly dpid: Dpid }
  | { readonly type: 'packet-in'; readonly dpid: Dpid; readonly packet: PacketIn }
  | {
      readonly type: 'port-status';
      readonly dpid: Dpid;
      /** OFPPR: added, deleted or modified. */
      readonly reason: number;
      readonly port: Port;
    }
  | { readonly type: 'flow-removed'; readonly dpid: Dpid; readonly flow: FlowRemoved }
  /** Ports of a hypervisor's bridge came, moved or went, or it was read for the first time. */
  | { readonly type: 'hypervisor-changed'; readonly name: string };

/** A PACKET_IN as it came, from `start` to before `end`; of it, the header alone has been looked at [OF1.3.5 7.1]. */
export interface PacketBytes {
  readonly dpid: Dpid;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Messages that an app sends by itself, beside its desired state. `xid` 0: the session gives one. */
export type AppMessage = PacketOut | FlowMod;

/** What an app answers to an event. */
export interface Step<State> {
  /** The same object when nothing changed, or when the app keeps its state in place. */
  readonly state: State;
  /** Sent at once, in order, to the switch that the event came from. */
  readonly send?: readonly AppMessage[];
  /** Sent at once to other switches, where they are connected. */
  readonly sendTo?: Iterable<readonly [Dpid, readonly AppMessage[]]>;
  /** The switches whose `desired` may have changed. */
  readonly changed?: Iterable<Dpid>;
  /** Switches that are to tell anew all that they have learned (`AppModule.onLearned`). */
  readonly tellAnew?: Iterable<Dpid>;
}

/** What Heddle gives to an app when it starts it: the same for as long as the app runs. */
export interface Setup {
  readonly tables: Tables;
  /** For flows that the app sends by itself (`Step.send`): they go by their own timeouts. */
  readonly reactiveCookie: bigint;
  /** For `learn` actions: one cookie per key, for example one per port, and another where tables have other numbers. */
  readonly learnedCookie: (key: string) => bigint;
  /**
   * Ids for the app's meters in one switch, by names of its own: the same ones after a restart. Of more than `most` names
   * (500 unless said, 1,400 at most) the last in order get none, which the app should report. `SwitchView.features` says
   * how many a switch has, for all apps together.
   */
  readonly numberMeters: (names: Iterable<string>, most?: number) => ReadonlyMap<string, number>;
}

export interface Problem {
  readonly hypervisor?: string;
  readonly network?: string;
  readonly port?: string;
  readonly dpid?: Dpid;
  readonly app?: string;
  /** What is wrong, and where it helps, what to do. */
  readonly message: string;
}

/** A port; one that is in several networks has one of these for each. */
export interface PortReport {
  readonly hypervisor: string;
  readonly port: string;
  /** What it is, where it is no network's own port: the host's way out, or a tunnel that somebody made. */
  readonly role?: 'uplink' | 'mesh';
  /** For a tunnel that several use: all their names. */
  readonly network?: string;
  /** The VLAN of a trunk that is that network. */
  readonly vlan?: number;
  /** Where such a tunnel leads. */
  readonly remote?: string;
  readonly ofport?: number;
  readonly ifaceId?: string;
  readonly mac?: string;
  readonly error?: string;
}

export interface NetworkReport {
  readonly name: string;
  /** One of these two: the VNI of its tunnels, or the VLAN of the uplinks. */
  readonly vni?: number;
  readonly vlan?: number;
  readonly hypervisors: readonly string[];
  readonly ports: number;
  readonly remotes: readonly string[];
  /** Where it has more hosts than one packet's copies reach: in so many parts, to each of which one host sends on what is for all. */
  readonly relayParts?: number;
}

/** One limit that a service level has for a port, or for a class of its packets: what `heddle qos` tells of. */
export interface LimitReport {
  readonly hypervisor: string;
  readonly port: string;
  readonly network: string;
  readonly policy: string;
  readonly class?: string;
  /** Seen from the VM. */
  readonly direction: 'from-vm' | 'to-vm';
  readonly unit: 'kbit' | 'packet';
  /** kbit/s or packets/s. */
  readonly perSecond: number;
  /** kbit or packets. */
  readonly burst: number;
  /** The meter that holds it, or the queue of the port that does; none of these three: nothing does. */
  readonly meter?: number;
  readonly queue?: number;
  /** The kernel holds it, by ingress policing of the port, and counts nothing that a switch would tell. */
  readonly policed?: true;
}

/** A queue by which a host sends. */
export interface QueueReport {
  readonly hypervisor: string;
  readonly port: string;
  /** What `set_queue` names; 0 is for all that no flow gives to another one. */
  readonly number: number;
  readonly name: string;
  /** kbit/s. */
  readonly maxKbit: number;
  readonly minKbit?: number;
}

/** What an app tells `heddle status`. */
export interface Report {
  readonly networks?: readonly NetworkReport[];
  readonly ports?: readonly PortReport[];
  readonly problems?: readonly Problem[];
  readonly limits?: readonly LimitReport[];
  readonly queues?: readonly QueueReport[];
}

/**
 * A controller app: pure functions over a state of its own. It never sees a socket; what it wants done, it returns.
 * A module of a user's own exports one as `default` (examples/apps).
 */
export interface AppModule<Options = unknown, State = unknown> {
  readonly name: string;
  /** Which switches it programs. */
  readonly scope: Scope;
  /** Its options in the file. `{}` must be allowed where an app can be named with none. */
  readonly options: z.ZodType<Options>;
  readonly tables: readonly TableDeclaration[];
  /** The world has its networks and hypervisors by then; which ports and switches there are comes with events. */
  init(options: Options, setup: Setup, world: World): State;
  /**
   * The file was read anew, and the app's options, the networks or the hypervisors are others now. Left out: an app whose
   * options have changed is started anew, as when Heddle is restarted (`init`, then `hypervisor-changed` and `switch-up`
   * for all that are there); where they have not, its state stays and `desired` is asked of every switch.
   */
  reconfigure?(options: Options, setup: Setup, state: State, world: World): Omit<Step<State>, 'send'>;
  on(event: AppEvent, state: State, world: World): Step<State>;
  /**
   * The short way of a packet, for an app that is asked so often that making objects of packets costs more than answering them.
   * It changes its state in place, and writes whole messages for the switch that asks into `out`. The bytes may be wrong in any way, and
   * are not to be kept. Used where the switch has no other app.
   *
   * @returns false: nothing has been changed or written, and `on` is to hear of the packet
   */
  onPacketBytes?(packet: PacketBytes, state: State, out: Writer): boolean;
  /**
   * What a switch has learned by itself under this app's cookies (`Setup.learnedCookie`), in its tables of the stage `learned`:
   * all of it just before `switch-up`, then each change: at once where the switch tells it, otherwise within some 15 seconds.
   * Left out: the switches are not asked.
   */
  onLearned?(news: LearnedNews, state: State, world: World): Step<State>;
  /** Called about once a second, for what is a matter of time alone. */
  tick?(state: State, world: World): Step<State>;
  /** All that the app wants in this switch. */
  desired(state: State, world: World, dpid: Dpid): Program;
  /** Ports that the app wants on this hypervisor's bridge. */
  ports?(state: State, world: World, hypervisor: string): readonly PortIntent[];
  /**
   * How ports of this hypervisor's bridge are to send. A port that has a QoS of somebody else's keeps that, and
   * `heddle status` says so. Undefined: that cannot be said now, and what is there stays.
   */
  qos?(state: State, world: World, hypervisor: string): readonly QosIntent[] | undefined;
  /**
   * How much may come in by ports of this hypervisor's bridge. What somebody else has set there stays, and `heddle status` says so.
   * Undefined: as for `qos`.
   */
  policing?(state: State, world: World, hypervisor: string): readonly PolicingIntent[] | undefined;
  /**
   * Ports on this hypervisor's bridge that somebody else made, and that the app needs no more once all switches have what it
   * wants with `world.meshSending` being 'flow'. They go only where the user has asked for that.
   */
  replaceable?(state: State, world: World, hypervisor: string): readonly string[];
  report?(state: State, world: World): Report;
  /** The MACs that it knows, for `heddle macs`. */
  macs?(state: State, world: World): readonly MacReport[];
}

/** Makes an AppModule of checked types usable where the types of its options and state do not matter. */
export const defineApp = <Options, State>(app: AppModule<Options, State>): AppModule<Options, State> => app;
