/** The overlay app and the world that it looks at, with no controller around it. */
import { overlay } from '../../src/apps/overlay/overlay.js';
import type { Config } from '../../src/config/config.js';
import { parseConfig } from '../../src/config/parse.js';
import { vxlanPort } from '../../src/intent/vxlan-port.js';
import {
  type Flow,
  hashText,
  type LearnedNews,
  type MacReport,
  type HostPort,
  type HypervisorView,
  makeCookie,
  numberMeters,
  numberTables,
  type Program,
  type Setup,
  type SwitchView,
  tablesOf,
  type World,
} from '../../src/intent/index.js';
import { type Dpid, parseMac } from '../../src/lib/addresses.js';
import { formatFlow, formatGroup, match, type PacketIn } from '../../src/openflow/index.js';

function configOf(text: string): Config {
  const parsed = parseConfig(text, 'test.yaml');
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  return parsed.config;
}

export const hosts = (count: number): string =>
  [
    'openflow: { listen: tcp:0.0.0.0:6653, advertise: tcp:192.0.2.1:6653 }',
    'hypervisors:',
    ...Array.from(
      { length: count },
      (_, index) =>
        `  kvm${index + 1}: { ovsdb: tcp:192.0.2.${index + 11}:6640, vtep: 10.97.0.${index + 1}, datapath-id: "000000000000000${index + 1}" }`,
    ),
  ].join('\n');

export const twoNetworks = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }] }
  red: { vni: 6000, ports: [{ port: "red?" }] }
