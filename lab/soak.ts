/**
 * A soak of a take-over: two hosts as people set them up by hand go on talking, one packet a millisecond between their VMs and
 * between themselves, while Heddle takes both over gently, and for minutes after it. Neighbours age within seconds in the
 * first half, so that ARP is asked again and again, and as Linux has it in the second.
 *
 * Usage: node soak.js MINUTES. Exit code 0: no packet was lost, and none came twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { classic, ClassicSite } from './classic.js';
import type { ProbeResult } from './guest/protocol.js';
import { startHeddle, untilInSync } from './heddle.js';
import { sysctl } from './namespaces.js';
import { stationDevice } from './station.js';

const knobs = ['base_reachable_time_ms', 'gc_stale_time', 'delay_first_probe_time'] as const;
/** Milliseconds, seconds, seconds; `usual` are Linux's own. */
const quick = [1_000, 1, 1];
const usual = [30_000, 60, 5];

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0 && minutes <= 55)) throw new Error('how many minutes? 1 to 55');
const half = (minutes * 60_000) / 2;

const site = await ClassicSite.open();
try {
  const [one, two] = site.hosts;
  await age(quick, 5);
  const [guest] = await Promise.all([one.vm.agent(), two.vm.agent()]);
  await guest.probe(two.vm.ip, { count: 5, intervalMs: 50 });
  await one.agent.probe(two.hypervisor.vtep, { count: 5, intervalMs: 50 });
  const guests = guest.startProbing(two.vm.ip, { intervalMs: 1 });
  const hosts = one.agent.startProbing(two.hypervisor.vtep, { intervalMs: 1 });
  const began = performance.now();
  // Under NORMAL, Open vSwitch's neighbour cache is not refreshed by what the hosts ask: it is empty by now.
  await sleep(Math.min(10_000, half / 2));
  const takeover = Math.round(performance.now() - began);
  const heddle = await startHeddle(site.lab, site.yaml, '--gentle');
  await untilInSync(heddle, { timeoutMs: 60_000 });
  console.log(`taken over between ${takeover} and ${Math.round(performance.now() - began)} ms`);
  await sleep(Math.max(0, half - (performance.now() - began)));
  await age(usual, 900);
  await sleep(half);
  const results = { guests: await guests.stop(), hosts: await hosts.stop() };
  for (const [name, result] of Object.entries(results)) console.log(tell(name, result));
  await heddle.stop();
  const all = Object.values(results);
  process.exitCode = all.every(({ lost, duplicates }) => lost === 0 && duplicates === 0) ? 0 : 1;
} finally {
  await site.lab.down();
}

/** How long neighbours are believed: by guests, by hosts, and by Open vSwitch for its tunnels (in seconds). */
async function age(values: readonly number[], tunnels: number): Promise<void> {
  for (const { hypervisor, vm } of site.hosts) {
    for (const [host, device] of [
      [vm.host, stationDevice],
      [hypervisor.host, classic.bridge],
    ] as const) {
      const named = knobs.map((knob, index) => [`net.ipv4.neigh.${device}.${knob}`, values[index] ?? 0]);
      await sysctl(host, Object.fromEntries(named) as Record<string, number>);
    }
    await hypervisor.appctl('tnl/neigh/aging', String(tunnels));
  }
}

function tell(name: string, { sent, lost, duplicates, longestGapMs, gaps }: ProbeResult): string {
  const where = gaps.map(gap => `${gap.lost} at ${gap.from}`).join(', ');
  return `${name}: ${lost} of ${sent} lost (longest gap ${longestGapMs} ms${where === '' ? '' : `; ${where}`}), ${duplicates} twice`;
}
