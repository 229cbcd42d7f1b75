/** VMs and hosts that talk to each other all the time, one packet in each millisecond: what a change costs them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClassicSite } from '../../../lab/classic.js';
import type { ProbeResult } from '../../../lab/guest/protocol.js';
import { droppedOn } from './dropped.js';

export interface Told {
  readonly guests: ProbeResult;
  readonly hosts: ProbeResult;
  /** What full sockets of all of them dropped meanwhile (dropped.ts). */
  readonly dropped: number;
  /** As long a talk again, in which nothing happens. @returns what was dropped then */
  readonly quiet: () => Promise<number>;
}

export interface Talk {
  /** Counts what became of all packets; there and back, since each is answered. */
  stop(): Promise<Told>;
}

/** Begins when everybody has found everybody: the first packets wait for ARP. */
export async function watch(site: ClassicSite): Promise<Talk> {
  const [one, two] = site.hosts;
  const [guest] = await Promise.all([one.vm.agent(), two.vm.agent()]);
  await guest.probe(two.vm.ip, { count: 5, intervalMs: 50 });
  await one.agent.probe(two.hypervisor.vtep, { count: 5, intervalMs: 50 });
  const places = [one, two].flatMap(({ vm, hypervisor }) => [vm.host, hypervisor.host]);
  const before = await droppedOn(places);
  const began = performance.now();
  const guests = guest.startProbing(two.vm.ip, { intervalMs: 1 });
  const hosts = one.agent.startProbing(two.hypervisor.vtep, { intervalMs: 1 });
  return {
    stop: async () => {
      const [first, second] = await Promise.all([guests.stop(), hosts.stop()]);
      const took = performance.now() - began;
      const dropped = (await droppedOn(places)) - before;
      const quiet = async (): Promise<number> => {
        const again = await watch(site);
        await sleep(took);
        return (await again.stop()).dropped;
      };
      return { guests: first, hosts: second, dropped, quiet };
    },
  };
}
