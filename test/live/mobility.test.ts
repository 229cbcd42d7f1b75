// alone: it counts packets, and a lab beside it would take some
/**
 * What a VM's move costs by what Heddle does alone: the VM is on both hosts and lives on both, so that each packet shows where it
 * was brought to. That no VM runs while its last memory is copied is the hypervisor's affair.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { capture } from '../../lab/capture.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { missingForLab } from '../../lab/requirements.js';
import { stationDevice } from '../../lab/station.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { droppedOn, noneLost } from './support/dropped.js';
import { framesOf, macAt } from './support/frames.js';
import { macOf, reaches, Site } from './support/overlay-site.js';
import { outputsOf } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const moves = 20;
/** In so many of them, the last ones, Heddle does nothing at all until the switches have it. */
const movesAlone = 4;
const address = 9;

interface Copy {
  readonly vm: Vm;
  readonly hypervisor: Hypervisor;
}

t.test('a VM that lives on two hosts moves between them', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2', 'kvm3', 'kvm4'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue-*' }] },
      { name: 'red', vni: 6000, ports: [{ ifaceId: 'red-*' }] },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const peers = [await guest('kvm1', 'blue-1', 1), await guest('kvm3', 'blue-3', 3)];
  await guest('kvm4', 'red-1', 1);
  const identity = { ifaceId: 'blue-vm', attachedMac: macOf(address) };
  const copies = await Promise.all(
    ['kvm1', 'kvm2'].map(async (on): Promise<Copy> => {
      const hypervisor = site.hypervisor(on);
      const vm = await hypervisor.addVm({
        name: `vm-${on}`,
        mac: macOf(address),
        ip: `10.0.0.${address}`,
        ...identity,
      });
      await hypervisor.unplug(vm);
      await vm.agent();
      return { vm, hypervisor };
    }),
  );
  const [first, second] = copies;
  if (first === undefined || second === undefined) throw new Error('no copies');
  await first.hypervisor.plug(first.vm, identity);
  await site.untilStatus('the VM to be there', ({ networks: [blue] }) => blue?.ports === 3);
  await site.untilInSync();
  await Promise.all(peers.map(peer => reaches(peer, first.vm)));

  const tells = (text: string) =>
    site.untilStatus(text, ({ problems }) => problems.some(({ message }) => message.includes(text)));
  const modsTo = async (name: string): Promise<number> => {
    const { switches } = await site.status();
    const mods = switches.find(({ hypervisor }) => hypervisor === name)?.mods;
    return mods === undefined ? NaN : mods.flowMods + mods.groupMods + mods.meterMods;
  };
  const names = ['kvm1', 'kvm2', 'kvm3', 'kvm4'];
  const modsBefore = await Promise.all(names.map(modsTo));
  const between = [...site.lab.hypervisors.values()].map(({ host }) => host);
  const places = [...between, ...[...peers, first.vm, second.vm].map(({ host }) => host)];

  const windows: number[] = [];
  for (let count = 0; count < moves; count++) {
    const [from, to] = count % 2 === 0 ? [first, second] : [second, first];
    await to.hypervisor.plug(to.vm, identity);
    await tells('and with the same iface-id to');
    await waitFor('the destination to listen', async () =>
      (await to.hypervisor.ofctl('dump-flows', 'br-int', 'table=40')).includes('CONTROLLER'),
    );
    // A learning flow of Open vSwitch sees what its caches do not know: here frames like those of the move before, seconds ago.
    await Promise.all(['kvm1', 'kvm2', 'kvm3'].map(on => site.hypervisor(on).appctl('revalidator/purge')));
    // From here to the end it is flows alone: that a port comes or goes costs packets of all ports on this datapath.
    const dropped = await droppedOn(places);
    const files = peers.map(({ name }) => `${site.lab.directory}/${name}-${count}.pcap`);
    const filter = `ether src ${macOf(address)}`;
    const captures = await Promise.all(
      peers.map(({ host }, i) =>
        capture(host, stationDevice, { direction: 'in', filter, file: files[i] ?? '' }),
      ),
    );
    const talks = await Promise.all(
      peers.map(async peer => (await peer.agent()).startProbing(to.vm.ip, { intervalMs: 1 })),
    );
    await sleep(100);
    const allSendThere = () =>
      waitFor('all to send there', async () => {
        const ways = await Promise.all(
          ['kvm1', 'kvm3'].map((on, i) =>
            outputsOf(site.hypervisor(on), { inPort: peers[i]?.port ?? '', to: macOf(address) }),
          ),
        );
        return ways.every(([way]) => way === to.vm.port || way === `${to.hypervisor.vtep} vni 5000`);
      });
    const isAlone = count >= moves - movesAlone;
    if (isAlone) process.kill(site.heddlePid, 'SIGSTOP');
    await to.vm.announce();
    if (isAlone) await allSendThere().finally(() => process.kill(site.heddlePid, 'SIGCONT'));
    await tells('has gone to');
    await allSendThere();
    await sleep(100);
    const results = await Promise.all(talks.map(talk => talk.stop()));
    await Promise.all(captures.map(one => one.stop()));
    const lost = results.reduce((sum, result) => sum + result.lost, 0);
    // A move cannot be left out and all else be done: only a few are excused.
    const quiet = (): Promise<number> => Promise.resolve(0);
    await noneLost(t, { lost, dropped: (await droppedOn(places)) - dropped, quiet }, ` in move ${count + 1}`);
    for (const { sent, turns, by, received, gaps } of results) {
      if (gaps.length > 0)
        t.comment(`lost ${JSON.stringify(gaps)} of ${sent}, moved ${JSON.stringify(turns)}`);
      t.ok(sent > 100, 'there was something to lose');
      t.same(
        turns.map(turn => turn.by),
        [from.vm.name, to.vm.name],
        'the old place until some packet, and the new one from then on',
      );
      const answers = Object.values(by).reduce((sum, one) => sum + one, 0);
      t.equal(answers, received, 'and no packet in both');
    }
    await from.hypervisor.unplug(from.vm);
    await site.untilInSync();
    windows.push(...(await Promise.all(files.map(file => windowOf(file, from.vm.name)))));
  }
  windows.sort((a, b) => a - b);
  const median = windows[Math.floor(windows.length / 2)] ?? NaN;
  t.comment(
    `packets went to the old place for ${median.toFixed(1)} ms after the first frame from the new one (median of ${windows.length}), ` +
      `${(windows.at(-1) ?? NaN).toFixed(1)} ms at worst`,
  );
  t.equal(windows.length, moves * peers.length);
  const mods = await Promise.all(names.map(async (name, i) => (await modsTo(name)) - (modsBefore[i] ?? NaN)));
  t.comment(`messages that change switches, for each move: ${mods.map(one => one / moves).join(', ')}`);
  t.equal(mods[3], 0, 'none to a host without the network');
});

/** From the announcement until the last answer of the old place, as somebody sees it who asks in each millisecond. */
async function windowOf(file: string, former: string): Promise<number> {
  const frames = await framesOf(file);
  const announced = frames.find(({ bytes }) => macAt(bytes, 0) === 'ff:ff:ff:ff:ff:ff');
  const last = frames.findLast(({ bytes }) => bytes.toString('latin1').endsWith(` ${former}`));
  if (announced === undefined || last === undefined)
    throw new Error(`${file}: no announcement, or no answer`);
  return Math.max(0, last.at - announced.at);
}