`;

export interface PortText {
  readonly ofport?: number;
  readonly id?: string;
  readonly mac?: string;
  readonly error?: string;
  readonly bond?: string;
  /** A VXLAN port's options, as a person gives them: `remote_ip=10.97.0.2 key=10`. */
  readonly vxlan?: string;
}

const optionsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(' ').map(one => one.split('=') as [string, string]));

const port = (name: string, { ofport, id, mac, error, bond, vxlan }: PortText): HostPort => {
  const attachedMac = mac === undefined ? undefined : parseMac(mac);
  return {
    name,
    ...(ofport !== undefined && { ofport }),
    ...(id !== undefined && { ifaceId: id }),
    ...(attachedMac !== undefined && { attachedMac }),
    ...(error !== undefined && { error }),
    ...(bond !== undefined && { bond }),
    ...(vxlan !== undefined && { vxlan: vxlanPort(optionsOf(vxlan)) }),
  };
};

const setup: Setup = {
  tables: tablesOf(numberTables([overlay]), overlay.name),
  reactiveCookie: 0n,
  learnedCookie: key => makeCookie(1, 'learned', hashText(key)),
  numberMeters: names => numberMeters(1, names),
};

/** An overlay that runs, and the world that it looks at. */
export class Site {
  config: Config;
  hypervisors = new Map<string, HypervisorView>();
  readonly switches = new Map<Dpid, SwitchView>();
  meshSending: 'mesh' | 'flow' = 'mesh';
  /** Milliseconds. */
  now = 0;
  /** Switches that hold all that is wanted; undefined: nobody can say. */
  settled: ReadonlySet<Dpid> | undefined;
  readonly #told = new Set<Dpid>();
  #state: ReturnType<typeof overlay.init>;

  readonly #options: { 'max-copies'?: number };

  /** @param options the app's own */
  constructor(text: string, options: { 'max-copies'?: number } = {}) {
    this.#options = options;
    this.config = configOf(text);
    for (const config of this.config.hypervisors) {
      this.hypervisors.set(config.name, { config, known: false, ports: new Map() });
      const { dpid, name } = config;
      this.switches.set(dpid, { dpid, peer: name, ports: new Map(), hypervisor: name });
    }
    this.#state = overlay.init(options, setup, this.world);
  }

  /** A new file. What was read of its hypervisors stays. @returns as `read` */
  reload(text: string): number[] {
    this.config = configOf(text);
    this.hypervisors = new Map(
      this.config.hypervisors.map(config => {
        const before = this.hypervisors.get(config.name) ?? { known: false, ports: new Map() };
        return [config.name, { ...before, config }];
      }),
    );
    const step = overlay.reconfigure!(this.#options, setup, this.#state, this.world);
    this.#state = step.state;
    return [...(step.changed ?? [])].map(Number).sort();
  }

  get world(): World {
    const { hypervisors, switches, meshSending } = this;
    return {
      ...{ networks: this.config.networks, hypervisors, switches, meshSending, now: () => this.now },
      ...(this.settled !== undefined && { isSettled: dpid => this.settled?.has(dpid) === true }),
    };
  }

  /**
   * A host was read: its ports, and the tunnel's ofport.
   *
   * @param hasTold its switch has told before what it has learned: nothing, unless something else was said
   * @returns the numbers of the switches that are told to change
   */
  read(
    name: string,
    ports: Readonly<Record<string, PortText>>,
    tunnelPort: number | null = 2,
    hasTold = true,
  ): number[] {
    const { config } = this.hypervisors.get(name)!;
    const views = Object.entries(ports).map(([port_, text]) => [port_, port(port_, text)] as const);
    const tunnel = tunnelPort === null ? {} : { tunnelPort };
    this.hypervisors.set(name, { config, known: true, ports: new Map(views), ...tunnel });
    if (hasTold && !this.#told.has(config.dpid)) this.learned(config.dpid, [], true);
    return this.change(name);
  }

  change(name: string): number[] {
    const step = overlay.on({ type: 'hypervisor-changed', name }, this.#state, this.world);
    this.#state = step.state;
    return [...(step.changed ?? [])].map(Number).sort();
  }

  /** What a switch has learned. @returns the numbers of the switches that are told to change, and what is sent */
  learned(dpid: Dpid, changes: LearnedNews['changes'], whole = false): { changed: number[]; sent: string[] } {
    if (whole) this.#told.add(dpid);
    return this.#worked(overlay.onLearned!({ dpid, whole, changes }, this.#state, this.world));
  }

  /** @returns as `learned` */
  tick(): { changed: number[]; sent: string[] } {
    return this.#worked(overlay.tick!(this.#state, this.world));
  }

  /** As time passes. @returns the numbers of the switches that are asked to tell anew what they have learned */
  asked(): number[] {
    return [...(overlay.tick!(this.#state, this.world).tellAnew ?? [])].map(Number);
  }

  #worked({ state, changed, sendTo }: ReturnType<typeof overlay.on>): { changed: number[]; sent: string[] } {
    this.#state = state;
    const sent = [...(sendTo ?? [])].flatMap(([dpid, messages]) =>
      messages.map(one =>
        one.type === 'flow_mod'
          ? `${dpid} ${one.command} ${formatFlow({ ...one, table: one.tableId })}`
          : one.type,
      ),
    );
    return { changed: [...(changed ?? [])].map(Number).sort(), sent };
  }

  /** What `heddle macs` tells. */
  macs(): readonly MacReport[] {
    return overlay.macs!(this.#state, this.world);
  }

  event(event: Parameters<typeof overlay.on>[0]): ReturnType<typeof overlay.on> {
    return overlay.on(event, this.#state, this.world);
  }

  /** A frame has come to Heddle from a port. @returns the switches that are told to change, in their order */
  frame(dpid: number, ofport: number, source: string, tableId = 40): number[] {
    const packet: PacketIn = {
      ...{ type: 'packet_in', xid: 0, bufferId: 0xffff_ffff, totalLen: 60, reason: 1, tableId, cookie: 1n },
      match: match({ in_port: ofport }),
      data: Buffer.from(`ffffffffffff${source.replaceAll(':', '')}8035`, 'hex'),
    };
    const step = this.event({ type: 'packet-in', dpid: BigInt(dpid), packet });
    this.#state = step.state;
    return [...(step.changed ?? [])].map(Number);
  }

  program(dpid: number): Program {
    return overlay.desired(this.#state, this.world, BigInt(dpid));
  }

  /** All flows, table by table: in the first the host's own before those of its networks, in others after them. */
  allFlows(dpid: number): readonly Flow[] {
    const { flows, blocks = [] } = this.program(dpid);
    const first = flows.filter(({ table }) => table === 0);
    return [...first, ...blocks.flat(), ...flows.filter(({ table }) => table !== 0)].sort(
      (a, b) => a.table - b.table,
    );
  }

  /** The flows of one table, or of all of them. */
  flows(dpid: number, table?: number): string[] {
    return this.allFlows(dpid)
      .filter(flow => table === undefined || flow.table === table)
      .map(flow => formatFlow(flow));
  }

  groups(dpid: number): string[] {
    return this.program(dpid).groups.map(group => formatGroup(group));
  }

  replaceable(name: string): readonly string[] {
    return overlay.replaceable!(this.#state, this.world, name);
  }

  report(): ReturnType<NonNullable<typeof overlay.report>> {
    return overlay.report!(this.#state, this.world);
  }

  problems(): string[] {
    return (this.report().problems ?? []).map(({ message, hypervisor, network, port: name, app }) =>
      [hypervisor, network, name, app, message].filter(part => part !== undefined).join(': '),
    );
  }
}

export const mac = (last: number): string => `02:00:00:00:00:${last.toString(16).padStart(2, '0')}`;
