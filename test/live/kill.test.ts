/** Heddle is killed again and again, at any moment, while ports come and go. `KILLS=50 SEED=7 …` for more of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { addForeign, foreignOn } from './support/foreign.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { Draw } from './support/random.js';
import { oursOf } from './support/tables.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const kills = Number(process.env['KILLS'] ?? 10);
const seed = Number(process.env['SEED'] ?? 1);
/** All is looked at after so many kills. */
const stride = 5;
/** From when Heddle listens until it is killed, at most: connecting, reading, writing and programming. Milliseconds. */
const longestLife = 1_500;

interface Guest {
  readonly vm: Vm;
  readonly on: Hypervisor;
  readonly address: number;
  isPlugged: boolean;
}

t.test('Heddle is killed at any moment, while ports come and go', { skip }, async t => {
  t.comment(`${kills} kills, seed ${seed}`);
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const hosts = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const guests: Guest[] = [];
  for (const [index, on] of hosts.entries())
    for (const address of [index + 1, index + 3, index + 5]) {
      const vm = await site.addGuest(on.name, { name: `blue-${address}`, address, known: true });
      guests.push({ vm, on, address, isPlugged: true });
    }
  for (const host of hosts) await addForeign(host);
  await site.untilInSync();
  const foreign = await Promise.all(hosts.map(foreignOn));

  async function toggle(guest: Guest): Promise<void> {
    const { vm, on, address } = guest;
    guest.isPlugged = !guest.isPlugged;
    if (guest.isPlugged) await on.plug(vm, { ifaceId: vm.name, attachedMac: macOf(address) });
    else await on.unplug(vm);
  }

  /** Heddle lives for a while, and somebody works on both hosts at the same time; now and then even on its own port. */
  async function round(number: number): Promise<void> {
    const draw = new Draw(seed * 1_000 + number);
    const starts = await startsOf();
    await site.startHeddle();
    await waitFor('Heddle to listen', async () => (await startsOf()) > starts, { intervalMs: 10 });
    const life = sleep(draw.below(longestLife));
    let isAlive = true;
    const work = async (): Promise<void> => {
      if (draw.below(4) === 0) await draw.of(hosts).vsctl('--if-exists', 'del-port', 'heddle-vxlan');
      while (isAlive) {
        await toggle(draw.of(guests));
        await sleep(draw.below(150));
      }
    };
    const working = work();
    await life;
    await site.stopHeddle('SIGKILL');
    isAlive = false;
    await working;
  }
  const startsOf = async (): Promise<number> => (await site.logged(/listens for switches/)).length;

  async function check(t: Test): Promise<void> {
    for (const [index, host] of hosts.entries()) {
      const here = guests.filter(({ on, isPlugged }) => on === host && isPlugged);
      const ports = ['heddle-vxlan', 'theirs', ...here.map(({ vm }) => vm.port)];
      t.same(
        await namesIn(host, 'Port'),
        ['br-int', 'br-phy', 'phy0', ...ports].sort(),
        `ports of ${host.name}`,
      );
      t.same(await namesIn(host, 'Interface'), await namesIn(host, 'Port'), 'each with its interface');
      t.same(await namesIn(host, 'Bridge'), ['br-int', 'br-phy']);
      t.same(await namesIn(host, 'Controller', 'target'), ['tcp:10.98.0.254:6653']);
      t.same(
        await foreignOn(host),
        foreign[index],
        'what is not ours, QoS and queues among it, is as it was',
      );
      const known = here.length === 0 ? [] : guests.filter(({ isPlugged }) => isPlugged);
      t.same(
        macsIn(await oursOf(host)),
        known.map(({ address }) => macOf(address)).sort(),
        `the MACs that ${host.name} knows`,
      );
    }
  }

  await site.stopHeddle();
  for (let killed = 0; killed < kills; killed += stride) {
    const last = Math.min(killed + stride, kills);
    await t.test(`kills ${killed + 1} to ${last}`, async t => {
      for (let kill = killed; kill < last; kill++) await round(kill);
      // Some are always there, and reach each other in the end.
      for (const guest of guests.slice(0, 1).concat(guests.slice(-1)))
        if (!guest.isPlugged) await toggle(guest);
      await site.startHeddle();
      await site.untilInSync();
      await check(t);
      const [first, other] = [guests[0]?.vm, guests.at(-1)?.vm];
      if (first !== undefined && other !== undefined) await reachEachOther(first, other);
      await site.stopHeddle();
    });
  }

  // What they were killed in the middle of.
  const [connected, written] = [
    await site.logged(/"msg":"kvm. connected/),
    await site.logged(/add port heddle-vxlan/),
  ];
  t.comment(
    `bridges connected ${connected.length} times, and the tunnel's port was written ${written.length} times`,
  );

  await t.test('what all of them have left is what one Heddle makes of nothing', async t => {
    const left = await Promise.all(hosts.map(host => oursOf(host)));
    for (const host of hosts) {
      await host.ofctl('del-flows', 'br-int', 'cookie=0x4864000000000000/0xffff000000000000');
      const groups = (await oursOf(host)).flatMap(line => /^group_id=(\d+)/.exec(line)?.[1] ?? []);
      for (const group of groups) await host.ofctl('del-groups', 'br-int', `group_id=${group}`);
      t.same(await oursOf(host), [], 'nothing is left');
    }
    await site.startHeddle();
    await site.untilInSync();
    t.same(await Promise.all(hosts.map(host => oursOf(host))), left);
    t.ok(left.every(lines => lines.length > 10));
    await check(t);
  });
});

/** What this column says in all rows of a table, in order; twice where two rows say it. */
async function namesIn(host: Hypervisor, table: string, column = 'name'): Promise<readonly string[]> {
  const text = await host.vsctl('--bare', '--no-headings', `--columns=${column}`, 'list', table);
  return text
    .split('\n')
    .filter(line => line !== '')
    .sort();
}

/** MACs that have a way of their own, in whichever table. */
const macsIn = (flows: readonly string[]): readonly string[] =>
  [
    ...new Set(flows.flatMap(flow => /metadata=0x1388,dl_dst=([0-9a-f:]{17})\b/.exec(flow)?.[1] ?? [])),
  ].sort();
