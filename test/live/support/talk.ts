/** VMs and hosts that talk to each other all the time, one packet in each millisecond: what a change costs them. */
import type { ClassicSite } from '../../../lab/classic.js';
import type { ProbeResult } from '../../../lab/guest/protocol.js';

export interface Talk {
  /** Counts what became of all packets; there and back, since each is answered. */
  stop(): Promise<{ readonly guests: ProbeResult; readonly hosts: ProbeResult }>;
}

/** Begins when everybody has found everybody: the first packets wait for ARP. */
export async function watch({ hosts: [one, two] }: ClassicSite): Promise<Talk> {
  const [guest] = await Promise.all([one.vm.agent(), two.vm.agent()]);
  await guest.probe(two.vm.ip, { count: 5, intervalMs: 50 });
  await one.agent.probe(two.hypervisor.vtep, { count: 5, intervalMs: 50 });
  const guests = guest.startProbing(two.vm.ip, { intervalMs: 1 });
  const hosts = one.agent.startProbing(two.hypervisor.vtep, { intervalMs: 1 });
  return {
    stop: async () => {
      const [first, second] = await Promise.all([guests.stop(), hosts.stop()]);
      return { guests: first, hosts: second };
    },
  };
}
