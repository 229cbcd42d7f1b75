/** Heddle ends, in every way, and comes back, while packets are under way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { noneLost, openLoadedSite } from './support/loaded-site.js';
import { changesSwitch, watchWire } from './support/wire.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** The overlay's tables get other numbers, and its flows other cookies. */
const shifted = `apps:\n  - ${join(projectRoot(), 'test/live/support/apps/shift.js')}\n  - overlay\n`;

t.test('restarts of Heddle under load', { skip }, async t => {
  const { site, hosts, costOfBoth, tables, foreignIsThere, untilReached } = await openLoadedSite(t);
  const begin = await tables();
  const configurations = (): Promise<readonly string[]> =>
    Promise.all(hosts.map(host => host.vsctl('get', 'Open_vSwitch', '.', 'next_cfg')));

  const reloads = async (): Promise<number> => (await site.logged(/was read again/)).length;

  /** Nothing has changed meanwhile: nothing at all is sent, to neither side. */
  async function restart(t: Test, event: () => Promise<void>): Promise<void> {
    const wires = await Promise.all(hosts.map(host => watchWire(host)));
    const configured = await configurations();
    noneLost(t, await costOfBoth(t, event));
    const { switches, hypervisors } = await site.status();
    t.same(
      switches.map(({ sent, refused }) => ({ sent, refused })),
      hosts.map(() => ({ sent: 0, refused: [] })),
    );
    t.same(
      hypervisors.map(({ transactions }) => transactions),
      [0, 0],
    );
    t.same(await configurations(), configured, 'no transaction asks ovs-vswitchd for anything');
    for (const wire of wires) {
      const said = await wire.stop();
      t.ok(said.includes('OFPT_FEATURES_REQUEST'), `${said.length} messages were seen, from the first on`);
      t.same(said.filter(changesSwitch), [], 'and none of them changes the switch');
    }
    t.same(await tables(), begin, 'the tables are as they were');
    await foreignIsThere(t);
  }

  await t.test('SIGTERM', t =>
    restart(t, async () => {
      await site.stopHeddle();
      await site.startHeddle();
      await site.untilInSync();
    }),
  );

  await t.test('SIGKILL, and away for 10 seconds', t =>
    restart(t, async () => {
      await site.stopHeddle('SIGKILL');
      await sleep(10_000);
      const since = performance.now();
      await site.startHeddle();
      await site.untilInSync();
      t.comment(`in sync ${Math.round(performance.now() - since)} ms after its start`);
    }),
  );

  await t.test('another pipeline: a new version, then the old one again', async t => {
    const wire = await watchWire(hosts[0]);
    const there = await costOfBoth(t, async () => {
      await site.stopHeddle();
      await site.startHeddle(site.yaml + shifted);
      await site.untilInSync();
    });
    t.match((await wire.stop()).filter(changesSwitch), [/BUNDLE/], 'it is changed by bundles');
    noneLost(t, there);
    const other = await tables();
    const [flows = []] = other;
    t.match(flows.join('\n'), /table=96,/, 'the tables have other numbers');
    t.notMatch(flows.join('\n'), /table=60,.*dl_dst/, 'and nothing is left in the old ones');
    await foreignIsThere(t);
    const back = await costOfBoth(t, async () => {
      await site.stopHeddle('SIGKILL');
      await site.startHeddle();
      await site.untilInSync();
    });
    noneLost(t, back, ' on the way back');
    await foreignIsThere(t);
    await untilReached();
    t.same(await tables(), begin);
  });

  await t.test('another pipeline, by a new file', async t => {
    const there = await costOfBoth(t, async () => {
      for (const [yaml, told] of [
        [site.yaml + shifted, 1],
        [site.yaml, 2],
      ] as const) {
        await site.replaceFile(yaml);
        if (told === 2) site.signalHeddle('SIGHUP');
        await waitFor(
          'the file to be read',
          async () => (await site.status()).reload?.ok === true && (await reloads()) >= told,
        );
        await site.untilInSync();
      }
    });
    noneLost(t, there);
    const isBack = async (): Promise<boolean> => isDeepStrictEqual(await tables(), begin);
    await waitFor('the tables to be as they were', isBack);
    await foreignIsThere(t);
  });
});
