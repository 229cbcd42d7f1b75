/** Hosts that people set up by hand, on the kernel datapath, taken over while their VMs and they themselves go on talking. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { classic, ClassicSite } from '../../lab/classic.js';
import { startHeddle, untilInSync } from '../../lab/heddle.js';
import { reachEachOther } from '../live/support/overlay-site.js';
import { pingWhile } from './support/pinging.js';

/** Milliseconds between two pings. */
const intervalMs = 20;

for (const { how, flags, allowed } of [
  // On a machine as slow as this the bridge is some tenths of a second without flows.
  { how: 'the simple way', flags: [], allowed: 100 },
  { how: 'gently', flags: ['--gentle'], allowed: 0 },
])
  t.test(`taken over ${how}, both hosts at once`, async t => {
    const site = await ClassicSite.open();
    t.teardown(() => site.lab.down());
    const [one, two] = site.hosts;
    await reachEachOther(one.vm, two.vm);
    const takeOver = async (): Promise<void> => {
      await sleep(500);
      const heddle = await startHeddle(site.lab, site.yaml, ...flags);
      t.teardown(async () => {
        if (!t.passing()) t.comment(await heddle.logTail(40));
      });
      await untilInSync(heddle, { timeoutMs: 60_000 });
      await sleep(1_000);
    };
    let happening: Promise<void> | undefined;
    const once = (): Promise<void> => (happening ??= takeOver());
    const [guests, hosts] = await Promise.all([
      pingWhile(one.vm, two.vm.ip, once, { intervalMs }),
      pingWhile(one.hypervisor, two.hypervisor.vtep, once, { intervalMs }),
    ]);
    t.comment(
      `a ping each ${intervalMs} ms: ${guests.lost} of ${guests.sent} of VMs lost, ${hosts.lost} of ${hosts.sent} of hosts`,
    );
    t.ok(guests.sent > 100 && hosts.sent > 100);
    t.ok(guests.lost + hosts.lost <= allowed, `no more than ${allowed} are lost`);
    for (const { hypervisor } of site.hosts) {
      t.equal((await hypervisor.vsctl('get', 'Bridge', classic.bridge, 'fail_mode')).trim(), 'secure');
      t.equal((await hypervisor.vsctl('get-controller', classic.bridge)).trim(), site.listen);
    }
  });
