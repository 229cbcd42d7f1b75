/**
 * Two hypervisors under load: VMs of two networks that send each other numbered packets, both ways, and on each host
 * things of somebody else's.
 */
import type { Test } from 'tap';
import type { FileNetwork } from '../../../lab/heddle-file.js';
import type { Hypervisor } from '../../../lab/hypervisor.js';
import type { Vm } from '../../../lab/vm.js';
import { droppedOn } from './dropped.js';
import { addForeign, foreignLines, foreignOn } from './foreign.js';
import { type Cost, costOf, describeCost, longestGapMs, lost } from './outage.js';
import { type GuestSpec, reachEachOther, Site } from './overlay-site.js';
import { tablesOf } from './tables.js';

const networks: readonly FileNetwork[] = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
  { name: 'red', vni: 6000, ports: ['kvm1', 'kvm2'].map(on => ({ port: 'red*', on })) },
];

export interface Outage {
  readonly lost: number;
  readonly longestGapMs: number;
  /** What this machine itself threw away meanwhile: its sockets were full, as their readers had no time. */
  readonly dropped: number;
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

  return {
    site,
    hosts,
    untilReached,
    tables: () => Promise.all(hosts.map(host => tablesOf(host))),
    foreignIsThere: async t => {
      t.same(await Promise.all(hosts.map(foreignOn)), foreign, 'what is not ours is as it was');
    },
    costOfBoth: async (t, event, aroundMs = 1_000) => {
      let happening: unknown;
      const once = (): unknown => (happening ??= event());

      const before = await dropped();
      const costs = await Promise.all([
        costOf(...blue, once, { aroundMs, intervalMs: 1 }),
        costOf(...red, once, { aroundMs, intervalMs: 5 }),
      ]);
      for (const [index, cost] of costs.entries()) tell(t, index === 0 ? 'blue' : 'red', cost);
      return {
        lost: costs.reduce((sum, cost) => sum + lost(cost), 0),
        longestGapMs: Math.max(...costs.map(longestGapMs)),
        dropped: (await dropped()) - before,
      };
    },
  };
}

/** Of red, Heddle knows the ports' names alone. */
const guest = (network: string, address: number): GuestSpec => ({
  name: `${network}-${address}`,
  address,
  known: network === 'blue',
});

const tell = (t: Test, network: string, cost: Cost): void => t.comment(`${network} ${describeCost(cost)}`);
