import type { Flow } from '../../intent/index.js';
import type { Mac } from '../../lib/addresses.js';
import type { Vtep } from '../../lib/vtep.js';
import { applyActions, setField } from '../../openflow/index.js';
import { flow } from './flow.js';
import type { Host } from './members.js';
import type { Segment } from './segments.js';
import type { Move } from './sightings.js';
import type { TableNumbers } from './tables.js';
import { sendTo } from './tunnel-fields.js';
import { type MeshSending, wayTo } from './ways.js';

/** A network on a host, as far as its peers go. */
export type Place = Pick<Segment, 'network' | 'peers'>;

/** MACs that are told of together: never edited, so that what is made of them can be kept. */
type Shard = readonly Mac[];

/** In so many parts: one MAC more costs those that share its last bits. */
const shards = 64;

/** The MACs of one network that are learned behind the ports of one host. */
class HostMacs {
  readonly #shards = new Array<Shard>(shards).fill([]);
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get shards(): readonly Shard[] {
    return this.#shards.filter(shard => shard.length > 0);
  }

  add(mac: Mac): void {
    const at = mac % shards;
    this.#shards[at] = [...(this.#shards[at] ?? []), mac];
    this.#count += 1;
  }

  delete(mac: Mac): void {
    const at = mac % shards;
    this.#shards[at] = (this.#shards[at] ?? []).filter(one => one !== mac);
    this.#count -= 1;
  }
}

/**
 * What one host has learned behind its ports is told to the others of that network, so that they need not flood. Where it is known
 * from OVSDB, or the switch has learned it by itself, that counts: these flows are looked up last.
 */
export class Promoted {
  /** By VNI, then by hypervisor. */
  readonly #byVni = new Map<number, Map<string, HostMacs>>();

  /** @returns whether other hosts have to know of it */
  take({ seen: { vni, mac }, from, to }: Move): boolean {
    if (from?.hypervisor === to?.hypervisor) return false;
    if (from?.hypervisor !== undefined) this.#forget(vni, from.hypervisor, mac);
    if (to?.hypervisor !== undefined) this.#macsOf(vni, to.hypervisor).add(mac);
    return true;
  }

  /** The flows of one network on one host, in lists that stay the same objects while nothing is said anew of them. */
  blocks(
    host: Host,
    { network, peers }: Place,
    tables: TableNumbers,
    sending: MeshSending,
  ): readonly (readonly Flow[])[] {
    // Into the physical network they all go by the uplink, whatever host they are on.
    if (network.wire !== undefined) return [];
    const byHost = this.#byVni.get(network.vni);
    if (byHost === undefined) return [];
    return peers.flatMap(peer => {
      const its = byHost.get(peer.name);
      const way = its && wayTo(host, network, peer, sending);
      if (its === undefined || way === undefined) return [];
      const to: Towards = { table: tables.learned, vni: network.vni, vtep: peer.vtep, way };
      return its.shards.map(shard => flowsOf(shard, to));
    });
  }

  #macsOf(vni: number, hypervisor: string): HostMacs {
    let byHost = this.#byVni.get(vni);
    if (byHost === undefined) this.#byVni.set(vni, (byHost = new Map<string, HostMacs>()));
    let its = byHost.get(hypervisor);
    if (its === undefined) byHost.set(hypervisor, (its = new HostMacs()));
    return its;
  }

  #forget(vni: number, hypervisor: string, mac: Mac): void {
    const byHost = this.#byVni.get(vni);
    const its = byHost?.get(hypervisor);
    its?.delete(mac);
    if (its?.isEmpty === true) byHost?.delete(hypervisor);
    if (byHost?.size === 0) this.#byVni.delete(vni);
  }
}

interface Towards {
  readonly table: number;
  readonly vni: number;
  readonly vtep: Vtep;
  readonly way: number;
}

const made = new WeakMap<Shard, Map<string, readonly Flow[]>>();

/** Made once for all hosts that see the peer by the same port number, which mostly they do. */
function flowsOf(shard: Shard, { table, vni, vtep, way }: Towards): readonly Flow[] {
  let lists = made.get(shard);
  if (lists === undefined) made.set(shard, (lists = new Map<string, readonly Flow[]>()));
  const key = `${table} ${vni} ${vtep} ${way}`;
  let flows = lists.get(key);
  if (flows === undefined) {
    const actions = [applyActions([sendTo(vtep), setField({ reg1: way })])];
    flows = shard.map(mac => flow(table, 50, { metadata: BigInt(vni), eth_dst: mac }, ...actions));
    lists.set(key, flows);
  }
  return flows;
}
