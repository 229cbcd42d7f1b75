// alone: it counts packets or bits, and a lab beside it would take some
/** Two Heddles with one file: one works, the other waits, and takes over when the first one goes. */
import { writeFile } from 'node:fs/promises';
import t from 'tap';
import { missingForLab } from '../../lab/requirements.js';
import { controllerAddress } from '../../lab/plan.js';
import { waitFor } from '../../lab/wait.js';
import type { MacTable } from '../../src/controller/mac-status.js';
import type { Status } from '../../src/controller/status.js';
import { heddle, startHeddleIn } from './support/heddle-in.js';
import { noneLost } from './support/dropped.js';
import { costOf, describeCost, lossOf } from './support/outage.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { outputsOf } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** What is promised for a holder that dies. Milliseconds. */
const takenWithin = 1_000;

t.test('two Heddles on the same hosts', { skip }, async t => {
  const networks = [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }];
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const [blue1, blue2] = [await guest('kvm1', 'blue-1', 1), await guest('kvm2', 'blue-2', 2)];
  await site.untilStatus('both ports to be there', ({ networks: [blue] }) => blue?.ports === 2);
  await site.untilInSync();
  await reachEachOther(blue1, blue2);

  const { controller, directory, hypervisors } = site.lab;
  const between = [...hypervisors.values()].map(({ host }) => host);
  const file = `${directory}/second.yaml`;
  const own = `openflow: { listen: "tcp:${controllerAddress}:6654" }\napi: { listen: "127.0.0.1:8654" }\n`;
  await writeFile(file, site.yaml.replace(/^openflow:.*\n/, own));
  const second = await startHeddleIn(controller, file);
  t.teardown(() => second.stop());
  const secondStatus = async (): Promise<Status> =>
    JSON.parse((await heddle(controller, 'status', file, '--json')).stdout) as Status;
  const controllers = (): Promise<string> => site.hypervisor('kvm1').vsctl('get-controller', 'br-int');

  await t.test('the second one waits', async t => {
    await second.untilSaid(/kvm1: another Heddle holds this host/);
    await second.untilSaid(/kvm2: another Heddle holds this host/);
    const { ok, hypervisors, problems, switches } = await secondStatus();
    t.equal(ok, false);
    t.match(hypervisors, [
      { state: 'connected', lock: 'elsewhere', transactions: 0 },
      { state: 'connected', lock: 'elsewhere', transactions: 0 },
    ]);
    t.match(problems, [
      {
        where: 'kvm1',
        message: `another Heddle holds this host (its controller is tcp:${controllerAddress}:6653): `,
      },
      { where: 'kvm2', message: 'takes over when that one stops' },
    ]);
    t.same(switches, [], 'no switch is told of it');
    t.equal((await controllers()).trim(), `tcp:${controllerAddress}:6653`);
    const blue3 = await guest('kvm2', 'blue-3', 3);
    await reachEachOther(blue1, blue3);
    t.equal((await site.status()).ok, true, 'the first one goes on with its work');
  });

  await t.test('the first one is killed', async t => {
    let killedAt = 0;
    const inSync = async (): Promise<boolean> => {
      const { ok, switches } = await secondStatus();
      return ok && switches.length === 2;
    };
    const cost = await costOf(
      blue1,
      blue2,
      async () => {
        killedAt = Date.now();
        await site.stopHeddle('SIGKILL');
        await second.untilSaid(/kvm2 connected/);
        await waitFor('the second one to hold both hosts', inSync, { timeoutMs: 20_000, intervalMs: 200 });
      },
      { aroundMs: 1_500, intervalMs: 1, between },
    );
    t.comment(describeCost(cost));
    await noneLost(t, lossOf(cost));
    for (const line of [/kvm[12]: the other Heddle let go, taken over/, /"kvm[12] connected"/]) {
      const times = second.stdout
        .filter(said => line.test(said))
        .map(said => Date.parse((JSON.parse(said) as { time: string }).time) - killedAt);
      t.equal(times.length, 2);
      t.ok(Math.max(...times) < takenWithin, `${line.source}: ${times.join(' and ')} ms after the kill`);
    }
    const { hypervisors, switches } = await secondStatus();
    t.match(hypervisors, [
      { lock: 'held', transactions: 1 },
      { lock: 'held', transactions: 1 },
    ]);
    t.same(
      switches.map(({ sent }) => sent),
      [0, 0],
      'all flows were right already',
    );
    t.equal((await controllers()).trim(), `tcp:${controllerAddress}:6654`);
  });

  await t.test('the first one comes back, and waits in its turn', async t => {
    await site.startHeddle();
    await site.untilStatus('it to wait', ({ hypervisors }) =>
      hypervisors.every(({ lock }) => lock === 'elsewhere'),
    );
    t.equal((await secondStatus()).ok, true);
    await second.stop();
    await site.untilInSync();
    t.equal((await controllers()).trim(), `tcp:${controllerAddress}:6653`);
    await reachEachOther(blue1, blue2);
  });

  await t.test('a switch that obeys both is right as soon as the one that waits takes over', async t => {
    const waiting = await startHeddleIn(controller, file);
    t.teardown(() => waiting.stop());
    await waiting.untilSaid(/kvm1: another Heddle holds this host/);
    const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
    const identity = { ifaceId: 'blue-5', attachedMac: macOf(5) };
    const copyOn = async (on: typeof kvm1) => {
      const vm = await on.addVm({ name: `vm-${on.name}`, mac: macOf(5), ip: '10.0.0.5', ...identity });
      await on.unplug(vm);
      return vm;
    };
    const [here, there] = [await copyOn(kvm1), await copyOn(kvm2)];
    const ways = (): Promise<readonly string[]> => outputsOf(kvm1, { inPort: blue1.port, to: macOf(5) });
    const untilWay = (way: string): Promise<unknown> =>
      waitFor(`kvm1 to send to ${way}`, async () => (await ways()).join() === way);
    const across = `${kvm2.vtep} vni 5000`;
    await kvm2.plug(there, identity);
    await untilWay(across);

    const row = ['create', 'Controller', `target="tcp:${controllerAddress}:6654"`];
    const link = ['add', 'Bridge', 'br-int', 'controller', '@it'];
    await kvm1.vsctl('--', '--id=@it', ...row, 'connection_mode=out-of-band', '--', ...link);
    await waitFor('the one that waits to have read kvm1', async () =>
      (await secondStatus()).switches.some(({ state }) => state === 'waiting'),
    );

    t.comment('the VM moves, and then back while the holder does nothing any more');
    await kvm2.unplug(there);
    await kvm1.plug(here, identity);
    await untilWay(here.port);
    site.signalHeddle('SIGSTOP');
    await kvm1.unplug(here);
    await kvm2.plug(there, identity);
    await waitFor('the one that waits to know it', async () => {
      const { stdout } = await heddle(controller, 'macs', file, '--json');
      return (JSON.parse(stdout) as MacTable).macs.some(({ port }) => port === there.port);
    });
    t.not((await ways()).join(), across, 'nobody has changed the flows');
    await site.stopHeddle('SIGKILL');
    await waitFor(
      'it to hold both hosts',
      async () => {
        const { ok, switches } = await secondStatus();
        return ok && switches.length === 2;
      },
      { timeoutMs: 20_000, intervalMs: 100 },
    );
    t.strictSame(await ways(), [across]);
    await reachEachOther(blue1, there);
    const byAudit = waiting.stdout.filter(line => line.includes('by another hand'));
    t.strictSame(byAudit, [], 'it knew what was there');
  });
});
