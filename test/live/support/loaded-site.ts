/**
 * Two hypervisors under load: VMs of two networks that send each other numbered packets, both ways, and on each host
 * things of somebody else's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { ProbeResult } from '../../../lab/guest/protocol.js';
import type { FileNetwork } from '../../../lab/heddle-file.js';
import type { Hypervisor } from '../../../lab/hypervisor.js';
import type { Vm } from '../../../lab/vm.js';
import { droppedOn, type Loss } from './dropped.js';
import { addForeign, foreignLines, foreignOn } from './foreign.js';
import { type Cost, costOf, describeCost, longestGapMs, lost } from './outage.js';
import { type GuestSpec, reachEachOther, Site } from './overlay-site.js';
import { tablesOf } from './tables.js';

const networks: readonly FileNetwork[] = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
  { name: 'red', vni: 6000, ports: ['kvm1', 'kvm2'].map(on => ({ port: 'red*', on })) },
];

export interface Outage extends Loss {
  readonly longestGapMs: number;
  /** None of the four talks ended in silence. */
  readonly isOver: boolean;
}

export interface LoadedSite {
  readonly site: Site;
  readonly hosts: readonly [kvm1: Hypervisor, kvm2: Hypervisor];
  /**
   * What an event costs both networks, at the same time: blue, whose MACs are known and whose VMs send each other 1,000
   * packets in a second, and red, whose MACs are learned.
   */
  readonly costOfBoth: (t: Test, event: () => unknown, aroundMs?: number) => Promise<Outage>;
  /** All flows, groups and meters of both hosts. */
  readonly tables: () => Promise<readonly (readonly string[])[]>;
  /** Fails where anything of somebody else's is another than at the beginning. */
  readonly foreignIsThere: (t: Test) => Promise<void>;
  /** Waits until all reach each other. */
  readonly untilReached: () => Promise<unknown>;
}

/** Returns when Heddle says that all is well and everybody is reached; `t` takes it down. */
export async function openLoadedSite(t: Test): Promise<LoadedSite> {
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const hosts = [site.hypervisor('kvm1'), site.hypervisor('kvm2')] as const;
  const pair = async (network: string): Promise<readonly [Vm, Vm]> => [
    await site.addGuest('kvm1', guest(network, 1)),
    await site.addGuest('kvm2', guest(network, 2)),
  ];
  const [blue, red] = [await pair('blue'), await pair('red')];
  await site.untilStatus('all ports to be there', status =>
    status.networks.every(({ ports }) => ports === 2),
  );
  const untilReached = (): Promise<unknown> => Promise.all([reachEachOther(...blue), reachEachOther(...red)]);
  await untilReached();
  for (const host of hosts) await addForeign(host);
  await site.untilInSync();
  const foreign = await Promise.all(hosts.map(foreignOn));
  for (const lines of foreign) t.equal(lines.length, foreignLines, 'what somebody else put there');

  const places = [...hosts.map(({ host }) => host), ...[...blue, ...red].map(({ host }) => host)];
  const dropped = (): Promise<number> => droppedOn(places);

  /** What is waited for in an event is asked of Heddle, which takes the machine's time, too. */
  async function askFor(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) await site.status();
  }

  async function costOfBoth(t: Test, event: () => unknown, aroundMs = 1_000): Promise<Outage> {
    let happening: unknown;
    const once = (): unknown => (happening ??= event());

    const before = await dropped();
    const began = performance.now();
    const costs = await Promise.all([
      costOf(...blue, once, { aroundMs, intervalMs: 1 }),
      costOf(...red, once, { aroundMs, intervalMs: 5 }),
    ]);
    const took = performance.now() - began - 2 * aroundMs;
    for (const [index, cost] of costs.entries()) tell(t, index === 0 ? 'blue' : 'red', cost);
    return {
      lost: costs.reduce((sum, cost) => sum + lost(cost), 0),
      longestGapMs: Math.max(...costs.map(longestGapMs)),
      isOver: costs.flatMap(({ there, back }) => [there, back]).every(endedWell),
      dropped: (await dropped()) - before,
      quiet: async () => (await costOfBoth(t, () => askFor(took), aroundMs)).dropped,
    };
  }

  return {
    site,
    hosts,
    untilReached,
    tables: () => Promise.all(hosts.map(host => tablesOf(host))),
    foreignIsThere: async t => {
      t.same(await Promise.all(hosts.map(foreignOn)), foreign, 'what is not ours is as it was');
    },
    costOfBoth,
  };
}

/** Of red, Heddle knows the ports' names alone. */
const guest = (network: string, address: number): GuestSpec => ({
  name: `${network}-${address}`,
  address,
  known: network === 'blue',
});

/** A single packet of the last ones may be lost by the machine. */
const endedWell = ({ sent, gaps }: ProbeResult): boolean =>
  gaps.every(({ from, lost }) => lost < 100 || from + lost < sent);

const tell = (t: Test, network: string, cost: Cost): void => t.comment(`${network} ${describeCost(cost)}`);
