// alone: it counts packets or bits, and a lab beside it would take some
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { FileNetwork } from '../../lab/heddle-file.js';
import { sendSignal } from '../../lab/namespaces.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Status } from '../../src/controller/status.js';
import { addForeign, foreignLines, foreignOn } from './support/foreign.js';
import { tablesOf } from './support/tables.js';
import { costOf, describeCost, longestGapMs, lost, type Watch } from './support/outage.js';
import { waitFor } from '../../lab/wait.js';
import { reaches, reachEachOther, Site } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const networks: readonly FileNetwork[] = [
  { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] },
  {
    name: 'red',
    vni: 6000,
    ports: [
      { port: 'red*', on: 'kvm1' },
      { port: 'red*', on: 'kvm2' },
    ],
  },
];

/** The limit for forwarding after a daemon is back. Milliseconds. */
const backWithin = 2_000;

const sentBy = ({ dpid, sent }: Status['switches'][number]) => ({ dpid, sent });

t.test('restarts and failures on two hypervisors', { skip }, async t => {
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm2', { name: 'blue-2', address: 2, known: true });
  const red1 = await site.addGuest('kvm1', { name: 'red-1', address: 1, known: false });
  const red2 = await site.addGuest('kvm2', { name: 'red-2', address: 2, known: false });
  await site.untilStatus('all ports to be there', status =>
    status.networks.every(({ ports }) => ports === 2),
  );
  await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red1, red2)]);
  await addForeign(kvm1);
  await site.untilInSync();
  const foreign = await foreignOn(kvm1);
  t.equal(foreign.length, foreignLines, 'what somebody else put there');

  type Comment = Pick<typeof t, 'comment'>;
  /** What an event costs both networks, at the same time: one of known MACs, and one of learned ones. */
  async function costOfBoth(
    t: Comment,
    event: () => Promise<unknown>,
    watch?: Watch,
  ): Promise<{ readonly lost: number; readonly longestGapMs: number }> {
    let happening: Promise<unknown> | undefined;
    const once = (): Promise<unknown> => (happening ??= event());
    const [blue, red] = await Promise.all([
      costOf(blue1, blue2, once, watch),
      costOf(red1, red2, once, watch),
    ]);
    t.comment(`blue ${describeCost(blue)}`);
    t.comment(`red ${describeCost(red)}`);
    return {
      lost: lost(blue) + lost(red),
      longestGapMs: Math.max(longestGapMs(blue), longestGapMs(red)),
    };
  }

  await t.test('Heddle comes back while the OVSDB of one host is out of reach', async t => {
    const before = [await tablesOf(kvm1), await tablesOf(kvm2)];
    const pid = await kvm2.ovsdbServer.pid();
    const cost = await costOfBoth(
      t,
      async () => {
        await sendSignal(kvm2.host, pid, 'STOP');
        await site.stopHeddle();
        await site.startHeddle();
        await site.untilStatus(
          'kvm1 to be read, both switches to be there, and kvm2 to be missed',
          status => {
            const [first, second] = status.hypervisors;
            return (
              first?.state === 'connected' &&
              second?.state !== 'connected' &&
              status.switches.length === 2 &&
              !status.ok
            );
          },
        );
        await sleep(2_000);
      },
      { aroundMs: 1_000 },
    );
    t.equal(cost.lost, 0, 'traffic goes on');
    t.same([await tablesOf(kvm1), await tablesOf(kvm2)], before, 'and nothing is taken away');
    const { problems } = await site.status();
    t.match(problems.map(({ message }) => message).join('\n'), /kvm2 has not been read since the start/);
    await sendSignal(kvm2.host, pid, 'CONT');
    await site.untilInSync();
    t.same(
      (await site.status()).switches.map(({ sent }) => sent),
      [0, 0],
      'and nothing had to be sent again',
    );
    t.same(await foreignOn(kvm1), foreign);
  });

  await t.test('ports that come and go while Heddle is away', async t => {
    await site.stopHeddle();
    await kvm2.unplug(red2);
    const blue3 = await site.addGuest('kvm2', { name: 'blue-3', address: 3, known: true });
    await site.startHeddle();
    await site.untilInSync();
    await reachEachOther(blue1, blue3);
    // What the other switch has learned is heard within a second or so, and what leads to it stays until then.
    await waitFor(
      'the flows of red to go with its last port',
      async () => !(await tablesOf(kvm2)).join('\n').includes('metadata=0x1770'),
    );
    await kvm2.unplug(blue3);
    await kvm2.plug(red2);
    await reachEachOther(red1, red2);
    await site.untilInSync();
    t.same(await foreignOn(kvm1), foreign);
  });

  /**
   * How long after the beginning of `work` everybody is reached again: until no probe is lost any more, and until one is
   * answered in time, as a switch that stands still may keep what it gets. Milliseconds.
   */
  async function backAfter(t: Comment, work: () => Promise<void>): Promise<number> {
    const began = performance.now();
    let answered = began;
    const whole = async (): Promise<void> => {
      await work();
      await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red1, red2)]);
      answered = performance.now();
      await sleep(500);
    };
    const { longestGapMs } = await costOfBoth(t, whole, { aroundMs: 0 });
    return Math.max(longestGapMs, Math.round(answered - began));
  }

  await t.test('ovs-vswitchd is killed and comes back', async t => {
    await kvm2.stopVswitchd('KILL');
    await sleep(1_000);
    const back = await backAfter(t, () => kvm2.startVswitchd());
    t.ok(back < backWithin, `forwarding is back ${back} ms after its start`);
    await site.untilInSync();
    t.same(await foreignOn(kvm1), foreign);
  });

  await t.test('ovsdb-server is killed and comes back', async t => {
    const before = await tablesOf(kvm2);
    const { switches } = await site.status();
    await kvm2.stopOvsdbServer('KILL');
    // With the userspace datapath ovs-vswitchd itself forwards nothing while it has no database, and looks for it
    // after one second and then more and more seldom: no matter of Heddle's.
    const back = await backAfter(t, () => kvm2.startOvsdbServer());
    t.ok(back < backWithin, `forwarding is back ${back} ms after its start`);
    await site.untilInSync();
    t.same(await tablesOf(kvm2), before, 'the tables are as they were');
    const after = await site.status();
    t.same(after.switches.map(sentBy), switches.map(sentBy), 'and nothing was sent');
    const began = performance.now();
    const blue4 = await site.addGuest('kvm2', { name: 'blue-4', address: 4, known: true });
    await reaches(blue1, blue4);
    t.comment(`a VM that starts there is reachable after ${Math.round(performance.now() - began)} ms`);
    await kvm2.unplug(blue4);
  });

  await t.test('both daemons of a host are killed and come back', async t => {
    await kvm2.stopVswitchd('KILL');
    await kvm2.stopOvsdbServer('KILL');
    const back = await backAfter(t, async () => {
      await kvm2.startOvsdbServer();
      await kvm2.startVswitchd();
    });
    t.ok(back < backWithin, `forwarding is back ${back} ms after their start`);
    await site.untilInSync();
    t.same(await foreignOn(kvm1), foreign);
  });
});
