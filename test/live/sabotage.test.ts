// alone: it counts packets or bits, and a lab beside it would take some
/** What is deleted by hand, and what a switch refuses, while packets are under way. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { retryRefused } from '../../src/controller/switch-refusals.js';
import { auditPeriod } from '../../src/controller/switch-sync.js';
import { noneLost } from './support/dropped.js';
import { openLoadedSite } from './support/loaded-site.js';
import { sentTo } from './support/tables.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** A group of nobody's, until somebody makes it. */
const laterGroup = 70;
const refusing =
  `apps:\n  - ${join(projectRoot(), 'test/live/support/apps/refused.js')}: { group: ${laterGroup} }\n` +
  '  - overlay\n';

t.test('flows that go, and flows that are refused', { skip }, async t => {
  const { site, hosts, costOfBoth, foreignIsThere, untilReached } = await openLoadedSite(t);
  const [kvm1, kvm2] = hosts;
  const begin = await Promise.all(hosts.map(host => sentTo(host)));
  const modsTo = async (name: string) =>
    (await site.status()).switches.find(({ hypervisor }) => hypervisor === name)?.mods;

  await t.test('an app whose flows are refused', async t => {
    const cost = await costOfBoth(t, async () => {
      await site.replaceFile(site.yaml + refusing);
      await site.untilStatus('both switches to have refused it', ({ switches }) =>
        switches.every(({ refused, state }) => refused.length === 4 && state === 'in sync'),
      );
    });
    await noneLost(t, cost);
    const { ok, switches, problems } = await site.status();
    t.equal(ok, false);
    for (const { hypervisor = '', refused } of switches) {
      t.match(
        [...refused].sort((a, b) => (a.what < b.what ? -1 : 1)),
        [
          { what: /^meter=\d+ kbps bands= type=drop rate=1000 .*rate=1008$/, error: /^OFPMMFC_OUT_OF_BANDS/ },
          {
            what: /^table=10, ?priority=11,in_port=60000 actions=meter:\d+$/,
            error: /^OFPMMFC_INVALID_METER/,
          },
          {
            what: /^table=10, ?priority=12,in_port=60000 actions=set_field:0\.0\.0\.1->ip_src/,
            error: /^OFPBAC_/,
          },
          { what: /^table=10, ?priority=13,in_port=60000 actions=group:70$/, error: /^OFPBAC_BAD_OUT_GROUP/ },
        ],
        `${hypervisor} refuses four things, each by the switch's own name for it`,
      );
      const told = problems.filter(({ where }) => where === hypervisor).map(({ message }) => message);
      t.match(told, [/^refused .*: OFP/, /^refused/, /^refused/, /^refused/], 'and all are told as problems');
    }
    for (const [index, host] of hosts.entries()) {
      const ours = (await sentTo(host)).join('\n');
      t.match(ours, /table=10, priority=14,in_port=60000 actions=output:/, 'what it takes is in place');
      t.notMatch(ours, /priority=1[123],in_port=60000/);
      const kept = (begin[index] ?? []).filter(line => /table=(?:60|80|95)/.test(line));
      t.ok(kept.length > 5);
      t.same(
        kept.filter(line => !ours.includes(line)),
        [],
        'as is all else',
      );
    }
    await untilReached();
    await foreignIsThere(t);
  });

  await t.test('half of our flows are deleted by hand', async t => {
    // Both wait at the same time: what was refused for what it lacks, and the next audit.
    const refusedSince = performance.now();
    await kvm2.ofctl('add-group', 'br-int', `group_id=${laterGroup},type=all,bucket=actions=drop`);
    const before = await sentTo(kvm1);
    const untouched = await modsTo('kvm2');
    const cookies = before.flatMap(line => /^cookie=(0x[0-9a-f]+)/.exec(line)?.[1] ?? []);
    const half = cookies.filter((_, index) => index % 2 === 0);
    const isBack = async (): Promise<boolean> => isDeepStrictEqual(await sentTo(kvm1), before);
    // Within one period, and what an audit takes on a busy machine: it is told by the switch, or seen by the next audit.
    const wait = { timeoutMs: auditPeriod + 3_000, intervalMs: 100 };
    let repairedMs = NaN;
    let counted: Awaited<ReturnType<typeof modsTo>>;
    let sent: typeof counted;
    const cost = await costOfBoth(t, async () => {
      counted = await modsTo('kvm1');
      // All at once: an audit may come at any moment.
      await kvm1.run(['ovs-ofctl', '-O', 'OpenFlow13', '--bundle', 'del-flows', 'br-int', '-'], {
        input: half.map(cookie => `cookie=${cookie}/-1\n`).join(''),
      });
      const since = performance.now();
      await waitFor('all of them to be back', isBack, wait);
      repairedMs = performance.now() - since;
      sent = await modsTo('kvm1');
    });
    t.comment(`${half.length} of ${cookies.length} flows were back after ${Math.round(repairedMs)} ms`);
    t.ok(cost.isOver, `packets pass again: ${cost.lost} were lost, for ${cost.longestGapMs} ms at most`);
    t.equal((sent?.flowMods ?? 0) - (counted?.flowMods ?? 0), half.length, 'each was sent once');
    t.same([sent?.groupMods, sent?.meterMods], [counted?.groupMods, counted?.meterMods]);
    const told = await site.logged(new RegExp(`changed by another hand: ${half.length} flows gone`));
    t.equal(told.length, 1, 'and it is told');
    await foreignIsThere(t);
    await untilReached();

    await site.untilStatus(
      'what was refused to be taken, now that it can be',
      ({ switches }) =>
        switches.every(({ hypervisor, refused }) => refused.length === (hypervisor === 'kvm2' ? 3 : 4)),
      retryRefused + 5_000,
    );
    t.comment(`it was tried again within ${Math.round(performance.now() - refusedSince)} ms`);
    t.match((await sentTo(kvm2)).join('\n'), /priority=13,in_port=60000 actions=group:70/);
    t.not((await modsTo('kvm2'))?.flowMods, untouched?.flowMods);
  });

  await t.test('the app is gone, and what it wanted with it', async t => {
    const cost = await costOfBoth(t, async () => {
      await site.replaceFile(site.yaml);
      await site.untilStatus('nothing to be refused any more', ({ switches }) =>
        switches.every(({ refused, state }) => refused.length === 0 && state === 'in sync'),
      );
    });
    await noneLost(t, cost);
    await site.untilInSync();
    await kvm2.ofctl('del-groups', 'br-int', `group_id=${laterGroup}`);
    t.same(await Promise.all(hosts.map(host => sentTo(host))), begin, 'all is as before');
    await foreignIsThere(t);
  });
});
