/** Several models of switches whose tunnels lead to each other: a frame goes in, and it is told who hears it. */
import { port } from '../port.js';
import { formatIpv4, type Ipv4 } from '../../../src/lib/addresses.js';
import { OFPP } from '../../../src/openflow/index.js';
import { readActual } from '../../../src/reconcile/actual.js';
import type { Part } from '../../../src/reconcile/check.js';
import { compile } from '../../../src/reconcile/compile.js';
import { planFlows } from '../../../src/reconcile/flows.js';
import { order } from '../../../src/reconcile/order.js';
import {
  type Change,
  change,
  type Fields,
  type FrameFields,
  receive,
  type SwitchPorts,
  Tables,
} from './index.js';

export interface FabricHost {
  readonly name: string;
  readonly vtep: Ipv4;
  readonly tunnelPort: number;
  /** Its other ports, by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Those of them that are tunnels of fixed settings. */
  readonly mesh?: Readonly<Record<string, FixedTunnel>>;
}

/** A tunnel that leads to one VTEP, with one VNI or with those of the flows. */
export interface FixedTunnel {
  readonly remote: Ipv4;
  readonly key: bigint | 'flow';
}

/** More than any frame needs: one that goes round a loop ends here. */
const maxHops = 64;

export class Fabric {
  readonly #hosts = new Map<string, Node>();

  constructor(hosts: readonly FabricHost[]) {
    for (const host of hosts) {
      const named = [...Object.entries(host.ports), ['tunnel', host.tunnelPort] as const];
      this.#hosts.set(host.name, {
        host,
        tables: new Tables(),
        ports: {
          ports: named.map(([name, number]) => port(number, name)),
          tunnels: new Set([host.tunnelPort]),
          vtep: host.vtep,
        },
      });
    }
  }

  tables(name: string): Tables {
    return this.#node(name).tables;
  }

  /** Programs an empty switch as Heddle does. @throws Error where the switch refuses something */
  program(name: string, parts: readonly Part[]): void {
    const { tables } = this.#node(name);
    const plan = planFlows(compile(parts), readActual([], []).actual, new Set());
    for (const { message } of order(plan)) applyTo(tables, message);
  }

  /**
   * Sends a frame out of a port's guest.
   *
   * @returns the ports that it comes out of, sorted: `host port`, with the tags' VLANs where it has tags; and
   *   `vtep 10.97.0.9 vni 5000` for each copy that leaves for a VTEP that is no host here
   * @throws Error for a frame that goes round a loop
   */
  hears(host: string, port: string, frame: FrameFields): readonly string[] {
    const node = this.#node(host);
    const inPort = node.host.ports[port];
    if (inPort === undefined) throw new Error(`${host} has no port ${port}`);
    return [...this.#follow(node, { ...frame, in_port: inPort }, 0)].sort();
  }

  /** A frame that comes out of the underlay, from whatever address. @returns as `hears` */
  hearsFromTunnel(host: string, source: Ipv4, vni: number, frame: FrameFields): readonly string[] {
    return [...this.#follow(this.#node(host), this.#fromTunnel(host, source, BigInt(vni), frame), 0)].sort();
  }

  *#follow(node: Node, frame: FrameFields, hops: number): Generator<string> {
    if (hops > maxHops) throw new Error('the frame goes round a loop');
    const { sent, error } = receive(node.tables, node.ports, frame);
    if (error !== undefined) throw new Error(`${node.host.name}: ${error}`);
    for (const { port, fields, tunnel } of sent) {
      const fixed = node.host.mesh?.[nameOf(node, port)];
      if (fixed !== undefined) {
        const vni = fixed.key === 'flow' ? fields.get('tunnel_id') : fixed.key;
        yield* this.#arrive(node, fixed.remote, vni, { ...frame, ...headerOf(fields) }, hops);
        continue;
      }
      if (tunnel !== undefined)
        yield* this.#arrive(node, tunnel.to, tunnel.id, { ...frame, ...headerOf(fields) }, hops);
      else if (port === OFPP.CONTROLLER) yield `${node.host.name} CONTROLLER`;
      else {
        const name = nameOf(node, port);
        const vlans = fields.tags.map(tag => ` vlan ${tag & 0xfffn}`).join('');
        yield `${node.host.name} ${name}${vlans}`;
      }
    }
  }

  /** A tunnel's frame at its other end: by a port that has the sender's address, else by the flow-based one. */
  *#arrive(from: Node, to: Ipv4, vni: bigint, frame: FrameFields, hops: number): Generator<string> {
    const peer = [...this.#hosts.values()].find(({ host }) => host.vtep === to);
    if (peer === undefined) yield `vtep ${formatIpv4(to)} vni ${vni}`;
    else yield* this.#follow(peer, this.#fromTunnel(peer.host.name, from.host.vtep, vni, frame), hops + 1);
  }

  #fromTunnel(to: string, source: Ipv4, id: bigint, frame: FrameFields): FrameFields {
    const { vtep, tunnelPort, ports, mesh = {} } = this.#node(to).host;
    const own = Object.entries(mesh).filter(([, { remote }]) => remote === source);
    const [name] = own.find(([, { key }]) => key === id) ?? own.find(([, { key }]) => key === 'flow') ?? [];
    const { eth_src = 0, eth_dst = 0, eth_type = 0 } = frame;
    return {
      eth_src,
      eth_dst,
      eth_type,
      in_port: name === undefined ? tunnelPort : (ports[name] ?? 0),
      tunnel_id: id,
      tun_src: source,
      tun_dst: vtep,
    };
  }

  #node(name: string): Node {
    const node = this.#hosts.get(name);
    if (node === undefined) throw new Error(`no host ${name}`);
    return node;
  }
}

const headerOf = (fields: Fields) => ({
  eth_src: Number(fields.get('eth_src')),
  eth_dst: Number(fields.get('eth_dst')),
});

const nameOf = ({ ports }: Node, number: number): string =>
  ports.ports.find(({ portNo }) => portNo === number)?.name ?? String(number);

interface Node {
  readonly host: FabricHost;
  readonly tables: Tables;
  readonly ports: SwitchPorts;
}

function applyTo(tables: Tables, message: Change): void {
  const refused = change(tables, message);
  if (refused !== undefined) throw new Error(`a ${message.type} was refused: ${refused.join('/')}`);
}
