// alone: it counts packets, and a lab beside it would take some
/** A guest that makes up source addresses without end: what it costs the others, the switch, and Heddle. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { sendFrames } from '../../lab/frames.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { parseMac } from '../../src/lib/addresses.js';
import { noneLost } from './support/dropped.js';
import { costOf, describeCost, lossOf } from './support/outage.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const frames = 100_000;
const perSecond = 5_000;
const limit = 512;
/** Seconds: what is learned at first goes while the flood lasts, and others come in its place. */
const age = 10;

/** What a process has used: CPU seconds, and MiB of memory. */
async function usageOf(pid: number): Promise<{ readonly cpu: number; readonly memory: number }> {
  const [stat, status] = await Promise.all(
    ['stat', 'status'].map(file => readFile(`/proc/${pid}/${file}`, 'utf8')),
  );
  // proc_pid_stat(5): utime and stime are the 14th and 15th field; the second one, in brackets, may hold spaces.
  const fields = (stat ?? '')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status ?? '')?.[1]);
  return { cpu: ((fields[11] ?? 0) + (fields[12] ?? 0)) / 100, memory: kilobytes / 1024 };
}

t.test('a flood of made-up MACs', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      {
        ...{ name: 'red', vni: 6000, macAge: age },
        ports: ['kvm1', 'kvm2'].map(on => ({ port: 'red*', on, maxMacs: limit })),
      },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const known = (on: typeof kvm1, name: string, last: number) =>
    on.addVm({ name, mac: macOf(last), ip: `10.0.0.${last}`, attachedMac: macOf(last) });
  const red1 = await known(kvm1, 'red-1', 1);
  const red2 = await known(kvm2, 'red-2', 2);
  await known(kvm1, 'red-3', 3);
  const rogue = await site.addGuest('kvm1', { name: 'red-rogue', address: 4, known: false });
  await site.untilStatus('all ports to be there', ({ networks }) => networks[0]?.ports === 4);
  await site.untilInSync();
  await reachEachOther(red1, red2);
  const learnedBy = async (of: typeof kvm1): Promise<number> =>
    Number(
      /flow_count=(\d+)/.exec(await of.ofctl('dump-aggregate', 'br-int', 'table=70'))?.[1] ?? Number.NaN,
    );
  const usual = await Promise.all([kvm1, kvm2].map(learnedBy));

  const before = await usageOf(site.heddlePid);
  const most = { rows: 0, kvm1: 0, kvm2: 0, memory: before.memory };
  const over = new AbortController();
  t.teardown(() => over.abort());
  const watching = (async () => {
    while (!over.signal.aborted) {
      const { length } = (await site.macs()).filter(({ how }) => how === 'learned');
      most.rows = Math.max(most.rows, length);
      most.kvm1 = Math.max(most.kvm1, await learnedBy(kvm1));
      most.kvm2 = Math.max(most.kvm2, await learnedBy(kvm2));
      most.memory = Math.max(most.memory, (await usageOf(site.heddlePid)).memory);
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  })();
  const began = performance.now();
  const cost = await costOf(
    red1,
    red2,
    async () => {
      t.equal(await sendFrames(rogue, { from: frames, to: parseMac(macOf(3))!, perSecond }), frames);
      await site.untilStatus('the limit to be told', ({ problems }) =>
        problems.some(
          ({ where, message }) => where.endsWith('red-rogue-p') && message.includes(`${limit} MACs`),
        ),
      );
    },
    { aroundMs: 500, between: [kvm1.host, kvm2.host], except: rogue.port },
  );
  const seconds = (performance.now() - began) / 1000;
  over.abort();
  await watching;
  const after = await usageOf(site.heddlePid);
  t.comment(
    `Heddle: ${(after.cpu - before.cpu).toFixed(1)} s of CPU in ${seconds.toFixed(0)} s, ` +
      `${before.memory.toFixed(0)} to ${most.memory.toFixed(0)} MiB; at most ${most.rows} MACs known, ` +
      `table 70 of kvm1 ${most.kvm1}, of kvm2 ${most.kvm2}`,
  );
  t.comment(describeCost(cost));
  await noneLost(t, lossOf(cost));
  t.ok(most.rows > 0 && most.rows <= limit, 'no more MACs are known than the file allows');
  t.ok(most.kvm1 <= limit + (usual[0] ?? 0), 'nor learned');
  t.ok(
    most.kvm2 > 0 && most.kvm2 <= 2 * limit,
    'nor told to the other host, but for those that have just gone',
  );
  t.ok(most.memory - before.memory < 64, 'Heddle keeps its size');
  const { flowMods } = (await site.status()).switches.find(({ hypervisor }) => hypervisor === 'kvm2')
    ?.mods ?? {
    flowMods: Number.NaN,
  };
  const turns = Math.ceil(seconds / age) + 1;
  t.ok(flowMods <= 2 * limit * turns + 100, `${flowMods} flows were sent to kvm2 in ${turns} lives of a MAC`);

  await waitFor(
    'all made-up MACs to be forgotten everywhere',
    async () =>
      (await site.macs()).every(({ how }) => how !== 'learned') &&
      (await learnedBy(kvm2)) === usual[1] &&
      (await learnedBy(kvm1)) === usual[0],
    { timeoutMs: 3 * age * 1000, intervalMs: 500 },
  );
  await site.untilInSync();
  const { ok, problems } = await site.status();
  t.same([ok, problems], [true, []]);
});
